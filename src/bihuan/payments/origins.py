"""What receipts and refunds in the book were for."""

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
