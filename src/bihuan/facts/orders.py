"""Facts of orders."""

from datetime import datetime
from typing import ClassVar

from bihuan.facts import Fact
from bihuan.kernel.ids import CounterId, OrderId, ShopperId, StaffId, StoreId


class OrderFact(Fact, frozen=True, kw_only=True):
    """What every fact of an order tells: whose it is, what it is worth, and to whom it is attributed."""

    order_id: OrderId
    order_no: str
    shopper_id: ShopperId
    total_fen: int
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None
    sharer_id: ShopperId | None = None


class OrderPlaced(OrderFact, frozen=True, kw_only=True):
    """An order holds its stock and waits for its payment until `expires_at`."""

    kind: ClassVar[str] = "order.placed"

    expires_at: datetime


class OrderPaid(OrderFact, frozen=True, kw_only=True):
    """The whole amount was received and the stock is sold."""

    kind: ClassVar[str] = "order.paid"

    paid_fen: int


class OrderCancelled(OrderFact, frozen=True, kw_only=True):
    """An unpaid order ended; its holds went back. `reason`: shopper, merchant or expired."""

    kind: ClassVar[str] = "order.cancelled"

    reason: str


class OrderShipped(OrderFact, frozen=True, kw_only=True):
    """A parcel of an order left. `all_shipped`: nothing is left to send; `items` says what is in this one."""

    kind: ClassVar[str] = "order.shipped"

    company: str
    tracking_no: str
    items: list[str]
    receiver_phone: str  # masked: 138****0000
    all_shipped: bool


class OrderDelivered(OrderFact, frozen=True, kw_only=True):
    """All lines left: shipped (`method` ship) or handed over (`method` pickup)."""

    kind: ClassVar[str] = "order.delivered"

    method: str


class OrderCompleted(OrderFact, frozen=True, kw_only=True):
    """The shopper has it, or the time for saying otherwise is over."""

    kind: ClassVar[str] = "order.completed"
