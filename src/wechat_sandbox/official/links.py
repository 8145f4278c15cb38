"""Short keys for long data.

Source: developers.weixin.qq.com 短key托管 (`shorten/gen`: `long_data` up to 4 KB, `expire_seconds` up to
30 days; `fetch`).
"""

import secrets
from typing import Any

from msgspec import Struct

from wechat_sandbox.asgi import Request
from wechat_sandbox.models_apps import UrlCode
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import account_of, read_body
from wechat_sandbox.wx_errors import WxError

MAX_BYTES = 4096
MAX_SECONDS = 2592000


class GenBody(Struct):
    """POST /cgi-bin/shorten/gen."""

    long_data: str = ""
    expire_seconds: int = MAX_SECONDS


class FetchBody(Struct):
    """POST /cgi-bin/shorten/fetch."""

    short_key: str = ""


def generate(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/shorten/gen -> short_key"""
    account = account_of(world, request)
    asked = read_body(request, GenBody)
    if not asked.long_data:
        raise WxError(44002)
    if len(asked.long_data.encode()) > MAX_BYTES:
        raise WxError(45002)
    if not 1 <= asked.expire_seconds <= MAX_SECONDS:
        raise WxError(40097)
    key, now = secrets.token_urlsafe(12)[:15], world.clock.now()
    row = UrlCode(key, account.appid, "short_key", {"long_data": asked.long_data}, now, now + asked.expire_seconds)
    world.apps.url_codes.put(key, row)
    return {"errcode": 0, "errmsg": "ok", "short_key": key}


def fetch(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/shorten/fetch"""
    account = account_of(world, request)
    row = world.apps.url_codes.get(read_body(request, FetchBody).short_key)
    now = world.clock.now()
    if row is None or row.appid != account.appid or row.kind != "short_key" or now >= (row.expires_at or 0):
        raise WxError(40097, "invalid short_key")
    return {
        "errcode": 0,
        "errmsg": "ok",
        "long_data": row.target["long_data"],
        "create_time": int(row.created_at),
        "expire_seconds": round((row.expires_at or 0) - now),
    }
