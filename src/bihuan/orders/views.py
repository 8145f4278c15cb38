"""Orders as they are shown: rows of several tables put together, page-wise, without a query per order."""

from collections.abc import Sequence
from typing import cast

from bihuan import identity, payments
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.merchants import Merchant
from bihuan.orders import db, origins, rules
from bihuan.orders.db import LineRow, OrderRow, ShipmentRow, WholeOrder
from bihuan.orders.schemas import (
    AddressView,
    DeliveryView,
    MerchantOrder,
    MerchantOrderDetail,
    OrderEvent,
    OrderLineView,
    OrderView,
    ShipmentView,
    ShopperBrief,
    State,
    StoreView,
)


async def get_order(tx: Tx, merchant: Merchant, order_id: OrderId) -> OrderView:
    """One order. Raises NotFound."""
    order = await db.find_whole(tx, merchant.merchant_id, order_id)
    if order is None:
        raise NotFound
    return show_whole(order)


def show_whole(order: WholeOrder) -> OrderView:
    """An order that was read with all that hangs on it."""
    return _view(order, order.lines, order.shipments)


async def show(tx: Tx, merchant_id: MerchantId, rows: Sequence[OrderRow]) -> list[OrderView]:
    """Orders with their lines and parcels: two more queries, however many orders."""
    if not rows:
        return []
    ids = [row.order_id for row in rows]
    lines: dict[OrderId, list[LineRow]] = {}
    for line in await db.list_lines(tx, merchant_id, ids):
        lines.setdefault(line.order_id, []).append(line)
    shipments: dict[OrderId, list[ShipmentRow]] = {}
    shipped = [row.order_id for row in rows if row.delivery_method == "ship" and row.paid_at]
    if shipped:
        for shipment in await db.list_shipments(tx, merchant_id, shipped):
            shipments.setdefault(shipment.order_id, []).append(shipment)
    return [_view(row, lines.get(row.order_id, []), shipments.get(row.order_id, [])) for row in rows]


def _view(row: OrderRow, lines: Sequence[LineRow], shipments: Sequence[ShipmentRow]) -> OrderView:
    return OrderView(
        order_id=row.order_id,
        order_no=row.order_no,
        state=cast("State", row.state),
        payment_status=row.payment_status,
        fulfilment_status=row.fulfilment_status,
        refund_status=row.refund_status,
        terminal=row.state in rules.TERMINAL,
        created_at=row.created_at,
        expires_at=row.expires_at,
        paid_at=row.paid_at,
        delivered_at=row.delivered_at,
        completed_at=row.completed_at,
        cancelled_at=row.cancelled_at,
        cancel_reason=row.cancel_reason,
        lines=[_line(line) for line in lines],
        adjustments=row.adjustments,
        goods_fen=row.goods_fen,
        freight_fen=row.freight_fen,
        discount_fen=row.discount_fen,
        total_fen=row.total_fen,
        paid_fen=row.paid_fen,
        refunded_fen=row.refunded_fen,
        delivery=_delivery(row, shipments),
        remark=row.remark,
    )


def _line(line: LineRow) -> OrderLineView:
    return OrderLineView(
        line.sku_id,
        line.product_id,
        line.title,
        line.option_values,
        line.image_url,
        line.quantity,
        line.unit_price_fen,
        line.subtotal_fen,
        line.adjustments,
        line.total_fen,
        line_id=line.line_id,
        delivered_quantity=line.delivered_quantity,
        cancelled_quantity=line.cancelled_quantity,
        held_back_quantity=line.held_back_quantity,
        refunded_quantity=line.refunded_quantity,
    )


def _delivery(row: OrderRow, shipments: Sequence[ShipmentRow]) -> DeliveryView:
    address, store = row.delivery.address, row.delivery.store
    return DeliveryView(
        "pickup" if row.delivery_method == "pickup" else "ship",
        address=AddressView(**address) if address else None,
        store=StoreView(**store) if store else None,  # type: ignore[arg-type]
        # the code is worth the goods: it appears with the payment
        pickup_code=row.pickup_code if row.paid_at else None,
        shipments=[ShipmentView(s.company, s.tracking_no, s.shipped_at) for s in shipments],
    )


async def show_to_merchant(tx: Tx, merchant_id: MerchantId, rows: Sequence[OrderRow]) -> list[MerchantOrder]:
    """Orders with their shopper and attribution, for the merchant's list."""
    views = await show(tx, merchant_id, rows)
    shoppers = await identity.list_shoppers(tx, list({row.shopper_id for row in rows}))
    attributions = await origins.attributions(tx, merchant_id, rows)
    return [
        MerchantOrder(
            **{name: getattr(view, name) for name in view.__struct_fields__},
            shopper=ShopperBrief(row.shopper_id, found.nickname if (found := shoppers.get(row.shopper_id)) else None),
            attribution=attributions[row.order_id],
        )
        for view, row in zip(views, rows, strict=True)
    ]


async def show_in_full(tx: Tx, merchant_id: MerchantId, row: OrderRow) -> MerchantOrderDetail:
    """One order with its payments, refunds and story."""
    (order,) = await show_to_merchant(tx, merchant_id, [row])
    paid = await payments.list_for(tx, merchant_id, "order", [row.order_id])
    return MerchantOrderDetail(
        **{name: getattr(order, name) for name in order.__struct_fields__},
        payments=paid.get(row.order_id, []),
        events=_events(order),
        journey=await origins.journey(tx, merchant_id, row),
    )


def _events(order: OrderView) -> list[OrderEvent]:
    steps = [
        (order.created_at, "placed", None),
        (order.paid_at, "paid", None),
        *((s.shipped_at, "shipped", f"{s.company} {s.tracking_no}") for s in order.delivery.shipments),
        (order.delivered_at, "delivered", None),
        (order.completed_at, "completed", None),
        (order.cancelled_at, "cancelled", order.cancel_reason),
    ]
    return sorted((OrderEvent(at, kind, detail) for at, kind, detail in steps if at), key=lambda event: event.at)
