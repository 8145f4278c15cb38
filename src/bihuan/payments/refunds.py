"""Giving money back: the intent is a row, its id is the number at WeChat, and a job asks until it is final.

WeChat recognises a number it has seen, so a lost answer is asked for again and never pays twice. CLOSED means
that this number failed for good: a new one replaces it. ABNORMAL (the shopper's card is gone) waits for the
merchant at WeChat's own console; it is parked, visible, and asked about until it ends.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from bihuan import ledger, merchants
from bihuan.alipay import AlipayError, RefundDone
from bihuan.facts.payments import RefundFailed, RefundSettled, RefundSucceeded
from bihuan.kernel import bounded, events
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, RefundId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, db, db_decisions, db_refunds, rules
from bihuan.payments.alipay import refunds as alipay_refunds
from bihuan.payments.db import Seen
from bihuan.payments.db_refunds import RefundRow
from bihuan.wechat import WeChatError
from bihuan.wechat.pay import Notification, Refund, RefundRequest

log = structlog.get_logger(__name__)

PER_RUN = 100
PARALLEL = 8
_LEASE = timedelta(seconds=30)
"""Three times what a run may last: what a killed worker had in hand waits no longer than this."""
_DIFFERS_PAUSE = timedelta(hours=1)
"""Until a refund that was done otherwise than asked is looked at again; a person sees it."""
_WAIT = timedelta(seconds=5)
"""Until what comes before a refund is looked at again."""
_REASONS = {
    "second_payment": "重复支付，原路退回",
    "late_out_of_stock": "订单已超时且库存不足，原路退回",
    "late_points_gone": "订单已超时且抵扣积分已另用，原路退回",
    "amount_differs": "支付金额与订单不符，原路退回",
    "undone": "收银台已撤销，原路退回",
}
_SHOWN_OTHERWISE = "订单未能受理，原路退回"


BeforeRefund = Callable[[Runtime, RefundRow], Awaitable[bool]]
"""What has to be done before WeChat is asked for a decided refund: True when it is done, False to be asked again."""


async def run_due(rt: Runtime, before: Sequence[BeforeRefund] = ()) -> int:
    """The job: calls WeChat for refunds whose time has come, at most PER_RUN; returns how many.

    `before` are the steps that come before a decided refund is applied for (`wiring.BEFORE_REFUND`).
    """
    async with rt.db.transaction() as tx:
        rows = await db_refunds.claim_due(tx, tx.now + _LEASE, PER_RUN)

    async def one(row: RefundRow) -> None:
        try:
            await _advance(rt, row, before)
        except Exception as error:
            log.exception("refund failed", refund_id=str(row.refund_id))
            await _postpone(rt, row, f"{type(error).__name__}: {error}")

    await bounded.each(rows, one, parallel=PARALLEL)
    return len(rows)


async def _advance(rt: Runtime, row: RefundRow, before: Sequence[BeforeRefund]) -> None:
    """One call for one refund: apply for it, or ask how it stands."""
    if row.state == "applied" and row.decision_id is not None:
        for step in before:
            if not await step(rt, row):
                await _wait(rt, row)
                return
    if row.tender == "alipay":
        await _advance_at_alipay(rt, row)
        return
    line = (await clients.lines_of(rt, row.merchant_id)).of_mchid(row.mchid)
    if line is None:
        await _postpone(rt, row, f"account {row.mchid} is not usable")
        return
    try:
        if row.state == "applied":
            told = await line.client.refund(await _request(rt, row))
        else:
            told = await line.client.query_refund(row.out_refund_no)
    except WeChatError as error:
        # A refusal moves no money and no state, verified or not: the number stays, and is tried again.
        await _postpone(rt, row, str(error))
        return
    async with rt.db.transaction() as tx:
        await record(tx, row.merchant_id, told)


async def _advance_at_alipay(rt: Runtime, row: RefundRow) -> None:
    try:
        done = await alipay_refunds.carry_out(rt, row, _reason(row))
    except AlipayError as error:
        await _postpone(rt, row, str(error))
        return
    async with rt.db.transaction() as tx:
        await _record_done(tx, row, done)


async def _request(rt: Runtime, row: RefundRow) -> RefundRequest:
    code = (await merchants.merchant_of_id(rt, row.merchant_id)).code
    return RefundRequest(
        out_refund_no=row.out_refund_no,
        transaction_id=row.transaction_id,
        refund_fen=row.amount_fen,
        total_fen=row.paid_fen,
        reason=_reason(row),
        notify_url=f"{rt.settings.public_url}/wechat/{code}/pay/refund-notify",
    )


def _reason(row: RefundRow) -> str:
    """What the shopper reads."""
    return row.reason[:80] if row.decision_id else _REASONS.get(row.reason, _SHOWN_OTHERWISE)


async def _wait(rt: Runtime, row: RefundRow) -> None:
    """Something else comes first; that it takes long is told there, not here."""
    async with rt.db.transaction() as tx:
        await db_refunds.postpone(tx, row.merchant_id, row.refund_id, tx.now + _WAIT, None, park=False)


async def _postpone(rt: Runtime, row: RefundRow, error: str) -> None:
    """Tries again later; from PARKED_AFTER_TRIES on, a person sees it too."""
    log.warning("refund postponed", refund_id=str(row.refund_id), tries=row.tries, error=error)
    park = row.tries >= rules.PARKED_AFTER_TRIES
    async with rt.db.transaction() as tx:
        due_at = tx.now + rules.refund_pause(row.tries)
        await db_refunds.postpone(tx, row.merchant_id, row.refund_id, due_at, error, park=park)


async def hear(rt: Runtime, merchant_id: MerchantId, told: Refund, notification: Notification) -> None:
    """A refund's notification: settled or parked in one transaction."""
    async with rt.db.transaction() as tx:
        reason = await record(tx, merchant_id, told)
        outcome = "parked" if reason else "refund"
        content = notification.plaintext.decode(errors="replace")[:8000] if reason else None
        seen = Seen(notification.id, notification.event_type, told.out_refund_no, outcome, reason, content)
        await db.insert_seen(tx, merchant_id, [seen])


async def record(tx: Tx, merchant_id: MerchantId, told: Refund) -> str | None:
    """What WeChat says of a refund; returns why it is parked, if it is. A repeat changes nothing."""
    try:
        refund_id = UUID(told.out_refund_no)
    except ValueError:
        return "unknown_refund"
    row = await db_refunds.lock_refund(tx, merchant_id, refund_id)
    if row is None:
        return "unknown_refund"
    payee = told.sub_mchid or told.mchid
    if told.refund_fen != row.amount_fen or (payee and payee != row.mchid):
        log.error("refund differs", refund_id=str(refund_id), told_fen=told.refund_fen, asked_fen=row.amount_fen)
        await db_refunds.postpone(tx, merchant_id, refund_id, tx.now + _DIFFERS_PAUSE, "refund_differs", park=True)
        return "refund_differs"
    to = rules.REFUND_OF_WECHAT.get(told.status)
    if to is None:
        return "unknown_status"
    due_at = tx.now + rules.refund_pause(row.tries)
    if to == row.state:
        await db_refunds.postpone(tx, merchant_id, refund_id, due_at, None, park=False)
        return None
    if to not in rules.REFUND_TRANSITIONS[row.state]:
        return None  # told out of order: what is final stays
    error = "退款异常：请在微信支付商户平台处理" if to == "abnormal" else None
    park, at = to == "abnormal", told.refunded_at
    await db_refunds.set_state(tx, row, to, told.refund_id, due_at, error, park=park, succeeded_at=at)
    if to == "success":
        await _succeed(tx, row, told.refunded_at)
    elif to == "closed":
        await _replace(tx, row)
    elif error is not None:
        await _fail(tx, row, error)
    return None


async def _record_done(tx: Tx, asked: RefundRow, done: RefundDone) -> None:
    """Alipay gave it back. A repeat changes nothing; an other amount than was asked for is a person's to see."""
    row = await db_refunds.lock_refund(tx, asked.merchant_id, asked.refund_id)
    if row is None or "success" not in rules.REFUND_TRANSITIONS[row.state]:
        return
    if done.refund_fen != row.amount_fen:
        log.error("refund differs", refund_id=str(row.refund_id), told_fen=done.refund_fen, asked_fen=row.amount_fen)
        due_at = tx.now + _DIFFERS_PAUSE
        await db_refunds.postpone(tx, row.merchant_id, row.refund_id, due_at, "refund_differs", park=True)
        return
    at = done.refunded_at
    await db_refunds.set_state(tx, row, "success", None, tx.now, None, park=False, succeeded_at=at)
    await _succeed(tx, row, at)


async def succeed_here(tx: Tx, merchant_id: MerchantId, refund_id: RefundId) -> None:
    """A refund that needs nobody else is done in the transaction that decided it."""
    row = await db_refunds.lock_refund(tx, merchant_id, refund_id)
    if row is None or not await db_refunds.set_state(tx, row, "success", None, tx.now, None, park=False):
        raise RuntimeError(f"refund {refund_id} changed under its lock")
    await _succeed(tx, row, None)


async def _succeed(tx: Tx, row: RefundRow, refunded_at: datetime | None) -> None:
    await events.emit(
        tx,
        RefundSucceeded(
            merchant_id=row.merchant_id,
            occurred_at=tx.now,
            refund_id=row.refund_id,
            payment_id=row.payment_id,
            purpose=row.purpose,
            reference_id=row.reference_id,
            shopper_id=row.shopper_id,
            amount_fen=row.amount_fen,
            reason=row.reason,
            tender=row.tender,
            cause=row.cause,
            cause_id=row.cause_id,
        ),
    )
    if row.decision_id is not None:
        await _settle_part(tx, row, row.decision_id)
    posting = ledger.Transaction(
        "refund",
        row.refund_id,
        f"{rules.TENDER_NAMES[row.tender]}退款 {row.out_trade_no}",
        [
            ledger.Entry("refunds_payable", row.amount_fen),
            ledger.Entry(rules.CLEARING[row.tender], -row.amount_fen),
        ],
        refunded_at,
    )
    await ledger.post(tx, row.merchant_id, [posting])


async def _settle_part(tx: Tx, row: RefundRow, decision_id: UUID) -> None:
    if not await db_decisions.settle_part(tx, row.merchant_id, decision_id, row.amount_fen):
        return
    decision = await db_decisions.get(tx, row.merchant_id, decision_id)
    await events.emit(
        tx,
        RefundSettled(
            merchant_id=row.merchant_id,
            occurred_at=tx.now,
            decision_id=decision_id,
            payment_id=row.payment_id,
            purpose=row.purpose,
            reference_id=row.reference_id,
            shopper_id=row.shopper_id,
            amount_fen=decision.amount_fen,
            cause=decision.cause,
            cause_id=decision.cause_id,
        ),
    )


async def _fail(tx: Tx, row: RefundRow, error: str) -> None:
    """WeChat cannot give it back the way it came: whoever waits for the refund hears, and a person must act."""
    await events.emit(
        tx,
        RefundFailed(
            merchant_id=row.merchant_id,
            occurred_at=tx.now,
            refund_id=row.refund_id,
            payment_id=row.payment_id,
            purpose=row.purpose,
            reference_id=row.reference_id,
            shopper_id=row.shopper_id,
            amount_fen=row.amount_fen,
            error=error,
            cause=row.cause,
            cause_id=row.cause_id,
        ),
    )


async def _replace(tx: Tx, row: RefundRow) -> None:
    """A new number for a closed one: the money stays set aside. After MOST_GENERATIONS a person must look."""
    last = row.generation >= rules.MOST_GENERATIONS
    refund_id = RefundId(new_id())
    await db_refunds.insert_refund(
        tx,
        row.merchant_id,
        refund_id,
        row.attempt_id,
        row.amount_fen,
        row.reason,
        due_at=tx.now + (timedelta(hours=6) if last else rules.refund_pause(row.generation)),
        replaces=row.refund_id,
        generation=row.generation + 1,
        decision_id=row.decision_id,
    )
    if last:
        due_at = tx.now + timedelta(hours=6)
        await db_refunds.postpone(tx, row.merchant_id, refund_id, due_at, "WeChat closed it again and again", park=True)
