"""What the handlers of api.weixin.qq.com share: reading a request, knowing the caller, errors."""

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from wechat_sandbox.asgi import Answer, Handler, Request, Routes, json_answer
from wechat_sandbox.models import MiniProgram, OfficialAccount
from wechat_sandbox.open_platform import permissions
from wechat_sandbox.world import World
from wechat_sandbox.wx_errors import WxError

log = logging.getLogger("wechat_sandbox.api")
WxHandler = Callable[[World, Request], dict[str, Any] | Answer]
Body = TypeVar("Body")
OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


def guarded(handle: WxHandler) -> Handler:
    """Run a handler; its errors are answers."""

    def run(world: World, request: Request) -> Answer:
        try:
            answer = handle(world, request)
        except WxError as error:
            answer = error.body()
        except Exception:
            log.exception("%s %s", request.method, request.path)
            answer = WxError(-1).body()
        return answer if isinstance(answer, Answer) else json_answer(answer)

    return run


def add(routes: Routes, methods: str, path: str, handle: WxHandler) -> None:
    """Register a handler for some methods; the other ones get WeChat's complaint."""
    run = guarded(handle)
    for method in methods.split():
        routes.add(method, path, run)
    for method, code in (("GET", 43001), ("POST", 43002)):
        if method not in methods:
            refusal = 43002 if code == 43001 else 43001
            routes.add(method, path, guarded(_refuse(refusal)))


def _refuse(errcode: int) -> WxHandler:
    def refuse(world: World, request: Request) -> dict[str, Any]:
        raise WxError(errcode)

    return refuse


def read_body(request: Request, body_type: type[Body]) -> Body:
    """The JSON body. Raises WxError 44002 (empty) or 47001 (not what is wanted)."""
    if not request.body:
        raise WxError(44002)
    try:
        return msgspec.json.decode(request.body, type=body_type)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WxError(47001, f"data format error: {error}") from error


def app_of(world: World, appid: str) -> OfficialAccount | MiniProgram:
    """The app. Raises WxError 40013."""
    app = world.accounts.get(appid) or world.mini_programs.get(appid)
    if app is None:
        raise WxError(40013)
    return app


def check_secret(world: World, appid: str, secret: str) -> OfficialAccount | MiniProgram:
    """The app whose secret this is. Raises WxError 41002, 41004, 40013 or 40125."""
    if not appid:
        raise WxError(41002)
    if not secret:
        raise WxError(41004)
    app = app_of(world, appid)
    if app.secret != secret:
        raise WxError(40125)
    return app


_QUOTAS = (
    ("/cgi-bin/token", 2_000),
    ("/cgi-bin/menu/", 1_000),
    ("/cgi-bin/message/custom/", 500_000),
    ("/cgi-bin/message/template/", 100_000),
    ("/cgi-bin/user/get", 500),
    ("/cgi-bin/user/", 5_000_000),
    ("/cgi-bin/qrcode/", 100_000),
    ("/cgi-bin/media/", 100_000),
    ("/cgi-bin/material/", 5_000),
    ("/customservice/", 500_000),
)


def usual_quota(path: str) -> int:
    """Calls a day that an account may make of an interface."""
    return next((limit for prefix, limit in _QUOTAS if path.startswith(prefix)), 10_000_000)


def count_call(world: World, appid: str, path: str) -> None:
    """One call more today (Shanghai). Raises WxError 45009 beyond the quota."""
    key = (appid, path, int((world.clock.now() + 8 * 3600) // 86400))
    calls = world.apps.calls
    used = calls.get(key, 0)
    settings = world.apps.settings.get(appid)
    limit = settings.quotas.get(path) if settings is not None else None
    if used >= (usual_quota(path) if limit is None else limit):
        raise WxError(45009)
    calls[key] = used + 1


def caller(world: World, request: Request) -> str:
    """The appid behind `access_token`, its own or a platform's.

    Raises WxError 41001, 40001, 42001; 61003 and 61007 of a platform without the account's leave.
    """
    value = request.query.get("access_token", "")
    if not value:
        raise WxError(41001)
    token = world.tokens.get(value)
    if token is None:
        raise WxError(40001)
    if world.clock.now() >= token.expires_at:
        raise WxError(42001)
    if token.component_appid:
        authorization = permissions.find(world, token.component_appid, token.appid)
        if authorization is None:
            raise WxError(61003)
        permissions.check(authorization, request.path)
    if not request.path.startswith(("/cgi-bin/clear_quota", "/cgi-bin/openapi/")):
        count_call(world, token.appid, request.path)
    return token.appid


def caller_app(world: World, request: Request) -> OfficialAccount | MiniProgram:
    """The calling app, of either kind. Raises WxError."""
    return app_of(world, caller(world, request))


def account_of(world: World, request: Request) -> OfficialAccount:
    """The calling official account. Raises WxError."""
    account = world.accounts.get(caller(world, request))
    if account is None:
        raise WxError(48001)
    return account


def mini_program_of(world: World, request: Request) -> MiniProgram:
    """The calling mini program. Raises WxError."""
    mini_program = world.mini_programs.get(caller(world, request))
    if mini_program is None:
        raise WxError(48001)
    return mini_program
