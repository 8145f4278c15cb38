"""Routes of the shopper: cart, quote, orders, payment."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post, put
from litestar.params import QueryParameter

from bihuan import payments
from bihuan.identity import Client, ShopperSession
from bihuan.kernel import paging
from bihuan.kernel.errors import Forbidden, WrongState
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.ids import OrderId, SkuId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.orders import cart, db, placing, service, views
from bihuan.orders.errors import WholeByWallet
from bihuan.orders.schemas import (
    CancelInput,
    Cart,
    CartItemInput,
    OrderInput,
    OrderView,
    PayInput,
    Quote,
    QuoteInput,
    State,
)
from bihuan.orders.settle import settle

StateFilter = Annotated[State | None, QueryParameter(name="state", required=False)]


@get("/api/shop/{m:str}/cart", opt=access("shopper"))
async def get_cart(rt: Runtime, merchant: Merchant, shopper: ShopperSession) -> Cart:
    """The cart at present prices and stock."""
    return await cart.get_cart(rt, merchant.merchant_id, shopper.shopper_id)


@put("/api/shop/{m:str}/cart/items/{sku_id:uuid}", opt=access("shopper"))
async def put_cart_item(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, sku_id: UUID, data: CartItemInput
) -> Cart:
    """Sets how many of a SKU the cart holds."""
    return await cart.set_quantity(rt, merchant.merchant_id, shopper.shopper_id, SkuId(sku_id), data.quantity)


@delete("/api/shop/{m:str}/cart/items/{sku_id:uuid}", status_code=200, opt=access("shopper"))
async def delete_cart_item(rt: Runtime, merchant: Merchant, shopper: ShopperSession, sku_id: UUID) -> Cart:
    """Takes a SKU out of the cart."""
    return await cart.set_quantity(rt, merchant.merchant_id, shopper.shopper_id, SkuId(sku_id), 0)


@post("/api/shop/{m:str}/quote", status_code=200, opt=access("shopper"))
async def quote(rt: Runtime, merchant: Merchant, shopper: ShopperSession, data: QuoteInput) -> Quote:
    """What a cart costs now, with every adjustment that makes the price."""
    return await cart.quote(rt, merchant, shopper.shopper_id, data)


@post("/api/shop/{m:str}/orders", opt=access("shopper"))
async def place_order(
    rt: Runtime, m: str, request: Request[Any, Any, Any], data: OrderInput, idempotency_key: IdempotencyKey = None
) -> OrderView:
    """Places an order: holds the stock and waits for the payment.

    Requests reach `placing.handle` before they reach the framework; this is the same work for whoever mounts
    the framework alone, and the entry in OpenAPI.
    """
    return await placing.place_order(rt, m, dict(request.headers), request.body)


@get("/api/shop/{m:str}/orders", opt=access("shopper"))
async def list_orders(
    rt: Runtime,
    merchant: Merchant,
    shopper: ShopperSession,
    of_state: StateFilter = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[OrderView]:
    """The shopper's orders, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        rows = await db.list_by_shopper(
            tx, merchant.merchant_id, shopper.shopper_id, of_state, before[0] if before else None, limit + 1
        )
        items = await views.show(tx, merchant.merchant_id, rows[:limit])
    return Page(items, paging.encode(str(rows[limit - 1].order_id)) if len(rows) > limit else None)


@get("/api/shop/{m:str}/orders/{order_id:uuid}", opt=access("shopper"))
async def get_order(rt: Runtime, merchant: Merchant, shopper: ShopperSession, order_id: UUID) -> OrderView:
    """One order of the shopper's own."""
    order = await service.get_own_whole(rt, merchant.merchant_id, OrderId(order_id), shopper.shopper_id)
    return views.show_whole(order)


@post("/api/shop/{m:str}/orders/{order_id:uuid}/cancel", status_code=200, opt=access("shopper"))
async def cancel_order(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, order_id: UUID, data: CancelInput
) -> OrderView:
    """Cancels an unpaid order; its stock goes back at once."""
    async with rt.db.transaction() as tx:
        row = await service.get_own(tx, merchant.merchant_id, OrderId(order_id), shopper.shopper_id)
        await service.cancel(tx, merchant.merchant_id, [row.order_id], data.reason or "shopper")
        return await views.get_order(tx, merchant, row.order_id)


@post("/api/shop/{m:str}/orders/{order_id:uuid}/pay", status_code=200, opt=access("shopper"))
async def pay_order(
    rt: Runtime,
    merchant: Merchant,
    shopper: ShopperSession,
    order_id: UUID,
    data: PayInput,
    client: Client,
) -> payments.Prepared:
    """Prepares the payment: parameters for the WeChat bridge, the content of a QR code, or a page to open.

    A part may be set aside in the shopper's wallet; the method "wallet" takes the whole from there at once.
    """
    row = await service.get_own_whole(rt, merchant.merchant_id, OrderId(order_id), shopper.shopper_id)
    if row.state != "unpaid" or row.expires_at <= rt.clock.now():
        raise WrongState(state=row.state if row.state != "unpaid" else "expired")
    if row.total_fen == 0:
        raise Forbidden(detail="该订单无需支付。")
    more = f" 等{len(row.lines)}件" if len(row.lines) > 1 else ""
    charge = payments.Charge(
        purpose="order",
        reference_id=row.order_id,
        amount_fen=row.total_fen,
        shopper_id=shopper.shopper_id,
        description=f"{row.lines[0].title[:40]}{more}",
        expires_at=row.expires_at,
    )
    if data.method == "wallet":
        async with rt.db.transaction() as tx:
            return await payments.pay_whole(tx, merchant.merchant_id, charge, settle)
    if data.wallet_fen >= row.total_fen:
        raise WholeByWallet
    return await payments.prepare(
        rt, merchant, charge, data.method, client_ip=client.address, wallet_fen=data.wallet_fen
    )


@post("/api/shop/{m:str}/orders/{order_id:uuid}/sync-payment", status_code=200, opt=access("shopper"))
async def sync_payment(rt: Runtime, merchant: Merchant, shopper: ShopperSession, order_id: UUID) -> OrderView:
    """Asks WeChat about the payment when its notification has not come; the shopper sees the truth at once."""
    async with rt.db.session() as tx:
        row = await service.get_own(tx, merchant.merchant_id, OrderId(order_id), shopper.shopper_id)
    if row.payment_status == "unpaid":
        await payments.sync(rt, merchant, "order", row.order_id)
    async with rt.db.session() as tx:
        return await views.get_order(tx, merchant, row.order_id)


@post("/api/shop/{m:str}/orders/{order_id:uuid}/confirm-receipt", status_code=200, opt=access("shopper"))
async def confirm_receipt(rt: Runtime, merchant: Merchant, shopper: ShopperSession, order_id: UUID) -> OrderView:
    """The shopper has the goods: delivered -> completed."""
    async with rt.db.transaction() as tx:
        await service.complete(tx, merchant.merchant_id, OrderId(order_id), shopper.shopper_id)
        return await views.get_order(tx, merchant, OrderId(order_id))


ROUTES = (
    get_cart,
    put_cart_item,
    delete_cart_item,
    quote,
    place_order,
    list_orders,
    get_order,
    cancel_order,
    pay_order,
    sync_payment,
    confirm_receipt,
)
