"""Orders: cart, quote, placement, payment, fulfilment.

An order is placed by group commit (`placement`): orders wait in the process, and one call of one SQL
function places a few hundred of them. Its price lines carry the adjustments that made them; its
attribution is frozen at placement. Invariants: total = goods + freight - discounts (a constraint); a paid
order has its posting; an unpaid one holds its stock; states change only as `rules.TRANSITIONS` allows.
"""

from bihuan.orders import returns
from bihuan.orders.checks import CHECKS
from bihuan.orders.db import LineRow, OrderRow, awaited_at, list_lines, list_orders
from bihuan.orders.errors import AftersaleOpen, TooManyPieces
from bihuan.orders.manual import set_manual_discount
from bihuan.orders.placement import Command
from bihuan.orders.placing import FLUSHER
from bihuan.orders.returns import record_refunded
from bihuan.orders.schemas import Delivery, OrderInput, OrderLineInput, OrderView, Quote
from bihuan.orders.service import cancel, complete, hand_over_order
from bihuan.orders.settle import settle

__all__ = [
    "CHECKS",
    "FLUSHER",
    "AftersaleOpen",
    "Command",
    "Delivery",
    "LineRow",
    "OrderInput",
    "OrderLineInput",
    "OrderRow",
    "OrderView",
    "Quote",
    "TooManyPieces",
    "awaited_at",
    "cancel",
    "complete",
    "hand_over_order",
    "list_lines",
    "list_orders",
    "record_refunded",
    "returns",
    "set_manual_discount",
    "settle",
]
