"""The wallet: what a shopper has stored at a merchant, principal and gift apart.

It posts nothing: who moves money (`payments`, `topups`) posts it, in the same transaction. Invariants: a balance
is the sum of its entries and never negative; what is held is hers and can be spent by nothing else; the book's
`wallet_liability` is the sum of the merchant's wallets.
"""

from bihuan.wallet import codes
from bihuan.wallet.checks import CHECKS
from bihuan.wallet.db import Wallet
from bihuan.wallet.errors import WalletCodeUnknown, WalletFrozen, WalletShort
from bihuan.wallet.rules import DEFAULTS, GiftRule, Settings, TopUpReturn, gift_for, take_top_up_back
from bihuan.wallet.service import (
    capture,
    find,
    get_settings,
    give_back,
    hold,
    put_in,
    release,
    save_settings,
    take_out,
)

__all__ = [
    "CHECKS",
    "DEFAULTS",
    "GiftRule",
    "Settings",
    "TopUpReturn",
    "Wallet",
    "WalletCodeUnknown",
    "WalletFrozen",
    "WalletShort",
    "capture",
    "codes",
    "find",
    "get_settings",
    "gift_for",
    "give_back",
    "hold",
    "put_in",
    "release",
    "save_settings",
    "take_out",
    "take_top_up_back",
]
