"""What a shopper sees, put together."""

from collections.abc import Sequence

from bihuan import catalog, inventory, merchants
from bihuan.catalog import NoSuchProduct, ProductSummary, Sort
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CategoryId, MerchantId, ProductId
from bihuan.kernel.paging import Page
from bihuan.merchants import Merchant, StoreCard
from bihuan.storefront.schemas import (
    CategoryCard,
    CategoryCards,
    Home,
    MerchantHead,
    ProductCard,
    ProductPage,
    SkuOffer,
)

FEATURED = 12
HOME_STORES = 20


async def home(tx: Tx, merchant: Merchant) -> Home:
    """The mall's first page: top categories, what stands first in the default order, stores."""
    shelves = await categories(tx, merchant.merchant_id)
    featured = await catalog.list_products(tx, merchant.merchant_id, limit=FEATURED)
    stores = await merchants.list_stores(tx, merchant.merchant_id, None, HOME_STORES, open_only=True)
    return Home(
        merchant=MerchantHead(merchant.code, merchant.name, merchant.intro, merchant.logo_url, merchant.theme_color),
        categories=[shelf for shelf in shelves.items if shelf.parent_id is None],
        featured=await _cards(tx, merchant.merchant_id, featured.items),
        stores=[StoreCard.of(store) for store in stores],
    )


async def categories(tx: Tx, merchant_id: MerchantId) -> CategoryCards:
    """All categories."""
    found = await catalog.list_categories(tx, merchant_id)
    return CategoryCards(
        [CategoryCard(shelf.category_id, shelf.parent_id, shelf.name, shelf.icon_url) for shelf in found]
    )


async def products(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    category_id: CategoryId | None,
    words: str | None,
    sort: Sort,
    limit: int,
    cursor: str | None,
) -> Page[ProductCard]:
    """A page of products on sale. Raises BadCursor."""
    page = await catalog.list_products(
        tx, merchant_id, sort=sort, category_id=category_id, words=words, limit=limit, cursor=cursor
    )
    return Page(await _cards(tx, merchant_id, page.items), page.next_cursor)


async def product(tx: Tx, merchant_id: MerchantId, product_id: ProductId) -> ProductPage:
    """A product on sale. Raises NoSuchProduct, also for one that is not published."""
    found = await catalog.find_product(tx, merchant_id, product_id)
    if found is None or found.state != "published":
        raise NoSuchProduct
    available = await inventory.availability(tx, merchant_id, [sku.sku_id for sku in found.skus])
    return ProductPage(
        product_id=found.product_id,
        title=found.title,
        subtitle=found.subtitle,
        description=found.description,
        cover_url=found.cover_url,
        media=found.media,
        category_ids=found.category_ids,
        price_fen=found.price_fen,
        market_price_fen=found.market_price_fen,
        freight_free=found.freight_free,
        sold_count=found.sold_count,
        options=found.options,
        attributes=found.attributes,
        skus=[
            SkuOffer(
                sku_id=sku.sku_id,
                code=sku.code,
                option_values=sku.option_values,
                price_fen=sku.price_fen,
                market_price_fen=sku.market_price_fen,
                image_url=sku.image_url,
                available=available[sku.sku_id],
            )
            for sku in found.skus
        ],
    )


async def _cards(tx: Tx, merchant_id: MerchantId, summaries: Sequence[ProductSummary]) -> list[ProductCard]:
    skus = [sku_id for summary in summaries for sku_id in summary.sku_ids]
    available = await inventory.availability(tx, merchant_id, skus)
    return [
        ProductCard(
            product_id=summary.product_id,
            title=summary.title,
            subtitle=summary.subtitle,
            cover_url=summary.cover_url,
            price_fen=summary.price_fen,
            market_price_fen=summary.market_price_fen,
            sold_count=summary.sold_count,
            sold_out=not any(available[sku_id] for sku_id in summary.sku_ids),
        )
        for summary in summaries
    ]
