"""Routes of the merchant: look at orders, ship, hand over, cancel."""

from typing import Annotated
from uuid import UUID

from litestar import get, post
from litestar.params import QueryParameter

from bihuan.kernel import idempotency, paging
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.ids import OrderId, StoreId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.orders import db, service, views
from bihuan.orders.schemas import (
    CancelInput,
    MerchantOrder,
    MerchantOrderDetail,
    PickupInput,
    ShipInput,
    State,
)
from bihuan.staff import StaffSession

StateFilter = Annotated[State | None, QueryParameter(name="state", required=False)]
StoreFilter = Annotated[UUID | None, QueryParameter(name="store_id", required=False)]
Search = Annotated[str | None, QueryParameter(name="q", required=False, max_length=40, description="Order number.")]


@get("/api/merchant/orders", opt=access("staff:orders.read"))
async def list_orders(
    rt: Runtime,
    staff: StaffSession,
    of_state: StateFilter = None,
    store_id: StoreFilter = None,
    q: Search = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[MerchantOrder]:
    """The merchant's orders, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        rows = await db.list_by_merchant(
            tx,
            staff.merchant_id,
            state=of_state,
            store_id=StoreId(store_id) if store_id else None,
            order_no=q.strip() if q and q.strip() else None,
            before=before[0] if before else None,
            limit=limit + 1,
        )
        items = await views.show_to_merchant(tx, staff.merchant_id, rows[:limit])
    return Page(items, paging.encode(str(rows[limit - 1].order_id)) if len(rows) > limit else None)


async def _show(rt: Runtime, staff: StaffSession, order_id: OrderId) -> MerchantOrderDetail:
    async with rt.db.session() as tx:
        row = await service.get_own(tx, staff.merchant_id, order_id, None)
        return await views.show_in_full(tx, staff.merchant_id, row)


@get("/api/merchant/orders/{order_id:uuid}", opt=access("staff:orders.read"))
async def get_order(rt: Runtime, staff: StaffSession, order_id: UUID) -> MerchantOrderDetail:
    """One order with its attribution, payments and story."""
    return await _show(rt, staff, OrderId(order_id))


@post("/api/merchant/orders/{order_id:uuid}/ship", status_code=200, opt=access("staff:orders.write"))
async def ship_order(
    rt: Runtime, staff: StaffSession, order_id: UUID, data: ShipInput, idempotency_key: IdempotencyKey = None
) -> MerchantOrderDetail:
    """Sends a parcel; without lines, everything that is left."""

    async def work() -> bool:
        await service.ship(tx, staff.merchant_id, OrderId(order_id), data, staff.staff_id)
        return True

    async with rt.db.transaction() as tx:
        actor = f"staff:{staff.staff_id}"
        command = [str(order_id), data]
        await idempotency.run_once(tx, staff.merchant_id, actor, idempotency_key, "orders.ship", command, bool, work)
    return await _show(rt, staff, OrderId(order_id))


@post("/api/merchant/orders/{order_id:uuid}/cancel", status_code=200, opt=access("staff:orders.write"))
async def cancel_order(rt: Runtime, staff: StaffSession, order_id: UUID, data: CancelInput) -> MerchantOrderDetail:
    """Cancels an unpaid order."""
    async with rt.db.transaction() as tx:
        row = await service.get_own(tx, staff.merchant_id, OrderId(order_id), None)
        await service.cancel(tx, staff.merchant_id, [row.order_id], data.reason or "merchant")
    return await _show(rt, staff, OrderId(order_id))


@post("/api/merchant/pickups", status_code=200, opt=access("staff:orders.write"))
async def hand_over(rt: Runtime, staff: StaffSession, data: PickupInput) -> MerchantOrderDetail:
    """Hands a pickup order over to whoever shows its code."""
    async with rt.db.transaction() as tx:
        order_id = await service.hand_over(tx, staff.merchant_id, data.code)
    return await _show(rt, staff, order_id)


ROUTES = (list_orders, get_order, ship_order, cancel_order, hand_over)
