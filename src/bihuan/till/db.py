"""Rows and SQL of tills: shifts and what moves in their drawers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CounterId, MerchantId, StaffId, StoreId, new_id


class ShiftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A shift."""

    shift_id: UUID
    store_id: StoreId
    counter_id: CounterId | None
    till: str
    staff_id: StaffId
    state: str
    carried_from: UUID | None
    expected_fen: int
    counted_fen: int | None
    difference_fen: int | None
    carried_fen: int
    banked_fen: int
    report_no: int | None  # once closed: without gaps at each till
    note: str | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: StaffId | None

    @property
    def left_fen(self) -> int:
        """What of the count still lies in the closed drawer."""
        return (self.counted_fen or 0) - self.carried_fen - self.banked_fen


_SHIFT = ", ".join(ShiftRow.__struct_fields__)


async def insert_shift(tx: Tx, merchant_id: MerchantId, row: ShiftRow) -> bool:
    """Opens a shift; False when the till or the person has one open."""
    done = await tx.execute(
        """insert into till_shifts (merchant_id, shift_id, store_id, counter_id, till, staff_id, carried_from,
             opened_at) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing""",
        merchant_id,
        row.shift_id,
        row.store_id,
        row.counter_id,
        row.till,
        row.staff_id,
        row.carried_from,
        row.opened_at,
    )
    return bool(done)


async def find_shift(tx: Tx, merchant_id: MerchantId, shift_id: UUID, *, lock: bool = False) -> ShiftRow | None:
    """A shift, locked when asked for."""
    row = await tx.fetchrow(
        f"""select {_SHIFT} from till_shifts where merchant_id = $1 and shift_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608 - names of columns
        merchant_id,
        shift_id,
    )
    return db.one_or_none(ShiftRow, row)


async def find_open_of(tx: Tx, merchant_id: MerchantId, staff_id: StaffId) -> ShiftRow | None:
    """A person's open shift."""
    row = await tx.fetchrow(
        f"select {_SHIFT} from till_shifts where merchant_id = $1 and staff_id = $2 and state = 'open'",  # noqa: S608
        merchant_id,
        staff_id,
    )
    return db.one_or_none(ShiftRow, row)


async def last_closed(tx: Tx, merchant_id: MerchantId, store_id: StoreId, till: str) -> ShiftRow | None:
    """The shift before at a till, locked: its cash may be carried on."""
    row = await tx.fetchrow(
        f"""select {_SHIFT} from till_shifts
            where merchant_id = $1 and store_id = $2 and till = $3 and state = 'closed'
            order by shift_id desc limit 1 for no key update""",  # noqa: S608 - names of columns
        merchant_id,
        store_id,
        till,
    )
    return db.one_or_none(ShiftRow, row)


async def list_shifts(
    tx: Tx, merchant_id: MerchantId, store_id: StoreId | None, state: str | None, before: UUID | None, limit: int
) -> list[ShiftRow]:
    """The latest first."""
    rows = await tx.fetch(
        f"""select {_SHIFT} from till_shifts
            where merchant_id = $1 and ($2::uuid is null or store_id = $2) and ($3::text is null or state = $3)
              and ($4::uuid is null or shift_id < $4)
            order by shift_id desc limit $5""",  # noqa: S608 - names of columns
        merchant_id,
        store_id,
        state,
        before,
        limit,
    )
    return db.many(ShiftRow, rows)


async def find_shifts(tx: Tx, merchant_id: MerchantId, shift_ids: Sequence[UUID]) -> list[ShiftRow]:
    """Shifts by their ids."""
    rows = await tx.fetch(
        f"select {_SHIFT} from till_shifts where merchant_id = $1 and shift_id = any($2)",  # noqa: S608
        merchant_id,
        shift_ids,
    )
    return db.many(ShiftRow, rows)


class MovementRow(msgspec.Struct, frozen=True, kw_only=True):
    """What went into a drawer (+) or out of it (-)."""

    movement_id: UUID
    kind: str
    amount_fen: int
    reason: str
    staff_id: StaffId
    occurred_at: datetime


async def move(
    tx: Tx,
    merchant_id: MerchantId,
    shift_id: UUID,
    kind: str,
    amount_fen: int,
    source_id: UUID,
    reason: str,
    staff_id: StaffId,
) -> bool:
    """Moves cash in an open drawer; False when the shift is closed, or the drawer holds less than would leave it."""
    try:
        async with tx.savepoint():
            done: int = await tx.fetchval(
                """with moved as (
                     update till_shifts set expected_fen = expected_fen + $4
                     where merchant_id = $1 and shift_id = $2 and state = 'open' returning shift_id
                   ), written as (
                     insert into till_movements (merchant_id, movement_id, shift_id, kind, amount_fen, source_id,
                       reason, staff_id, occurred_at)
                     select $1, $8, m.shift_id, $3, $4, $5, $6, $7, $9 from moved m returning 1
                   )
                   select count(*)::int from written""",
                merchant_id,
                shift_id,
                kind,
                amount_fen,
                source_id,
                reason,
                staff_id,
                new_id(),
                tx.now,
            )
    except asyncpg.CheckViolationError:
        return False
    return done == 1


async def list_movements(tx: Tx, merchant_id: MerchantId, shift_id: UUID) -> list[MovementRow]:
    """In their order, all but the sales', which the sales tell."""
    rows = await tx.fetch(
        """select movement_id, kind, amount_fen, reason, staff_id, occurred_at from till_movements
           where merchant_id = $1 and shift_id = $2 and kind <> 'sale' order by movement_id limit 500""",
        merchant_id,
        shift_id,
    )
    return db.many(MovementRow, rows)


async def close_shift(
    tx: Tx, merchant_id: MerchantId, shift_id: UUID, counted_fen: int, note: str | None, by: StaffId
) -> None:
    """open -> closed, of a locked shift."""
    await tx.execute(
        """update till_shifts s set state = 'closed', counted_fen = $3, difference_fen = $3 - expected_fen, note = $4,
             closed_at = $5, closed_by = $6,
             report_no = 1 + coalesce((select max(o.report_no) from till_shifts o
                                       where o.merchant_id = $1 and o.store_id = s.store_id and o.till = s.till), 0)
           where merchant_id = $1 and shift_id = $2 and state = 'open'""",
        merchant_id,
        shift_id,
        counted_fen,
        note,
        tx.now,
        by,
    )


async def take_from_closed(
    tx: Tx, merchant_id: MerchantId, shift_id: UUID, *, carried_fen: int = 0, banked_fen: int = 0
) -> bool:
    """What lies in a closed drawer leaves it; False when it holds less."""
    return bool(
        await tx.execute(
            """update till_shifts set carried_fen = carried_fen + $3::bigint, banked_fen = banked_fen + $4::bigint
               where merchant_id = $1 and shift_id = $2 and state = 'closed'
                 and counted_fen - carried_fen - banked_fen >= $3::bigint + $4::bigint""",
            merchant_id,
            shift_id,
            carried_fen,
            banked_fen,
        )
    )


async def insert_banking(
    tx: Tx, merchant_id: MerchantId, banking_id: UUID, shift_id: UUID, amount_fen: int, by: StaffId
) -> None:
    """Says of which shift the cash was that came to the bank."""
    await tx.execute(
        """insert into till_bankings (merchant_id, banking_id, shift_id, amount_fen, staff_id, banked_at)
           values ($1, $2, $3, $4, $5, $6)""",
        merchant_id,
        banking_id,
        shift_id,
        amount_fen,
        by,
        tx.now,
    )


async def any_pending(tx: Tx, merchant_id: MerchantId, shift_id: UUID) -> bool:
    """Whether a payment code of a shift's sales is undecided."""
    return await tx.fetchval(
        """select exists (select from till_takings t
             join till_sales s on s.merchant_id = t.merchant_id and s.sale_id = t.sale_id
             where s.merchant_id = $1 and s.shift_id = $2 and t.state = 'pending')""",
        merchant_id,
        shift_id,
    )
