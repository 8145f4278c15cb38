"""The cart, and what it would cost."""

from collections.abc import Mapping, Sequence
from typing import Literal

from bihuan import catalog, inventory, merchants
from bihuan.catalog import Sellable
from bihuan.kernel.group_commit import GroupCommit, Limits, one_by_one
from bihuan.kernel.ids import MerchantId, ShopperId, SkuId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.orders import cart_db, points, rules
from bihuan.orders.cart_db import CartRow, Put
from bihuan.orders.errors import CartBusy, EmptyOrder, NotOnSale
from bihuan.orders.schemas import MAX_LINES, Cart, CartItem, Quote, QuoteInput

MAX_CART_ITEMS = 100


async def get_cart(rt: Runtime, merchant_id: MerchantId, shopper_id: ShopperId) -> Cart:
    """The cart at present prices and stock; what can no longer be bought stays visible and says why."""
    async with rt.db.session() as tx:
        rows = await cart_db.list_items(tx, merchant_id, shopper_id)
    return await _show(rt, merchant_id, rows, {})


async def set_quantity(
    rt: Runtime, merchant_id: MerchantId, shopper_id: ShopperId, sku_id: SkuId, quantity: int
) -> Cart:
    """Puts `quantity` of a SKU into the cart, or takes it out at 0. Raises NotOnSale, EmptyOrder (cart full)."""
    if quantity == 0:
        async with rt.db.session() as tx:
            await cart_db.delete_items(tx, merchant_id, shopper_id, [sku_id])
        return await get_cart(rt, merchant_id, shopper_id)
    sellables = await catalog.SELLABLE.find_many(rt, merchant_id, [sku_id])
    sellable = sellables.get(sku_id)
    if sellable is None or not sellable.on_sale:
        raise NotOnSale(sku_ids=[sku_id])
    price = sellable.price_fen
    rows = await PUTS.submit(rt, merchant_id, Put(shopper_id, sku_id, quantity, price))
    if rows is None:
        raise EmptyOrder(limit=MAX_CART_ITEMS)
    return await _show(rt, merchant_id, rows, sellables)


async def _put(rt: Runtime, merchant_id: MerchantId, puts: list[Put]) -> list[list[CartRow] | Exception | None]:
    """What many put into their carts, by one statement; of what one shopper puts in at once, one after the other."""
    found: dict[int, list[CartRow] | None] = {}
    while len(found) < len(puts):
        turn: dict[ShopperId, int] = {}
        for n, put in enumerate(puts):
            if n not in found:
                turn.setdefault(put.shopper_id, n)
        async with rt.db.session() as tx:
            carts = await cart_db.put_items(tx, merchant_id, [puts[n] for n in turn.values()], MAX_CART_ITEMS)
        found |= {n: carts.get(shopper_id) for shopper_id, n in turn.items()}
    return [found[n] for n in range(len(puts))]


PUTS: GroupCommit[Put, list[CartRow] | None] = GroupCommit(one_by_one(_put), CartBusy, Limits())
"""Items on their way into carts; `wiring.BACKGROUND` works them off. The carts then; None for a full one."""


async def _show(rt: Runtime, merchant_id: MerchantId, rows: Sequence[CartRow], known: Mapping[SkuId, Sellable]) -> Cart:
    """Items as they are now; `known` holds what was read a moment ago and need not be read again."""
    skus = [row.sku_id for row in rows]
    sellables = dict(known)
    if missing := [sku_id for sku_id in skus if sku_id not in sellables]:
        sellables |= await catalog.SELLABLE.find_many(rt, merchant_id, missing)
    available = await inventory.AVAILABLE.find_many(rt, merchant_id, [(sku_id, None) for sku_id in skus])
    items = [_item(row, sellables.get(row.sku_id), available[row.sku_id, None]) for row in rows]
    return Cart(items, sum(item.price_fen * item.quantity for item in items if item.state == "ok"))


async def quote(rt: Runtime, merchant: Merchant, shopper_id: ShopperId, wish: QuoteInput) -> Quote:
    """What these lines cost a shopper now. Raises NotOnSale, inventory.OutOfStock."""
    wanted = rules.merge_lines([(line.sku_id, line.quantity) for line in wish.lines])
    if len(wanted) > MAX_LINES:
        raise EmptyOrder(limit=MAX_LINES)
    skus = list(wanted)
    sellables = await catalog.SELLABLE.find_many(rt, merchant.merchant_id, skus)
    priced = rules.price(merchant, wanted, sellables, wish.delivery.method)
    locations = await merchants.read_stock_locations(rt, merchant.merchant_id)
    at = locations.serving(wish.delivery.store_id if wish.delivery.method == "pickup" else None)
    left = await inventory.AVAILABLE.find_many(rt, merchant.merchant_id, [(sku_id, at) for sku_id in skus])
    short = [sku_id for sku_id, quantity in wanted.items() if left[sku_id, at] < quantity]
    if short:
        raise inventory.OutOfStock(sku_ids=short)
    if wish.use_points is None:
        return priced
    async with rt.db.session() as tx:
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
