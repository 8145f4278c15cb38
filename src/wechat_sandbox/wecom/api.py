"""What WeCom's handlers share: the caller, and errors in WeCom's words.

Sources: developer.work.weixin.qq.com 全局错误码 (path/90313); errmsg ends with hint, address and a link, as quoted
in community posts. Some paths are official accounts' as well (`/cgi-bin/user/get`, `/cgi-bin/media/upload` ..):
the token tells whose call it is.
"""

import secrets
from typing import Any

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.models_apps import Corp, CorpToken
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import WxHandler
from wechat_sandbox.wx_errors import WxError

TOKEN_SECONDS = 7200
MESSAGES = {
    40001: "invalid credential",
    40003: "invalid userid",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    40068: "invalid tagid",
    40071: "invalid tag name",
    40096: "invalid external userid",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "secret missing",
    41044: "invalid contact way config id",
    41050: "welcome code expired",
    41051: "externaluser has started chatting",
    41054: "not found member for this contact way",
    41096: "welcome msg is being distributed",
    42001: "access_token expired",
    44004: "text content is empty",
    45002: "content size out of limit",
    60111: "userid not found",
    60123: "invalid party id",
    81013: "user & party & tag all invalid",
    84061: "not external contact",
}


class CorpError(WxError):
    """An error answer of WeCom."""

    def body(self) -> dict[str, Any]:
        """The answer with hint and link."""
        text = MESSAGES.get(self.errcode, self.message)
        hint = secrets.token_hex(12)
        link = f"https://open.work.weixin.qq.com/devtool/query?e={self.errcode}"
        message = f"{text}, hint: [{hint}], from ip: 127.0.0.1, more info at {link}"
        return {"errcode": self.errcode, "errmsg": message}


def corp_handler(handle: WxHandler) -> WxHandler:
    """A handler whose errors are told as WeCom tells them."""

    def run(world: World, request: Request) -> dict[str, Any] | Answer:
        try:
            return handle(world, request)
        except CorpError:
            raise
        except WxError as error:
            raise CorpError(40058 if error.errcode == 47001 else error.errcode, error.message) from error

    return run


def either(official: WxHandler, corp: WxHandler) -> WxHandler:
    """A path that both have."""
    corp = corp_handler(corp)

    def run(world: World, request: Request) -> dict[str, Any] | Answer:
        mine = request.query.get("access_token", "") in world.apps.corp_tokens
        return (corp if mine else official)(world, request)

    return run


def get_token(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/gettoken?corpid=&corpsecret=: the living token, until it ends."""
    query = request.query
    if not query.get("corpid"):
        raise CorpError(41002)
    if not query.get("corpsecret"):
        raise CorpError(41004)
    corp = world.apps.corps.get(query["corpid"])
    if corp is None:
        raise CorpError(40013)
    if corp.secret != query["corpsecret"]:
        raise CorpError(40001)
    now = world.clock.now()
    living = None
    for row in world.apps.corp_tokens.values():
        if row.expires_at <= now - 86400:
            world.apps.corp_tokens.delete(row.token)
        elif row.corpid == corp.corpid and row.expires_at > now:
            living = row
    if living is None:
        living = CorpToken(secrets.token_urlsafe(160)[:214], corp.corpid, now + TOKEN_SECONDS)
        world.apps.corp_tokens.put(living.token, living)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "access_token": living.token,
        "expires_in": round(living.expires_at - now),
    }


def corp_of(world: World, request: Request) -> Corp:
    """The calling company. Raises CorpError 41001, 40014, 42001."""
    value = request.query.get("access_token", "")
    if not value:
        raise CorpError(41001)
    row = world.apps.corp_tokens.get(value)
    corp = world.apps.corps.get(row.corpid) if row else None
    if row is None or corp is None:
        raise CorpError(40014)
    if world.clock.now() >= row.expires_at:
        raise CorpError(42001)
    return corp
