"""Verbs about staff: adding people, changing them, owners of new merchants."""

from bihuan import identity, merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Forbidden, NotFound
from bihuan.kernel.ids import MerchantId, StaffId, StoreId, new_id
from bihuan.staff import db
from bihuan.staff.callers import StaffSession
from bihuan.staff.db import Staff
from bihuan.staff.errors import LastOwner, OwnAccount, RoleOutOfReach
from bihuan.staff.rules import Role, may_manage


async def create(
    tx: Tx, merchant_id: MerchantId, *, login: str, password: str, name: str, role: Role, store_id: StoreId | None
) -> Staff:
    """A new person who can sign in.

    Raises LoginNotAcceptable, LoginTaken, PasswordNotAcceptable, NotFound for a store that is not this
    merchant's, and StoreRetired.
    """
    if store_id is not None:
        await merchants.get_running_store(tx, merchant_id, store_id)
    user_id = await identity.create_user(tx, login, password)
    staff = Staff(
        merchant_id=merchant_id,
        staff_id=StaffId(new_id()),
        user_id=user_id,
        name=name,
        role=role,
        store_id=store_id,
        state="active",
    )
    await db.insert_staff(tx, staff)
    return staff


async def create_owner(tx: Tx, merchant_id: MerchantId, login: str, password: str, name: str) -> Staff:
    """The owner of a merchant; raises as `create`."""
    return await create(tx, merchant_id, login=login, password=password, name=name, role="owner", store_id=None)


async def add(
    tx: Tx, actor: StaffSession, *, login: str, password: str, name: str, role: Role, store_id: StoreId | None
) -> Staff:
    """A colleague added by `actor`; raises RoleOutOfReach, and as `create`."""
    if not may_manage(actor.role, role):
        raise RoleOutOfReach
    return await create(tx, actor.merchant_id, login=login, password=password, name=name, role=role, store_id=store_id)


async def change(
    tx: Tx,
    actor: StaffSession,
    staff_id: StaffId,
    *,
    name: str,
    role: Role,
    store_id: StoreId | None,
    active: bool,
    password: str | None,
) -> Staff:
    """Changes a colleague. Who is disabled or gets a new password is signed out everywhere at once.

    Raises NotFound, StoreRetired, RoleOutOfReach, OwnAccount, LastOwner, PasswordNotAcceptable; Forbidden when
    the actor was disabled a moment ago.
    """
    locked = {one.staff_id: one for one in await db.lock_staff(tx, actor.merchant_id, staff_id, actor.staff_id)}
    now_actor, target = locked.get(actor.staff_id), locked.get(staff_id)
    if target is None:
        raise NotFound
    if now_actor is None or now_actor.state != "active":
        raise Forbidden
    state = "active" if active else "disabled"
    if staff_id == actor.staff_id:
        if (role, store_id, state) != (target.role, target.store_id, target.state) or password:
            raise OwnAccount
    elif not (may_manage(now_actor.role, target.role) and may_manage(now_actor.role, role)):
        raise RoleOutOfReach
    if store_id is not None and store_id != target.store_id:
        await merchants.get_running_store(tx, actor.merchant_id, store_id)
    changed = Staff(
        merchant_id=target.merchant_id,
        staff_id=target.staff_id,
        user_id=target.user_id,
        name=name,
        role=role,
        store_id=store_id,
        state=state,
    )
    remaining = [changed if one.staff_id == staff_id else one for one in locked.values()]
    if not any(one.role == "owner" and one.state == "active" for one in remaining):
        raise LastOwner
    await db.update_staff(tx, changed)
    if password:
        await identity.set_password(tx, target.user_id, password)
    elif state == "disabled":
        await identity.revoke_sessions(tx, target.user_id)
    return changed
