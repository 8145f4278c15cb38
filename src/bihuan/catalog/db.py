"""The catalogue's SQL: products and SKUs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.catalog.schemas import (
    NewProduct,
    NewSku,
    Product,
    ProductSummary,
    Sellable,
    SkuRow,
    Sort,
    State,
)
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CategoryId, MerchantId, ProductId, SkuId


async def list_sellable(tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId]) -> list[Sellable]:
    """SKUs with what an order line needs of them; unknown ones are left out."""
    rows = await tx.fetch(
        """select s.sku_id, s.product_id, p.title, s.option_values, coalesce(s.image_url, p.cover_url) as image_url,
             s.code, s.price_fen, p.state = 'published' and s.state = 'active' as on_sale, p.freight_free
           from skus s join products p on p.merchant_id = s.merchant_id and p.product_id = s.product_id
           where s.merchant_id = $1 and s.sku_id = any($2)""",
        merchant_id,
        sku_ids,
    )
    return [Sellable(*row) for row in rows]


async def find_version(tx: Tx, merchant_id: MerchantId) -> UUID | None:
    """The version of a merchant's catalogue; None while nothing in it was ever changed by a verb."""
    return await tx.fetchval("select version from catalog_versions where merchant_id = $1", merchant_id)


async def renew_version(tx: Tx, merchant_id: MerchantId) -> None:
    """Draws a new version: what was remembered of the catalogue is no longer used once this commits.

    The last statement of a verb, after the locks on products, so that two changes cannot wait for each other.
    """
    await tx.execute(
        """insert into catalog_versions (merchant_id, version) values ($1, gen_random_uuid())
           on conflict (merchant_id) do update set version = excluded.version""",
        merchant_id,
    )


_PRODUCT = """
  select p.product_id, p.state, p.title, p.subtitle, p.description, p.cover_url, p.media, p.options, p.attributes,
    p.price_fen, p.market_price_fen, p.freight_free, p.weight, p.sold_count,
    p.created_at, p.updated_at, p.published_at,
    coalesce((select array_agg(pc.category_id order by pc.category_id) from product_categories pc
              where pc.merchant_id = p.merchant_id and pc.product_id = p.product_id), '{}') as category_ids,
    (select jsonb_agg(jsonb_build_object('sku_id', s.sku_id, 'code', s.code, 'option_values', s.option_values,
              'price_fen', s.price_fen, 'market_price_fen', s.market_price_fen, 'image_url', s.image_url)
              order by s.position)
     from skus s where s.merchant_id = p.merchant_id and s.product_id = p.product_id and s.state = 'active') as skus
  from products p where p.merchant_id = $1 and p.product_id = $2"""


async def find_product(tx: Tx, merchant_id: MerchantId, product_id: ProductId) -> Product | None:
    """A product with its SKUs on offer, in one statement."""
    return db.one_or_none(Product, await tx.fetchrow(_PRODUCT, merchant_id, product_id))


async def lock_product(tx: Tx, merchant_id: MerchantId, product_id: ProductId) -> Product | None:
    """The same, with its row locked: writers of one product go one after another."""
    await tx.execute(
        "select from products where merchant_id = $1 and product_id = $2 for no key update", merchant_id, product_id
    )
    return await find_product(tx, merchant_id, product_id)


class ProductRow(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it is written."""

    product_id: ProductId
    product: NewProduct
    state: State
    lead: NewSku
    search: str
    weight: int
    freight_free: bool


async def upsert_products(tx: Tx, merchant_id: MerchantId, rows: Sequence[ProductRow]) -> None:
    """Writes products; of one that is there, all but its state and counts."""
    await tx.executemany(
        """insert into products (merchant_id, product_id, state, title, subtitle, description, cover_url, media,
             options, attributes, price_fen, market_price_fen, freight_free, weight, search, created_at, updated_at,
             published_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::tsvector, $16, $16,
             case when $3 <> 'draft' then $16::timestamptz end)
           on conflict (merchant_id, product_id) do update set
             title = excluded.title, subtitle = excluded.subtitle, description = excluded.description,
             cover_url = excluded.cover_url, media = excluded.media, options = excluded.options,
             attributes = excluded.attributes, price_fen = excluded.price_fen,
             market_price_fen = excluded.market_price_fen, freight_free = excluded.freight_free,
             weight = excluded.weight, search = excluded.search, updated_at = excluded.updated_at""",
        [
            (
                merchant_id,
                row.product_id,
                row.state,
                row.product.title,
                row.product.subtitle,
                row.product.description,
                row.product.media[0].url if row.product.media else "",
                row.product.media,
                row.product.options,
                row.product.attributes,
                row.lead.price_fen,
                row.lead.market_price_fen,
                row.freight_free,
                row.weight,
                row.search,
                tx.now,
            )
            for row in rows
        ],
    )


async def replace_skus(
    tx: Tx, merchant_id: MerchantId, skus: Sequence[tuple[ProductId, SkuId, int, NewSku]], *, retire: bool
) -> None:
    """Writes SKUs: rows of (product, id, position, SKU).

    With `retire`, all SKUs of these products are retired first: what comes again is taken back, so that two
    may swap their codes, and what does not come stays retired.
    """
    if retire:
        await tx.execute(
            """update skus set state = 'retired', updated_at = $3
               where merchant_id = $1 and product_id = any($2) and state = 'active'""",
            merchant_id,
            list({product_id for product_id, *_ in skus}),
            tx.now,
        )
    await tx.executemany(
        """insert into skus (merchant_id, sku_id, product_id, code, option_values, price_fen, market_price_fen,
             image_url, position, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
           on conflict (merchant_id, sku_id) do update set state = 'active', code = excluded.code,
             option_values = excluded.option_values, price_fen = excluded.price_fen,
             market_price_fen = excluded.market_price_fen, image_url = excluded.image_url,
             position = excluded.position, updated_at = excluded.updated_at""",
        [
            (
                merchant_id,
                sku_id,
                product_id,
                sku.code,
                sku.option_values,
                sku.price_fen,
                sku.market_price_fen,
                sku.image_url or None,
                position,
                tx.now,
            )
            for product_id, sku_id, position, sku in skus
        ],
    )


async def replace_categories(
    tx: Tx, merchant_id: MerchantId, links: Mapping[ProductId, Sequence[CategoryId]], *, clear: bool
) -> None:
    """Puts products into categories; with `clear`, out of all others first."""
    if clear:
        await tx.execute(
            "delete from product_categories where merchant_id = $1 and product_id = any($2)", merchant_id, list(links)
        )
    pairs = sorted({(product_id, category_id) for product_id, ids in links.items() for category_id in ids})
    await tx.execute(
        """insert into product_categories (merchant_id, product_id, category_id)
           select $1, w.product_id, w.category_id from unnest($2::uuid[], $3::uuid[]) as w (product_id, category_id)""",
        merchant_id,
        [product_id for product_id, _ in pairs],
        [category_id for _, category_id in pairs],
    )


async def list_taken_codes(
    tx: Tx, merchant_id: MerchantId, codes: Sequence[str], but_of: ProductId | None
) -> dict[str, ProductId]:
    """Which of the SKU codes active SKUs bear, and of which product; `but_of`'s own are left out."""
    rows = await tx.fetch(
        """select code, product_id from skus where merchant_id = $1 and code = any($2) and state = 'active'
             and ($3::uuid is null or product_id <> $3)""",
        merchant_id,
        codes,
        but_of,
    )
    return {row["code"]: row["product_id"] for row in rows}


async def list_sku_ids(tx: Tx, merchant_id: MerchantId, product_id: ProductId) -> list[tuple[SkuId, str]]:
    """(id, code) of all SKUs a product ever had; the retired ones first, so that an active one wins its code."""
    rows = await tx.fetch(
        """select sku_id, code from skus where merchant_id = $1 and product_id = $2
           order by state = 'active', updated_at""",
        merchant_id,
        product_id,
    )
    return [(row["sku_id"], row["code"]) for row in rows]


async def list_active_skus(
    tx: Tx, merchant_id: MerchantId, product_ids: Sequence[ProductId]
) -> list[tuple[SkuId, str]]:
    """(id, code) of the SKUs on offer of these products."""
    rows = await tx.fetch(
        """select sku_id, code from skus where merchant_id = $1 and product_id = any($2) and state = 'active'
           order by product_id, position""",
        merchant_id,
        product_ids,
    )
    return [(row["sku_id"], row["code"]) for row in rows]


async def list_known_products(tx: Tx, merchant_id: MerchantId, product_ids: Sequence[ProductId]) -> set[ProductId]:
    """Which of these products are there."""
    rows = await tx.fetch(
        "select product_id from products where merchant_id = $1 and product_id = any($2)", merchant_id, product_ids
    )
    return {row["product_id"] for row in rows}


async def change_state(tx: Tx, merchant_id: MerchantId, product_id: ProductId, expected: State, wanted: State) -> bool:
    """Moves a product from one state to another; False when it is not in `expected`."""
    touched = await tx.execute(
        """update products set state = $4, updated_at = $5,
             published_at = coalesce(published_at, case when $4 = 'published' then $5::timestamptz end)
           where merchant_id = $1 and product_id = $2 and state = $3""",
        merchant_id,
        product_id,
        expected,
        wanted,
        tx.now,
    )
    return touched == 1


async def add_sold(tx: Tx, merchant_id: MerchantId, quantities: Mapping[SkuId, int]) -> None:
    """Adds pieces sold to the products of these SKUs; rows are locked in the order of their ids."""
    await tx.execute(
        """with sold as (
             select s.product_id, sum(w.quantity) as quantity
             from unnest($2::uuid[], $3::bigint[]) as w (sku_id, quantity)
             join skus s on s.merchant_id = $1 and s.sku_id = w.sku_id group by s.product_id
           ), locked as (
             select p.product_id from products p join sold on sold.product_id = p.product_id
             where p.merchant_id = $1 order by p.product_id for no key update of p
           )
           update products p set sold_count = greatest(p.sold_count + sold.quantity, 0)
           from sold join locked on locked.product_id = sold.product_id
           where p.merchant_id = $1 and p.product_id = sold.product_id""",
        merchant_id,
        list(quantities),
        list(quantities.values()),
    )


class _SortKey(msgspec.Struct, frozen=True):
    column: str
    descending: bool
    sql_type: str
    cursor: Any


_SORTS: Mapping[str, _SortKey] = {
    "default": _SortKey("p.weight", True, "int", tuple[str, int, UUID]),
    "newest": _SortKey("p.published_at", True, "timestamptz", tuple[str, datetime, UUID]),
    "price_asc": _SortKey("p.price_fen", False, "bigint", tuple[str, int, UUID]),
    "price_desc": _SortKey("p.price_fen", True, "bigint", tuple[str, int, UUID]),
    "sold": _SortKey("p.sold_count", True, "bigint", tuple[str, int, UUID]),
    "created": _SortKey("p.created_at", True, "timestamptz", tuple[str, datetime, UUID]),
    # Weights D, C, B, A: a word in the title counts most. An integer, so that the cursor is exact.
    "relevance": _SortKey(
        "(ts_rank('{0.05, 0.2, 0.4, 1.0}', p.search, $4::text::tsquery) * 1000000)::int",
        True,
        "int",
        tuple[str, int, UUID],
    ),
}

CURSORS: Mapping[str, Any] = {name: sort.cursor for name, sort in _SORTS.items()}
"""What a cursor of each sort holds: the sort itself, the key of the last row and its product."""


async def list_products(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    states: Sequence[State],
    sort: Sort | str,
    limit: int,
    after: tuple[Any, UUID] | None = None,
    category_id: CategoryId | None = None,
    tsquery: str | None = None,
    words: str | None = None,
) -> list[tuple[ProductSummary, Any]]:
    """Products with their sort keys, in one statement.

    A category holds what its subcategories hold. A search matches the text, or a category named like it.
    """
    key = _SORTS[sort]
    arguments: list[object] = [merchant_id, limit]
    where = ["p.merchant_id = $1"]
    if list(states) == ["published"]:
        where.append("p.state = 'published'")  # a literal, so that the partial indexes serve
        arguments.append(None)
        where.append("$3::text is null")
    else:
        arguments.append(list(states))
        where.append("p.state = any($3::text[])")
    if tsquery is not None:
        arguments += [tsquery, words]
        where.append(_MATCHES)
    if category_id is not None:
        arguments.append(category_id)
        where.append(_IN_CATEGORY.format(n=len(arguments)))
    if after is not None:
        arguments += [after[0], after[1]]
        compare = "<" if key.descending else ">"
        where.append(
            f"({key.column}, p.product_id) {compare} (${len(arguments) - 1}::{key.sql_type}, ${len(arguments)}::uuid)"
        )
    direction = "desc" if key.descending else "asc"
    rows = await tx.fetch(
        # Only constants of this file and parameter numbers are put in.
        f"""select p.product_id, p.state, p.title, p.subtitle, p.cover_url, p.price_fen, p.market_price_fen,
              p.sold_count, p.updated_at, {key.column} as sort_key,
              array(select s.sku_id from skus s where s.merchant_id = p.merchant_id
                    and s.product_id = p.product_id and s.state = 'active') as sku_ids
            from products p where {" and ".join(where)}
            order by {key.column} {direction}, p.product_id {direction} limit $2""",  # noqa: S608
        *arguments,
    )
    return [(ProductSummary(**{k: v for k, v in row.items() if k != "sort_key"}), row["sort_key"]) for row in rows]


_IN_CATEGORY = """p.product_id in (
  with recursive tree as (
    select category_id from categories where merchant_id = $1 and category_id = ${n}
    union select c.category_id from categories c join tree t on c.parent_id = t.category_id where c.merchant_id = $1
  )
  select pc.product_id from product_categories pc join tree using (category_id) where pc.merchant_id = $1)"""

_MATCHES = """p.product_id in (
  select m.product_id from products m where m.merchant_id = $1 and m.search @@ $4::text::tsquery
  union all
  select pc.product_id from categories c
    join product_categories pc on pc.merchant_id = $1 and pc.category_id = c.category_id
  where c.merchant_id = $1 and lower(c.name) = $5)"""


async def list_skus(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    limit: int,
    after: tuple[UUID, UUID] | None,
    tsquery: str | None,
    code: str | None,
) -> list[SkuRow]:
    """SKUs on offer by product and id; those that the search finds, by text or by the beginning of the code."""
    rows = await tx.fetch(
        """select s.sku_id, s.product_id, s.code, p.title, s.option_values, p.state
           from skus s join products p on p.merchant_id = s.merchant_id and p.product_id = s.product_id
           where s.merchant_id = $1 and s.state = 'active'
             and ($3::uuid is null or (s.product_id, s.sku_id) < ($3, $4))
             and ($6::text is null or p.search @@ $5::text::tsquery or starts_with(lower(s.code), $6))
           order by s.product_id desc, s.sku_id desc limit $2""",
        merchant_id,
        limit,
        after[0] if after else None,
        after[1] if after else None,
        tsquery,
        code,
    )
    return db.many(SkuRow, rows)
