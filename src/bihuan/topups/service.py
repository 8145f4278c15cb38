"""Verbs of top-ups: order one, settle its payment, take it back."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from bihuan import ledger, payments, wallet
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.ids import MerchantId, ShopperId, new_id
from bihuan.payments import Charge, Receipt, Verdict
from bihuan.topups import db
from bihuan.topups.db import TopUp
from bihuan.topups.errors import AmountOutOfRange, GiftSpent, ReturnTooLarge, TopUpsClosed
from bihuan.wallet import TopUpReturn

PURPOSE = "wallet_topup"
LIFE = timedelta(minutes=30)


async def order(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, amount_fen: int) -> TopUp:
    """A top-up to be paid; its gift is fixed now. Raises TopUpsClosed, AmountOutOfRange, WalletFrozen."""
    settings = await wallet.get_settings(tx, merchant_id)
    if not settings.enabled:
        raise TopUpsClosed
    if not settings.least_fen <= amount_fen <= settings.most_fen:
        raise AmountOutOfRange(least_fen=settings.least_fen, most_fen=settings.most_fen)
    held = await wallet.find(tx, merchant_id, shopper_id)
    if held is not None and held.frozen_at is not None:
        raise wallet.WalletFrozen
    topup_id = new_id()
    gift = wallet.gift_for(settings.gift_rules, amount_fen)
    await db.insert(tx, merchant_id, topup_id, shopper_id, amount_fen, gift, tx.now + LIFE)
    return await get_own(tx, merchant_id, topup_id, shopper_id)


async def get_own(tx: Tx, merchant_id: MerchantId, topup_id: UUID, shopper_id: ShopperId) -> TopUp:
    """A shopper's own top-up. Raises NotFound, also for another's."""
    found = await db.find(tx, merchant_id, topup_id)
    if found is None or found.shopper_id != shopper_id:
        raise NotFound
    return found


def charge_of(topup: TopUp) -> Charge:
    """What `payments` is to collect."""
    return Charge(
        purpose=PURPOSE,
        reference_id=topup.topup_id,
        amount_fen=topup.amount_fen,
        shopper_id=topup.shopper_id,
        description="储值充值",
        expires_at=topup.expires_at,
    )


async def settle(tx: Tx, merchant_id: MerchantId, receipts: Sequence[Receipt]) -> list[Verdict]:
    """Puts what was paid into the wallets; a late payment is as good, a second one goes back."""
    topups = await db.lock_many(tx, merchant_id, sorted({r.reference_id for r in receipts}))
    verdicts: list[Verdict] = []
    accepted: dict[UUID, TopUp] = {}
    for receipt in receipts:
        topup = topups.get(receipt.reference_id)
        reason = _reason_to_refuse(receipt, topup, accepted)
        if topup is not None and reason is None:
            accepted[topup.topup_id] = topup
        verdicts.append(Verdict(receipt.payment_id, reason is None, reason))
    for topup in sorted(accepted.values(), key=lambda topup: topup.shopper_id):
        if not await db.set_paid(tx, merchant_id, topup.topup_id):
            raise RuntimeError(f"top-up {topup.topup_id} changed under its lock")
        await wallet.put_in(
            tx,
            merchant_id,
            topup.shopper_id,
            principal_fen=topup.amount_fen,
            gift_fen=topup.gift_fen,
            source="topup",
            source_id=topup.topup_id,
            description="储值充值",
        )
    await ledger.post(tx, merchant_id, [_posting(topup) for topup in accepted.values()])
    return verdicts


def _reason_to_refuse(receipt: Receipt, topup: TopUp | None, accepted: dict[UUID, TopUp]) -> str | None:
    if topup is None:
        return "unknown_topup"
    if topup.topup_id in accepted or topup.state != "unpaid":
        return "second_payment"
    return None if receipt.amount_fen == topup.amount_fen else "amount_differs"


def _posting(topup: TopUp) -> ledger.Transaction:
    entries = [
        ledger.Entry("receipts", topup.amount_fen),
        ledger.Entry("wallet_gifts", topup.gift_fen),
        ledger.Entry("wallet_liability", -topup.amount_fen - topup.gift_fen),
    ]
    return ledger.Transaction(PURPOSE, topup.topup_id, "储值充值", [e for e in entries if e.amount_fen])


async def take_back(
    tx: Tx, merchant_id: MerchantId, topup_id: UUID, return_id: UUID, amount_fen: int, reason: str
) -> tuple[TopUp, TopUpReturn]:
    """Gives principal of a top-up back to where it came from; `return_id` is new for each.

    Raises NotFound, WrongState, ReturnTooLarge, GiftSpent, WalletFrozen. Locks the top-up, the payment, the wallet.
    """
    topup = await db.find(tx, merchant_id, topup_id, lock=True)
    if topup is None:
        raise NotFound
    if topup.state != "paid":
        raise WrongState(state=topup.state)
    held = await wallet.find(tx, merchant_id, topup.shopper_id)
    free = held.free if held else (0, 0)
    left = min(topup.amount_fen - topup.returned_fen, free[0])
    if amount_fen > left:
        raise ReturnTooLarge(left_fen=left)
    back = wallet.take_top_up_back(
        amount_fen, topup.amount_fen, topup.gift_fen, topup.clawed_fen, topup.returned_fen, free[1]
    )
    if back.refund_fen < 1:
        raise GiftSpent
    await payments.refund(
        tx,
        merchant_id,
        purpose=PURPOSE,
        reference_id=topup_id,
        amount_fen=back.refund_fen,
        cause="topup_return",
        cause_id=return_id,
        reason=reason,
        account="wallet_liability",
    )
    await wallet.take_out(
        tx,
        merchant_id,
        topup.shopper_id,
        principal_fen=back.principal_fen,
        gift_fen=back.gift_fen,
        source="topup_refund",
        source_id=return_id,
        description=f"储值退回：{reason}",
    )
    await db.add_returned(tx, merchant_id, topup_id, back.principal_fen, back.gift_total_fen)
    if back.gift_total_fen:
        entries = [
            ledger.Entry("wallet_liability", back.gift_total_fen),
            ledger.Entry("wallet_gifts", -back.gift_total_fen),
        ]
        await ledger.post(
            tx, merchant_id, [ledger.Transaction("wallet_gift_return", return_id, "收回储值赠金", entries)]
        )
    after = await db.find(tx, merchant_id, topup_id)
    return after or topup, back
