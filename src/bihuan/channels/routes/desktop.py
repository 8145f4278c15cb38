"""How a shopper signs in at a desktop: `/api/shop/{m}/wechat/desktop-sign-ins`. The way of it: `channels.desktop`."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from bihuan import identity
from bihuan.channels import desktop
from bihuan.channels.db.desktop import DesktopState
from bihuan.channels.schemas import ShopperOut
from bihuan.kernel.http import access
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

_NO_STORE = {"Cache-Control": "no-store"}


class DesktopCode(msgspec.Struct, frozen=True):
    """A code to be shown until `expires_at`, for WeChat to scan."""

    sign_in_id: UUID
    qr_content: str
    expires_at: datetime


class DesktopStatus(msgspec.Struct, frozen=True):
    """How a sign-in stands. `digits`: to be shown once the code is scanned; the phone is asked for them."""

    state: DesktopState
    digits: str | None
    expires_at: datetime


class SignedInShopper(msgspec.Struct, frozen=True):
    """Who is signed in in this browser now."""

    shopper: ShopperOut


@post("/api/shop/{m:str}/wechat/desktop-sign-ins", opt=access("public"))
async def begin(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[DesktopCode]:
    """Begins a sign-in: a code for the phone, and the cookie of the browser that may finish it."""
    identity.refuse_cross_site(rt, request.headers, request.method)
    begun = await desktop.begin(rt, merchant, identity.client_of(request))
    out = DesktopCode(begun.sign_in_id, begun.qr_content, begun.expires_at)
    return Response(out, status_code=201, cookies=[begun.cookie], headers=_NO_STORE)


@get("/api/shop/{m:str}/wechat/desktop-sign-ins/{sign_in_id:uuid}", opt=access("public"))
async def show(
    rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any], sign_in_id: FromPath[UUID]
) -> Response[DesktopStatus]:
    """How a sign-in of this browser stands; 404 when it is over or another browser's."""
    found = await desktop.look(rt, merchant, sign_in_id, request.cookies.get(desktop.COOKIE))
    # WeChat may take a moment to tell who scanned; there is no session before.
    state = "scanned" if found.state == "confirmed" and found.shopper_id is None else found.state
    out = DesktopStatus(state, found.digits if found.state == "scanned" else None, found.expires_at)
    return Response(out, headers=_NO_STORE)


@post("/api/shop/{m:str}/wechat/desktop-sign-ins/{sign_in_id:uuid}/session", opt=access("public"), status_code=200)
async def finish(
    rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any], sign_in_id: FromPath[UUID]
) -> Response[SignedInShopper]:
    """Exchanges a confirmed sign-in for a session, once; 409 `wrong_state` for one that is not confirmed."""
    identity.refuse_cross_site(rt, request.headers, request.method)
    shopper, token = await desktop.finish(rt, merchant, sign_in_id, request.cookies.get(desktop.COOKIE))
    cookies = [identity.shopper_cookie(rt, token), identity.session_cookie(rt, desktop.COOKIE, "", 0, "strict")]
    return Response(SignedInShopper(ShopperOut.of(shopper)), cookies=cookies, headers=_NO_STORE)


ROUTES: tuple[Any, ...] = (begin, show, finish)
