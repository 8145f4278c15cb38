"""Payments with a part from the wallet.

The part is held first, WeChat is asked for the rest; when that is paid the part is taken in the same transaction,
and when it is refused, or nobody shall pay any more, the part goes back. A payment has one plan at a time. Money
that comes under a former plan asks the wallet once more, and goes back itself when the wallet has too little.

Locks, in this order: the payment, the wallet, what is paid for, the book.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bihuan import ledger, wallet
from bihuan.facts.payments import PaymentReceived
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import db_tenders
from bihuan.payments.db import AttemptRow
from bihuan.payments.db_tenders import Part, PlannedRow
from bihuan.payments.errors import AlreadyPaid, NotAccepted, PaymentClosed
from bihuan.payments.schemas import Charge, Prepared
from bihuan.payments.settlers import Receipt, Settler
from bihuan.wallet import WalletFrozen, WalletShort

AFTER_EXPIRY = timedelta(minutes=10)
"""A part held that long after its payment ended was left behind by a crash; the job gives it back."""
_PER_RUN = 200


async def plan(tx: Tx, merchant_id: MerchantId, charge: Charge, wallet_fen: int) -> PlannedRow:
    """Sets `wallet_fen` aside for a charge, and gives up what was planned before.

    Raises AlreadyPaid, PaymentClosed, WalletShort, WalletFrozen.
    """
    payment = await db_tenders.lock_or_insert(tx, merchant_id, charge)
    if payment.state == "paid":
        raise AlreadyPaid
    if payment.state == "closed":
        raise PaymentClosed
    await hold_part(tx, merchant_id, payment, wallet_fen, charge)
    await db_tenders.set_plan(tx, merchant_id, payment.payment_id, charge, wallet_fen)
    return payment


async def hold_part(
    tx: Tx, merchant_id: MerchantId, payment: PlannedRow, wallet_fen: int, charge: Charge
) -> Part | None:
    """Holds `wallet_fen` for a locked payment in place of what is held; None for nothing."""
    part = await db_tenders.find_part(tx, merchant_id, payment.payment_id)
    if part is not None and part.amount_fen == wallet_fen:
        return part
    if part is not None:
        await release_part(tx, merchant_id, part)
    if wallet_fen == 0:
        return None
    part = Part(new_id(), wallet_fen)
    await wallet.hold(tx, merchant_id, payment.shopper_id, part.attempt_id, wallet_fen)
    due_at = max(charge.expires_at, tx.now) + AFTER_EXPIRY
    await db_tenders.insert_part(tx, merchant_id, payment.payment_id, part, charge.expires_at, due_at)
    return part


async def release_part(tx: Tx, merchant_id: MerchantId, part: Part) -> None:
    """Gives a held part back."""
    await wallet.release(tx, merchant_id, [part.attempt_id])
    await db_tenders.close_part(tx, merchant_id, part.attempt_id)


async def part_for(tx: Tx, merchant_id: MerchantId, attempt: AttemptRow) -> Part | None:
    """The part that belongs to money that came by `attempt`, held; None when the wallet has too little by now."""
    return await hold_again(tx, merchant_id, attempt.payment_id, attempt.wallet_fen)


async def hold_again(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId, wallet_fen: int) -> Part | None:
    """A part of `wallet_fen`, held for a payment; None when the wallet has too little by now. Locks the wallet."""
    payment = await db_tenders.lock(tx, merchant_id, payment_id)
    if payment is None or await wallet.find(tx, merchant_id, payment.shopper_id, lock=True) is None:
        return None
    charge = Charge(
        purpose=payment.purpose,
        reference_id=payment.reference_id,
        amount_fen=payment.amount_fen,
        shopper_id=payment.shopper_id,
        description="",
        expires_at=tx.now,
    )
    try:
        async with tx.savepoint():
            return await hold_part(tx, merchant_id, payment, wallet_fen, charge)
    except (WalletShort, WalletFrozen):
        return None


async def give_up(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> None:
    """The wallet pays nothing of a (locked) payment: what it was to pay goes back."""
    part = await db_tenders.find_part(tx, merchant_id, payment_id)
    if part is not None:
        await release_part(tx, merchant_id, part)
    await db_tenders.forget_plan(tx, merchant_id, payment_id)


async def take_part(tx: Tx, merchant_id: MerchantId, attempt: AttemptRow, part: Part) -> ledger.Transaction:
    """Takes a held part: the rest was paid. Returns the posting of its receipt, to be posted with the others."""
    return await _take(
        tx, merchant_id, attempt.payment_id, attempt.purpose, attempt.reference_id, attempt.shopper_id, part
    )


async def take_held(tx: Tx, merchant_id: MerchantId, payment: PlannedRow) -> ledger.Transaction:
    """The same for a payment whose part is held, whatever else came with it. Raises RuntimeError when none is."""
    part = await db_tenders.find_part(tx, merchant_id, payment.payment_id)
    if part is None:
        raise RuntimeError("a part that was just held is not there")
    return await _take(
        tx, merchant_id, payment.payment_id, payment.purpose, payment.reference_id, payment.shopper_id, part
    )


async def pay_whole(tx: Tx, merchant_id: MerchantId, charge: Charge, settler: Settler) -> Prepared:
    """Pays a charge from the wallet alone, at once. `settler` is its purpose's.

    Raises AlreadyPaid, PaymentClosed, WalletShort, WalletFrozen, NotAccepted; nothing is taken then.
    """
    payment = await plan(tx, merchant_id, charge, charge.amount_fen)
    part = await db_tenders.find_part(tx, merchant_id, payment.payment_id)
    if part is None:
        raise RuntimeError("a part that was just held is not there")
    receipt = Receipt(
        payment.payment_id,
        charge.purpose,
        charge.reference_id,
        charge.amount_fen,
        part.attempt_id.hex,
        part.attempt_id.hex,
        tx.now,
    )
    (verdict,) = await settler(tx, merchant_id, [receipt])
    if not verdict.accepted:
        raise NotAccepted(reason=verdict.reason or "refused")
    posting = await _take(
        tx, merchant_id, payment.payment_id, charge.purpose, charge.reference_id, charge.shopper_id, part
    )
    await db_tenders.set_paid(tx, merchant_id, payment.payment_id)
    await ledger.post(tx, merchant_id, [posting])
    return Prepared(
        payment.payment_id, "wallet", None, None, charge.expires_at, wallet_fen=charge.amount_fen, paid=True
    )


async def _take(
    tx: Tx,
    merchant_id: MerchantId,
    payment_id: PaymentId,
    purpose: str,
    reference_id: UUID,
    shopper_id: ShopperId,
    part: Part,
) -> ledger.Transaction:
    await wallet.capture(tx, merchant_id, part.attempt_id, "储值支付")
    if not await db_tenders.pay_part(tx, merchant_id, part.attempt_id, tx.now):
        raise RuntimeError(f"part {part.attempt_id} changed under the payment's lock")
    await events.emit(
        tx,
        PaymentReceived(
            merchant_id=merchant_id,
            occurred_at=tx.now,
            payment_id=payment_id,
            purpose=purpose,
            reference_id=reference_id,
            shopper_id=shopper_id,
            amount_fen=part.amount_fen,
            method="wallet",
            out_trade_no=part.attempt_id.hex,
            transaction_id=part.attempt_id.hex,
            paid_at=tx.now,
        ),
    )
    return ledger.Transaction(
        "receipt",
        part.attempt_id,
        f"储值支付 {part.attempt_id.hex}",
        [ledger.Entry("wallet_liability", part.amount_fen), ledger.Entry("receipts", -part.amount_fen)],
    )


async def release_references(tx: Tx, merchant_id: MerchantId, purpose: str, reference_ids: Sequence[UUID]) -> None:
    """Gives back what is held for payments that were closed."""
    for _, part in await db_tenders.parts_of_references(tx, merchant_id, purpose, list(reference_ids)):
        await release_part(tx, merchant_id, part)


async def release_left(rt: Runtime) -> int:
    """The job: gives back parts that are held past their time; returns how many."""
    async with rt.db.session() as tx:
        left = await db_tenders.list_left(tx, _PER_RUN)
    for merchant_id, payment_id in left:
        async with rt.db.transaction() as tx:
            payment = await db_tenders.lock(tx, merchant_id, payment_id)
            part = await db_tenders.find_part(tx, merchant_id, payment_id)
            if payment is not None and part is not None:
                await release_part(tx, merchant_id, part)
    return len(left)
