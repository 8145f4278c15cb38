"""SQL of what a person does about stuck money."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId
from bihuan.payments.db_refunds import ListedRefund


class DecidedRefund(ListedRefund, frozen=True, kw_only=True):
    """A refund of a decision, with the way that the money came and goes back."""

    tender: str


class AbnormalRow(msgspec.Struct, frozen=True):
    """A refund as far as sending it elsewhere goes."""

    state: str
    wechat_refund_id: str | None
    mchid: str


async def find_refund(tx: Tx, merchant_id: MerchantId, refund_id: UUID) -> AbnormalRow | None:
    """One refund."""
    row = await tx.fetchrow(
        """select r.state, r.wechat_refund_id, a.mchid from payment_refunds r
           join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
           where r.merchant_id = $1 and r.refund_id = $2""",
        merchant_id,
        refund_id,
    )
    return db.one_or_none(AbnormalRow, row)


async def list_of_decision(tx: Tx, merchant_id: MerchantId, decision_id: UUID) -> Sequence[DecidedRefund]:
    """The refunds of a decision, oldest first."""
    rows = await tx.fetch(
        """select r.refund_id, r.attempt_id, r.state, r.amount_fen, r.reason, r.error, r.parked_at, r.created_at,
                  r.succeeded_at, a.tender
           from payment_refunds r
           join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
           where r.merchant_id = $1 and r.decision_id = $2 order by r.refund_id""",
        merchant_id,
        decision_id,
    )
    return db.many(DecidedRefund, rows)


async def resolve(tx: Tx, merchant_id: MerchantId, kind: str, parked_id: str, staff_id: StaffId, note: str) -> bool:
    """Notes what was done about something parked, once; False when there is no such thing, or it was done."""
    exists = {
        "payment": """select 1 from payment_attempts
                      where merchant_id = $1 and attempt_id::text = $2 and verdict = 'parked'""",
        "notification": """select 1 from payment_notifications
                           where merchant_id = $1 and notification_id = $2 and outcome = 'parked'""",
    }.get(kind)
    if exists is None or await tx.fetchval(exists, merchant_id, parked_id) is None:
        return False
    return bool(
        await tx.execute(
            """insert into parked_resolutions (merchant_id, kind, parked_id, staff_id, note, resolved_at)
               values ($1, $2, $3, $4, $5, $6) on conflict (merchant_id, kind, parked_id) do nothing""",
            merchant_id,
            kind,
            parked_id,
            staff_id,
            note,
            tx.now,
        )
    )
