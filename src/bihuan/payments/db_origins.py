"""Rows and SQL of what receipts and refunds in the book were for."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class PaidFor(msgspec.Struct, frozen=True):
    """A receipt (an attempt's id), a refund or a decision to refund, and what its payment was for."""

    id: UUID
    number: str
    purpose: str
    reference_id: UUID


async def of_receipts(tx: Tx, merchant_id: MerchantId, attempt_ids: Sequence[UUID]) -> list[PaidFor]:
    """By id of the attempt."""
    rows = await tx.fetch(
        """select a.attempt_id as id, a.out_trade_no as number, p.purpose, p.reference_id
           from payment_attempts a join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where a.merchant_id = $1 and a.attempt_id = any($2)""",
        merchant_id,
        attempt_ids,
    )
    return db.many(PaidFor, rows)


async def of_refunds(tx: Tx, merchant_id: MerchantId, refund_ids: Sequence[UUID]) -> list[PaidFor]:
    """By id of the refund, or of the decision to refund."""
    rows = await tx.fetch(
        """select r.refund_id as id, a.out_trade_no as number, p.purpose, p.reference_id
           from payment_refunds r
           join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where r.merchant_id = $1 and r.refund_id = any($2)
           union all
           select d.decision_id, d.cause, d.purpose, d.reference_id from payment_refund_decisions d
           where d.merchant_id = $1 and d.decision_id = any($2)""",
        merchant_id,
        refund_ids,
    )
    return db.many(PaidFor, rows)


class Cause(msgspec.Struct, frozen=True):
    """Why a refund was decided: what asked for it, by its id."""

    cause: str
    cause_id: UUID


async def cause_of(tx: Tx, merchant_id: MerchantId, refund_id: UUID) -> Cause | None:
    """The cause of a refund or of a decision to refund; None for what went back by itself."""
    row = await tx.fetchrow(
        """select d.cause, d.cause_id from payment_refund_decisions d
           where d.merchant_id = $1 and (d.decision_id = $2 or d.decision_id = (
             select r.decision_id from payment_refunds r where r.merchant_id = $1 and r.refund_id = $2)) limit 1""",
        merchant_id,
        refund_id,
    )
    return db.one_or_none(Cause, row)


async def of_cause(tx: Tx, merchant_id: MerchantId, cause: str, cause_id: UUID) -> PaidFor | None:
    """What the refund of a cause was for."""
    row = await tx.fetchrow(
        """select decision_id as id, cause as number, purpose, reference_id from payment_refund_decisions
           where merchant_id = $1 and cause = $2 and cause_id = $3""",
        merchant_id,
        cause,
        cause_id,
    )
    return db.one_or_none(PaidFor, row)
