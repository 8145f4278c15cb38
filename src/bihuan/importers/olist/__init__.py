"""`bihuan import olist DIR`: the history of a Brazilian marketplace, from the original tables of Olist.

Sellers become merchants, customers shoppers, products (one per product and seller) published goods, orders
orders; `mapping` says what becomes of each state. Amounts are taken as they stand, cents as fen, times as UTC.
Rows that contradict themselves are listed by file, row and reason, with everything that belongs to them.

Nobody hears of it: no facts are emitted (`orders.history`), so no message is sent, no member card opened and
no point given. Orders, stock and books are complete all the same, and `bihuan verify` holds.
"""

from bihuan.importers.olist.load import run

__all__ = ["run"]
