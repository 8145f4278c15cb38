"""Rows and SQL of staff."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId, StoreId, UserId
from bihuan.staff.rules import Role


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works for a merchant; `store_id` says where, None for everywhere."""

    merchant_id: MerchantId
    staff_id: StaffId
    user_id: UserId
    name: str
    role: Role
    store_id: StoreId | None
    state: Literal["active", "disabled"]


_STAFF = "s.merchant_id, s.staff_id, s.user_id, s.name, s.role, s.store_id, s.state"


async def insert_staff(tx: Tx, staff: Staff) -> None:
    """A new person, and the way from her user to her."""
    await tx.execute(
        """insert into staff (merchant_id, staff_id, user_id, name, role, store_id, state, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $8)""",
        *msgspec.structs.astuple(staff),
        tx.now,
    )
    await tx.execute(
        "insert into staff_users (user_id, merchant_id, staff_id) values ($1, $2, $3)",
        staff.user_id,
        staff.merchant_id,
        staff.staff_id,
    )


async def update_staff(tx: Tx, staff: Staff) -> None:
    """Writes what may change of a person."""
    await tx.execute(
        """update staff set name = $3, role = $4, store_id = $5, state = $6, updated_at = $7
           where merchant_id = $1 and staff_id = $2""",
        staff.merchant_id,
        staff.staff_id,
        staff.name,
        staff.role,
        staff.store_id,
        staff.state,
        tx.now,
    )


async def find_by_user(tx: Tx, user_id: UserId) -> Staff | None:
    """The person whose user this is."""
    row = await tx.fetchrow(
        f"""select {_STAFF} from staff_users u
            join staff s on s.merchant_id = u.merchant_id and s.staff_id = u.staff_id
            where u.user_id = $1""",  # noqa: S608
        user_id,
    )
    return db.one_or_none(Staff, row)


async def find_staff(tx: Tx, merchant_id: MerchantId, staff_id: StaffId) -> Staff | None:
    """One person of this merchant."""
    row = await tx.fetchrow(
        f"select {_STAFF} from staff s where s.merchant_id = $1 and s.staff_id = $2",  # noqa: S608
        merchant_id,
        staff_id,
    )
    return db.one_or_none(Staff, row)


async def lock_staff(tx: Tx, merchant_id: MerchantId, *staff_ids: StaffId) -> list[Staff]:
    """Locks these people and all owners of the merchant, in the order of their ids, and reads them."""
    rows = await tx.fetch(
        f"""select {_STAFF} from staff s where s.merchant_id = $1 and (s.staff_id = any($2) or s.role = 'owner')
            order by s.staff_id for update""",  # noqa: S608
        merchant_id,
        list(staff_ids),
    )
    return db.many(Staff, rows)


async def list_staff(tx: Tx, merchant_id: MerchantId, after: UUID | None = None, limit: int = 1000) -> list[Staff]:
    """In the order in which they came."""
    rows = await tx.fetch(
        f"""select {_STAFF} from staff s where s.merchant_id = $1 and ($2::uuid is null or s.staff_id > $2)
            order by s.staff_id limit $3""",  # noqa: S608
        merchant_id,
        after,
        limit,
    )
    return db.many(Staff, rows)


async def list_names(tx: Tx, merchant_id: MerchantId, staff_ids: Sequence[StaffId]) -> dict[StaffId, str]:
    """Names by id."""
    rows = await tx.fetch(
        "select staff_id, name from staff where merchant_id = $1 and staff_id = any($2)", merchant_id, list(staff_ids)
    )
    return {row["staff_id"]: row["name"] for row in rows}


async def list_users(tx: Tx, merchant_id: MerchantId) -> list[UserId]:
    """The users of all people of a merchant."""
    rows = await tx.fetch("select user_id from staff_users where merchant_id = $1", merchant_id)
    return [row["user_id"] for row in rows]
