"""Wire types of the goods room."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from bihuan.catalog import Attribute, Option, Picture, State
from bihuan.kernel.ids import CategoryId, LocationId, ProductId, SkuId


class ProductItem(msgspec.Struct, frozen=True, kw_only=True):
    """A product in the merchant's list; `available` is the sum over its SKUs and locations."""

    product_id: ProductId
    title: str
    cover_url: str
    state: State
    price_fen: int
    available: int
    sold_count: int
    updated_at: datetime


class LocationStock(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a SKU lies at a location; zeros where it never lay."""

    location_id: LocationId
    location_name: str
    available: int
    held: int
    sold: int


class StockedSku(msgspec.Struct, frozen=True, kw_only=True):
    """A variant with its stock everywhere."""

    sku_id: SkuId
    code: str
    option_values: list[str]
    price_fen: int
    market_price_fen: int | None
    image_url: str | None
    available: int
    stock: list[LocationStock]


class MerchantProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product as its merchant sees it."""

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
    skus: list[StockedSku]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class StockRow(msgspec.Struct, frozen=True, kw_only=True):
    """A SKU at a location, in the stock list."""

    sku_id: SkuId
    code: str
    product_id: ProductId
    title: str
    option_values: list[str]
    location_id: LocationId
    location_name: str
    available: int
    held: int
    sold: int


class Adjustment(msgspec.Struct, frozen=True):
    """A correction: found, lost, broken, received. `delta` in pieces, with its sign."""

    sku_id: SkuId
    location_id: LocationId
    delta: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*\S[^\x00]*$")]
