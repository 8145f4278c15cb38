"""Login and phone number."""

import secrets
from base64 import b64encode
from typing import Any

from msgspec import Struct

from wechat_sandbox.accounts import identity_of
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import LoginCode, MiniProgram, OfficialAccount, Shopper
from wechat_sandbox.oauth import CODE_SECONDS, take_code
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import check_secret, mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError


class PhoneBody(Struct):
    """POST /wxa/business/getuserphonenumber."""

    code: str = ""


def new_code(world: World, shopper: Shopper, appid: str, purpose: str) -> str:
    """What `wx.login` or the phone-number button gives to a page: a code for one use in five minutes."""
    code = "0" + secrets.token_urlsafe(23)[:31]
    kind = "phone" if purpose == "phone" else "login"
    world.apps.visits[appid, shopper.shopper_id] = world.clock.now()  # the content check asks who was here
    world.login_codes.put(code, LoginCode(code, appid, shopper.shopper_id, kind, world.clock.now() + CODE_SECONDS))
    return code


def jscode2session(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/jscode2session: the code for openid, session_key and unionid."""
    query = request.query
    app = check_secret(world, query.get("appid", ""), query.get("secret", ""))
    if query.get("grant_type") != "authorization_code":
        raise WxError(40002)
    return session(world, app, query.get("js_code", ""))


def session(world: World, app: OfficialAccount | MiniProgram, js_code: str) -> dict[str, Any]:
    """What a login code is exchanged for. Raises WxError as `take_code` does."""
    code = take_code(world, js_code, app.appid, "login")
    identity = identity_of(world, app.appid, code.shopper_id)
    session_key = b64encode(secrets.token_bytes(16)).decode()
    world.session_keys[app.appid, code.shopper_id] = session_key
    shopper = world.shoppers.get(code.shopper_id)
    return {
        "openid": identity.openid,
        "session_key": session_key,
        "unionid": shopper.unionid if shopper else "",
    }


def phone_number(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/business/getuserphonenumber"""
    app = mini_program_of(world, request)
    code = take_code(world, read_body(request, PhoneBody).code, app.appid, "phone")
    shopper = world.shoppers.get(code.shopper_id)
    number = shopper.phone if shopper else ""
    return {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": number,
            "purePhoneNumber": number,
            "countryCode": "86",
            "watermark": {"timestamp": int(world.clock.now()), "appid": app.appid},
        },
    }
