"""Daily quotas of interfaces, and what else an account can ask about its own calls.

Source: developers.weixin.qq.com 接口频率限制 (45009 reach max api daily quota limit), 清空接口调用次数 (`clear_quota`,
ten a month: 48006), 查询接口调用额度 (`openapi/quota/get`, 76021), 获取微信服务器IP. Usual limits are those of a
verified service account; `PUT /_sandbox/apps/{appid}/settings` sets smaller ones.
"""

from typing import Any

from msgspec import Struct

from wechat_sandbox.asgi import Request
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, caller_app, check_secret, read_body, usual_quota
from wechat_sandbox.wx_errors import WxError

CLEARS_A_MONTH = 10


class ClearBody(Struct):
    """POST clear_quota."""

    appid: str = ""
    appsecret: str = ""


class QuotaBody(Struct):
    """POST openapi/quota/get."""

    cgi_path: str = ""


def _clear(world: World, appid: str) -> dict[str, Any]:
    month = int(world.clock.now() // (30 * 86400))
    key = (appid, "clear_quota", month)
    if world.apps.calls.get(key, 0) >= CLEARS_A_MONTH:
        raise WxError(48006)
    for other in [row for row in world.apps.calls if row[0] == appid and row[1] != "clear_quota"]:
        del world.apps.calls[other]
    world.apps.calls[key] = world.apps.calls.get(key, 0) + 1
    return OK


def clear(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/clear_quota"""
    app = caller_app(world, request)
    if read_body(request, ClearBody).appid != app.appid:
        raise WxError(40013)
    return _clear(world, app.appid)


def clear_by_secret(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/clear_quota/v2?appid=&appsecret=: for one whose token quota itself is used up."""
    query = request.query
    asked = read_body(request, ClearBody) if request.body else ClearBody()
    app = check_secret(world, query.get("appid") or asked.appid, query.get("appsecret") or asked.appsecret)
    return _clear(world, app.appid)


def get(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/openapi/quota/get"""
    app = caller_app(world, request)
    path = read_body(request, QuotaBody).cgi_path
    if not path.startswith("/"):
        raise WxError(76021)
    limit = world.apps.settings_of(app.appid).quotas.get(path, usual_quota(path))
    used = world.apps.calls.get((app.appid, path, int((world.clock.now() + 8 * 3600) // 86400)), 0)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": max(0, limit - used)},
    }


def ips(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/get_api_domain_ip and getcallbackip: where this sandbox runs."""
    caller_app(world, request)
    return {"ip_list": ["127.0.0.1"]}
