"""The sandbox as one ASGI application: WeChat's paths, the control API, the phone's files."""

import logging
from importlib.resources import files
from mimetypes import guess_type

from wechat_sandbox import wx_routes
from wechat_sandbox.asgi import (
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
    redirect,
    send_answer,
)
from wechat_sandbox.control import control_app
from wechat_sandbox.pay import notify, refunds
from wechat_sandbox.pay.routes import add_routes as add_pay_routes
from wechat_sandbox.world import World

log = logging.getLogger("wechat_sandbox.app")
PHONE = files("wechat_sandbox") / "phone"


def start(world: World) -> None:
    """Take up what a former run left: notices and refunds under way. Needs a running loop."""
    notify.resume(world)
    refunds.resume(world)
    world.spawn(world.keys.make_ahead(world.merchants.values()))


def create_app(world: World) -> AsgiApp:
    """The application over one world."""
    routes = Routes()
    add_pay_routes(routes)
    wx_routes.add_routes(routes)
    control = control_app(world)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith("/_sandbox"):
            await control(scope, receive, send)  # pyright: ignore[reportArgumentType]
            return
        found = routes.find(path)
        if found is None:
            await send_answer(send, _file(path) if scope["method"] == "GET" else Answer(404))
            return
        methods, params = found
        handler = methods.get(scope["method"])
        if handler is None:
            await send_answer(send, Answer(405))  # empty, as WeChat's
            return
        try:
            body = await read_body(receive)
        except BodyTooLargeError:
            await send_answer(send, Answer(413))
            return
        await send_answer(send, handler(world, Request(scope, read_headers(scope), body, params)))

    return app


def _file(path: str) -> Answer:
    """The phone's own files and the JS-SDK."""
    if path in ("/", "/phone"):
        return redirect("/phone/")
    if path.startswith("/open/js/jweixin-") and path.endswith(".js"):
        path = "/phone/jweixin.js"
    if not path.startswith("/phone/"):
        return Answer(404)
    parts = path.removeprefix("/phone/").split("/") if path != "/phone/" else ["index.html"]
    if any(part in ("", ".", "..") or "\\" in part for part in parts):
        return Answer(404)
    file = PHONE.joinpath(*parts)
    if not file.is_file():
        return Answer(404)
    kind = guess_type(parts[-1])[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("javascript"):
        kind += "; charset=utf-8"
    return Answer(200, file.read_bytes(), kind.encode(), [(b"cache-control", b"no-cache")])
