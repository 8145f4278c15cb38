"""The ledger: one double-entry book per merchant, append-only.

A transaction is a list of entries that sums to zero (debit positive, credit negative), unique by
(merchant_id, source, source_id): posting it again posts nothing. The application's database role can write
only through the SQL functions `ledger_post` (of one book) and `ledger_post_books`. Each transaction is booked on a
day; days that are closed (`periods`) take nothing any more, and what comes late is booked on the first open one.
Invariants: every transaction and every book sums to zero; balances and days equal their entries; closed days stay
as they were (`checks`).
"""

from bihuan.ledger import books, journal, parameters, past_balance, periods
from bihuan.ledger.checks import CHECKS
from bihuan.ledger.db_movements import Movement, list_movements
from bihuan.ledger.errors import PeriodClosed
from bihuan.ledger.history import PastTransaction, post_books
from bihuan.ledger.rules import CHART, Entry, Transaction, Unbalanced, UnknownAccount
from bihuan.ledger.schemas import TransactionView
from bihuan.ledger.service import balances, name_of, post, view_of

__all__ = [
    "CHART",
    "CHECKS",
    "Entry",
    "Movement",
    "PastTransaction",
    "PeriodClosed",
    "Transaction",
    "TransactionView",
    "Unbalanced",
    "UnknownAccount",
    "balances",
    "books",
    "journal",
    "list_movements",
    "name_of",
    "parameters",
    "past_balance",
    "periods",
    "post",
    "post_books",
    "view_of",
]
