"""`bihuan import catalog DIR`: a Chinese catalogue, from litemall's tables, as a merchant of its own.

Categories, brands (as an attribute), products, SKUs and stock come in through the catalogue and the inventory
that live merchants use. Pictures stay where they lie: only their addresses come in.
"""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from bihuan import catalog, inventory, merchants
from bihuan.catalog import NewCategory
from bihuan.importers import litemall
from bihuan.importers.litemall import Good, Source
from bihuan.importers.reporting import AlreadyImporting, Report, Summary
from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import CategoryId, MerchantId, ProductId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

CODE = "litemall"
NAME = "litemall 好物"
BATCH = 50
_LOCK = 0x6C69746D  # "litm"


async def run(rt: Runtime, folder: Path, report: Report, *, code: str = CODE, name: str = NAME) -> Summary:
    """Imports the tables in `folder` for the merchant `code`, made when it is missing.

    A batch is a transaction, and ids are derived from the source's: a run that was killed goes on where it
    stopped, a repeat brings nothing in twice and leaves alone what was changed since. Raises NotImportable
    when the tables are not there, AlreadyImporting.
    """
    began = time.monotonic()
    source = litemall.load(folder)
    await catalog.warm_up()
    async with AsyncExitStack() as stack:
        lock = await stack.enter_async_context(rt.db.session())
        if not await lock.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            raise AlreadyImporting("another import of a catalogue runs on this database")
        stack.push_async_callback(lock.fetchval, "select pg_advisory_unlock($1)", _LOCK)
        merchant, is_new = await _ensure_merchant(rt, code, name)
        shelves = await _import_shelves(rt, merchant.merchant_id, source, report)
        imported = await _import_goods(rt, merchant.merchant_id, source.goods, report)
    products, skus, pieces = imported
    return Summary(
        imported={
            "merchants": int(is_new),
            "categories": shelves,
            "products": products,
            "SKUs": skus,
            "pieces": pieces,
        },
        present={
            "merchants": int(not is_new),
            "categories": len(source.shelves) - shelves,
            "products": len(source.goods) - products,
        },
        rejected=sorted(source.rejected),
        notes=[
            *source.notes,
            "Pictures are shown from where they lie; those inside descriptions are left out. Comments are not read.",
            f"The mall is at /shop/{merchant.code}/",
        ],
        seconds=round(time.monotonic() - began, 3),
    )


async def _ensure_merchant(rt: Runtime, code: str, name: str) -> tuple[Merchant, bool]:
    async with rt.db.transaction() as tx:
        try:
            return await merchants.get_by_code(tx, code), False
        except NotFound:
            return await merchants.create(tx, code=code, name=name, intro="由 litemall 商品库导入"), True


def _category_id(merchant_id: MerchantId, source_id: str) -> CategoryId:
    return CategoryId(derived_id("litemall category", str(merchant_id), source_id))


def _product_id(merchant_id: MerchantId, source_id: str) -> ProductId:
    return ProductId(derived_id("litemall goods", str(merchant_id), source_id))


async def _import_shelves(rt: Runtime, merchant_id: MerchantId, source: Source, report: Report) -> int:
    """Makes missing categories, parents first; returns how many."""
    made = 0
    async with rt.db.transaction() as tx:
        present = {shelf.category_id for shelf in await catalog.list_categories(tx, merchant_id)}
        for done, shelf in enumerate(source.shelves, 1):
            category_id = _category_id(merchant_id, shelf.source_id)
            if category_id not in present:
                parent = _category_id(merchant_id, shelf.parent_id) if shelf.parent_id else None
                new = NewCategory(name=shelf.name, parent_id=parent, position=shelf.position)
                await catalog.create_category(tx, merchant_id, new, category_id=category_id)
                made += 1
            report("categories", done, len(source.shelves))
    return made


async def _import_goods(
    rt: Runtime, merchant_id: MerchantId, goods: Sequence[Good], report: Report
) -> tuple[int, int, int]:
    """Brings missing products in with their stock, batch by batch; returns (products, SKUs, pieces)."""
    products = skus = pieces = 0
    for start in range(0, len(goods), BATCH):
        batch = goods[start : start + BATCH]
        async with rt.db.transaction() as tx:
            ids = [_product_id(merchant_id, good.source_id) for good in batch]
            known = await catalog.list_known_products(tx, merchant_id, ids)
            new = [good for good, product_id in zip(batch, ids, strict=True) if product_id not in known]
            for on_sale in (True, False):
                came = await _import_batch(tx, merchant_id, [good for good in new if good.on_sale is on_sale])
                skus, pieces = skus + came[0], pieces + came[1]
        products += len(new)
        report("products", start + len(batch), len(goods))
    return products, skus, pieces


async def _import_batch(tx: Tx, merchant_id: MerchantId, goods: Sequence[Good]) -> tuple[int, int]:
    if not goods:
        return 0, 0
    ids = [_product_id(merchant_id, good.source_id) for good in goods]
    await catalog.create_products(
        tx,
        merchant_id,
        [good.placed(_category_id(merchant_id, good.shelf_id)) for good in goods],
        state="published" if goods[0].on_sale else "draft",
        check_media=False,
        product_ids=ids,
    )
    warehouse = await merchants.default_location(tx, merchant_id)
    by_code = {code: pieces for good in goods for code, pieces in good.stock.items()}
    sku_ids = await catalog.list_sku_ids(tx, merchant_id, ids)
    rows = [(sku_id, warehouse, by_code[code]) for sku_id, code in sku_ids if by_code[code]]
    await inventory.receive(tx, merchant_id, rows, "导入")
    return len(sku_ids), sum(pieces for *_, pieces in rows)
