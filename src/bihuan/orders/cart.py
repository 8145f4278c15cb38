"""The cart, and what it would cost."""

from collections.abc import Mapping, Sequence
from typing import Literal

from bihuan import catalog, inventory, merchants
from bihuan.catalog import Sellable
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId, SkuId
from bihuan.merchants import Merchant
from bihuan.orders import cart_db, points, rules
from bihuan.orders.cart_db import CartRow
from bihuan.orders.errors import EmptyOrder, NotOnSale
from bihuan.orders.schemas import MAX_LINES, Cart, CartItem, Quote, QuoteInput

MAX_CART_ITEMS = 100


async def get_cart(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> Cart:
    """The cart at present prices and stock; what can no longer be bought stays visible and says why."""
    return await _show(tx, merchant_id, await cart_db.list_items(tx, merchant_id, shopper_id), {})


async def set_quantity(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, sku_id: SkuId, quantity: int) -> Cart:
    """Puts `quantity` of a SKU into the cart, or takes it out at 0. Raises NotOnSale, EmptyOrder (cart full)."""
    if quantity == 0:
        await cart_db.delete_items(tx, merchant_id, shopper_id, [sku_id])
        return await get_cart(tx, merchant_id, shopper_id)
    sellables = await catalog.list_sellable(tx, merchant_id, [sku_id])
    sellable = sellables.get(sku_id)
    if sellable is None or not sellable.on_sale:
        raise NotOnSale(sku_ids=[sku_id])
    price = sellable.price_fen
    rows = await cart_db.put_item(tx, merchant_id, shopper_id, sku_id, quantity, price, MAX_CART_ITEMS)
    if rows is None:
        raise EmptyOrder(limit=MAX_CART_ITEMS)
    return await _show(tx, merchant_id, rows, sellables)


async def _show(tx: Tx, merchant_id: MerchantId, rows: Sequence[CartRow], known: Mapping[SkuId, Sellable]) -> Cart:
    """Items as they are now; `known` holds what was read a moment ago and need not be read again."""
    skus = [row.sku_id for row in rows]
    sellables = dict(known)
    if missing := [sku_id for sku_id in skus if sku_id not in sellables]:
        sellables |= await catalog.list_sellable(tx, merchant_id, missing)
    available = await inventory.availability(tx, merchant_id, skus)
    items = [_item(row, sellables.get(row.sku_id), available[row.sku_id]) for row in rows]
    return Cart(items, sum(item.price_fen * item.quantity for item in items if item.state == "ok"))


async def quote(tx: Tx, merchant: Merchant, shopper_id: ShopperId, wish: QuoteInput) -> Quote:
    """What these lines cost a shopper now. Raises NotOnSale, inventory.OutOfStock."""
    wanted = rules.merge_lines([(line.sku_id, line.quantity) for line in wish.lines])
    if len(wanted) > MAX_LINES:
        raise EmptyOrder(limit=MAX_LINES)
    skus = list(wanted)
    priced = rules.price(
        merchant, wanted, await catalog.list_sellable(tx, merchant.merchant_id, skus), wish.delivery.method
    )
    locations = await merchants.stock_locations(tx, merchant.merchant_id)
    location = locations.serving(wish.delivery.store_id if wish.delivery.method == "pickup" else None)
    left = await inventory.availability(tx, merchant.merchant_id, skus, [location] if location else None)
    short = [sku_id for sku_id, quantity in wanted.items() if left[sku_id] < quantity]
    if short:
        raise inventory.OutOfStock(sku_ids=short)
    if wish.use_points is None:
        return priced
    return await points.offer(tx, merchant.merchant_id, shopper_id, priced, wish.use_points)


def _item(row: CartRow, sellable: Sellable | None, available: int) -> CartItem:
    state: Literal["ok", "insufficient", "sold_out", "unpublished"] = "ok"
    if sellable is None or not sellable.on_sale:
        state = "unpublished"
    elif available == 0:
        state = "sold_out"
    elif available < row.quantity:
        state = "insufficient"
    return CartItem(
        row.sku_id,
        sellable.product_id if sellable else None,
        sellable.title if sellable else "",
        sellable.option_values if sellable else [],
        sellable.image_url if sellable else None,
        sellable.price_fen if sellable else row.added_price_fen,
        row.added_price_fen,
        row.quantity,
        available,
        state,
    )
