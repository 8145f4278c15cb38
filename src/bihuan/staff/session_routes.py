"""Signing in and out of the console: `/api/merchant/session`, `/api/merchant/password`, `/api/merchant/sign-ins`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, delete, get, post
from litestar.params import JSONBody, QueryParameter

from bihuan import identity, merchants
from bihuan.kernel import paging
from bihuan.kernel.errors import Forbidden
from bihuan.kernel.http import access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import db
from bihuan.staff.callers import STAFF_COOKIE, StaffSession, admit, session_of, staff_cookie
from bihuan.staff.schemas import PasswordChange, SessionOut, SignedInOut, SignIn

OnlyOwn = Annotated[bool, QueryParameter(description="Only one's own; else those of all the merchant's people.")]


@post("/api/merchant/session", opt=access("public"), status_code=200)
async def sign_in(rt: Runtime, request: Request[Any, Any, Any], data: JSONBody[SignIn]) -> Response[SignedInOut]:
    """Signs a person in; sets the cookie and returns the same token for scripts.

    401 `wrong_credentials`; 429 `sign_in_locked` after five wrong passwords, `sign_in_throttled` for too many
    attempts from one address.
    """
    identity.refuse_cross_site(rt, request.headers, request.method)
    begun = await identity.sign_in(rt, data.login, data.password, identity.client_of(request), admit)
    merchant = await merchants.merchant_of_id(rt, begun.who.merchant_id)
    session = SessionOut.of(session_of(begun.who, merchant), merchant)
    out = SignedInOut(begun.token, begun.expires_at, session.staff, session.merchant, session.permissions)
    return Response(out, status_code=200, cookies=[staff_cookie(rt, begun.token)])


@get("/api/merchant/session", opt=access("staff"))
async def show_session(rt: Runtime, staff: StaffSession) -> SessionOut:
    """Who is signed in; 401 when nobody is."""
    return SessionOut.of(staff, await merchants.merchant_of_id(rt, staff.merchant_id))


@delete("/api/merchant/session", opt=access("staff"))
async def sign_out(rt: Runtime, request: Request[Any, Any, Any]) -> Response[None]:
    """Signs out: the token opens nothing from now on."""
    async with rt.db.transaction() as tx:
        await identity.close_session(tx, identity.token_of(rt, request, STAFF_COOKIE))
    return Response(None, status_code=204, cookies=[staff_cookie(rt, None)])


@post("/api/merchant/password", opt=access("staff"), status_code=204)
async def change_password(
    rt: Runtime, staff: StaffSession, request: Request[Any, Any, Any], data: JSONBody[PasswordChange]
) -> Response[None]:
    """Changes one's own password and ends all one's sessions; a browser gets a new one with the answer."""
    await identity.change_password(rt, staff.user_id, data.old_password, data.new_password)
    if "authorization" in request.headers:
        return Response(None, status_code=204)
    async with rt.db.transaction() as tx:
        token, _ = await identity.open_session(tx, staff.user_id, identity.client_of(request))
    return Response(None, status_code=204, cookies=[staff_cookie(rt, token)])


@get("/api/merchant/sign-ins", opt=access("staff"))
async def list_sign_ins(
    rt: Runtime,
    staff: StaffSession,
    own: OnlyOwn = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[identity.Attempt]:
    """Attempts to sign in, the newest first: how each ended, and what is odd about it.

    Everybody sees her own; those of all people take the permission `staff.read`.
    """
    if not own and not {"staff.read", "*"} & staff.permissions:
        raise Forbidden(permission="staff.read")
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        users = [staff.user_id] if own else await db.list_users(tx, staff.merchant_id)
        found = await identity.list_attempts(tx, users, before, limit + 1)
    more = paging.encode(str(found[limit - 1].attempt_id)) if len(found) > limit else None
    return Page(found[:limit], more)


ROUTES: tuple[Any, ...] = (sign_in, show_session, sign_out, change_password, list_sign_ins)
