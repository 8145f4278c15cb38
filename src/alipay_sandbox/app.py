"""The sandbox as one ASGI application: the gateway, its pages, bills, and the control API."""

import asyncio
import logging
from pathlib import Path

from alipay_sandbox import bills, cashier, control, gateway, notify, phone
from alipay_sandbox.http import Answer, AsgiApp, Receive, Request, Scope, Send, TooLarge, as_text, read_request
from alipay_sandbox.http import send_answer as write
from alipay_sandbox.world import World

log = logging.getLogger("alipay_sandbox")


class Sandbox:
    """The application over one world. `prefix` is the path that it is mounted at."""

    def __init__(self, world: World, prefix: str = "") -> None:
        self.world = world
        self._prefix = prefix.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"].removeprefix(self._prefix) or "/"
        try:
            answer = await self._answer(await read_request(scope, receive, path))
        except TooLarge:
            answer = as_text("too large", 413, "text/plain")
        except Exception:
            log.exception("request failed: %s", path)
            answer = as_text("failed", 500, "text/plain")
        await write(send, answer)

    async def _answer(self, request: Request) -> Answer:
        world, path = self.world, request.path
        if path == "/gateway.do":
            return gateway.answer(world, request)
        if path.startswith(("/qr/", "/cashier/")):
            return cashier.answer(world, request)
        if path == "/code" or path.startswith("/code/"):
            return phone.answer(world, request)
        if path.startswith("/bill/"):
            return await self._bill(path.removeprefix("/bill/"))
        if path.startswith("/_sandbox/"):
            return await control.answer(world, request)
        return as_text(cashier.error_page("404", "页面不存在"), 404)

    async def _bill(self, token: str) -> Answer:
        until, app_id, day = self.world.bills.get(token, (0.0, "", ""))
        app = self.world.apps.get(app_id)
        if app is None or until < self.world.now():
            return as_text("expired", 404, "text/plain")
        return Answer(200, await asyncio.to_thread(bills.make, self.world, app, day), "application/zip")

    async def stop(self) -> None:
        """Ends background work."""
        await self.world.stop()


def create_app(base_url: str, prefix: str = "", state_folder: Path | None = None) -> AsgiApp:
    """The application, served by others at `base_url`; needs a running loop. State lies in `state_folder`."""
    world = World(base_url, state_folder / "alipay_sandbox.sqlite" if state_folder else None)
    notify.resume(world)
    return Sandbox(world, prefix)
