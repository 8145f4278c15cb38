"""Payments at a counter: cash, cards, payment codes and stored value, alone or together, that make up one payment.

The parts are recorded before anything is charged (`begin`). Cash and cards are in the cashier's hand, the wallet's
part is held (`tenders`); whether a payment code pays is WeChat's or Alipay's to say (`codes`). Then all parts count
together or none does (`conclude`): the settler is asked once, for their sum. Nobody is notified of a payment code, so
whoever began must conclude or `drop`.

Locks, in this order: the payment, its parts, the wallet, what is paid for, the book.
"""

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

import msgspec

from bihuan import ledger
from bihuan.alipay import Trade
from bihuan.facts.payments import PaymentReceived, PaymentRefused
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, RefundId, new_id
from bihuan.payments import db, db_counter, db_tenders, refunds, rules, tenders
from bihuan.payments.db import AttemptRow, Settled
from bihuan.payments.db_counter import HandRefund, Part
from bihuan.payments.db_tenders import PlannedRow
from bihuan.payments.rules import Asked, Judgement
from bihuan.payments.schemas import Charge
from bihuan.payments.settlers import Receipt, Settler
from bihuan.wechat.pay import Transaction

CODE_METHODS = frozenset({"wechat_code", "alipay_code"})

Told = Transaction | Trade
"""What WeChat or Alipay told of a payment code's money."""


class CounterPayment(msgspec.Struct, frozen=True):
    """A payment with the parts that were begun for it; their ids are their numbers at whoever takes them."""

    payment_id: PaymentId
    parts: list[Part]

    @property
    def code(self) -> Part | None:
        """The part that a payment code is to pay."""
        return next((part for part in self.parts if part.tender in ("wechat", "alipay")), None)


class Concluded(msgspec.Struct, frozen=True):
    """What became of a counter's payment: kept whole, or not at all. `reason` says why not.

    Not kept: cash and cards are to be given back over the counter; what a payment code brought goes back by itself.
    """

    accepted: bool
    reason: str | None = None


async def begin(
    tx: Tx, merchant_id: MerchantId, charge: Charge, parts: Sequence[Part], wallet_fen: int = 0
) -> CounterPayment:
    """Records the intent to pay a charge with `parts` and `wallet_fen` of the shopper's stored value: its amount.

    Gives up what was planned or ordered for it before. Raises AlreadyPaid, PaymentClosed, WalletShort, WalletFrozen,
    ValueError for parts that do not add up.
    """
    if min((part.amount_fen for part in parts), default=wallet_fen) <= 0 or wallet_fen < 0:
        raise ValueError("a payment has parts above zero")
    if sum(part.amount_fen for part in parts) + wallet_fen != charge.amount_fen:
        raise ValueError("the parts do not make the amount")
    payment = await tenders.plan(tx, merchant_id, charge, wallet_fen)
    if parts:
        await db_counter.insert_parts(tx, merchant_id, payment.payment_id, charge, parts)
    return CounterPayment(payment.payment_id, list(parts))


async def conclude(
    tx: Tx,
    settler: Settler,
    merchant_id: MerchantId,
    payment_id: PaymentId,
    told: Told | None,
    wallet_fen: int = 0,
) -> Concluded:
    """Counts the parts that were begun: the code's is paid as `told` says, cash and cards are in hand.

    Concluded before, it answers as it did then. What is told otherwise than was asked is judged as everywhere:
    parked or given back. Raises LookupError when nothing was begun, or a code's part is not told of.
    """
    payment = await db_tenders.lock(tx, merchant_id, payment_id)
    rows = await _lock_parts(tx, merchant_id, payment_id)
    if payment is None or (not rows and (wallet_fen == 0 or payment.state != "open")):
        known = await _known(tx, merchant_id, payment_id)
        if known is None:
            raise LookupError(f"nothing was begun for {payment_id}")
        return known
    code = _code_of(rows)
    if (code is None) != (told is None):
        raise LookupError("a payment code, or none, was begun")
    judgement = Judgement(None)
    if code is not None and told is not None:
        judgement = _judge(code, told)
    if judgement.verdict is None and wallet_fen:
        judgement = await _hold_again(tx, merchant_id, payment, wallet_fen)
    if judgement.verdict is None:
        judgement = await _ask(tx, settler, merchant_id, payment, rows, told, wallet_fen)
    if judgement.verdict is None:
        await _keep(tx, merchant_id, payment, rows, told, wallet_fen)
        return Concluded(True)
    if wallet_fen:
        await tenders.give_up(tx, merchant_id, payment_id)
    if rows:
        await _give_back(tx, merchant_id, rows, code, told, judgement)
    return Concluded(False, judgement.reason)


async def drop(
    tx: Tx,
    merchant_id: MerchantId,
    payment_id: PaymentId,
    error: str,
    wallet_fen: int = 0,
    told: Told | None = None,
) -> None:
    """What was begun came to nothing: no money moved, or it was undone. Drops what is open; again is no error.

    `told`: the code's money had come, and undoing it gave the money back. Nothing is kept then either, and the book
    tells of both; that refund is done, and bears the payment's number, as bills name it.
    """
    await db_tenders.lock(tx, merchant_id, payment_id)
    rows = await _lock_parts(tx, merchant_id, payment_id) if told else []
    if wallet_fen:
        await tenders.give_up(tx, merchant_id, payment_id)
    code = _code_of(rows)
    if code is None:
        await db_counter.close_parts(tx, merchant_id, payment_id, error)
        return
    refund_id = RefundId(code.attempt_id)
    await _give_back(tx, merchant_id, rows, code, told, Judgement("refused", "undone"), refund_id)
    await refunds.succeed_here(tx, merchant_id, refund_id)


async def refunded_by_hand(tx: Tx, merchant_id: MerchantId, refund_id: RefundId) -> None:
    """A cashier gave a refund of cash or by card out of her hands. Raises RuntimeError when it was done before."""
    await refunds.succeed_here(tx, merchant_id, refund_id)


async def list_hand_refunds(
    tx: Tx, merchant_id: MerchantId, *, reference_id: UUID | None = None, limit: int = 50
) -> list[HandRefund]:
    """Decided refunds that wait for a cashier's hand, the oldest first: nobody else can carry them out."""
    return await db_counter.list_hand_refunds(tx, merchant_id, reference_id, limit)


def _code_of(rows: Sequence[AttemptRow]) -> AttemptRow | None:
    return next((row for row in rows if row.method in CODE_METHODS), None)


def _judge(code: AttemptRow, told: Told) -> Judgement:
    asked = Asked(code.mchid, code.appid, code.amount_fen, code.sp_mchid)
    return rules.judge_alipay(asked, told) if isinstance(told, Trade) else rules.judge(asked, told)


async def _lock_parts(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> list[AttemptRow]:
    numbers = await db_counter.open_numbers(tx, merchant_id, payment_id)
    rows = await db.lock_attempts(tx, merchant_id, numbers)
    return [row for row in rows.values() if row.state == "created"]


async def _known(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> Concluded | None:
    last = await db_counter.last_verdict(tx, merchant_id, payment_id)
    return None if last is None else Concluded(last[0] == "accepted", last[1])


async def _hold_again(tx: Tx, merchant_id: MerchantId, payment: PlannedRow, wallet_fen: int) -> Judgement:
    """The wallet's part is held; somebody may have planned the payment anew on her phone in the meantime."""
    if payment.state == "paid":
        return Judgement("refused", "second_payment")
    part = await tenders.hold_again(tx, merchant_id, payment.payment_id, wallet_fen)
    return Judgement(None) if part else Judgement("refused", "wallet_short")


async def _ask(
    tx: Tx,
    settler: Settler,
    merchant_id: MerchantId,
    payment: PlannedRow,
    rows: Sequence[AttemptRow],
    told: Told | None,
    wallet_fen: int,
) -> Judgement:
    code = _code_of(rows)
    first = code or next(iter(rows), None)
    number = first.out_trade_no if first else payment.payment_id.hex
    receipt = Receipt(
        payment.payment_id,
        payment.purpose,
        payment.reference_id,
        sum(row.amount_fen for row in rows) + wallet_fen,
        number,
        told.transaction_id if told else number,
        (told.paid_at if told else None) or tx.now,
    )
    (verdict,) = await settler(tx, merchant_id, [receipt])
    return Judgement(None) if verdict.accepted else Judgement("refused", verdict.reason or "refused")


async def _keep(
    tx: Tx,
    merchant_id: MerchantId,
    payment: PlannedRow,
    rows: Sequence[AttemptRow],
    told: Told | None,
    wallet_fen: int,
) -> None:
    numbers = await db_counter.numbers_of(tx, merchant_id, [row.attempt_id for row in rows])
    settled = [_settled(tx, row, told, numbers[row.attempt_id]) for row in rows]
    await _write(tx, merchant_id, settled)
    await events.emit(
        tx,
        *(PaymentReceived(**_about(tx, merchant_id, row, one)) for row, one in zip(rows, settled, strict=True)),
    )
    receipts = [_receipt_of(row, one) for row, one in zip(rows, settled, strict=True)]
    if wallet_fen:
        receipts.append(await tenders.take_held(tx, merchant_id, payment))
    elif payment.wallet_fen:  # planned on the shopper's phone: the whole came over the counter
        await tenders.give_up(tx, merchant_id, payment.payment_id)
    if not rows:
        await db_tenders.set_paid(tx, merchant_id, payment.payment_id)
    await ledger.post(tx, merchant_id, receipts)


async def _give_back(
    tx: Tx,
    merchant_id: MerchantId,
    rows: Sequence[AttemptRow],
    code: AttemptRow | None,
    told: Told | None,
    judgement: Judgement,
    refund_id: RefundId | None = None,
) -> None:
    """Nothing is kept: a code's money goes back by itself (or is parked), the rest never left the counter."""
    await db_counter.close_parts(tx, merchant_id, rows[0].payment_id, judgement.reason or "refused", but_code=True)
    if code is None or told is None:
        return
    one = _settled(tx, code, told, "", judgement, refund_id)
    await _write(tx, merchant_id, [one])
    if one.refund_id is None:
        return
    await events.emit(
        tx,
        PaymentRefused(
            **_about(tx, merchant_id, code, one), reason=one.reason or "", refund_id=RefundId(one.refund_id)
        ),
    )
    refused = ledger.Transaction(
        "refused_receipt",
        one.attempt_id,
        f"收款不予受理，原路退回 {code.out_trade_no}（{one.reason}）",
        [ledger.Entry("receipts", one.paid_fen), ledger.Entry("refunds_payable", -one.paid_fen)],
    )
    await ledger.post(tx, merchant_id, [_receipt_of(code, one), refused])


async def _write(tx: Tx, merchant_id: MerchantId, settled: Sequence[Settled]) -> None:
    if settled and await db.write_settled(tx, merchant_id, settled) != len(settled):
        raise RuntimeError("locked parts changed under their lock")


def _settled(
    tx: Tx,
    row: AttemptRow,
    told: Told | None,
    number: str,
    judgement: Judgement | None = None,
    refund_id: RefundId | None = None,
) -> Settled:
    of_code = told if row.method in CODE_METHODS else None
    verdict: Literal["accepted", "refused", "parked"] = (judgement.verdict if judgement else None) or "accepted"
    return Settled(
        attempt_id=row.attempt_id,
        payment_id=row.payment_id,
        transaction_id=of_code.transaction_id if of_code else number or row.out_trade_no,
        paid_fen=(of_code.total_fen if of_code else None) or row.amount_fen,
        paid_at=(of_code.paid_at if of_code else None) or tx.now,
        verdict=verdict,
        reason=judgement.reason if judgement else None,
        refund_id=(refund_id or new_id()) if verdict == "refused" else None,
    )


def _receipt_of(row: AttemptRow, one: Settled) -> ledger.Transaction:
    return ledger.Transaction(
        "receipt",
        one.attempt_id,
        f"{rules.TENDER_NAMES[row.tender]}收款 {row.out_trade_no}",
        [ledger.Entry(rules.CLEARING[row.tender], one.paid_fen), ledger.Entry("receipts", -one.paid_fen)],
        one.paid_at,
    )


def _about(tx: Tx, merchant_id: MerchantId, row: AttemptRow, one: Settled) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id,
        "occurred_at": tx.now,
        "payment_id": row.payment_id,
        "purpose": row.purpose,
        "reference_id": row.reference_id,
        "shopper_id": row.shopper_id,
        "amount_fen": one.paid_fen,
        "method": row.method,
        "out_trade_no": row.out_trade_no,
        "transaction_id": one.transaction_id,
        "paid_at": one.paid_at,
    }
