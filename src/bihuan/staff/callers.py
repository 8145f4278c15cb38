"""Staff and operators as callers: the session's cookie, authenticators, the dependency `staff`."""

from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import Cookie

from bihuan import identity, merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Forbidden, Unauthorized
from bihuan.kernel.http import Connection, principal_of
from bihuan.kernel.ids import MerchantId, StaffId, StoreId, UserId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import db
from bihuan.staff.db import Staff
from bihuan.staff.rules import Role, permissions_of

STAFF_COOKIE = "bihuan_staff"
_COOKIE_SECONDS = 30 * 24 * 3600
"""The cookie may outlive the session; the session decides."""


class StaffSession(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in person of a merchant; every query of hers goes by `merchant_id`."""

    staff_id: StaffId
    merchant_id: MerchantId
    user_id: UserId
    name: str
    role: Role
    store_id: StoreId | None
    permissions: frozenset[str]
    is_platform: bool


def session_of(staff: Staff, merchant: Merchant) -> StaffSession:
    """What a person may do at her merchant as it now is."""
    return StaffSession(
        staff_id=staff.staff_id,
        merchant_id=staff.merchant_id,
        user_id=staff.user_id,
        name=staff.name,
        role=staff.role,
        store_id=staff.store_id,
        permissions=permissions_of(
            staff.role, is_platform=merchant.is_platform, suspended=merchant.state == "suspended"
        ),
        is_platform=merchant.is_platform,
    )


async def admit(tx: Tx, user_id: UserId) -> Staff | None:
    """Lets in whoever works for a merchant and is not disabled."""
    staff = await db.find_by_user(tx, user_id)
    return staff if staff is not None and staff.state == "active" else None


async def authenticate_staff(connection: Connection) -> StaffSession:
    """The authenticator of `access("staff")`. Disabled people and ended sessions are out at once."""
    rt: Runtime = connection.app.state.runtime
    token = identity.token_of(rt, connection, STAFF_COOKIE)
    async with rt.db.session() as tx:
        user_id = await identity.find_session_user(tx, token)
        staff = await admit(tx, user_id) if user_id else None
    if staff is None:
        raise Unauthorized
    return session_of(staff, await merchants.merchant_of_id(rt, staff.merchant_id))


async def authenticate_operator(connection: Connection) -> StaffSession:
    """The authenticator of `access("operator")`: staff of the platform. Raises Forbidden for others' staff."""
    session = await authenticate_staff(connection)
    if not session.is_platform:
        raise Forbidden
    return session


def provide_staff(request: Request[Any, Any, Any]) -> StaffSession:
    """The dependency `staff`. Raises Unauthorized on a route that does not ask for staff or operators."""
    principal = principal_of(request)
    if not isinstance(principal, StaffSession):
        raise Unauthorized
    return principal


def staff_cookie(rt: Runtime, token: str | None) -> Cookie:
    """The cookie that signs a person in, or out (None)."""
    age = _COOKIE_SECONDS if token else 0
    return identity.session_cookie(rt, STAFF_COOKIE, token or "", age, "strict")
