"""Orders' SQL: rows and one function per query. Placement's own is in `placement_db`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.facts.orders import OrderFact
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.gathering import Gathered
from bihuan.kernel.ids import (
    CounterId,
    LineId,
    MerchantId,
    OrderId,
    PoolId,
    ProductId,
    ShopperId,
    SkuId,
    StaffId,
    StoreId,
    TouchpointId,
)
from bihuan.orders.schemas import Adjustment, ShipLine


class AttributionSnapshot(msgspec.Struct, frozen=True):
    """The rule and the touchpoints that decided, as frozen on the order."""

    rule: str
    touchpoint_ids: list[TouchpointId]


class DeliverySnapshot(msgspec.Struct, frozen=True):
    """Address or store as they were at placement."""

    address: dict[str, str] | None = None
    store: dict[str, str] | None = None


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order."""

    merchant_id: MerchantId
    order_id: OrderId
    order_no: str
    shopper_id: ShopperId
    state: str
    payment_status: str
    fulfilment_status: str
    refund_status: str
    goods_fen: int
    freight_fen: int
    discount_fen: int
    total_fen: int
    paid_fen: int
    refunded_fen: int
    adjustments: list[Adjustment]
    delivery_method: str
    delivery: DeliverySnapshot
    pickup_code: str | None
    remark: str | None
    store_id: StoreId | None
    counter_id: CounterId | None
    staff_id: StaffId | None
    sharer_id: ShopperId | None
    attribution: AttributionSnapshot
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    completed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None
    open_cases: int


def fact_members(tx: Tx, order: OrderRow) -> dict[str, Any]:
    """The members that every fact of an order has (`facts.orders.OrderFact`)."""
    own = {name: getattr(order, name) for name in OrderFact.__struct_fields__ if hasattr(order, name)}
    return {**own, "occurred_at": tx.now}


class LineRow(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    product_id: ProductId
    title: str
    option_values: list[str]
    image_url: str | None
    quantity: int
    unit_price_fen: int
    subtotal_fen: int
    adjustments: list[Adjustment]
    total_fen: int
    delivered_quantity: int
    cancelled_quantity: int
    held_back_quantity: int
    refunded_quantity: int
    pool_id: PoolId

    @property
    def to_send(self) -> int:
        """Pieces that can be sent: what was refunded before, or is asked back, is not."""
        return self.quantity - self.delivered_quantity - self.cancelled_quantity - self.held_back_quantity


class ShipmentRow(msgspec.Struct, frozen=True):
    """A parcel of an order."""

    order_id: OrderId
    company: str
    tracking_no: str
    shipped_at: datetime


class WholeOrder(OrderRow, frozen=True, kw_only=True):
    """An order with all that hangs on it."""

    lines: list[LineRow]
    shipments: list[ShipmentRow]


_ORDER = ", ".join(f.name for f in msgspec.structs.fields(OrderRow))
_LINE = ", ".join(f.name for f in msgspec.structs.fields(LineRow))


async def find_order(tx: Tx, merchant_id: MerchantId, order_id: OrderId, *, lock: bool = False) -> OrderRow | None:
    """One order; with `lock`, its row is held until the transaction ends."""
    row = await tx.fetchrow(
        f"select {_ORDER} from orders where merchant_id = $1 and order_id = $2{' for no key update' if lock else ''}",  # noqa: S608
        merchant_id,
        order_id,
    )
    return db.one_or_none(OrderRow, row)


async def find_whole(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> WholeOrder | None:
    """One order with its lines and parcels."""
    return (await find_wholes(tx, merchant_id, [order_id])).get(order_id)


async def find_wholes(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> dict[OrderId, WholeOrder]:
    """Orders with their lines and parcels, in one statement: what shoppers' phones ask for again and again."""
    rows = await tx.fetch(
        f"""select {_ORDER},
              (select coalesce(jsonb_agg(to_jsonb(l) order by l.line_id), '[]') from (
                 select {_LINE} from order_lines where merchant_id = $1 and order_id = o.order_id) l) as lines,
              (select coalesce(jsonb_agg(to_jsonb(s) order by s.shipped_at), '[]') from (
                 select order_id, company, tracking_no, shipped_at from shipments
                 where merchant_id = $1 and order_id = o.order_id) s) as shipments
            from orders o where merchant_id = $1 and order_id = any($2)""",  # noqa: S608
        merchant_id,
        order_ids,
    )
    return {order.order_id: order for order in db.many(WholeOrder, rows)}


WHOLE: Gathered[OrderId, WholeOrder] = Gathered(find_wholes)
"""The same for the requests of a process together."""


async def lock_orders(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> dict[OrderId, OrderRow]:
    """Locks orders in the order of their ids."""
    rows = await tx.fetch(
        f"""select {_ORDER} from orders where merchant_id = $1 and order_id = any($2)
            order by order_id for no key update""",  # noqa: S608
        merchant_id,
        order_ids,
    )
    return {row.order_id: row for row in db.many(OrderRow, rows)}


async def list_orders(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> dict[OrderId, OrderRow]:
    """Orders by their ids."""
    rows = await tx.fetch(
        f"select {_ORDER} from orders where merchant_id = $1 and order_id = any($2)",  # noqa: S608
        merchant_id,
        order_ids,
    )
    return {row.order_id: row for row in db.many(OrderRow, rows)}


async def list_by_shopper(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, state: str | None, before: UUID | None, limit: int
) -> list[OrderRow]:
    """A shopper's orders, newest first."""
    rows = await tx.fetch(
        f"""select {_ORDER} from orders
            where merchant_id = $1 and shopper_id = $2 and ($3::text is null or state = $3)
              and ($4::uuid is null or order_id < $4)
            order by order_id desc limit $5""",  # noqa: S608
        merchant_id,
        shopper_id,
        state,
        before,
        limit,
    )
    return db.many(OrderRow, rows)


async def list_by_merchant(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    state: str | None,
    store_id: StoreId | None,
    order_no: str | None,
    before: UUID | None,
    limit: int,
) -> list[OrderRow]:
    """A merchant's orders, newest first; each filter has its index, several at once narrow by the first."""
    conditions = ["merchant_id = $1"]
    arguments: list[object] = [merchant_id]
    if state is not None:  # told apart in the text, so that each plan may use the index of its kind
        conditions.append("state = 'unpaid'" if state == "unpaid" else "state <> 'unpaid'")
    for column, operator, value in (
        ("state", "=", state),
        ("store_id", "=", store_id),
        ("order_no", "=", order_no),
        ("order_id", "<", before),
    ):
        if value is not None:
            arguments.append(value)
            conditions.append(f"{column} {operator} ${len(arguments)}")
    arguments.append(limit)
    rows = await tx.fetch(
        f"select {_ORDER} from orders where {' and '.join(conditions)} order by order_id desc limit ${len(arguments)}",  # noqa: S608
        *arguments,
    )
    return db.many(OrderRow, rows)


async def find_by_pickup_code(tx: Tx, merchant_id: MerchantId, code: str) -> list[OrderId]:
    """Paid orders that wait under a code."""
    rows = await tx.fetch(
        """select order_id from orders
           where merchant_id = $1 and pickup_code = $2 and state in ('paid', 'partially_delivered')""",
        merchant_id,
        code,
    )
    return [row["order_id"] for row in rows]


async def list_lines(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> list[LineRow]:
    """The lines of orders, in the order they were written."""
    rows = await tx.fetch(
        f"select {_LINE} from order_lines where merchant_id = $1 and order_id = any($2) order by order_id, line_id",  # noqa: S608
        merchant_id,
        order_ids,
    )
    return db.many(LineRow, rows)


async def list_shipments(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> list[ShipmentRow]:
    """The parcels of orders."""
    rows = await tx.fetch(
        """select order_id, company, tracking_no, shipped_at from shipments
           where merchant_id = $1 and order_id = any($2) order by shipment_id""",
        merchant_id,
        order_ids,
    )
    return db.many(ShipmentRow, rows)


async def set_paid(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> int:
    """unpaid (or cancelled, when reinstated) -> paid; returns how many."""
    return await tx.execute(
        """update orders set state = 'paid', payment_status = 'paid', paid_fen = total_fen, paid_at = $3,
             cancelled_at = null, cancel_reason = null
           where merchant_id = $1 and order_id = any($2) and state in ('unpaid', 'cancelled')
             and payment_status = 'unpaid'""",
        merchant_id,
        order_ids,
        tx.now,
    )


async def set_cancelled(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId], reason: str) -> int:
    """unpaid -> cancelled; returns how many."""
    return await tx.execute(
        """update orders set state = 'cancelled', cancelled_at = $3, cancel_reason = $4
           where merchant_id = $1 and order_id = any($2) and state = 'unpaid'""",
        merchant_id,
        order_ids,
        tx.now,
        reason,
    )


async def list_expired(tx: Tx, limit: int) -> list[tuple[MerchantId, OrderId]]:
    """Unpaid orders whose time is over, of all merchants, the oldest first."""
    rows = await tx.fetch(
        """select merchant_id, order_id from orders where state = 'unpaid' and expires_at <= $1
           order by expires_at limit $2""",
        tx.now,
        limit,
    )
    return [(row["merchant_id"], row["order_id"]) for row in rows]


async def list_to_complete(tx: Tx, delivered_before: datetime, limit: int) -> list[tuple[MerchantId, OrderId]]:
    """Delivered orders that nobody confirmed in time, of all merchants."""
    rows = await tx.fetch(
        """select merchant_id, order_id from orders
           where state = 'delivered' and delivered_at <= $1 and open_cases = 0
           order by delivered_at limit $2""",
        delivered_before,
        limit,
    )
    return [(row["merchant_id"], row["order_id"]) for row in rows]


async def set_delivery(tx: Tx, merchant_id: MerchantId, order_id: OrderId, state: str, to: str) -> int:
    """Moves an order along its delivery, from `state` to `to`; returns 1, or 0 when somebody was faster."""
    return await tx.execute(
        """update orders set state = $4,
             fulfilment_status = case $4 when 'partially_delivered' then 'partially_fulfilled' else 'fulfilled' end,
             delivered_at = case when $4 = 'partially_delivered' then delivered_at else coalesce(delivered_at, $5) end,
             completed_at = case when $4 = 'completed' then $5::timestamptz end
           where merchant_id = $1 and order_id = $2 and state = $3""",
        merchant_id,
        order_id,
        state,
        to,
        tx.now,
    )


async def add_delivered(tx: Tx, merchant_id: MerchantId, order_id: OrderId, lines: Sequence[ShipLine]) -> int:
    """Counts pieces as delivered; returns how many lines took them (a line never takes more than it has left)."""
    return await tx.execute(
        """update order_lines l set delivered_quantity = l.delivered_quantity + w.quantity
           from unnest($3::uuid[], $4::int[]) as w (line_id, quantity)
           where l.merchant_id = $1 and l.order_id = $2 and l.line_id = w.line_id
             and l.delivered_quantity + l.cancelled_quantity + l.held_back_quantity + w.quantity <= l.quantity""",
        merchant_id,
        order_id,
        [line.line_id for line in lines],
        [line.quantity for line in lines],
    )


async def insert_shipment(
    tx: Tx,
    merchant_id: MerchantId,
    shipment_id: UUID,
    order_id: OrderId,
    company: str,
    tracking_no: str,
    lines: Sequence[ShipLine],
    staff_id: StaffId | None,
) -> None:
    """Records a parcel."""
    await tx.execute(
        """insert into shipments
             (merchant_id, shipment_id, order_id, company, tracking_no, lines, staff_id, shipped_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        merchant_id,
        shipment_id,
        order_id,
        company,
        tracking_no,
        msgspec.to_builtins(list(lines)),
        staff_id,
        tx.now,
    )


async def move_shopper(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Gives one shopper's orders to another."""
    await tx.execute(
        "update orders set shopper_id = $3 where merchant_id = $1 and shopper_id = $2",
        merchant_id,
        former_id,
        shopper_id,
    )


async def awaited_at(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> int:
    """How many orders are still to be paid or fetched at a store."""
    count: int = await tx.fetchval(
        """select count(*) from orders where merchant_id = $1 and state in ('unpaid', 'paid')
             and delivery_method = 'pickup' and delivery -> 'store' ->> 'store_id' = $2""",
        merchant_id,
        str(store_id),
    )
    return count
