"""The import itself: sellers, customers, products and orders, stage by stage, in batches."""

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bihuan.catalog import Attribute, warm_up
from bihuan.catalog.history import PastProduct, import_products
from bihuan.identity.history import PastShopper, import_shoppers
from bihuan.importers.olist import mapping
from bihuan.importers.olist.mapping import Ending
from bihuan.importers.olist.source import Item, Order, Source, load
from bihuan.importers.olist.tables import Bad
from bihuan.importers.reporting import AlreadyImporting, Report, Summary
from bihuan.kernel.ids import LocationId, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants.history import PastMerchant, import_merchants, list_warehouses
from bihuan.orders.history import PastOrder, import_orders

BATCH = 1000
SIDE_BY_SIDE = 2
"""Batches of orders on their way: while one is at the database, rows of the next are made."""
_LOCK = 0x6F6C697374  # "olist"
_NOT_READ = "Reviews and geolocation are not read yet: olist_order_reviews_dataset.csv, olist_geolocation_dataset.csv"


class _Counts:
    """What came in and what was there, by kind."""

    def __init__(self) -> None:
        self.imported: dict[str, int] = {}
        self.present: dict[str, int] = {}

    def add(self, kind: str, new: int, all_of_them: int) -> None:
        self.imported[kind] = self.imported.get(kind, 0) + new
        self.present[kind] = self.present.get(kind, 0) + all_of_them - new


async def run(rt: Runtime, folder: Path, report: Report) -> Summary:
    """Imports the tables in `folder`. Raises NotImportable when they are not there, AlreadyImporting.

    A batch is a transaction: after a kill the next run finds what is there by its ids and goes on.
    """
    began = time.monotonic()
    source = load(folder, rt.clock.now())
    gc.freeze()  # what was read stays until the end: the collector need not walk through it again and again
    try:
        async with _alone(rt):
            counts, refunded = await _import(rt, source, report)
    finally:
        gc.unfreeze()
    return Summary(
        imported=counts.imported,
        present=counts.present,
        rejected=sorted(source.rejected),
        notes=_notes(source, refunded),
        seconds=round(time.monotonic() - began, 3),
    )


@asynccontextmanager
async def _alone(rt: Runtime) -> AsyncGenerator[None, None]:
    """Two runs at once would write the same orders. The lock goes with the connection, also of a killed run."""
    async with rt.db.session() as tx:
        if not await tx.fetchval("select pg_try_advisory_lock($1)", _LOCK):
            raise AlreadyImporting("another import of Olist runs on this database")
        try:
            yield
        finally:
            await tx.fetchval("select pg_advisory_unlock($1)", _LOCK)


async def _import(rt: Runtime, source: Source, report: Report) -> tuple[_Counts, int]:
    counts = _Counts()
    endings = check_orders(source)
    async with asyncio.TaskGroup() as group:
        group.create_task(warm_up())  # the dictionary of search takes its time
        group.create_task(_import_customers(rt, source, counts, report))
        sellers = group.create_task(_import_sellers(rt, source, counts, report))
    warehouses = sellers.result()
    await _import_products(rt, source, warehouses, counts, report)
    await rt.db.recycle()  # plans made on empty tables stay slow
    return counts, await _import_orders(rt, source, endings, warehouses, counts, report)


def check_orders(source: Source) -> dict[str, Ending]:
    """How each order that holds together ended; the others are reported with all that belongs to them."""
    endings: dict[str, Ending] = {}
    for order in source.orders.values():
        try:
            endings[order.order_id] = mapping.check(order)
        except Bad as bad:
            _reject(source, order, bad)
    return endings


def _reject(source: Source, order: Order, bad: Bad) -> None:
    source.rejected.append(order.row.reject(bad))
    why = f"its order {order.order_id} (row {order.row.number}) is not imported: it {bad}"
    for part in (*order.items, *order.payments):
        source.rejected.append(part.row.reject(why))


async def _import_sellers(rt: Runtime, source: Source, counts: _Counts, report: Report) -> dict[MerchantId, LocationId]:
    """Returns the warehouses of the merchants that the sellers are."""
    sellers = list(source.sellers.values())
    rows = [
        PastMerchant(
            mapping.merchant_id(seller.seller_id),
            mapping.merchant_code(seller.seller_id),
            f"{seller.city.title() or 'Olist'} {seller.seller_id[:6]}",
            f"Olist seller {seller.seller_id}, {seller.city}, {seller.state}",
        )
        for seller in sellers
    ]
    warehouses: dict[MerchantId, LocationId] = {}
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        async with rt.db.transaction() as tx:
            new = await import_merchants(tx, batch)
            found = await list_warehouses(tx, [row.merchant_id for row in batch])
        warehouses |= found
        counts.add("merchants", new, len(found))
        report("sellers", start + len(batch), len(rows))
    for seller, row in zip(sellers, rows, strict=True):
        if row.merchant_id not in warehouses:
            source.rejected.append(seller.row.reject(f"its code {row.code} is another merchant's"))
    return warehouses


async def _import_customers(rt: Runtime, source: Source, counts: _Counts, report: Report) -> None:
    people = sorted({customer.person for customer in source.customers.values()})
    for start in range(0, len(people), BATCH):
        batch = [PastShopper(mapping.shopper_id(p), mapping.nickname(p)) for p in people[start : start + BATCH]]
        async with rt.db.transaction() as tx:
            counts.add("shoppers", await import_shoppers(tx, batch), len(batch))
        report("customers", start + len(batch), len(people))


async def _import_products(
    rt: Runtime, source: Source, warehouses: Mapping[MerchantId, LocationId], counts: _Counts, report: Report
) -> None:
    """A product at each seller who sold it, at the price of the latest sale."""
    rows = [row for row in _products(source) if row.merchant_id in warehouses]
    reject_unsold(source)
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        async with rt.db.transaction() as tx:
            counts.add("products", await import_products(tx, batch), len(batch))
        report("products", start + len(batch), len(rows))


def reject_unsold(source: Source) -> None:
    """Reports products that nobody sold: the tables tell a product's sellers by its sales alone."""
    sold = {item.product_id for order in source.orders.values() for item in order.items}
    for product in source.products.values():
        if product.product_id not in sold:
            source.rejected.append(product.row.reject("nobody sold it in an order that can be read: it has no seller"))


def _products(source: Source) -> list[PastProduct]:
    first: dict[tuple[str, str], Order] = {}
    last: dict[tuple[str, str], Item] = {}
    for order in sorted(source.orders.values(), key=lambda order: order.purchased_at):
        for item in order.items:
            first.setdefault((item.product_id, item.seller_id), order)
            last[item.product_id, item.seller_id] = item
    rows: list[PastProduct] = []
    for (product_id, seller_id), item in last.items():
        product = source.products[product_id]
        rows.append(
            PastProduct(
                merchant_id=mapping.merchant_id(seller_id),
                product_id=mapping.product_id(product_id, seller_id),
                sku_id=mapping.sku_id(product_id, seller_id),
                code=product_id,
                title=mapping.title(product_id, product.category),
                category=mapping.shelf(product.category) or None,
                attributes=[Attribute(name, value) for name, value in product.measures],
                price_fen=item.price_fen,
                sold_from=first[product_id, seller_id].purchased_at,
            )
        )
    return rows


async def _import_orders(
    rt: Runtime,
    source: Source,
    endings: Mapping[str, Ending],
    warehouses: Mapping[MerchantId, LocationId],
    counts: _Counts,
    report: Report,
) -> int:
    """Oldest first; returns how many cancelled orders were taken as refunded."""
    titles = {key: mapping.title(key, product.category) for key, product in source.products.items()}
    orders: list[list[PastOrder]] = []
    for order in sorted(source.orders.values(), key=lambda order: (order.purchased_at, order.order_id)):
        if order.order_id not in endings:
            continue
        try:
            orders.append(mapping.past_orders(order, endings[order.order_id], titles, warehouses))
        except Bad as bad:
            _reject(source, order, bad)
    batches = [orders[start : start + BATCH] for start in range(0, len(orders), BATCH)]
    done = 0

    async def work(some: Sequence[Sequence[Sequence[PastOrder]]]) -> None:
        nonlocal done
        for batch in some:
            await _import_batch(rt, batch, counts)
            done += len(batch)
            report("orders", done, len(orders))

    await work(batches[:1])
    await rt.db.recycle()
    async with asyncio.TaskGroup() as group:
        for first in range(1, 1 + SIDE_BY_SIDE):
            group.create_task(work(batches[first::SIDE_BY_SIDE]))
    return sum(order.cancelled_at is not None and order.paid_at is not None for made in orders for order in made)


async def _import_batch(rt: Runtime, orders: Sequence[Sequence[PastOrder]], counts: _Counts) -> None:
    batch = [past for made in orders for past in made]
    async with rt.db.transaction() as tx:
        new = await import_orders(tx, batch)
    counts.add("orders", len(new), len(batch))
    pieces = [(order.order_id, sum(line.quantity for line in order.lines)) for order in batch]
    counts.add("pieces", sum(n for key, n in pieces if key in new), sum(n for _, n in pieces))
    parts = [(order.order_id, len(order.means)) for order in batch]
    counts.add("payments", sum(n for key, n in parts if key in new), sum(n for _, n in parts))


def _notes(source: Source, refunded: int) -> list[str]:
    notes = [_NOT_READ]
    if refunded:
        notes.append(
            f"{refunded:,} cancelled orders had been paid; the tables record no refunds: taken as refunded in full"
        )
    if source.untranslated:
        notes.append(f"Categories without a translation keep their name: {', '.join(sorted(source.untranslated))}")
    return notes
