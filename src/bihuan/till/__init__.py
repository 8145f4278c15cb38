"""Tills: sales over a counter, and the cash in their drawers.

A sale is an ordinary order of the store, handed over when it is paid; its money comes as cash, by card, by a payment
code or from the member's stored value, alone or together. A shift is a person at a drawer: a float, sales, what was
put in and taken out, and a count at the end that the cashier makes without seeing what should be there.

Invariants: what a drawer should hold is the sum of its movements; the account `cash` of the book is what open drawers
should hold and what was counted in closed ones and not carried on or banked; a paid sale was taken once, whole.
A payment code without an answer is asked about, and undone if it stays undecided.
"""

from bihuan.till.checks import CHECKS
from bihuan.till.db_origins import trace
from bihuan.till.goods import learn_barcode, park
from bihuan.till.schemas import Close, Movement, Opening
from bihuan.till.schemas_sales import Barcode, Basket, ParkedLine, Pay, Refund, SaleInput
from bihuan.till.shifts import open_shift

__all__ = [
    "CHECKS",
    "Barcode",
    "Basket",
    "Close",
    "Movement",
    "Opening",
    "ParkedLine",
    "Pay",
    "Refund",
    "SaleInput",
    "learn_barcode",
    "open_shift",
    "park",
    "trace",
]
