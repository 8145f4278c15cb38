"""A colleague answers for a step: she types her own password where somebody else is signed in."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bihuan import identity, merchants
from bihuan.identity import Client, WrongCredentials
from bihuan.kernel.errors import Forbidden, Unprocessable
from bihuan.kernel.runtime import Runtime
from bihuan.staff.callers import StaffSession, admit, session_of


class Approval(msgspec.Struct, frozen=True):
    """Who answers for a step that the person signed in may not take alone. Kept nowhere."""

    login: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]

    def __repr__(self) -> str:
        return "Approval()"


class ApprovalRefused(Unprocessable):
    """Wrong login or password, or somebody who may not approve this here."""

    code = "approval_refused"
    zh = "授权未通过：账号或密码有误，或该账号没有此权限。"
    en = "Not approved: a wrong login or password, or somebody who may not do this."


async def authority(
    rt: Runtime, staff: StaffSession, permission: str, approval: Approval | None, client: Client
) -> StaffSession:
    """Who answers for a step: the person herself when she has `permission`, else the colleague who approves it.

    The colleague's attempt is counted and kept like any sign-in; her session ends with it. Call it outside of a
    transaction. Raises Forbidden when nobody approves, ApprovalRefused, SignInLocked, SignInThrottled.
    """
    if staff.permissions & {"*", permission}:
        return staff
    if approval is None:
        raise Forbidden(permission=permission)
    try:
        begun = await identity.sign_in(rt, approval.login, approval.password, client, admit)
    except WrongCredentials:
        raise ApprovalRefused from None
    async with rt.db.transaction() as tx:
        await identity.close_session(tx, begun.token)
    colleague = session_of(begun.who, await merchants.merchant_of_id(rt, begun.who.merchant_id))
    here = colleague.merchant_id == staff.merchant_id and colleague.store_id in (None, staff.store_id)
    if not here or not colleague.permissions & {"*", permission}:
        raise ApprovalRefused
    return colleague
