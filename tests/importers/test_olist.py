"""The Olist importer on a marketplace of our own: what each order becomes, and what each spoilt row is told."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bihuan.importers import olist
from bihuan.importers.olist import load, mapping, source
from bihuan.importers.olist.source import CATEGORIES, CUSTOMERS, ITEMS, ORDERS, PAYMENTS, PRODUCTS, SELLERS
from bihuan.importers.reporting import AlreadyImporting, NotImportable, Summary
from bihuan.kernel.db import Tx
from bihuan.kernel.runtime import Runtime
from bihuan.orders import db as orders_db
from bihuan.orders import views
from tests.importers import market
from tests.importers.conftest import NewDatabase, check_invariants, no_report
from tests.importers.market import Tables


@pytest.fixture(scope="module")
async def sound(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> tuple[Runtime, Path, Summary]:
    """The marketplace, imported."""
    rt = await new_database()
    folder = market.write(tmp_path_factory.mktemp("market"), market.make())
    return rt, folder, await olist.run(rt, folder, no_report)


async def one(tx: Tx, sql: str, *args: object) -> dict[str, Any]:
    (row,) = await tx.fetch(sql, *args)
    return dict(row)


async def test_a_sound_marketplace_comes_in_whole(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, _, summary = sound
    assert summary.rejected == []
    assert summary.imported == {
        "merchants": 2, "shoppers": 4, "products": 4, "orders": 6, "pieces": 7, "payments": 8,
    }  # fmt: skip
    assert "not read yet" in summary.text()
    assert "pc_gamer" in summary.text()
    async with rt.db.transaction(readonly=True) as tx:
        await check_invariants(tx)


async def test_each_state_becomes_what_it_was(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, *_ = sound
    async with rt.db.session() as tx:
        rows = await tx.fetch(
            """select order_no, state, payment_status, fulfilment_status, refund_status, total_fen, paid_fen,
                 refunded_fen, cancel_reason from orders order by order_no, total_fen"""
        )
    assert [tuple(row) for row in rows] == [
        ("o1", "completed", "paid", "fulfilled", "none", 1450, 1450, 0, None),
        ("o1", "completed", "paid", "fulfilled", "none", 2300, 2300, 0, None),
        ("o2", "delivered", "paid", "fulfilled", "none", 9990, 9990, 0, None),
        ("o3", "cancelled", "refunded", "unfulfilled", "refunded", 1250, 1250, 1250, "canceled"),
        ("o4", "paid", "paid", "unfulfilled", "none", 515, 515, 0, None),
        ("o5", "cancelled", "unpaid", "unfulfilled", "none", 10490, 0, 0, "expired"),
    ]


async def test_times_are_those_of_the_source(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, *_ = sound
    async with rt.db.session() as tx:
        order = await one(
            tx,
            """select o.*, s.shipped_at from orders o join shipments s using (merchant_id, order_id)
               where order_no = 'o1' and total_fen = 2300""",
        )
        newest_first = await tx.fetch("select order_no from orders order by order_id desc")
        to_complete = await orders_db.list_to_complete(tx, datetime.now(UTC), 100)
    assert order["created_at"] == datetime(2018, 3, 1, 10, tzinfo=UTC)
    assert order["paid_at"] == datetime(2018, 3, 1, 10, 5, tzinfo=UTC)
    assert order["shipped_at"] == order["delivered_at"] == datetime(2018, 3, 2, 9, tzinfo=UTC)
    assert order["completed_at"] == datetime(2018, 3, 5, 18, tzinfo=UTC)
    assert [row["order_no"] for row in newest_first] == ["o5", "o4", "o3", "o2", "o1", "o1"]
    assert to_complete == []  # the job must not complete what nobody saw arrive


async def test_several_means_of_two_sellers_are_shown_to_each(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, *_ = sound
    async with rt.db.transaction(readonly=True) as tx:
        paid: dict[str, list[tuple[str, int]]] = {}
        for seller in ("s1", "s2"):
            merchant_id = mapping.merchant_id(seller)
            rows = await orders_db.list_by_merchant(
                tx, merchant_id, state="completed", store_id=None, order_no="o1", before=None, limit=9
            )
            detail = await views.show_in_full(tx, merchant_id, rows[0])
            paid[seller] = [(payment.method, payment.amount_fen) for payment in detail.payments]
            assert [line.quantity for line in detail.lines] == [{"s1": 2, "s2": 1}[seller]]
            assert [line.unit_price_fen for line in detail.lines] == [{"s1": 1000, "s2": 1250}[seller]]
            assert detail.freight_fen == {"s1": 300, "s2": 200}[seller]
            assert detail.shopper.nickname == "Olist p1"
            assert [event.kind for event in detail.events][:2] == ["placed", "paid"]
    assert paid == {
        "s1": [("credit_card", 2300)],
        "s2": [("credit_card", 700), ("voucher", 300), ("voucher", 450)],
    }


async def test_stock_catalogue_and_books_agree(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, *_ = sound
    async with rt.db.session() as tx:
        pools = await tx.fetch("select available, held, sold from pools order by sold")
        products = await tx.fetch(
            """select m.code, p.title, p.price_fen, p.sold_count, c.name as shelf from products p
               join merchants m using (merchant_id) left join product_categories using (merchant_id, product_id)
               left join categories c using (merchant_id, category_id) order by m.code, p.title"""
        )
        books = await tx.fetch("select account, sum(balance_fen)::int as fen from ledger_balances group by account")
        adjusted = await one(tx, "select sum(delta)::int as pieces from stock_adjustments")
    assert [tuple(row) for row in pools] == [(0, 0, 1), (0, 0, 1), (0, 0, 1), (0, 0, 2)]
    assert adjusted == {"pieces": 5}
    assert [tuple(row) for row in products] == [
        ("olist-s1", "Bed bath table g1", 1100, 2, "Bed bath table"),
        ("olist-s1", "Product g2", 9990, 1, None),
        ("olist-s2", "Bed bath table g1", 1250, 1, "Bed bath table"),
        ("olist-s2", "Pc gamer g3", 505, 1, "Pc gamer"),
    ]
    assert {row["account"]: row["fen"] for row in books if row["fen"]} == {
        "external_clearing": 1450 + 2300 + 9990 + 515,
        "sales": -(2000 + 1250 + 9990 + 1100 + 505),
        "freight": -(300 + 200 + 150 + 10),
        "refunds": 1250,
    }


async def test_nobody_is_told(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, *_ = sound
    async with rt.db.session() as tx:
        for table in ("facts", "deliveries", "chat_messages", "members", "shopper_identities"):
            assert await tx.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_second_run_brings_nothing_in_twice(sound: tuple[Runtime, Path, Summary]) -> None:
    rt, folder, first = sound
    tables = ("orders", "order_lines", "shipments", "holds", "payments", "payment_attempts", "payment_refunds",
              "ledger_entries", "stock_adjustments", "products", "skus", "merchants", "locations",
              "shoppers")  # fmt: skip
    async with rt.db.session() as tx:
        before = {table: await tx.fetchval(f"select count(*) from {table}") for table in tables}
    again = await olist.run(rt, folder, no_report)
    async with rt.db.session() as tx:
        assert {table: await tx.fetchval(f"select count(*) from {table}") for table in tables} == before
    assert set(again.imported.values()) == {0}
    assert again.present == first.imported


async def test_a_fuller_set_adds_what_is_new(new_database: NewDatabase, tmp_path: Path) -> None:
    rt = await new_database()
    tables = market.make()
    await olist.run(rt, market.write(tmp_path / "a", tables), no_report)
    tables[ORDERS].append(["o9", "c1", "delivered", *["2018-04-01 10:00:00"] * 4, ""])
    tables[ITEMS].append(["o9", "1", "g1", "s1", "", "13.00", "0"])
    tables[PAYMENTS].append(["o9", "1", "voucher", "1", "13.00"])
    summary = await olist.run(rt, market.write(tmp_path / "b", tables), no_report)
    assert summary.imported["orders"] == 1
    assert summary.present["orders"] == 6
    async with rt.db.transaction(readonly=True) as tx:
        assert await tx.fetchval("select max(sold) from pools") == 3
        await check_invariants(tx)


async def test_two_imports_at_once_are_refused(new_database: NewDatabase, tmp_path: Path) -> None:
    rt = await new_database()
    folder = market.write(tmp_path, market.make())
    results = await asyncio.gather(*(olist.run(rt, folder, no_report) for _ in range(2)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyImporting", "Summary"]
    assert any(isinstance(result, AlreadyImporting) for result in results)


Spoil = Callable[[Tables], None]


def change(file: str, row: int, column: int, value: str) -> Spoil:
    """Overwrites one value; `row` counts from 0."""

    def spoil(tables: Tables) -> None:
        tables[file][row][column] = value

    return spoil


def drop(file: str, row: int) -> Spoil:
    """Takes a row out; `row` counts from 0."""

    def spoil(tables: Tables) -> None:
        tables[file].pop(row)

    return spoil


def add(file: str, *values: str) -> Spoil:
    """Adds a row at the end."""
    return lambda tables: tables[file].append(list(values))


@pytest.mark.parametrize(
    ("spoil", "file", "row", "reason"),
    [
        (change(PAYMENTS, 3, 4, "99.89"), ORDERS, 3, "was paid 99.89, but price and freight make 99.90"),
        (change(PAYMENTS, 3, 4, "99.89"), ITEMS, 5, "its order o2 (row 3) is not imported"),
        (change(PAYMENTS, 3, 4, "99.89"), PAYMENTS, 5, "its order o2 (row 3) is not imported"),
        (drop(ITEMS, 3), ORDERS, 3, "has no items"),
        (drop(PAYMENTS, 3), ORDERS, 3, "was paid 0.00"),
        (drop(ORDERS, 1), ITEMS, 5, "order o2 is not among the orders"),
        (drop(ORDERS, 1), PAYMENTS, 5, "order o2 is not among the orders"),
        (change(ITEMS, 3, 3, "s9"), ITEMS, 5, "seller s9 is not among the sellers"),
        (change(ITEMS, 3, 3, "s9"), ORDERS, 3, f"because of {ITEMS} row 5"),
        (change(ITEMS, 3, 2, "g9"), ITEMS, 5, "product g9 is not among the products"),
        (change(ORDERS, 1, 1, "c9"), ORDERS, 3, "customer c9 is not among the customers"),
        (change(ORDERS, 1, 2, "lost"), ORDERS, 3, "order_status 'lost' is not known"),
        (change(ORDERS, 0, 6, "2018-02-01 00:00:00"), ORDERS, 2, "was delivered before it was purchased"),
        (change(ORDERS, 0, 5, "2018-02-01 00:00:00"), ORDERS, 2, "handed to the carrier before it was purchased"),
        (change(ORDERS, 0, 4, "2018-02-01 00:00:00"), ORDERS, 2, "was approved before it was purchased"),
        (change(ORDERS, 0, 6, "2018-03-01 12:00:00"), ORDERS, 2, "delivered before it was handed to the carrier"),
        (change(ORDERS, 0, 6, ""), ORDERS, 2, "is delivered, but has no date of delivery"),
        (change(ORDERS, 0, 5, ""), ORDERS, 2, "was delivered, but never handed to the carrier"),
        (change(ORDERS, 0, 4, ""), ORDERS, 2, "is delivered, but its payment was never approved"),
        (change(ORDERS, 1, 5, ""), ORDERS, 3, "is shipped, but was never handed to the carrier"),
        (change(ORDERS, 1, 6, "2018-03-09 00:00:00"), ORDERS, 3, "is shipped, but has a date of delivery"),
        (change(ORDERS, 3, 5, "2018-03-09 00:00:00"), ORDERS, 5, "is invoiced, but was handed to the carrier"),
        (change(ORDERS, 1, 3, ""), ORDERS, 3, "order_purchase_timestamp is missing"),
        (change(ORDERS, 1, 3, "02/03/2018"), ORDERS, 3, "order_purchase_timestamp '02/03/2018' is no time"),
        (change(ORDERS, 1, 3, "2018-02-30 10:00:00"), ORDERS, 3, "is no time"),
        (change(ORDERS, 1, 4, "2999-01-01 00:00:00"), ORDERS, 3, "is not in the past"),
        (change(ORDERS, 1, 0, ""), ORDERS, 3, "order_id is missing"),
        (change(ORDERS, 1, 0, "o1"), ORDERS, 3, "order_id o1 is that of row 2"),
        (change(CUSTOMERS, 1, 0, "c1"), CUSTOMERS, 3, "customer_id c1 is that of row 2"),
        (change(SELLERS, 1, 0, "s1"), SELLERS, 3, "seller_id s1 is that of row 2"),
        (change(PRODUCTS, 1, 0, "g1"), PRODUCTS, 3, "product_id g1 is that of row 2"),
        (add(CATEGORIES, "cama_mesa_banho", "beds"), CATEGORIES, 3, "translated twice"),
        (add(PRODUCTS, "g7", *[""] * 8), PRODUCTS, 5, "it has no seller"),
        (add(ITEMS, "o2", "1", "g2", "s1", "", "99.90", "0.00"), ITEMS, 9, "item 1 of order o2 is that of row 5"),
        (add(PAYMENTS, "o2", "1", "boleto", "1", "1.00"), PAYMENTS, 9, "payment 1 of order o2 is that of row 5"),
        (add(PAYMENTS, "o2", "2", "voucher", "1", "0.00"), PAYMENTS, 9, "payment_value is zero"),
        (change(ITEMS, 3, 5, "-99.90"), ITEMS, 5, "price -99.90 is negative"),
        (change(ITEMS, 3, 6, "-1"), ITEMS, 5, "freight_value -1 is negative"),
        (change(ITEMS, 3, 5, "99,90"), ITEMS, 5, "price '99,90' is no amount"),
        (change(ITEMS, 3, 5, "1e3"), ITEMS, 5, "price '1e3' is no amount"),
        (change(ITEMS, 3, 5, "nan"), ITEMS, 5, "price 'nan' is no amount"),
        (change(ITEMS, 3, 5, "9.999"), ITEMS, 5, "price '9.999' is no amount"),
        (change(ITEMS, 3, 5, "99999999999"), ITEMS, 5, "beyond any honest amount"),
        (change(ITEMS, 3, 5, "0.00"), ITEMS, 5, "price is zero"),
        (change(ITEMS, 3, 1, "one"), ITEMS, 5, "order_item_id 'one' is no whole number"),
        (change(PAYMENTS, 3, 2, "cheque"), PAYMENTS, 5, "payment_type 'cheque' is not known"),
        (change(PAYMENTS, 3, 4, ""), PAYMENTS, 5, "payment_value '' is no amount"),
        (change(ITEMS, 3, 4, "x\ny"), ITEMS, 5, "runs on to row 6"),
        (add(SELLERS, "s3"), SELLERS, 4, "has 1 columns instead of 4"),
        (add(SELLERS, "s3", "1", "a\0b", "SP"), SELLERS, 4, "NUL"),
        (add(SELLERS, "s3", "1", "x" * 300, "SP"), SELLERS, 4, "longer than"),
    ],
)
def test_a_row_that_contradicts_itself_is_named(spoil: Spoil, file: str, row: int, reason: str, tmp_path: Path) -> None:
    tables = market.make()
    spoil(tables)
    found = source.load(market.write(tmp_path, tables), datetime.now(UTC))
    endings = load.check_orders(found)
    load.reject_unsold(found)
    told = [r.reason for r in found.rejected if (r.file, r.row) == (file, row)]
    assert any(reason in said for said in told), found.rejected
    assert endings.keys() & {"o2", "o4"}, "its neighbours come in"


async def test_what_is_sound_comes_in_beside_what_is_not(new_database: NewDatabase, tmp_path: Path) -> None:
    rt = await new_database()
    tables = market.make()
    change(PAYMENTS, 3, 4, "1.00")(tables)  # o2
    add(ITEMS, "o7", "1", "g2", "s1", "", "1.00", "0.00")(tables)
    folder = market.write(tmp_path, tables)
    with (folder / SELLERS).open("ab") as lines:
        lines.write(b"s3,1,s\xe3o paulo,SP\n")
    summary = await olist.run(rt, folder, no_report)
    assert [(r.file, r.row) for r in summary.rejected] == [
        (ITEMS, 5), (ITEMS, 9), (PAYMENTS, 5), (ORDERS, 3), (SELLERS, 4),
    ]  # fmt: skip
    assert summary.imported["orders"] == 5
    assert "1 of olist_sellers_dataset.csv" in summary.text()
    async with rt.db.transaction(readonly=True) as tx:
        await check_invariants(tx)


@pytest.mark.parametrize("file", sorted(market.HEADERS))
def test_a_folder_of_something_else_is_refused(file: str, tmp_path: Path) -> None:
    folder = market.write(tmp_path, market.make())
    (folder / file).write_text("a,b\n1,2\n")
    with pytest.raises(NotImportable, match="no column"):
        source.load(folder, datetime.now(UTC))
    (folder / file).unlink()
    with pytest.raises(NotImportable, match=file):
        source.load(folder, datetime.now(UTC))
