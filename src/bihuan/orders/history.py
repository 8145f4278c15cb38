"""Orders of another system, many merchants at once: history, written whole, with its stock and its money.

What live traffic does step by step (place, pay, ship, complete) stands here as it ended, with the times of
the source. The same tables, the same postings: receipts, sale, and for a cancelled order that was paid its
return. **No facts are emitted**: history is state, not news. Nobody is messaged, no card is opened, no points
are given, and no dashboard counts yesteryear's sales as today's.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.catalog.history import add_past_sales
from bihuan.inventory.history import PastHold, PoolOf, import_holds
from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id_at
from bihuan.kernel.ids import LineId, LocationId, MerchantId, OrderId, ProductId, ShopperId, SkuId
from bihuan.ledger import Entry, PastTransaction, Transaction, post_books
from bihuan.orders.schemas import Adjustment
from bihuan.payments.history import PastMeans, PastPayment, import_payments

PAYABLE_FOR = timedelta(minutes=15)
"""How long an order could be paid, where the source does not say."""

_NOT_RECORDED = "未记录"


class PastLine(msgspec.Struct, frozen=True):
    """A line at the price of its time."""

    sku_id: SkuId
    product_id: ProductId
    title: str
    quantity: int
    unit_price_fen: int


class PastOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it ended.

    paid: it came to payment and no further. delivered: everything left the merchant at `shipped_at`.
    completed: the shopper had it at `completed_at`. cancelled: at `cancelled_at`; with `paid_at` it had been
    paid, and the money went back whole. `means` add up to the total; without any, nobody ever tried to pay.
    `key` names the order at its source.
    """

    merchant_id: MerchantId
    order_id: OrderId
    order_no: str
    key: str
    shopper_id: ShopperId
    location_id: LocationId
    state: Literal["paid", "delivered", "completed", "cancelled"]
    address: dict[str, str]
    lines: list[PastLine]
    freight_fen: int
    means: list[PastMeans]
    created_at: datetime
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    completed_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None

    @property
    def goods_fen(self) -> int:
        """All lines together."""
        return sum(line.unit_price_fen * line.quantity for line in self.lines)

    @property
    def total_fen(self) -> int:
        """Goods and freight."""
        return self.goods_fen + self.freight_fen


def check(order: PastOrder) -> None:
    """Raises ValueError for an order that contradicts itself; the database refuses most of it too."""
    if not order.lines or min(line.quantity for line in order.lines) < 1:
        raise ValueError(f"{order.key}: an order has lines of at least one piece")
    if min(order.freight_fen, *(line.unit_price_fen for line in order.lines)) < 0:
        raise ValueError(f"{order.key}: amounts are not below zero")
    if (order.means or order.paid_at) and sum(means.amount_fen for means in order.means) != order.total_fen:
        raise ValueError(f"{order.key}: the payments do not make {order.total_fen} fen")
    if (order.state == "cancelled") != (order.cancelled_at is not None):
        raise ValueError(f"{order.key}: a cancelled order, and no other, says when")
    if order.state != "cancelled" and order.paid_at is None:
        raise ValueError(f"{order.key}: {order.state} without a payment")
    if order.state in ("delivered", "completed") and order.shipped_at is None:
        raise ValueError(f"{order.key}: {order.state} without a shipment")
    if (order.state == "completed") != (order.completed_at is not None):
        raise ValueError(f"{order.key}: a completed order, and no other, says when")


async def import_orders(tx: Tx, orders: Sequence[PastOrder]) -> set[OrderId]:
    """Writes the orders that are missing, in one transaction with stock, payments and postings.

    Returns the ids of the new ones. About a thousand orders at a time: a statement a table, most of them
    COPY, however many merchants there are. Rows that batches share are locked in the order of their ids, so
    batches may run side by side; that no two hold the same order is the caller's part. Raises ValueError, see
    `check`.
    """
    for order in orders:
        check(order)
    known = await _list_known(tx, orders)
    new = [order for order in orders if order.order_id not in known]
    if not new:
        return set()
    pools = await import_holds(tx, [hold for order in new for hold in _holds(order)])
    await _copy(tx, new, pools)
    sold: dict[tuple[MerchantId, ProductId], int] = {}
    for order in new:
        for line in order.lines if order.state != "cancelled" else ():
            key = (order.merchant_id, line.product_id)
            sold[key] = sold.get(key, 0) + line.quantity
    await add_past_sales(tx, sold)
    await import_payments(tx, [_payment(order) for order in new if order.means])
    paid = [(order, order.paid_at) for order in new if order.paid_at and order.total_fen]
    await post_books(tx, [posting for pair in paid for posting in _postings(*pair)])
    return {order.order_id for order in new}


async def _list_known(tx: Tx, orders: Sequence[PastOrder]) -> set[OrderId]:
    rows = await tx.fetch(
        """select o.order_id from unnest($1::uuid[], $2::uuid[]) as w (merchant_id, order_id)
           join orders o on o.merchant_id = w.merchant_id and o.order_id = w.order_id""",
        [order.merchant_id for order in orders],
        [order.order_id for order in orders],
    )
    return {row["order_id"] for row in rows}


def _holds(order: PastOrder) -> list[PastHold]:
    pieces: dict[SkuId, int] = {}
    for line in order.lines:
        pieces[line.sku_id] = pieces.get(line.sku_id, 0) + line.quantity
    state = "released" if order.state == "cancelled" else "confirmed"
    expires_at = order.created_at + PAYABLE_FOR
    return [
        PastHold(order.merchant_id, order.order_id, sku_id, order.location_id, quantity, state, expires_at)
        for sku_id, quantity in pieces.items()
    ]


_ORDER = ("merchant_id", "order_id", "order_no", "shopper_id", "state", "payment_status", "fulfilment_status",
          "refund_status", "goods_fen", "freight_fen", "discount_fen", "total_fen", "paid_fen", "refunded_fen",
          "adjustments", "delivery_method", "delivery", "attribution", "idempotency_key", "input_hash", "created_at",
          "expires_at", "paid_at", "delivered_at", "completed_at", "cancelled_at", "cancel_reason")  # fmt: skip
_LINE = ("merchant_id", "order_id", "line_id", "sku_id", "product_id", "pool_id", "title", "option_values",
         "quantity", "unit_price_fen", "subtotal_fen", "adjustments", "total_fen", "delivered_quantity")  # fmt: skip
_SHIPMENT = ("merchant_id", "shipment_id", "order_id", "company", "tracking_no", "lines", "shipped_at")


async def _copy(tx: Tx, orders: Sequence[PastOrder], pools: PoolOf) -> None:
    lines: list[tuple[object, ...]] = []
    shipments: list[tuple[object, ...]] = []
    for order in orders:
        ids = [_line_id(order, place) for place in range(len(order.lines))]
        lines += [_line_row(order, *pair, pools) for pair in zip(order.lines, ids, strict=True)]
        if order.shipped_at:
            shipments.append(_shipment_row(order, order.shipped_at, ids))
    await tx.copy("orders", _ORDER, [_order_row(order) for order in orders])
    await tx.copy("order_lines", _LINE, lines)
    if shipments:
        await tx.copy("shipments", _SHIPMENT, shipments)


def _line_id(order: PastOrder, place: int) -> LineId:
    return LineId(derived_id_at(order.created_at, "line", str(order.order_id), place=place))


def _order_row(order: PastOrder) -> tuple[object, ...]:
    goods = order.goods_fen
    total = goods + order.freight_fen
    paid = total if order.paid_at else 0
    back = paid if order.state == "cancelled" else 0
    # Bihuan completes what was delivered ten days ago; what the source never saw arrive is left for a person
    delivered_at = None if order.state == "delivered" else order.shipped_at
    freight = [Adjustment("freight", "merchant", "运费", order.freight_fen)] if order.freight_fen else []
    return (
        order.merchant_id,
        order.order_id,
        order.order_no,
        order.shopper_id,
        order.state,
        "refunded" if back else "paid" if order.paid_at else "unpaid",
        "fulfilled" if order.shipped_at else "unfulfilled",
        "refunded" if back else "none",
        goods,
        order.freight_fen,
        0,
        total,
        paid,
        back,
        freight,
        "ship",
        {"address": order.address, "store": None},
        {"rule": "none", "touchpoint_ids": []},
        order.key,
        order.order_id.bytes,
        order.created_at,
        order.created_at + PAYABLE_FOR,
        order.paid_at,
        delivered_at,
        order.completed_at,
        order.cancelled_at,
        order.cancel_reason,
    )


def _line_row(order: PastOrder, line: PastLine, line_id: LineId, pools: PoolOf) -> tuple[object, ...]:
    total = line.unit_price_fen * line.quantity
    pool_id = pools[order.merchant_id, line.sku_id, order.location_id]
    return (order.merchant_id, order.order_id, line_id, line.sku_id, line.product_id, pool_id, line.title, [],
            line.quantity, line.unit_price_fen, total, [], total, line.quantity if order.shipped_at else 0)  # fmt: skip


def _shipment_row(order: PastOrder, at: datetime, line_ids: Sequence[LineId]) -> tuple[object, ...]:
    parts = [
        {"line_id": line_id, "quantity": line.quantity} for line_id, line in zip(line_ids, order.lines, strict=True)
    ]
    shipment_id: UUID = derived_id_at(at, "shipment", str(order.order_id))
    return (order.merchant_id, shipment_id, order.order_id, _NOT_RECORDED, _NOT_RECORDED, parts, at)


def _payment(order: PastOrder) -> PastPayment:
    return PastPayment(
        merchant_id=order.merchant_id,
        purpose="order",
        reference_id=order.order_id,
        shopper_id=order.shopper_id,
        description=f"订单 {order.order_no}",
        means=order.means,
        created_at=order.created_at,
        expires_at=order.created_at + PAYABLE_FOR,
        paid_at=order.paid_at,
        refunded_at=order.cancelled_at if order.paid_at else None,
        refund_reason=order.cancel_reason or "",
    )


def _postings(order: PastOrder, paid_at: datetime) -> list[PastTransaction]:
    """The sale as `settle` posts it; of a cancelled order also its return, at the price of the sale."""
    about = f"订单 {order.order_no}"
    goods, freight = order.goods_fen, order.freight_fen
    total = goods + freight
    sale = [Entry("receipts", total), Entry("sales", -goods), Entry("freight", -freight)]
    sale = [entry for entry in sale if entry.amount_fen]
    postings = [PastTransaction(order.merchant_id, Transaction("order", order.order_id, about, sale, paid_at))]
    if order.cancelled_at:
        back = [Entry("refunds", total), Entry("refunds_payable", -total)]
        cancelled = Transaction("order_cancelled", order.order_id, f"{about} 已取消", back, order.cancelled_at)
        postings.append(PastTransaction(order.merchant_id, cancelled))
    return postings
