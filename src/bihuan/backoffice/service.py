"""Products and stock, put together for their merchant."""

from collections.abc import Sequence

from bihuan import catalog, inventory, merchants
from bihuan.backoffice.schemas import (
    Adjustment,
    LocationStock,
    MerchantProduct,
    ProductItem,
    StockedSku,
    StockRow,
)
from bihuan.catalog import Product, State
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, SkuId, StaffId
from bihuan.kernel.paging import Page

ANY_STATE: tuple[State, ...] = ("draft", "published", "unpublished")


async def list_products(
    tx: Tx, merchant_id: MerchantId, *, state: State | None, words: str | None, limit: int, cursor: str | None
) -> Page[ProductItem]:
    """A page of products in any state (or one), newest first. Raises BadCursor."""
    page = await catalog.list_products(
        tx, merchant_id, states=(state,) if state else ANY_STATE, sort="newest", words=words, limit=limit, cursor=cursor
    )
    skus = [sku_id for summary in page.items for sku_id in summary.sku_ids]
    available = await inventory.availability(tx, merchant_id, skus)
    items = [
        ProductItem(
            product_id=summary.product_id,
            title=summary.title,
            cover_url=summary.cover_url,
            state=summary.state,
            price_fen=summary.price_fen,
            available=sum(available[sku_id] for sku_id in summary.sku_ids),
            sold_count=summary.sold_count,
            updated_at=summary.updated_at,
        )
        for summary in page.items
    ]
    return Page(items, page.next_cursor)


async def with_stock(tx: Tx, merchant_id: MerchantId, product: Product) -> MerchantProduct:
    """A product with the stock of each SKU at each location."""
    stock = await _stock(tx, merchant_id, [sku.sku_id for sku in product.skus])
    return MerchantProduct(
        product_id=product.product_id,
        state=product.state,
        title=product.title,
        subtitle=product.subtitle,
        description=product.description,
        cover_url=product.cover_url,
        media=product.media,
        category_ids=product.category_ids,
        options=product.options,
        attributes=product.attributes,
        price_fen=product.price_fen,
        market_price_fen=product.market_price_fen,
        freight_free=product.freight_free,
        weight=product.weight,
        sold_count=product.sold_count,
        skus=[
            StockedSku(
                sku_id=sku.sku_id,
                code=sku.code,
                option_values=sku.option_values,
                price_fen=sku.price_fen,
                market_price_fen=sku.market_price_fen,
                image_url=sku.image_url,
                available=sum(level.available for level in stock[sku.sku_id]),
                stock=stock[sku.sku_id],
            )
            for sku in product.skus
        ],
        created_at=product.created_at,
        updated_at=product.updated_at,
        published_at=product.published_at,
    )


async def list_stock(
    tx: Tx, merchant_id: MerchantId, *, words: str | None, limit: int, cursor: str | None
) -> Page[StockRow]:
    """Stock by SKU and location, newest products first; `limit` counts SKUs, so that none is cut in two."""
    page = await catalog.list_skus(tx, merchant_id, words=words, limit=limit, cursor=cursor)
    stock = await _stock(tx, merchant_id, [sku.sku_id for sku in page.items])
    rows = [
        StockRow(
            sku_id=sku.sku_id,
            code=sku.code,
            product_id=sku.product_id,
            title=sku.title,
            option_values=sku.option_values,
            location_id=level.location_id,
            location_name=level.location_name,
            available=level.available,
            held=level.held,
            sold=level.sold,
        )
        for sku in page.items
        for level in stock[sku.sku_id]
    ]
    return Page(rows, page.next_cursor)


async def adjust(tx: Tx, merchant_id: MerchantId, wish: Adjustment, staff_id: StaffId) -> LocationStock:
    """Corrects stock and tells what there is now. Raises NotFound for another's, StockBelowZero."""
    locations = await merchants.list_locations(tx, merchant_id)
    sku = await catalog.list_sellable(tx, merchant_id, [wish.sku_id])
    if not sku or all(location.location_id != wish.location_id for location in locations):
        raise NotFound
    await inventory.adjust(tx, merchant_id, wish.sku_id, wish.location_id, wish.delta, wish.reason.strip(), staff_id)
    levels = (await _stock(tx, merchant_id, [wish.sku_id]))[wish.sku_id]
    return next(level for level in levels if level.location_id == wish.location_id)


async def _stock(tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId]) -> dict[SkuId, list[LocationStock]]:
    """Each SKU at each location, the warehouse first."""
    if not sku_ids:
        return {}
    locations = await merchants.list_locations(tx, merchant_id)
    locations = sorted(locations, key=lambda location: not location.is_default)
    levels = {
        (level.sku_id, level.location_id): level for level in await inventory.list_stock(tx, merchant_id, sku_ids)
    }
    stock: dict[SkuId, list[LocationStock]] = {}
    for sku_id in sku_ids:
        stock[sku_id] = []
        for location in locations:
            level = levels.get((sku_id, location.location_id))
            stock[sku_id].append(
                LocationStock(
                    location_id=location.location_id,
                    location_name=location.name,
                    available=level.available if level else 0,
                    held=level.held if level else 0,
                    sold=level.sold if level else 0,
                )
            )
    return stock
