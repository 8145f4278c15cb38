"""SQL of refunds."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, RefundId, ShopperId


class RefundRow(msgspec.Struct, frozen=True):
    """A refund with what it is of."""

    merchant_id: MerchantId
    refund_id: RefundId
    attempt_id: UUID
    amount_fen: int
    reason: str
    state: str
    generation: int
    tries: int
    parked_at: datetime | None
    mchid: str
    out_trade_no: str
    transaction_id: str
    paid_fen: int
    payment_id: PaymentId
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId
    tender: str
    decision_id: UUID | None  # none: a receipt that was refused goes back by itself
    cause: str | None
    cause_id: UUID | None

    @property
    def out_refund_no(self) -> str:
        """Its number at WeChat."""
        return self.refund_id.hex


_REFUND = """r.merchant_id, r.refund_id, r.attempt_id, r.amount_fen, r.reason, r.state, r.generation, r.tries,
             r.parked_at, a.mchid, a.out_trade_no, a.transaction_id, a.paid_fen, p.payment_id, p.purpose,
             p.reference_id, p.shopper_id, a.tender, r.decision_id, d.cause, d.cause_id"""
_JOINED = """payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
             join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
             left join payment_refund_decisions d on d.merchant_id = r.merchant_id and d.decision_id = r.decision_id"""


async def claim_due(tx: Tx, lease_until: datetime, limit: int) -> list[RefundRow]:
    """Takes refunds whose time has come, and keeps other workers off them until `lease_until`."""
    rows = await tx.fetch(
        f"""with due as (
              select r.merchant_id, r.refund_id from payment_refunds r
              where r.due_at <= $1 and r.state in ('applied', 'processing', 'abnormal') and not r.by_hand
              order by r.due_at limit $3 for update skip locked
            ), claimed as (
              update payment_refunds r set due_at = $2, tries = r.tries + 1 from due
              where r.merchant_id = due.merchant_id and r.refund_id = due.refund_id returning r.*
            )
            select {_REFUND} from claimed r join {_JOINED} order by r.refund_id""",  # noqa: S608 - names of columns
        tx.now,
        lease_until,
        limit,
    )
    return db.many(RefundRow, rows)


async def lock_refund(tx: Tx, merchant_id: MerchantId, refund_id: UUID) -> RefundRow | None:
    """Locks a refund and its attempt."""
    row = await tx.fetchrow(
        f"""select {_REFUND} from payment_refunds r join {_JOINED}
            where r.merchant_id = $1 and r.refund_id = $2
            for no key update of r, a""",  # noqa: S608 - names of columns
        merchant_id,
        refund_id,
    )
    return db.one_or_none(RefundRow, row)


async def set_state(
    tx: Tx,
    row: RefundRow,
    to: str,
    wechat_refund_id: str | None,
    due_at: datetime,
    error: str | None,
    *,
    park: bool,
    succeeded_at: datetime | None = None,
) -> bool:
    """row.state -> `to`; False when somebody else moved it first. A success was at `succeeded_at`, or is now."""
    return bool(
        await tx.execute(
            """update payment_refunds set state = $4, wechat_refund_id = coalesce($5, wechat_refund_id), due_at = $6,
                 error = $7, succeeded_at = case when $4 = 'success' then coalesce($10::timestamptz, $8) end,
                 parked_at = case when $4 = 'success' then null when $9 then coalesce(parked_at, $8) else parked_at end
               where merchant_id = $1 and refund_id = $2 and state = $3""",
            row.merchant_id,
            row.refund_id,
            row.state,
            to,
            wechat_refund_id or None,
            due_at,
            error[:500] if error else None,
            tx.now,
            park,
            succeeded_at,
        )
    )


async def postpone(
    tx: Tx, merchant_id: MerchantId, refund_id: UUID, due_at: datetime, error: str | None, *, park: bool
) -> None:
    """Try again later."""
    await tx.execute(
        """update payment_refunds set due_at = $3, error = coalesce($4, error),
             parked_at = case when $6 then coalesce(parked_at, $5) else parked_at end
           where merchant_id = $1 and refund_id = $2 and state in ('applied', 'processing', 'abnormal')""",
        merchant_id,
        refund_id,
        due_at,
        error[:500] if error else None,
        tx.now,
        park,
    )


async def insert_refund(
    tx: Tx,
    merchant_id: MerchantId,
    refund_id: RefundId,
    attempt_id: UUID,
    amount_fen: int,
    reason: str,
    *,
    due_at: datetime,
    replaces: UUID | None = None,
    generation: int = 1,
    decision_id: UUID | None = None,
) -> None:
    """The intent to give money back. What its attempt sets aside for refunds (`refund_fen`) includes it already."""
    await tx.execute(
        """insert into payment_refunds (merchant_id, refund_id, attempt_id, amount_fen, reason, due_at, created_at,
             replaces, generation, decision_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        merchant_id,
        refund_id,
        attempt_id,
        amount_fen,
        reason,
        due_at,
        tx.now,
        replaces,
        generation,
        decision_id,
    )


class ListedRefund(msgspec.Struct, frozen=True):
    """A refund as it is shown."""

    refund_id: RefundId
    attempt_id: UUID
    state: str
    amount_fen: int
    reason: str
    error: str | None
    parked_at: datetime | None
    created_at: datetime
    succeeded_at: datetime | None


async def list_of_attempts(tx: Tx, merchant_id: MerchantId, attempt_ids: Sequence[UUID]) -> list[ListedRefund]:
    """The refunds of attempts, oldest first."""
    rows = await tx.fetch(
        """select refund_id, attempt_id, state, amount_fen, reason, error, parked_at, created_at, succeeded_at
           from payment_refunds where merchant_id = $1 and attempt_id = any($2) order by refund_id""",
        merchant_id,
        attempt_ids,
    )
    return db.many(ListedRefund, rows)
