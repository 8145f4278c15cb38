"""The ledger: one double-entry book per merchant, append-only.

A transaction is a list of entries that sums to zero (debit positive, credit negative), unique by
(merchant_id, source, source_id): posting it again posts nothing. The application's database role can write
only through the SQL function `ledger_post`. Invariants: every transaction and every book sums to zero;
balances equal their entries (`checks`).
"""

from bihuan.ledger.checks import CHECKS
from bihuan.ledger.movements import Movement, list_movements
from bihuan.ledger.rules import Entry, Transaction, Unbalanced, UnknownAccount
from bihuan.ledger.service import balances, post

__all__ = [
    "CHECKS",
    "Entry",
    "Movement",
    "Transaction",
    "Unbalanced",
    "UnknownAccount",
    "balances",
    "list_movements",
    "post",
]
