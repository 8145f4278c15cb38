"""Wire types of the catalogue: what a merchant writes, what is read back."""

from datetime import datetime
from typing import Literal

import msgspec

from bihuan.kernel.ids import CategoryId, MediaId, ProductId, SkuId

State = Literal["draft", "published", "unpublished"]
Sort = Literal["default", "newest", "price_asc", "price_desc", "sold"]


class Option(msgspec.Struct, frozen=True):
    """What the variants differ in: a colour, a size."""

    name: str
    values: list[str]


class Picture(msgspec.Struct, frozen=True):
    """A picture of a product; the first one is its cover."""

    url: str
    kind: Literal["image"] = "image"


class Attribute(msgspec.Struct, frozen=True):
    """What all variants have in common: brand, material."""

    name: str
    value: str


class NewSku(msgspec.Struct, frozen=True, kw_only=True):
    """A variant as handed in.

    `option_values` are in the order of the product's options. On an update the SKU is recognised by
    `sku_id`, else by its code.
    """

    code: str
    price_fen: int
    option_values: list[str] = []
    market_price_fen: int | None = None
    image_url: str | None = None
    sku_id: SkuId | None = None


class NewProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product as handed in. None leaves `weight` and `freight_free` as they are (0, false at first)."""

    title: str
    skus: list[NewSku]
    subtitle: str = ""
    description: str = ""
    category_ids: list[CategoryId] = []
    media: list[Picture] = []
    options: list[Option] = []
    attributes: list[Attribute] = []
    weight: int | None = None
    freight_free: bool | None = None


class Sku(msgspec.Struct, frozen=True, kw_only=True):
    """A variant on offer."""

    sku_id: SkuId
    code: str
    option_values: list[str]
    price_fen: int
    market_price_fen: int | None
    image_url: str | None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product with its variants on offer."""

    product_id: ProductId
    state: State
    title: str
    subtitle: str
    description: str
    cover_url: str
    media: list[Picture]
    category_ids: list[CategoryId]
    options: list[Option]
    attributes: list[Attribute]
    price_fen: int
    market_price_fen: int | None
    freight_free: bool
    weight: int
    sold_count: int
    skus: list[Sku]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class ProductSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A product in a list; `sku_ids` are those on offer, for asking how many are there."""

    product_id: ProductId
    state: State
    title: str
    subtitle: str
    cover_url: str
    price_fen: int
    market_price_fen: int | None
    sold_count: int
    updated_at: datetime
    sku_ids: list[SkuId]


class Sellable(msgspec.Struct, frozen=True):
    """What pricing and placement need of a SKU, also of one that is no longer on sale."""

    sku_id: SkuId
    product_id: ProductId
    title: str
    option_values: list[str]
    image_url: str
    code: str
    price_fen: int
    on_sale: bool
    freight_free: bool = False


class SkuRow(msgspec.Struct, frozen=True):
    """A SKU on offer in a list of SKUs, with its product's title and state."""

    sku_id: SkuId
    product_id: ProductId
    code: str
    title: str
    option_values: list[str]
    state: State


class NewCategory(msgspec.Struct, frozen=True, kw_only=True):
    """A category as handed in; `position` sorts siblings, the smaller first; None leaves it (0 at first)."""

    name: str
    parent_id: CategoryId | None = None
    icon_url: str | None = None
    position: int | None = None


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A shelf of the mall."""

    category_id: CategoryId
    parent_id: CategoryId | None
    name: str
    icon_url: str
    position: int


class CategoryList(msgspec.Struct, frozen=True):
    """All categories of a merchant (at most `rules.MAX_CATEGORIES`), parents and children flat."""

    items: list[Category]
    next_cursor: None = None


class Uploaded(msgspec.Struct, frozen=True):
    """A stored picture; `url` is a path of this installation and never changes its content."""

    media_id: MediaId
    url: str
