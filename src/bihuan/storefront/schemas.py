"""Wire types of the storefront."""

import msgspec

from bihuan.catalog import Attribute, Option, Picture
from bihuan.kernel.ids import CategoryId, ProductId, SkuId
from bihuan.merchants import StoreCard


class MerchantHead(msgspec.Struct, frozen=True):
    """Whose mall this is."""

    code: str
    name: str
    intro: str
    logo_url: str | None
    theme_color: str


class CategoryCard(msgspec.Struct, frozen=True):
    """A shelf to choose from."""

    category_id: CategoryId
    parent_id: CategoryId | None
    name: str
    icon_url: str


class CategoryCards(msgspec.Struct, frozen=True):
    """All shelves, parents and children flat; the page is always the last one."""

    items: list[CategoryCard]
    next_cursor: None = None


class ProductCard(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list. Prices are those of its cheapest SKU, in fen."""

    product_id: ProductId
    title: str
    subtitle: str
    cover_url: str
    price_fen: int
    market_price_fen: int | None
    sold_count: int
    sold_out: bool


class Home(msgspec.Struct, frozen=True):
    """The mall's first page."""

    merchant: MerchantHead
    categories: list[CategoryCard]
    featured: list[ProductCard]
    stores: list[StoreCard]


class SkuOffer(msgspec.Struct, frozen=True, kw_only=True):
    """A variant to choose; `available` pieces can be bought now."""

    sku_id: SkuId
    code: str
    option_values: list[str]
    price_fen: int
    market_price_fen: int | None
    image_url: str | None
    available: int


class ProductPage(msgspec.Struct, frozen=True, kw_only=True):
    """A product on sale with its variants."""

    product_id: ProductId
    title: str
    subtitle: str
    description: str
    cover_url: str
    media: list[Picture]
    category_ids: list[CategoryId]
    price_fen: int
    market_price_fen: int | None
    freight_free: bool
    sold_count: int
    options: list[Option]
    attributes: list[Attribute]
    skus: list[SkuOffer]
