"""Looking around: health, codes, pictures, pushes, the clock, the JS-SDK check."""

from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Response, get, post, put

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control import schemas
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.crypto import jsapi_signature
from wechat_sandbox.models_apps import ContactWay
from wechat_sandbox.oauth import SHOPPER_COOKIE
from wechat_sandbox.official.qrcodes import picture
from wechat_sandbox.world import World

MAX_CONTENT = 2000
MAX_CAPTION = 60
MAX_ADVANCE_SECONDS = 400 * 86400


@get("/healthz", tags=["sandbox"])
async def healthz() -> dict[str, str]:
    """200 when the sandbox serves."""
    return {"status": "ok"}


@get("/codes", tags=["sandbox"])
async def list_codes(world: World) -> dict[str, Any]:
    """QR codes made so far, newest first: what the phone offers to scan. Contact ways of companies come last."""
    names = {row.appid: row.name for row in (*world.accounts.values(), *world.mini_programs.values())}
    now = world.clock.now()
    rows = sorted(world.codes.values(), key=lambda row: -row.created_at)
    return {
        "items": [
            {
                "ticket": row.ticket,
                "url": row.url,
                "scene": row.scene,
                "appid": row.appid,
                "name": names.get(row.appid, ""),
                "caption": row.caption,
                "kind": "official_account" if row.page is None else "mini_program",
                "created_at": rfc3339_utc(row.created_at),
                "expired": row.expires_at is not None and now >= row.expires_at,
            }
            for row in rows[:500]
        ]
        + [_contact_code(world, row) for row in world.apps.contact_ways.values() if row.scene == 2][-100:]
    }


def _contact_code(world: World, way: ContactWay) -> dict[str, Any]:
    corp = world.apps.corps.get(way.corpid)
    return {
        "ticket": way.config_id,
        "url": way.code_url,
        "scene": way.state,
        "appid": way.corpid,
        "name": f"{corp.name if corp else ''}（企业微信）",
        "caption": way.remark,
        "kind": "contact",
        "created_at": rfc3339_utc(way.created_at),
        "expired": way.expires_at is not None and world.clock.now() >= way.expires_at,
    }


@put("/codes", tags=["sandbox"], status_code=204)
async def caption_code(world: World, data: schemas.CodeCaption) -> None:
    """Say what is printed beside a code; the phone shows it where codes are chosen. 404 for a code never made."""
    code = world.code_urls.get(data.content)
    if code is None:
        raise not_found(f"code {data.content}")
    if len(data.caption) > MAX_CAPTION:
        raise ControlError(400, "refused", f"caption has at most {MAX_CAPTION} characters")
    code.caption = data.caption
    world.codes.put(code.ticket, code)


@get("/qr.svg", tags=["sandbox"], media_type="image/svg+xml")
async def qr_svg(content: str) -> Response[bytes]:
    """A QR picture of any text up to 2,000 characters."""
    if not 0 < len(content) <= MAX_CONTENT:
        raise ControlError(400, "refused", f"content has 1 to {MAX_CONTENT} characters")
    return Response(picture(content, "svg", 4), media_type="image/svg+xml")


@get("/avatars/{name:str}", tags=["sandbox"], media_type="image/svg+xml")
async def avatar(world: World, name: str) -> Response[str]:
    """A shopper's picture: `{shopper_id}.svg`."""
    shopper = find(world, name.removesuffix(".svg"))
    hue = int(world.derive(f"hue:{shopper.shopper_id}").hex()[:4], 16) % 360
    letter = shopper.nickname[:1].replace("&", "＆").replace("<", "＜")
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" fill="hsl({hue} 42% 52%)"/>'
        '<text x="48" y="64" font-size="46" text-anchor="middle" fill="#fff" '
        f'font-family="PingFang SC,Noto Sans CJK SC,sans-serif">{letter}</text></svg>'
    )
    return Response(svg, media_type="image/svg+xml")


@get("/webview/{shopper_id:str}", tags=["sandbox"])
async def webview(world: World, shopper_id: str, url: str, fresh: bool = False) -> Response[None]:
    """Open a page as the shopper: sets the cookie that the OAuth page knows them by, and goes there.

    `fresh` empties this host's cookies first (of the frame's own jar, in a credentialless frame): the phones of one
    desk share a jar.
    """
    find(world, shopper_id)
    if urlsplit(url).scheme not in ("http", "https"):
        raise ControlError(400, "refused", "url must be http or https")
    if fresh:
        # By a detour: a browser may empty the jar after it has put this answer's cookie into it.
        again = f"/_sandbox/webview/{shopper_id}?url={quote(url, safe='')}"
        emptied = {"location": again, "cache-control": "no-store", "clear-site-data": '"cookies"'}
        return Response(None, status_code=302, headers=emptied)
    location = quote(url, safe="%/:=&?~#+!$,;'@()*[]")
    response = Response(None, status_code=302, headers={"location": location, "cache-control": "no-store"})
    response.set_cookie(SHOPPER_COOKIE, shopper_id, path="/", httponly=True, samesite="lax")
    return response


@get("/pushes", tags=["sandbox"])
async def list_pushes(world: World, appid: str | None = None, limit: int = 50) -> dict[str, Any]:
    """The latest pushes to official accounts with their attempts, newest first (500 are remembered)."""
    rows = [row for row in reversed(world.pushes) if appid in (None, row.appid)]
    return {"items": msgspec.to_builtins(rows[: max(1, min(limit, 500))])}


@get("/clock", tags=["sandbox"])
async def get_clock(world: World) -> dict[str, Any]:
    """Sandbox time."""
    return {"now": rfc3339_utc(world.clock.now()), "offset_seconds": world.clock.offset_seconds}


@post("/clock", tags=["sandbox"], status_code=200)
async def advance_clock(world: World, data: schemas.ClockBody) -> dict[str, Any]:
    """Move sandbox time forward, by seconds or to a time: retries, expiries and windows come due.

    Signatures keep the wall clock. 400 `refused`: backwards, or by more than 400 days.
    """
    world.advance(_seconds(world, data))
    return {"now": rfc3339_utc(world.clock.now()), "offset_seconds": world.clock.offset_seconds}


def _seconds(world: World, data: schemas.ClockBody) -> float:
    if (data.advance_seconds is None) == (data.to is None):
        raise ControlError(400, "refused", "give advance_seconds or to")
    if data.advance_seconds is not None:
        seconds = data.advance_seconds
    else:
        try:
            moment = datetime.fromisoformat(str(data.to))
        except ValueError as error:
            raise ControlError(400, "refused", "to is no RFC 3339 time") from error
        if moment.tzinfo is None:
            raise ControlError(400, "refused", "to needs an offset, such as +08:00")
        seconds = moment.timestamp() - world.clock.now()
    if not 0 <= seconds <= MAX_ADVANCE_SECONDS:
        raise ControlError(400, "refused", "the clock moves forward, by 400 days at the most")
    return seconds


@post("/jssdk/check", tags=["sandbox"], status_code=200)
async def check_js_config(world: World, data: schemas.JsConfigBody) -> schemas.JsConfigView:
    """What `wx.config` says to these parameters on a page of this address."""
    if data.app_id not in world.accounts:
        return schemas.JsConfigView(False, "config:fail,invalid appid")
    row = world.tickets.get(f"{data.app_id}:jsapi")
    expected = jsapi_signature(row.ticket, data.nonce_str, str(data.timestamp), data.url) if row else ""
    if data.signature != expected:
        return schemas.JsConfigView(False, "config:fail,invalid signature")
    return schemas.JsConfigView(True, "config:ok")


HANDLERS = [
    healthz,
    list_codes,
    caption_code,
    qr_svg,
    avatar,
    webview,
    list_pushes,
    get_clock,
    advance_clock,
    check_js_config,
]
