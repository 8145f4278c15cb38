"""SQL of statements, their lines, payouts and adjustments."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.settlement.rules import Kind


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's period. closing = opening + the sums; `due_fen` is what the platform owes (negative: is owed)."""

    statement_id: UUID
    statement_no: str
    period_from: datetime
    period_to: datetime
    closes_at: datetime
    state: Literal["open", "closed", "paid"]
    opening_fen: int = 0
    sales_fen: int = 0
    topups_fen: int = 0
    refunds_fen: int = 0
    commissions_fen: int = 0
    fees_fen: int = 0
    adjustments_fen: int = 0
    payouts_fen: int = 0
    closing_fen: int = 0
    line_count: int = 0
    due_fen: int = 0
    paid_fen: int = 0
    collected: bool = False
    closed_at: datetime | None = None
    paid_at: datetime | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction of the ledger on a statement; the three amounts are what it moves on the settled accounts."""

    transaction_id: UUID
    kind: Kind
    wechat_fen: int
    interbook_fen: int
    payable_fen: int
    source: str
    order_id: OrderId | None
    order_no: str | None
    description: str
    occurred_at: datetime

    @property
    def amount_fen(self) -> int:
        """What it adds to the balance."""
        return self.wechat_fen + self.interbook_fen + self.payable_fen


class Payout(msgspec.Struct, frozen=True, kw_only=True):
    """A bank transfer for a statement; negative: the merchant paid."""

    payout_id: UUID
    statement_id: UUID
    amount_fen: int
    reference: str
    paid_on: date
    note: str
    staff_id: UUID
    created_at: datetime


_STATEMENT = ", ".join(f.name for f in msgspec.structs.fields(Statement))
_LINE = ", ".join(f.name for f in msgspec.structs.fields(Line))
_PAYOUT = ", ".join(f.name for f in msgspec.structs.fields(Payout))


async def find_open(tx: Tx, merchant_id: MerchantId, *, lock: bool = False) -> Statement | None:
    """The running period."""
    row = await tx.fetchrow(
        f"""select {_STATEMENT} from statements
            where merchant_id = $1 and state = 'open'{" for no key update" if lock else ""}""",  # noqa: S608
        merchant_id,
    )
    return db.one_or_none(Statement, row)


async def find(tx: Tx, merchant_id: MerchantId, statement_id: UUID, *, lock: bool = False) -> Statement | None:
    """A statement."""
    row = await tx.fetchrow(
        f"""select {_STATEMENT} from statements
            where merchant_id = $1 and statement_id = $2{" for no key update" if lock else ""}""",  # noqa: S608
        merchant_id,
        statement_id,
    )
    return db.one_or_none(Statement, row)


async def find_last_closed(tx: Tx, merchant_id: MerchantId) -> Statement | None:
    """The statement that was closed last."""
    row = await tx.fetchrow(
        f"""select {_STATEMENT} from statements
            where merchant_id = $1 and state <> 'open' order by period_from desc limit 1""",  # noqa: S608
        merchant_id,
    )
    return db.one_or_none(Statement, row)


async def insert_open(tx: Tx, merchant_id: MerchantId, statement: Statement) -> bool:
    """A new period; False when one is open."""
    return bool(
        await tx.fetchval(
            """insert into statements (merchant_id, statement_id, statement_no, period_from, period_to, closes_at,
                 opening_fen, closing_fen)
               values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict do nothing returning true""",
            merchant_id,
            statement.statement_id,
            statement.statement_no,
            statement.period_from,
            statement.period_to,
            statement.closes_at,
            statement.opening_fen,
        )
    )


async def list_to_close(tx: Tx, limit: int) -> list[tuple[MerchantId, UUID]]:
    """Open statements whose T+n has come."""
    rows = await tx.fetch(
        """select merchant_id, statement_id from statements where state = 'open' and closes_at <= $1
           order by closes_at limit $2""",
        tx.now,
        limit,
    )
    return [(MerchantId(row["merchant_id"]), row["statement_id"]) for row in rows]


async def list_frozen(tx: Tx, merchant_id: MerchantId, transaction_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these transactions stand on a statement."""
    rows = await tx.fetch(
        "select transaction_id from statement_lines where merchant_id = $1 and transaction_id = any($2)",
        merchant_id,
        transaction_ids,
    )
    return {row["transaction_id"] for row in rows}


async def insert_lines(tx: Tx, merchant_id: MerchantId, statement_id: UUID, lines: Sequence[Line]) -> None:
    """Freezes lines; a transaction that stands on a statement raises."""
    await tx.execute(
        """insert into statement_lines (merchant_id, statement_id, transaction_id, kind, wechat_fen, interbook_fen,
             payable_fen, source, order_id, order_no, description, occurred_at)
           select $1, $2, l.* from unnest($3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::text[],
             $9::uuid[], $10::text[], $11::text[], $12::timestamptz[]) as l""",
        merchant_id,
        statement_id,
        [line.transaction_id for line in lines],
        [line.kind for line in lines],
        [line.wechat_fen for line in lines],
        [line.interbook_fen for line in lines],
        [line.payable_fen for line in lines],
        [line.source for line in lines],
        [line.order_id for line in lines],
        [line.order_no for line in lines],
        [line.description for line in lines],
        [line.occurred_at for line in lines],
    )


async def set_period_end(tx: Tx, merchant_id: MerchantId, statement_id: UUID, at: datetime) -> None:
    """The (locked) running period ends at this time."""
    await tx.execute(
        """update statements set period_to = $3, closes_at = $3
           where merchant_id = $1 and statement_id = $2 and state = 'open'""",
        merchant_id,
        statement_id,
        at,
    )


async def set_closed(tx: Tx, merchant_id: MerchantId, closed: Statement) -> None:
    """open -> closed, or paid when nothing is due."""
    await tx.execute(
        """update statements set state = $3, opening_fen = $4, sales_fen = $5, topups_fen = $6, refunds_fen = $7,
             commissions_fen = $8, fees_fen = $9, adjustments_fen = $10, payouts_fen = $11, closing_fen = $12,
             line_count = $13, due_fen = $14, collected = $15, closed_at = $16, paid_at = $17
           where merchant_id = $1 and statement_id = $2 and state = 'open'""",
        merchant_id,
        closed.statement_id,
        closed.state,
        closed.opening_fen,
        closed.sales_fen,
        closed.topups_fen,
        closed.refunds_fen,
        closed.commissions_fen,
        closed.fees_fen,
        closed.adjustments_fen,
        closed.payouts_fen,
        closed.closing_fen,
        closed.line_count,
        closed.due_fen,
        closed.collected,
        closed.closed_at,
        closed.paid_at,
    )


async def list_statements(tx: Tx, merchant_id: MerchantId, before: datetime | None, limit: int) -> list[Statement]:
    """A merchant's statements, the newest first."""
    rows = await tx.fetch(
        f"""select {_STATEMENT} from statements
            where merchant_id = $1 and ($2::timestamptz is null or period_from < $2)
            order by period_from desc limit $3""",  # noqa: S608 - names of columns
        merchant_id,
        before,
        limit,
    )
    return db.many(Statement, rows)


async def list_all(
    tx: Tx, state: str | None, after: tuple[datetime, UUID] | None, limit: int
) -> list[tuple[MerchantId, Statement]]:
    """Statements of all merchants, the latest period first."""
    rows = await tx.fetch(
        f"""select merchant_id, {_STATEMENT} from statements
            where ($1::text is null or state = $1)
              and ($2::timestamptz is null or (period_from, statement_id) < ($2, $3))
            order by period_from desc, statement_id desc limit $4""",  # noqa: S608 - names of columns
        state,
        *(after or (None, None)),
        limit,
    )
    return [
        (MerchantId(row["merchant_id"]), Statement(**{k: v for k, v in row.items() if k != "merchant_id"}))
        for row in rows
    ]


async def list_lines(
    tx: Tx, merchant_id: MerchantId, statement_id: UUID, kind: str | None, after: UUID | None, limit: int
) -> list[Line]:
    """The lines of a closed statement, in the order of the ledger."""
    rows = await tx.fetch(
        f"""select {_LINE} from statement_lines
            where merchant_id = $1 and statement_id = $2 and ($3::text is null or kind = $3)
              and ($4::uuid is null or transaction_id > $4)
            order by transaction_id limit $5""",  # noqa: S608 - names of columns
        merchant_id,
        statement_id,
        kind,
        after,
        limit,
    )
    return db.many(Line, rows)


async def add_paid(tx: Tx, merchant_id: MerchantId, statement_id: UUID, amount_fen: int) -> None:
    """Adds a payout to a (locked) statement: paid with the last fen."""
    await tx.execute(
        """update statements set paid_fen = paid_fen + $3,
             state = case when paid_fen + $3 = due_fen then 'paid' else state end,
             paid_at = case when paid_fen + $3 = due_fen then $4::timestamptz end
           where merchant_id = $1 and statement_id = $2""",
        merchant_id,
        statement_id,
        amount_fen,
        tx.now,
    )


async def insert_payout(tx: Tx, merchant_id: MerchantId, payout: Payout) -> bool:
    """Writes a payout; False when the bank's reference stands on another."""
    return bool(
        await tx.fetchval(
            f"""insert into payouts (merchant_id, {_PAYOUT}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                on conflict (merchant_id, reference) do nothing returning true""",  # noqa: S608 - names of columns
            merchant_id,
            payout.payout_id,
            payout.statement_id,
            payout.amount_fen,
            payout.reference,
            payout.paid_on,
            payout.note,
            payout.staff_id,
            payout.created_at,
        )
    )


async def list_payouts(tx: Tx, merchant_id: MerchantId, statement_id: UUID) -> list[Payout]:
    """The payouts of a statement, oldest first."""
    rows = await tx.fetch(
        f"""select {_PAYOUT} from payouts where merchant_id = $1 and statement_id = $2
            order by payout_id""",  # noqa: S608 - names of columns
        merchant_id,
        statement_id,
    )
    return db.many(Payout, rows)


async def insert_adjustment(
    tx: Tx, merchant_id: MerchantId, adjustment_id: UUID, amount_fen: int, reason: str, staff_id: UUID
) -> None:
    """Writes an adjustment by hand."""
    await tx.execute(
        """insert into settlement_adjustments (merchant_id, adjustment_id, amount_fen, reason, staff_id, created_at)
           values ($1, $2, $3, $4, $5, $6)""",
        merchant_id,
        adjustment_id,
        amount_fen,
        reason,
        staff_id,
        tx.now,
    )
