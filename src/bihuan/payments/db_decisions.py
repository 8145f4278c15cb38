"""SQL of decided refunds."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, RefundId
from bihuan.payments.schemas import RefundPart


class KeptRow(msgspec.Struct, frozen=True):
    """A tender: an attempt whose money was kept."""

    payment_id: PaymentId
    attempt_id: UUID
    tender: str
    paid_fen: int
    refund_fen: int
    refunds: int

    @property
    def left_fen(self) -> int:
        """What it still holds."""
        return self.paid_fen - self.refund_fen


async def lock_kept(tx: Tx, merchant_id: MerchantId, purpose: str, reference_id: UUID) -> list[KeptRow]:
    """The tenders of a payment, locked, in the order of their ids; none for what was never paid."""
    rows = await tx.fetch(
        """select a.payment_id, a.attempt_id, a.tender, a.paid_fen, a.refund_fen,
                  (select count(*)::int from payment_refunds r
                   where r.merchant_id = a.merchant_id and r.attempt_id = a.attempt_id and r.state <> 'closed'
                  ) as refunds
           from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where p.merchant_id = $1 and p.purpose = $2 and p.reference_id = $3 and a.verdict = 'accepted'
           order by a.attempt_id for no key update of a""",
        merchant_id,
        purpose,
        reference_id,
    )
    return db.many(KeptRow, rows)


async def left_of(tx: Tx, merchant_id: MerchantId, purpose: str, reference_id: UUID) -> int:
    """What the tenders of a payment still hold together."""
    return await tx.fetchval(
        """select coalesce(sum(a.paid_fen - a.refund_fen), 0)::bigint from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where p.merchant_id = $1 and p.purpose = $2 and p.reference_id = $3 and a.verdict = 'accepted'""",
        merchant_id,
        purpose,
        reference_id,
    )


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """That money goes back, and why."""

    decision_id: UUID
    purpose: str
    reference_id: UUID
    payment_id: PaymentId
    cause: str
    cause_id: UUID
    amount_fen: int
    account: str
    reason: str


_DECISION = "decision_id, purpose, reference_id, payment_id, cause, cause_id, amount_fen, account, reason"


async def get(tx: Tx, merchant_id: MerchantId, decision_id: UUID) -> Decision:
    """A decision by its id."""
    row = await tx.fetchrow(
        f"select {_DECISION} from payment_refund_decisions where merchant_id = $1 and decision_id = $2",  # noqa: S608 - names of columns
        merchant_id,
        decision_id,
    )
    if row is None:
        raise LookupError(f"no decision {decision_id}")
    return db.one(Decision, row)


async def find(tx: Tx, merchant_id: MerchantId, cause: str, cause_id: UUID) -> Decision | None:
    """The decision of a cause."""
    row = await tx.fetchrow(
        f"""select {_DECISION} from payment_refund_decisions
            where merchant_id = $1 and cause = $2 and cause_id = $3""",  # noqa: S608 - names of columns
        merchant_id,
        cause,
        cause_id,
    )
    return db.one_or_none(Decision, row)


async def list_parts(tx: Tx, merchant_id: MerchantId, decision_id: UUID) -> list[RefundPart]:
    """The refunds of a decision as they stand now: a closed one is shown by what replaced it."""
    rows = await tx.fetch(
        """select r.refund_id, a.tender, r.amount_fen from payment_refunds r
           join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
           where r.merchant_id = $1 and r.decision_id = $2 and r.state <> 'closed' order by r.attempt_id""",
        merchant_id,
        decision_id,
    )
    return db.many(RefundPart, rows)


async def insert(
    tx: Tx, merchant_id: MerchantId, decision: Decision, parts: Sequence[tuple[RefundId, KeptRow, int]]
) -> None:
    """Writes a decision with its refunds, and sets their money aside at the (locked) attempts: one statement."""
    await tx.execute(
        """with decision as (
             insert into payment_refund_decisions (merchant_id, decision_id, purpose, reference_id, payment_id, cause,
               cause_id, amount_fen, account, reason, decided_at)
             values ($1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $2)
           ), parts as (
             select * from unnest($12::uuid[], $13::uuid[], $14::bigint[], $15::boolean[])
             as p (refund_id, attempt_id, amount_fen, by_hand)
           ), aside as (
             update payment_attempts a set refund_fen = a.refund_fen + p.amount_fen from parts p
             where a.merchant_id = $1 and a.attempt_id = p.attempt_id
           )
           insert into payment_refunds (merchant_id, refund_id, attempt_id, amount_fen, reason, due_at, created_at,
             decision_id, by_hand)
           select $1, p.refund_id, p.attempt_id, p.amount_fen, $11, $2, $2, $3, p.by_hand from parts p""",
        merchant_id,
        tx.now,
        decision.decision_id,
        decision.purpose,
        decision.reference_id,
        decision.payment_id,
        decision.cause,
        decision.cause_id,
        decision.amount_fen,
        decision.account,
        decision.reason,
        [refund_id for refund_id, _, _ in parts],
        [row.attempt_id for _, row, _ in parts],
        [share for _, _, share in parts],
        [row.tender in ("cash", "card") for _, row, _ in parts],
    )


async def settle_part(tx: Tx, merchant_id: MerchantId, decision_id: UUID, amount_fen: int) -> bool:
    """A part of a decision is back with the shopper; True when it was the last."""
    return await tx.fetchval(
        """update payment_refund_decisions set settled_fen = settled_fen + $3,
             settled_at = case when settled_fen + $3 = amount_fen then $4::timestamptz end
           where merchant_id = $1 and decision_id = $2 returning settled_at is not null""",
        merchant_id,
        decision_id,
        amount_fen,
        tx.now,
    )
