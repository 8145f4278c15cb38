"""After-sale's SQL: lists, counts, settings, pictures, what is due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bihuan.aftersale.db import CASE, CaseRow
from bihuan.aftersale.rules import Terms
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId, new_id


async def list_of_order(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> list[CaseRow]:
    """The cases of an order, newest first."""
    rows = await tx.fetch(
        f"select {CASE} from aftersale_cases where merchant_id = $1 and order_id = $2 order by case_id desc limit 200",  # noqa: S608
        merchant_id,
        order_id,
    )
    return db.many(CaseRow, rows)


async def list_of_shopper(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, before: UUID | None, limit: int
) -> list[CaseRow]:
    """A shopper's cases, newest first."""
    rows = await tx.fetch(
        f"""select {CASE} from aftersale_cases
            where merchant_id = $1 and shopper_id = $2 and ($3::uuid is null or case_id < $3)
            order by case_id desc limit $4""",  # noqa: S608
        merchant_id,
        shopper_id,
        before,
        limit,
    )
    return db.many(CaseRow, rows)


async def list_of_merchant(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    state: str | None,
    kind: str | None,
    waiting_for: str | None,
    number: str | None,
    before: UUID | None,
    limit: int,
) -> list[CaseRow]:
    """A merchant's cases, newest first; `number` is a case's or an order's."""
    conditions, arguments = ["merchant_id = $1"], list[object]([merchant_id])
    for column, operator, value in (
        ("state", "=", state),
        ("kind", "=", kind),
        ("waiting_for", "=", waiting_for),
        ("case_id", "<", before),
    ):
        if value is not None:
            arguments.append(value)
            conditions.append(f"{column} {operator} ${len(arguments)}")
    if number is not None:
        arguments.append(number)
        conditions.append(f"(case_no = ${len(arguments)} or order_no = ${len(arguments)})")
    arguments.append(limit)
    rows = await tx.fetch(
        f"select {CASE} from aftersale_cases where {' and '.join(conditions)} order by case_id desc limit ${len(arguments)}",  # noqa: S608, E501
        *arguments,
    )
    return db.many(CaseRow, rows)


async def list_disputed(tx: Tx, *, open_only: bool, before: tuple[datetime, UUID] | None, limit: int) -> list[CaseRow]:
    """Disputed cases of all merchants, the latest dispute first."""
    rows = await tx.fetch(
        f"""select {CASE} from aftersale_cases
            where dispute is not null and (not $1 or dispute = 'open')
              and ($2::timestamptz is null or (dispute_at, case_id) < ($2, $3))
            order by dispute_at desc, case_id desc limit $4""",  # noqa: S608
        open_only,
        *(before or (None, None)),
        limit,
    )
    return db.many(CaseRow, rows)


async def count_by_state(tx: Tx, merchant_id: MerchantId) -> dict[tuple[str, str | None, bool], int]:
    """(state, waiting_for, disputed) -> how many."""
    rows = await tx.fetch(
        """select state, waiting_for, coalesce(dispute = 'open', false) as disputed, count(*)::int as cases
           from aftersale_cases where merchant_id = $1 group by 1, 2, 3""",
        merchant_id,
    )
    return {(row["state"], row["waiting_for"], row["disputed"]): row["cases"] for row in rows}


async def list_due(tx: Tx, limit: int) -> list[tuple[MerchantId, UUID]]:
    """Cases whose time is over, of all merchants, the oldest first."""
    rows = await tx.fetch(
        "select merchant_id, case_id from aftersale_cases where due_at <= $1 order by due_at limit $2", tx.now, limit
    )
    return [(row["merchant_id"], row["case_id"]) for row in rows]


async def move_shopper(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Gives one shopper's cases and pictures to another."""
    await tx.execute(
        "update aftersale_cases set shopper_id = $3 where merchant_id = $1 and shopper_id = $2",
        merchant_id,
        former_id,
        shopper_id,
    )
    await tx.execute(
        """update aftersale_pictures p set uploader_id = $3 where p.merchant_id = $1 and p.uploader_id = $2
             and not exists (select from aftersale_pictures o
                             where o.merchant_id = $1 and o.uploader_id = $3 and o.hash = p.hash)""",
        merchant_id,
        former_id,
        shopper_id,
    )


class SettingsRow(Terms, frozen=True):
    """A merchant's terms with the address that returns go to, and whom a shopper can call."""

    return_address: dict[str, str] | None = None
    service_phone: str | None = None
    service_hours: str | None = None


async def find_settings(tx: Tx, merchant_id: MerchantId) -> SettingsRow:
    """A merchant's terms; the common ones until she writes her own."""
    row = await tx.fetchrow(
        """select apply_days, agree_hours, answer_hours, send_hours, receive_hours, return_address,
             service_phone, service_hours from aftersale_settings where merchant_id = $1""",
        merchant_id,
    )
    return SettingsRow() if row is None else db.one(SettingsRow, row)


async def save_settings(tx: Tx, merchant_id: MerchantId, terms: SettingsRow) -> None:
    """Writes a merchant's terms."""
    await tx.execute(
        """insert into aftersale_settings (merchant_id, apply_days, agree_hours, answer_hours, send_hours,
             receive_hours, return_address, updated_at, service_phone, service_hours)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (merchant_id) do update set apply_days = $2, agree_hours = $3, answer_hours = $4,
             send_hours = $5, receive_hours = $6, return_address = $7, updated_at = $8, service_phone = $9,
             service_hours = $10""",
        merchant_id,
        terms.apply_days,
        terms.agree_hours,
        terms.answer_hours,
        terms.send_hours,
        terms.receive_hours,
        terms.return_address,
        tx.now,
        terms.service_phone,
        terms.service_hours,
    )


async def count_uploads(tx: Tx, merchant_id: MerchantId, uploader_id: UUID, since: datetime) -> int:
    """How many pictures somebody uploaded lately."""
    count: int = await tx.fetchval(
        """select count(*) from aftersale_pictures
           where merchant_id = $1 and uploader_id = $2 and created_at > $3""",
        merchant_id,
        uploader_id,
        since,
    )
    return count


async def insert_picture(tx: Tx, merchant_id: MerchantId, uploader_id: UUID, hash: str) -> None:
    """Notes whose picture it is; once."""
    await tx.execute(
        """insert into aftersale_pictures (merchant_id, picture_id, uploader_id, hash, created_at)
           values ($1, $2, $3, $4, $5) on conflict (merchant_id, uploader_id, hash) do nothing""",
        merchant_id,
        new_id(),
        uploader_id,
        hash,
        tx.now,
    )


async def list_known(tx: Tx, merchant_id: MerchantId, uploader_id: UUID, hashes: Sequence[str]) -> set[str]:
    """Those of `hashes` that this person uploaded."""
    rows = await tx.fetch(
        "select hash from aftersale_pictures where merchant_id = $1 and uploader_id = $2 and hash = any($3)",
        merchant_id,
        uploader_id,
        hashes,
    )
    return {row["hash"] for row in rows}
