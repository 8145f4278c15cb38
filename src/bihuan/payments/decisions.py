"""Giving back money that was kept: a decision, split over the tenders that brought it.

Each tender gives back in proportion to what it still holds, to the fen, and never more than that; `rules.divide`
says how. A decision is named by its cause, so it is taken once. The wallet's part is back at
once; the refund job carries the others out.
"""

from collections.abc import Sequence
from uuid import UUID

from bihuan import ledger, wallet
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Unprocessable
from bihuan.kernel.ids import MerchantId, RefundId, new_id
from bihuan.kernel.money import MAX_FEN
from bihuan.payments import db_decisions, db_remedies, refunds, rules
from bihuan.payments.db_decisions import Decision, KeptRow
from bihuan.payments.db_remedies import DecidedRefund
from bihuan.payments.errors import RefundByHand, RefundDecidedOtherwise, RefundTooLarge, TooManyRefunds
from bihuan.payments.schemas import RefundPart, RefundSplit


class AmountNotPositive(Unprocessable):
    """A refund of nothing, or of less."""

    code = "amount_not_positive"
    zh = "金额必须大于零。"
    en = "The amount must be above zero."


async def refund(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    purpose: str,
    reference_id: UUID,
    amount_fen: int,
    cause: str,
    cause_id: UUID,
    reason: str,
    account: str = "refunds",
) -> RefundSplit:
    """Decides that money kept for (purpose, reference_id) goes back; returns what each tender gives.

    (cause, cause_id) names the decision: taken again with the same amount it returns the first answer and
    changes nothing. `reason` is shown to the shopper (80 characters at WeChat). `account` of the book is charged.
    The facts RefundSucceeded (each part) and RefundSettled (all parts) tell when the money is back.

    Locks the kept attempts, not the payment: it may be called with the order locked. Raises RefundTooLarge when
    less than that is left, RefundDecidedOtherwise for a known cause with another amount, RefundByHand for money
    that another system collected, TooManyRefunds at WeChat's limit.
    """
    if not 0 < amount_fen <= MAX_FEN:
        raise AmountNotPositive
    kept = await db_decisions.lock_kept(tx, merchant_id, purpose, reference_id)
    known = await db_decisions.find(tx, merchant_id, cause, cause_id)
    if known is not None:
        if (known.purpose, known.reference_id, known.amount_fen) != (purpose, reference_id, amount_fen):
            raise RefundDecidedOtherwise(decided_fen=known.amount_fen)
        return RefundSplit(
            known.decision_id, amount_fen, await db_decisions.list_parts(tx, merchant_id, known.decision_id)
        )
    _check(kept, amount_fen)
    decision = Decision(
        decision_id=new_id(),
        purpose=purpose,
        reference_id=reference_id,
        payment_id=kept[0].payment_id,
        cause=cause,
        cause_id=cause_id,
        amount_fen=amount_fen,
        account=account,
        reason=reason[:200] or "退款",
    )
    shares = rules.divide(amount_fen, [row.left_fen for row in kept])
    parts = [(RefundId(new_id()), row, share) for row, share in zip(kept, shares, strict=True) if share]
    await db_decisions.insert(tx, merchant_id, decision, parts)
    for refund_id, row, share in parts:
        if row.tender == "wallet":
            await wallet.give_back(tx, merchant_id, row.attempt_id, refund_id, share, f"退款：{decision.reason}")
            await refunds.succeed_here(tx, merchant_id, refund_id)
    await ledger.post(tx, merchant_id, [_posting(decision)])
    return RefundSplit(
        decision.decision_id, amount_fen, [RefundPart(refund_id, row.tender, share) for refund_id, row, share in parts]
    )


async def refundable_fen(tx: Tx, merchant_id: MerchantId, purpose: str, reference_id: UUID) -> int:
    """What was kept for (purpose, reference_id) and is not refunded or being refunded."""
    return await db_decisions.left_of(tx, merchant_id, purpose, reference_id)


def _check(kept: Sequence[KeptRow], amount_fen: int) -> None:
    if any(row.tender == "external" for row in kept):
        raise RefundByHand
    left = sum(row.left_fen for row in kept)
    if amount_fen > left:
        raise RefundTooLarge(left_fen=left)
    if any(row.refunds >= rules.MOST_REFUNDS and row.tender == "wechat" for row in kept):
        raise TooManyRefunds(most=rules.MOST_REFUNDS)


def _posting(decision: Decision) -> ledger.Transaction:
    return ledger.Transaction(
        "refund_decision",
        decision.decision_id,
        f"决定退款（{decision.reason}）",
        [ledger.Entry(decision.account, decision.amount_fen), ledger.Entry("refunds_payable", -decision.amount_fen)],
    )


async def list_refunds(tx: Tx, merchant_id: MerchantId, cause: str, cause_id: UUID) -> Sequence[DecidedRefund]:
    """The refunds of a decision, oldest first, those that were replaced included."""
    decision = await db_decisions.find(tx, merchant_id, cause, cause_id)
    return [] if decision is None else await db_remedies.list_of_decision(tx, merchant_id, decision.decision_id)
