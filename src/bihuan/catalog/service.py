"""Products: the verbs."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec

from bihuan.catalog import db, db_shelves, pictures, rules, search
from bihuan.catalog.errors import Fault, InvalidProduct, NoSuchProduct, SkuCodeTaken
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
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import WrongState
from bihuan.kernel.gathering import Gathered
from bihuan.kernel.ids import CategoryId, MerchantId, ProductId, SkuId, new_id
from bihuan.kernel.paging import Page

_MAX_FAULTS = 30


async def list_sellable(tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId]) -> dict[SkuId, Sellable]:
    """What an order line needs of each SKU; those the merchant never had are left out. One indexed query."""
    return {sku.sku_id: sku for sku in await db.list_sellable(tx, merchant_id, sku_ids)}


SELLABLE: Gathered[SkuId, Sellable] = Gathered(list_sellable)
"""The same for the requests of a process together."""


async def find_product(tx: Tx, merchant_id: MerchantId, product_id: ProductId) -> Product | None:
    """A product in any state, or None."""
    return await db.find_product(tx, merchant_id, product_id)


async def get_product(tx: Tx, merchant_id: MerchantId, product_id: ProductId) -> Product:
    """A product in any state. Raises NoSuchProduct."""
    product = await db.find_product(tx, merchant_id, product_id)
    if product is None:
        raise NoSuchProduct
    return product


async def list_products(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    states: Sequence[State] = ("published",),
    sort: Sort = "default",
    category_id: CategoryId | None = None,
    words: str | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> Page[ProductSummary]:
    """A page of products.

    `words` searches; the default order is then by relevance, otherwise by weight. Where other states than
    published are asked for, the newest come first, whatever the sort. Raises BadCursor.
    """
    words = search.clean(words)
    tsquery = await search.query(words) if words else None
    if words and tsquery is None:
        return Page([])
    by: str = sort
    if list(states) != ["published"]:
        by = "created"
    elif sort == "default" and words:
        by = "relevance"
    after = paging.decode(cursor, db.CURSORS[by])
    if after is not None and after[0] != by:
        raise paging.BadCursor
    rows = await db.list_products(
        tx,
        merchant_id,
        states=states,
        sort=by,
        limit=limit + 1,
        after=after[1:] if after else None,
        category_id=category_id,
        tsquery=tsquery,
        words=words,
    )
    page = rows[:limit]
    if len(rows) <= limit:
        return Page([summary for summary, _ in page])
    last, key = page[-1]
    place = key if isinstance(key, int) else key.isoformat()
    return Page([summary for summary, _ in page], paging.encode(by, place, str(last.product_id)))


async def list_skus(
    tx: Tx, merchant_id: MerchantId, *, words: str | None = None, limit: int = 20, cursor: str | None = None
) -> Page[SkuRow]:
    """A page of SKUs on offer, newest products first; `words` are a text or the beginning of a code."""
    words = search.clean(words)
    tsquery = await search.query(words) if words else None
    after = paging.decode(cursor, tuple[UUID, UUID])
    rows = await db.list_skus(tx, merchant_id, limit=limit + 1, after=after, tsquery=tsquery, code=words)
    if len(rows) <= limit:
        return Page(rows)
    last = rows[limit - 1]
    return Page(rows[:limit], paging.encode(str(last.product_id), str(last.sku_id)))


async def create_product(
    tx: Tx, merchant_id: MerchantId, product: NewProduct, *, state: State = "draft", check_media: bool = True
) -> Product:
    """A new product, a draft unless `state` says published.

    Its pictures must be the merchant's own uploads; `check_media=False` is for importers and tests, whose
    pictures lie elsewhere. Raises InvalidProduct, SkuCodeTaken.
    """
    [product_id] = await create_products(tx, merchant_id, [product], state=state, check_media=check_media)
    return await get_product(tx, merchant_id, product_id)


async def create_products(
    tx: Tx,
    merchant_id: MerchantId,
    products: Sequence[NewProduct],
    *,
    state: State = "draft",
    check_media: bool = True,
    product_ids: Sequence[ProductId] | None = None,
) -> list[ProductId]:
    """Many new products by a handful of statements; all or none. Raises InvalidProduct, SkuCodeTaken.

    `product_ids` are for importers, whose ids follow from those of their source; none of them may be there.
    """
    for product in products:
        await _check(tx, merchant_id, product, allowed=frozenset(), check_media=check_media)
    ids = [ProductId(new_id()) for _ in products] if product_ids is None else list(product_ids)
    skus = [
        (product_id, SkuId(new_id()), position, sku)
        for product_id, product in zip(ids, products, strict=True)
        for position, sku in enumerate(product.skus)
    ]
    await _check_codes(tx, merchant_id, [sku.code for *_, sku in skus], None)
    documents = await search.documents([_searchable(product) for product in products])
    rows = [
        db.ProductRow(
            product_id=product_id,
            product=_trimmed(product),
            state=state,
            lead=rules.cheapest(product.skus),
            search=document,
            weight=product.weight or 0,
            freight_free=bool(product.freight_free),
        )
        for product_id, product, document in zip(ids, products, documents, strict=True)
    ]
    await db.upsert_products(tx, merchant_id, rows)
    await _write_skus(tx, merchant_id, skus, retire=False)
    links = {row.product_id: row.product.category_ids for row in rows}
    await db.replace_categories(tx, merchant_id, links, clear=False)
    await db.renew_version(tx, merchant_id)
    return ids


async def update_product(tx: Tx, merchant_id: MerchantId, product_id: ProductId, product: NewProduct) -> Product:
    """Replaces a product's content; its state stays. SKUs that no longer come are retired.

    A SKU keeps its id when `sku_id` names it or its code is one that the product had. Pictures already on the
    product may stay, wherever they lie. Raises NoSuchProduct, InvalidProduct, SkuCodeTaken.
    """
    present = await db.lock_product(tx, merchant_id, product_id)
    if present is None:
        raise NoSuchProduct
    kept = {picture.url for picture in present.media} | {sku.image_url or "" for sku in present.skus}
    await _check(tx, merchant_id, product, allowed=kept, check_media=True)
    await _check_codes(tx, merchant_id, [sku.code for sku in product.skus], product_id)
    skus = _recognise(product.skus, await db.list_sku_ids(tx, merchant_id, product_id))
    [document] = await search.documents([_searchable(product)])
    row = db.ProductRow(
        product_id=product_id,
        product=_trimmed(product),
        state=present.state,
        lead=rules.cheapest(product.skus),
        search=document,
        weight=present.weight if product.weight is None else product.weight,
        freight_free=present.freight_free if product.freight_free is None else product.freight_free,
    )
    await db.upsert_products(tx, merchant_id, [row])
    await _write_skus(
        tx, merchant_id, [(product_id, sku_id, i, sku) for i, (sku_id, sku) in enumerate(skus)], retire=True
    )
    await db.replace_categories(tx, merchant_id, {product_id: product.category_ids}, clear=True)
    await db.renew_version(tx, merchant_id)
    return await get_product(tx, merchant_id, product_id)


async def change_state(tx: Tx, merchant_id: MerchantId, product_id: ProductId, wanted: State) -> Product:
    """Publishes or unpublishes. Raises NoSuchProduct, WrongState."""
    product = await get_product(tx, merchant_id, product_id)
    if not rules.may_become(product.state, wanted) or not await db.change_state(
        tx, merchant_id, product_id, product.state, wanted
    ):
        raise WrongState(state=product.state)
    await db.renew_version(tx, merchant_id)
    return await get_product(tx, merchant_id, product_id)


async def list_known_products(tx: Tx, merchant_id: MerchantId, product_ids: Sequence[ProductId]) -> set[ProductId]:
    """Which of these the merchant has, in any state."""
    return await db.list_known_products(tx, merchant_id, product_ids)


async def list_sku_ids(tx: Tx, merchant_id: MerchantId, product_ids: Sequence[ProductId]) -> list[tuple[SkuId, str]]:
    """(id, code) of the SKUs on offer of these products."""
    return await db.list_active_skus(tx, merchant_id, product_ids)


async def add_sold(tx: Tx, merchant_id: MerchantId, quantities: Mapping[SkuId, int]) -> None:
    """Counts pieces sold (or, negative, taken back) on the products of these SKUs."""
    if quantities:
        await db.add_sold(tx, merchant_id, quantities)


async def _check(
    tx: Tx, merchant_id: MerchantId, product: NewProduct, *, allowed: frozenset[str] | set[str], check_media: bool
) -> None:
    faults = rules.check_product(product)
    if check_media and not faults:
        urls = set(rules.picture_urls(product)) - allowed
        hashes = {name: url for url in urls if (name := pictures.hash_of(merchant_id, url))}
        known = await db_shelves.list_known_hashes(tx, merchant_id, list(hashes)) if hashes else set[str]()
        own = {url for name, url in hashes.items() if name in known}
        faults = rules.check_pictures(product, own | allowed)
    wanted = set(product.category_ids)
    if wanted and await db_shelves.count_known_categories(tx, merchant_id, list(wanted)) < len(wanted):
        faults.append(Fault("category_ids", "unknown_category", "分类不存在。", "There is no such category."))
    if faults:
        raise InvalidProduct(faults[:_MAX_FAULTS])


async def _check_codes(tx: Tx, merchant_id: MerchantId, codes: list[str], but_of: ProductId | None) -> None:
    taken = await db.list_taken_codes(tx, merchant_id, codes, but_of)
    if taken:
        raise SkuCodeTaken(taken=", ".join(sorted(taken)[:5]), codes=sorted(taken))


async def _write_skus(
    tx: Tx, merchant_id: MerchantId, skus: Sequence[tuple[ProductId, SkuId, int, NewSku]], *, retire: bool
) -> None:
    try:
        async with tx.savepoint():
            await db.replace_skus(tx, merchant_id, skus, retire=retire)
    except asyncpg.UniqueViolationError as error:  # somebody took the code between our look and our write
        raise SkuCodeTaken(taken=", ".join(sorted({sku.code for *_, sku in skus})[:5])) from error


def _recognise(skus: Sequence[NewSku], known: Sequence[tuple[SkuId, str]]) -> list[tuple[SkuId, NewSku]]:
    """Each SKU with its id: the one it names, else that of its code, else a new one. Raises InvalidProduct."""
    ids = {sku_id for sku_id, _ in known}
    by_code = {code: sku_id for sku_id, code in known}
    named = {sku.sku_id for sku in skus if sku.sku_id}
    faults = [
        Fault(f"skus[{i}].sku_id", "unknown_sku", "该 SKU 不属于此商品。", "This SKU is not of this product.")
        for i, sku in enumerate(skus)
        if sku.sku_id and sku.sku_id not in ids
    ]
    if faults:
        raise InvalidProduct(faults)
    chosen: list[tuple[SkuId, NewSku]] = []
    for sku in skus:
        by_its_code = by_code.get(sku.code)
        if sku.sku_id:
            chosen.append((sku.sku_id, sku))
        elif by_its_code and by_its_code not in named:
            chosen.append((by_its_code, sku))
        else:
            chosen.append((SkuId(new_id()), sku))
    return chosen


def _trimmed(product: NewProduct) -> NewProduct:
    return msgspec.structs.replace(product, title=product.title.strip(), subtitle=product.subtitle.strip())


def _searchable(product: NewProduct) -> search.Text:
    keywords = [value for option in product.options for value in option.values]
    keywords += [attribute.value for attribute in product.attributes if len(attribute.value) <= 60]
    keywords += [sku.code for sku in product.skus]
    return search.Text(
        title=product.title,
        subtitle=product.subtitle,
        keywords=keywords,
        description=product.description,
    )
