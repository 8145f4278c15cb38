"""The sandbox as one ASGI application: WeChat's paths, the control API, the phone's files."""

import time
from functools import partial

from wechat_sandbox import pages, wx_routes
from wechat_sandbox.apps_clock import resume as resume_apps
from wechat_sandbox.asgi import (
    MAX_BODY,
    MAX_UPLOAD,
    UPLOADS,
    Answer,
    AsgiApp,
    BodyTooLargeError,
    Receive,
    Request,
    Routes,
    Scope,
    Send,
    read_body,
    read_headers,
    send_answer,
)
from wechat_sandbox.control import control_app
from wechat_sandbox.faults.calls import around_call, around_payment
from wechat_sandbox.inspector import outgoing
from wechat_sandbox.pay import notify, profit_sharing, refunds, transfers
from wechat_sandbox.pay.routes import add_routes as add_pay_routes
from wechat_sandbox.world import World


def start(world: World) -> None:
    """Take up what a former run left: notices and refunds under way. Needs a running loop."""
    notify.resume(world)
    refunds.resume(world)
    transfers.resume(world)
    profit_sharing.resume(world)
    resume_apps(world)
    world.spawn(world.keys.make_ahead(world.merchants.values()))


class Sandbox:
    """The application over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._routes = Routes()
        add_pay_routes(self._routes)
        wx_routes.add_routes(self._routes)
        self._control: AsgiApp = control_app(world)  # pyright: ignore[reportAttributeAccessIssue]
        outgoing.watch(world)
        world.exchanges.serve = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith("/_sandbox"):
            await self._serve_control(path, scope, receive, send)
            return
        started = time.time()
        found = self._routes.find(path)
        if found is None:
            await self._serve_file(path, scope, send, started)
            return
        methods, params = found
        handler = methods.get(scope["method"])
        if handler is None:
            await self._refuse(405, scope, send, started)  # empty, as WeChat's
            return
        try:
            body = await read_body(receive, MAX_UPLOAD if path.startswith(UPLOADS) else MAX_BODY)
        except BodyTooLargeError:
            await self._refuse(413, scope, send, started)
            return
        world = self._world
        request = Request(scope, read_headers(scope), body, params)
        if world.faults.on_api:
            run = partial(handler, world, request)
            answer, fault = await around_call(world, request, run, receive, send, scope)
        else:
            answer, fault = handler(world, request), ""
        world.exchanges.came_in(request, answer, started, fault)
        if answer is not None:
            await send_answer(send, answer)

    async def _serve_control(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path in ("/_sandbox", "/_sandbox/"):
            await send_answer(send, pages.home())
        elif self._world.faults.on_payment and path.startswith("/_sandbox/sheets/") and path.endswith("/pay"):
            await around_payment(self._world, self._control, scope, receive, send)
        else:
            await self._control(scope, receive, send)

    async def _serve_file(self, path: str, scope: Scope, send: Send, started: float) -> None:
        file = pages.file(path) if scope["method"] == "GET" else None
        if file is None:
            await self._refuse(404, scope, send, started)
        else:
            await send_answer(send, file)

    async def _refuse(self, status: int, scope: Scope, send: Send, started: float) -> None:
        answer = Answer(status)
        self._world.exchanges.came_in(Request(scope, read_headers(scope), b""), answer, started)
        await send_answer(send, answer)


def create_app(world: World) -> AsgiApp:
    """The application over one world."""
    return Sandbox(world)
