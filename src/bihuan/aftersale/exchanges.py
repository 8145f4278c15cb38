"""Exchanges: for which variants goods can be exchanged, and the goods that are held for it.

**The rule of the price.** An exchange is for the same SKU, or for another one of the product at the same price: at
what the piece was sold for, or at what its own SKU costs today. No money moves then, so an exchange needs neither a
surcharge nor a refund; who wants a dearer or cheaper variant returns the goods and buys anew.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from bihuan import catalog, inventory, orders
from bihuan.aftersale import db
from bihuan.aftersale.db import CaseLine, CaseRow
from bihuan.aftersale.errors import ExchangeNotFitting
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LineId, MerchantId, PoolId, SkuId
from bihuan.orders import LineRow, OrderRow

HELD_FOR = timedelta(days=90)
"""Longer than any exchange takes: both sides' limits end it before."""


class Variant(msgspec.Struct, frozen=True):
    """A SKU that a line can be exchanged for; `available` where the line's goods came from."""

    sku_id: SkuId
    option_values: list[str]
    image_url: str | None
    available: int


def _same_price(price_fen: int, line: LineRow, own_price_fen: int | None) -> bool:
    return price_fen in (line.unit_price_fen, own_price_fen)


async def list_variants(tx: Tx, merchant_id: MerchantId, lines: Sequence[LineRow]) -> dict[LineId, list[Variant]]:
    """What lines can be exchanged for, in the order of the product's variants; nothing of what is not on sale."""
    ids = {line.product_id for line in lines}
    products = {product_id: await catalog.find_product(tx, merchant_id, product_id) for product_id in ids}
    locations = await inventory.locations_of(tx, merchant_id, [line.pool_id for line in lines])
    skus = [sku.sku_id for product in products.values() if product is not None for sku in product.skus]
    levels = await inventory.list_stock(tx, merchant_id, skus) if skus else []
    stock = {(level.sku_id, level.location_id): level.available for level in levels}
    found: dict[LineId, list[Variant]] = {}
    for line in lines:
        product = products[line.product_id]
        if product is None or product.state != "published":
            continue
        own = next((sku.price_fen for sku in product.skus if sku.sku_id == line.sku_id), None)
        found[line.line_id] = [
            Variant(
                sku.sku_id,
                list(sku.option_values),
                sku.image_url or product.cover_url,
                stock.get((sku.sku_id, locations[line.pool_id]), 0),
            )
            for sku in product.skus
            if _same_price(sku.price_fen, line, own)
        ]
    return found


async def check(
    tx: Tx, merchant_id: MerchantId, wanted: Mapping[LineId, SkuId], lines: Mapping[LineId, LineRow]
) -> dict[SkuId, str]:
    """What an exchange brings, in words, by SKU. Raises ExchangeNotFitting."""
    ids = {*wanted.values(), *(lines[line_id].sku_id for line_id in wanted)}
    sellables = await catalog.list_sellable(tx, merchant_id, list(ids))
    for line_id, sku_id in wanted.items():
        line, sellable, own = lines[line_id], sellables.get(sku_id), sellables.get(lines[line_id].sku_id)
        if sku_id == line.sku_id and sellable is not None:
            continue
        if (
            sellable is None
            or not sellable.on_sale
            or sellable.product_id != line.product_id
            or not _same_price(sellable.price_fen, line, own.price_fen if own else None)
        ):
            raise ExchangeNotFitting
    return {sku_id: " / ".join(s.option_values) or s.title for sku_id, s in sellables.items()}


async def hold(tx: Tx, order: OrderRow, case: CaseRow, lines: Sequence[CaseLine]) -> None:
    """Holds what an exchange will send: from where the order's goods came. Raises inventory.OutOfStock."""
    rows = {row.line_id: row for row in await orders.list_lines(tx, order.merchant_id, [order.order_id])}
    other = {line.exchange_sku_id for line in lines if line.exchange_sku_id}
    locations = await inventory.locations_of(tx, order.merchant_id, [rows[line.line_id].pool_id for line in lines])
    wanted = [(s, at) for s in other for at in set(locations.values())]
    known = await inventory.find_pools(tx, order.merchant_id, [s for s, _ in wanted], [at for _, at in wanted])
    pools: dict[LineId, PoolId] = {}
    totals: dict[PoolId, int] = {}
    for line in lines:
        own = rows[line.line_id].pool_id
        pool = known.get((line.exchange_sku_id, locations[own])) if line.exchange_sku_id else own
        if pool is None:
            raise inventory.OutOfStock(sku_ids=[line.exchange_sku_id])
        pools[line.line_id] = pool
        totals[pool] = totals.get(pool, 0) + line.quantity
    await inventory.hold(tx, order.merchant_id, case.case_id, list(totals.items()), tx.now + HELD_FOR)
    await db.set_exchange_pools(tx, order.merchant_id, case.case_id, pools)
