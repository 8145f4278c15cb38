"""Mini programs: login, phone number, codes."""

import io
import re
import secrets
from base64 import b64encode
from typing import Any

from msgspec import Struct
from PIL import Image, ImageOps

from wechat_sandbox.accounts import identity_of
from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.models import LoginCode, QrCode, Shopper
from wechat_sandbox.oauth import CODE_SECONDS, take_code
from wechat_sandbox.official.qrcodes import keep, picture
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import check_secret, mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")


class UnlimitedCodeBody(Struct):
    """POST /wxa/getwxacodeunlimit; colours and transparency are taken and not drawn."""

    scene: str = ""
    page: str = ""
    check_path: bool = True
    env_version: str = "release"
    width: int = 430


class PhoneBody(Struct):
    """POST /wxa/business/getuserphonenumber."""

    code: str = ""


def new_code(world: World, shopper: Shopper, appid: str, purpose: str) -> str:
    """What `wx.login` or the phone-number button gives to a page: a code for one use in five minutes."""
    code = "0" + secrets.token_urlsafe(23)[:31]
    kind = "phone" if purpose == "phone" else "login"
    world.login_codes.put(code, LoginCode(code, appid, shopper.shopper_id, kind, world.clock.now() + CODE_SECONDS))
    return code


def jscode2session(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/jscode2session: the code for openid, session_key and unionid."""
    query = request.query
    app = check_secret(world, query.get("appid", ""), query.get("secret", ""))
    if query.get("grant_type") != "authorization_code":
        raise WxError(40002)
    code = take_code(world, query.get("js_code", ""), app.appid, "login")
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


def unlimited_code(world: World, request: Request) -> Answer:
    """POST /wxa/getwxacodeunlimit -> a JPEG. It is a QR code, not the round one of the real service."""
    app = mini_program_of(world, request)
    asked = read_body(request, UnlimitedCodeBody)
    if not _SCENE.fullmatch(asked.scene):
        raise WxError(40169)
    if asked.page.startswith("/") or "?" in asked.page:
        raise WxError(41030)
    if asked.env_version not in ("release", "trial", "develop") or not 280 <= asked.width <= 1280:
        raise WxError(40097)
    ticket = "wxa_" + world.derive(f"wxacode:{app.appid}:{asked.page}:{asked.scene}").hex()[:24]
    code = world.codes.get(ticket)
    if code is None:
        url = "https://mp.weixin.qq.com/a/~" + ticket[4:]
        now = world.clock.now()
        code = QrCode(ticket, app.appid, url, asked.scene, True, now, page=asked.page)
        keep(world, code)
    return Answer(200, _jpeg(code.url, asked.width), b"image/jpeg")


def _jpeg(content: str, width: int) -> bytes:
    image = ImageOps.fit(
        Image.open(io.BytesIO(picture(content, "png"))).convert("RGB"), (width, width), Image.Resampling.NEAREST
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
