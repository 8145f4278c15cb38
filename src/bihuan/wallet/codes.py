"""Codes of stored value: the phone shows one, a till reads it, and it pays once.

18 digits that begin with 88, where neither WeChat's payment codes (10 to 15) nor Alipay's (25 to 30) do, so a
scanner's reading says by itself whose it is. A code is good for LIFE; only its hash is kept.
"""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId
from bihuan.wallet import db, db_codes
from bihuan.wallet.errors import TooManyCodes, WalletCodeUnknown, WalletFrozen, WalletShort

LOOKS_LIKE: Final = re.compile(r"88[0-9]{16}")
LIFE: Final = timedelta(minutes=3)
_MOST_GOOD: Final = 20
"""A page asks for one a minute; more are no shopper's."""


class Code(msgspec.Struct, frozen=True):
    """A code for the phone to show."""

    code: str
    expires_at: datetime


async def issue(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> Code:
    """A new code of a shopper's wallet; earlier ones stay good for their time.

    Raises WalletShort when there is nothing to spend, WalletFrozen, TooManyCodes.
    """
    found = await db.find(tx, merchant_id, shopper_id, lock=True)
    if found is None or sum(found.free) <= 0:
        raise WalletShort(available_fen=0)
    if found.frozen_at is not None:
        raise WalletFrozen
    if await db_codes.count_good(tx, merchant_id, shopper_id) >= _MOST_GOOD:
        raise TooManyCodes
    code = f"88{secrets.randbelow(10**16):016d}"
    await db_codes.insert(tx, merchant_id, shopper_id, _hash(code), tx.now + LIFE)
    return Code(code, tx.now + LIFE)


async def whose(tx: Tx, merchant_id: MerchantId, code: str) -> ShopperId:
    """Whose a shown code is; it stays good. Raises WalletCodeUnknown."""
    shopper_id = await db_codes.find(tx, merchant_id, _hash(code))
    if shopper_id is None:
        raise WalletCodeUnknown
    return shopper_id


async def take(tx: Tx, merchant_id: MerchantId, code: str) -> ShopperId:
    """The same, and the code is used up, unless the transaction fails. Raises WalletCodeUnknown."""
    shopper_id = await db_codes.take(tx, merchant_id, _hash(code))
    if shopper_id is None:
        raise WalletCodeUnknown
    return shopper_id


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
