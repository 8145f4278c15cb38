"""Goods of another system, many merchants at once: each product with one SKU, and what of it was sold."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from bihuan.catalog import rules, search
from bihuan.catalog.errors import InvalidProduct
from bihuan.catalog.schemas import Attribute, NewProduct, NewSku
from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.ids import MerchantId, ProductId, SkuId


class PastProduct(msgspec.Struct, frozen=True, kw_only=True):
    """A product as another system sold it: published, since it was on sale from `sold_from` on.

    `category` is a shelf's name at its merchant; the shelf is made where it is missing.
    """

    merchant_id: MerchantId
    product_id: ProductId
    sku_id: SkuId
    code: str
    title: str
    category: str | None
    attributes: list[Attribute]
    price_fen: int
    sold_from: datetime


async def import_products(tx: Tx, products: Sequence[PastProduct]) -> int:
    """Adds those that are missing, with their SKUs and shelves, in four statements; returns how many were new.

    What is there already stays as it is. Raises InvalidProduct.
    """
    for product in products:
        _check(product)
    await _import_categories(tx, products)
    texts = [search.Text(title=p.title, keywords=[*(a.value for a in p.attributes), p.code]) for p in products]
    documents = await search.documents(texts)
    new = await tx.execute(
        """insert into products (merchant_id, product_id, state, title, attributes, price_fen, search, created_at,
             updated_at, published_at)
           select w.merchant_id, w.product_id, 'published', w.title, w.attributes::jsonb, w.price_fen,
             w.search::tsvector, $8, $8, w.sold_from
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[])
             as w (merchant_id, product_id, title, attributes, price_fen, search, sold_from)
           order by w.merchant_id, w.product_id on conflict do nothing""",
        [p.merchant_id for p in products],
        [p.product_id for p in products],
        [p.title for p in products],
        [msgspec.json.encode(p.attributes).decode() for p in products],
        [p.price_fen for p in products],
        documents,
        [p.sold_from for p in products],
        tx.now,
    )
    await tx.execute(
        """insert into skus (merchant_id, sku_id, product_id, code, price_fen, created_at, updated_at)
           select w.merchant_id, w.sku_id, w.product_id, w.code, p.price_fen, $5, $5
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) as w (merchant_id, sku_id, product_id, code)
           join products p on p.merchant_id = w.merchant_id and p.product_id = w.product_id
           order by w.merchant_id, w.sku_id on conflict (merchant_id, sku_id) do nothing""",
        [p.merchant_id for p in products],
        [p.sku_id for p in products],
        [p.product_id for p in products],
        [p.code for p in products],
        tx.now,
    )
    await _link_categories(tx, products)
    return new


async def _import_categories(tx: Tx, products: Sequence[PastProduct]) -> None:
    """Makes missing shelves."""
    shelves = sorted({(p.merchant_id, p.category) for p in products if p.category})
    await tx.execute(
        """insert into categories (merchant_id, category_id, name, created_at)
           select w.merchant_id, w.category_id, w.name, $4
           from unnest($1::uuid[], $2::uuid[], $3::text[]) as w (merchant_id, category_id, name)
           on conflict do nothing""",
        [merchant_id for merchant_id, _ in shelves],
        [derived_id("category", str(merchant_id), name or "") for merchant_id, name in shelves],
        [name for _, name in shelves],
        tx.now,
    )


async def _link_categories(tx: Tx, products: Sequence[PastProduct]) -> None:
    """Puts products on their shelves, found by name."""
    placed = [p for p in products if p.category]
    await tx.execute(
        """insert into product_categories (merchant_id, product_id, category_id)
           select w.merchant_id, w.product_id, c.category_id
           from unnest($1::uuid[], $2::uuid[], $3::text[]) as w (merchant_id, product_id, name)
           join categories c on c.merchant_id = w.merchant_id and c.parent_id is null and c.name = w.name
           on conflict do nothing""",
        [p.merchant_id for p in placed],
        [p.product_id for p in placed],
        [p.category for p in placed],
    )


async def add_past_sales(tx: Tx, sold: Mapping[tuple[MerchantId, ProductId], int]) -> None:
    """Counts pieces that were sold on their products, locked in the order of their ids."""
    keys = sorted(sold)
    await tx.execute(
        """with locked as (
             select p.merchant_id, p.product_id, w.quantity
             from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as w (merchant_id, product_id, quantity)
             join products p on p.merchant_id = w.merchant_id and p.product_id = w.product_id
             order by p.merchant_id, p.product_id for no key update of p
           )
           update products p set sold_count = p.sold_count + l.quantity
           from locked l where p.merchant_id = l.merchant_id and p.product_id = l.product_id""",
        [merchant_id for merchant_id, _ in keys],
        [product_id for _, product_id in keys],
        [sold[key] for key in keys],
    )


def _check(product: PastProduct) -> None:
    faults = rules.check_product(
        NewProduct(
            title=product.title,
            attributes=product.attributes,
            skus=[NewSku(code=product.code, price_fen=product.price_fen)],
        )
    )
    if faults:
        raise InvalidProduct(faults)
