"""Verbs of the wallet. Who calls them posts the money in the same transaction."""

from collections.abc import Sequence
from uuid import UUID

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, ShopperId
from bihuan.wallet import db, db_codes, rules
from bihuan.wallet.db import Hold, Wallet
from bihuan.wallet.errors import SettingsNotAcceptable, WalletFrozen, WalletShort
from bihuan.wallet.rules import DEFAULTS, Settings


async def find(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, *, lock: bool = False) -> Wallet | None:
    """A shopper's wallet; None before her first top-up. Locked when asked for."""
    return await db.find(tx, merchant_id, shopper_id, lock=lock)


async def hold(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, hold_id: UUID, amount_fen: int) -> None:
    """Sets `amount_fen` aside for a payment, principal and gift by the merchant's order of spending.

    Raises WalletShort, WalletFrozen. Locks the wallet.
    """
    wallet = await db.find(tx, merchant_id, shopper_id, lock=True)
    if wallet is None or sum(wallet.free) < amount_fen:
        raise WalletShort(available_fen=sum(wallet.free) if wallet else 0)
    if wallet.frozen_at is not None:
        raise WalletFrozen
    order = (await get_settings(tx, merchant_id)).spend_order
    principal, gift = rules.spend(amount_fen, *wallet.free, order)
    await db.insert_hold(tx, merchant_id, hold_id, shopper_id, principal, gift)


async def capture(tx: Tx, merchant_id: MerchantId, hold_id: UUID, description: str) -> None:
    """Takes what was held: the payment came about. Raises LookupError for what is not held."""
    held = await _lock_hold(tx, merchant_id, hold_id)
    if held is None or not await db.end_hold(tx, merchant_id, held, "captured"):
        raise LookupError(f"nothing is held as {hold_id}")
    await db.move(
        tx, merchant_id, held.shopper_id, -held.principal_fen, -held.gift_fen, "payment", hold_id, description
    )


async def release(tx: Tx, merchant_id: MerchantId, hold_ids: Sequence[UUID]) -> None:
    """Lets go of what was held; what ended before is left alone."""
    for hold_id in [held.hold_id for held in await db.holds_of(tx, merchant_id, hold_ids)]:
        held = await _lock_hold(tx, merchant_id, hold_id)
        if held is not None:
            await db.end_hold(tx, merchant_id, held, "released")


async def give_back(
    tx: Tx, merchant_id: MerchantId, hold_id: UUID, refund_id: UUID, amount_fen: int, description: str
) -> None:
    """Refunds a captured payment: principal and gift in the proportion in which they were spent.

    A frozen wallet takes it too. Raises LookupError for what was not captured, ValueError for more than is left.
    """
    held = await _lock_hold(tx, merchant_id, hold_id)
    if held is None or held.state != "captured":
        raise LookupError(f"nothing was captured as {hold_id}")
    spent = (held.principal_fen, held.gift_fen)
    principal, gift = rules.give_back(amount_fen, spent, (held.back_principal_fen, held.back_gift_fen))
    await db.add_back(tx, merchant_id, hold_id, principal, gift)
    await db.move(tx, merchant_id, held.shopper_id, principal, gift, "refund", refund_id, description)


async def put_in(
    tx: Tx,
    merchant_id: MerchantId,
    shopper_id: ShopperId,
    *,
    principal_fen: int,
    gift_fen: int,
    source: str,
    source_id: UUID,
    description: str,
) -> int:
    """Adds to a wallet, which is opened with the first; returns the balance."""
    await db.open_wallet(tx, merchant_id, shopper_id)
    await db.find(tx, merchant_id, shopper_id, lock=True)
    return await db.move(tx, merchant_id, shopper_id, principal_fen, gift_fen, source, source_id, description)


async def take_out(
    tx: Tx,
    merchant_id: MerchantId,
    shopper_id: ShopperId,
    *,
    principal_fen: int,
    gift_fen: int,
    source: str,
    source_id: UUID,
    description: str,
) -> int:
    """Takes from what is free in a wallet; returns the balance. Raises WalletShort, WalletFrozen."""
    wallet = await db.find(tx, merchant_id, shopper_id, lock=True)
    if wallet is None or wallet.free[0] < principal_fen or wallet.free[1] < gift_fen:
        raise WalletShort(available_fen=wallet.free[0] if wallet else 0)
    if wallet.frozen_at is not None:
        raise WalletFrozen
    return await db.move(tx, merchant_id, shopper_id, -principal_fen, -gift_fen, source, source_id, description)


async def get_settings(tx: Tx, merchant_id: MerchantId) -> Settings:
    """How the merchant's wallets work."""
    return await db.find_settings(tx, merchant_id) or DEFAULTS


async def save_settings(tx: Tx, merchant_id: MerchantId, settings: Settings) -> Settings:
    """Writes the settings. Raises SettingsNotAcceptable."""
    if problem := rules.settings_problem(settings):
        raise SettingsNotAcceptable(reason=problem)
    await db.write_settings(tx, merchant_id, settings)
    return settings


async def freeze(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, reason: str) -> None:
    """Stops a wallet: nothing is spent from it until it is let go. Raises NotFound."""
    if not await db.set_frozen(tx, merchant_id, shopper_id, reason):
        raise NotFound


async def unfreeze(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> None:
    """Lets a wallet go again. Raises NotFound."""
    if not await db.set_frozen(tx, merchant_id, shopper_id, None):
        raise NotFound


async def merge(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Two shoppers were one person: what is in the former wallet goes to the remaining one, holds with it."""
    first, second = sorted((former_id, shopper_id))
    if await db.find(tx, merchant_id, former_id) is None:
        return
    await db_codes.delete_of(tx, merchant_id, former_id)
    await db.open_wallet(tx, merchant_id, shopper_id)
    for one in (first, second):
        await db.find(tx, merchant_id, one, lock=True)
    former = await db.find(tx, merchant_id, former_id)
    if former is None or (former.balance_fen == 0 and former.frozen_at is None):
        await db.move_holds(tx, merchant_id, former_id, shopper_id)
        return
    if former.frozen_at is not None:
        await db.set_frozen(tx, merchant_id, shopper_id, former.frozen_reason)
    principal, gift = former.principal_fen, former.gift_fen
    if former.balance_fen:
        # in before out: what is held moves in between, and a balance is never less than what is held of it
        await db.move(tx, merchant_id, shopper_id, principal, gift, "merge_in", former_id, "合并账户转入")
    await db.move_holds(tx, merchant_id, former_id, shopper_id)
    if former.balance_fen:
        await db.move(tx, merchant_id, former_id, -principal, -gift, "merge_out", former_id, "合并账户转出")


async def _lock_hold(tx: Tx, merchant_id: MerchantId, hold_id: UUID) -> Hold | None:
    """A hold as it is once its wallet is locked: a wallet's lock guards its holds."""
    found = await db.find_hold(tx, merchant_id, hold_id)
    if found is None:
        return None
    await db.find(tx, merchant_id, found.shopper_id, lock=True)
    return await db.find_hold(tx, merchant_id, hold_id)
