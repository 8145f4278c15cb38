"""SQL of what operators see of many merchants at once, and of what both sides see of adjustments and payouts."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId
from bihuan.settlement.db_plans import Terms


class Unpaid(msgspec.Struct, frozen=True):
    """Closed statements that are not paid yet, and what is left of them; negative: the merchant owes."""

    statements: int = 0
    left_fen: int = 0


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A credit by hand; negative: a charge."""

    adjustment_id: UUID
    amount_fen: int
    reason: str
    staff_id: StaffId
    created_at: datetime


class PaidOut(msgspec.Struct, frozen=True, kw_only=True):
    """A payout with the statement that it pays."""

    merchant_id: MerchantId
    payout_id: UUID
    statement_id: UUID
    statement_no: str
    amount_fen: int
    reference: str
    paid_on: date
    note: str
    created_at: datetime


async def list_terms(tx: Tx, merchant_ids: Sequence[MerchantId]) -> dict[MerchantId, Terms]:
    """The terms of these merchants; the defaults for those without a row."""
    rows = await tx.fetch(
        """select merchant_id, share_at, cycle, delay_days, receiver_name from settlement_terms
           where merchant_id = any($1)""",
        merchant_ids,
    )
    known = {
        row["merchant_id"]: Terms(row["share_at"], row["cycle"], row["delay_days"], row["receiver_name"])
        for row in rows
    }
    return {one: known.get(one, Terms()) for one in merchant_ids}


async def list_plan_names(tx: Tx, merchant_ids: Sequence[MerchantId]) -> dict[MerchantId, str]:
    """The plans that these merchants are on."""
    rows = await tx.fetch(
        "select merchant_id, plan_name from plan_subscriptions where merchant_id = any($1) and ended_on is null",
        merchant_ids,
    )
    return {row["merchant_id"]: row["plan_name"] for row in rows}


async def list_unpaid(tx: Tx, merchant_ids: Sequence[MerchantId]) -> dict[MerchantId, Unpaid]:
    """What is left to pay of closed statements; nothing for who is not named."""
    rows = await tx.fetch(
        """select merchant_id, count(*)::int as statements, sum(due_fen - paid_fen)::bigint as left_fen
           from statements where state = 'closed' and merchant_id = any($1) group by merchant_id""",
        merchant_ids,
    )
    return {row["merchant_id"]: Unpaid(row["statements"], row["left_fen"]) for row in rows}


async def list_adjustments(tx: Tx, merchant_id: MerchantId, before: UUID | None, limit: int) -> list[Adjustment]:
    """A merchant's adjustments, the newest first."""
    rows = await tx.fetch(
        """select adjustment_id, amount_fen, reason, staff_id, created_at from settlement_adjustments
           where merchant_id = $1 and ($2::uuid is null or adjustment_id < $2)
           order by adjustment_id desc limit $3""",
        merchant_id,
        before,
        limit,
    )
    return db.many(Adjustment, rows)


_PAID_OUT = """p.merchant_id, p.payout_id, p.statement_id, s.statement_no, p.amount_fen, p.reference, p.paid_on, p.note,
  p.created_at"""


async def list_payouts(tx: Tx, merchant_id: MerchantId, before: UUID | None, limit: int) -> list[PaidOut]:
    """A merchant's payouts, the newest first."""
    rows = await tx.fetch(
        f"""select {_PAID_OUT} from payouts p
            join statements s on s.merchant_id = p.merchant_id and s.statement_id = p.statement_id
            where p.merchant_id = $1 and ($2::uuid is null or p.payout_id < $2)
            order by p.payout_id desc limit $3""",  # noqa: S608 - names of columns
        merchant_id,
        before,
        limit,
    )
    return db.many(PaidOut, rows)


async def list_all_payouts(tx: Tx, before: UUID | None, limit: int) -> list[PaidOut]:
    """Payouts of all merchants, the newest first."""
    rows = await tx.fetch(
        f"""select {_PAID_OUT} from payouts p
            join statements s on s.merchant_id = p.merchant_id and s.statement_id = p.statement_id
            where $1::uuid is null or p.payout_id < $1
            order by p.payout_id desc limit $2""",  # noqa: S608 - names of columns
        before,
        limit,
    )
    return db.many(PaidOut, rows)
