"""The Olist importer on the real sample: every row is in or named, every cent is found again, a kill loses nothing."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from bihuan.importers import olist
from bihuan.importers.olist.source import ITEMS, ORDERS, PAYMENTS
from bihuan.importers.reporting import Summary
from bihuan.kernel.runtime import Runtime
from tests.importers import market
from tests.importers.conftest import NewDatabase, check_invariants, no_report

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "olist_sample"

needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"the Olist sample is not at {SAMPLE}")


def rows_of(file: str) -> list[dict[str, str]]:
    with (SAMPLE / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def cents(value: str) -> int:
    return round(float(value) * 100)


@pytest.fixture(scope="module")
async def sample(new_database: NewDatabase) -> tuple[Runtime, Summary]:
    """The sample, imported."""
    rt = await new_database()
    return rt, await olist.run(rt, SAMPLE, no_report)


@needs_sample
async def test_every_row_is_in_or_named(sample: tuple[Runtime, Summary]) -> None:
    rt, summary = sample
    refused = Counter(rejected.file for rejected in summary.rejected)
    assert len({(r.file, r.row) for r in summary.rejected}) == len(summary.rejected)
    async with rt.db.session() as tx:
        orders = await tx.fetchval("select count(distinct order_no) from orders")
        pieces = await tx.fetchval("select sum(quantity) from order_lines")
        payments = await tx.fetchval("select count(distinct out_trade_no) from payment_attempts")
    assert orders + refused[ORDERS] == len(rows_of(ORDERS))
    assert pieces + refused[ITEMS] == len(rows_of(ITEMS))
    assert payments + refused[PAYMENTS] == len(rows_of(PAYMENTS))
    assert summary.imported["merchants"] == 1610
    assert orders > 7000


@needs_sample
async def test_every_cent_is_found_again(sample: tuple[Runtime, Summary]) -> None:
    rt, _ = sample
    goods: defaultdict[str, int] = defaultdict(int)
    freight: defaultdict[str, int] = defaultdict(int)
    for row in rows_of(ITEMS):
        goods[row["order_id"]] += cents(row["price"])
        freight[row["order_id"]] += cents(row["freight_value"])
    paid = {
        f"{row['order_id']}-{row['payment_sequential']}": (row["payment_type"], cents(row["payment_value"]))
        for row in rows_of(PAYMENTS)
    }
    async with rt.db.session() as tx:
        orders = await tx.fetch(
            """select order_no, sum(goods_fen)::bigint as goods, sum(freight_fen)::bigint as freight
               from orders group by order_no"""
        )
        parts = await tx.fetch(
            """select out_trade_no, method, sum(amount_fen)::bigint as fen
               from payment_attempts group by out_trade_no, method"""
        )
        books = await tx.fetch("select account, sum(balance_fen)::bigint as fen from ledger_balances group by account")
    assert {o["order_no"]: (o["goods"], o["freight"]) for o in orders} == {
        o["order_no"]: (goods[o["order_no"]], freight[o["order_no"]]) for o in orders
    }
    assert {p["out_trade_no"]: (p["method"], p["fen"]) for p in parts} == {
        p["out_trade_no"]: paid[p["out_trade_no"]] for p in parts
    }
    book = {row["account"]: row["fen"] for row in books}
    assert book["sales"] == -sum(goods[o["order_no"]] for o in orders)
    assert book["freight"] == -sum(freight[o["order_no"]] for o in orders)
    assert book["external_clearing"] == -(book["sales"] + book["freight"] + book["refunds"])


@needs_sample
async def test_states_are_those_of_the_source(sample: tuple[Runtime, Summary]) -> None:
    rt, _ = sample
    status = {row["order_id"]: row["order_status"] for row in rows_of(ORDERS)}
    async with rt.db.session() as tx:
        rows = await tx.fetch("select distinct order_no, state from orders")
    seen = Counter((status[row["order_no"]], row["state"]) for row in rows)
    assert set(seen) == {
        ("delivered", "completed"), ("shipped", "delivered"), ("invoiced", "paid"), ("processing", "paid"),
        ("approved", "paid"), ("canceled", "cancelled"), ("unavailable", "cancelled"),
    }  # fmt: skip


@needs_sample
async def test_the_contradictions_of_the_sample_are_found(sample: tuple[Runtime, Summary]) -> None:
    _, summary = sample
    with_items = Counter(row["order_id"] for row in rows_of(ITEMS))
    orders = rows_of(ORDERS)
    reasons = {rejected.row: rejected.reason for rejected in summary.rejected if rejected.file == ORDERS}
    for number, row in enumerate(orders, 2):
        if not with_items[row["order_id"]]:
            assert reasons[number] == "has no items"
        elif row["order_status"] == "delivered" and not row["order_delivered_customer_date"]:
            assert "no date of delivery" in reasons[number]
        elif row["order_delivered_carrier_date"] and (
            row["order_delivered_carrier_date"] < row["order_purchase_timestamp"]
        ):
            assert "before it was purchased" in reasons[number]


@needs_sample
async def test_invariants_hold_on_the_sample(sample: tuple[Runtime, Summary]) -> None:
    rt, _ = sample
    async with rt.db.transaction(readonly=True) as tx:
        await check_invariants(tx)


def bihuan(rt: Runtime, *arguments: str) -> "subprocess.Popen[str]":
    """The command line on the database of `rt`."""
    env = {**os.environ, "BIHUAN_DATABASE_URL": rt.settings.database_url or "", "BIHUAN_HOME": str(rt.settings.home)}
    return subprocess.Popen(
        [sys.executable, "-m", "bihuan.cli", *arguments], env=env, stdout=subprocess.PIPE, text=True
    )


def answer(process: "subprocess.Popen[str]") -> Any:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    return json.loads(output)


async def wait_for_orders(rt: Runtime, process: "subprocess.Popen[str]") -> None:
    connection = await asyncpg.connect(rt.settings.database_url)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if await connection.fetchval("select exists (select from orders)"):
            break
    await connection.close()


@pytest.mark.slow
async def test_a_killed_import_goes_on_where_it_was(new_database: NewDatabase, tmp_path: Path) -> None:
    rt = await new_database()
    tables = market.grow(market.make(), 6000)
    folder = market.write(tmp_path, tables)
    first = bihuan(rt, "import", "olist", str(folder), "--json")
    await wait_for_orders(rt, first)
    first.send_signal(signal.SIGKILL)
    first.wait(20)
    assert first.returncode == -signal.SIGKILL, "it was over before it could be killed"
    async with rt.db.session() as tx:
        half = await tx.fetchval("select count(*) from orders")
    assert 0 < half < 6006
    summary = answer(bihuan(rt, "import", "olist", str(folder), "--json"))
    assert summary["rejected"] == []
    assert summary["imported"]["orders"] + summary["present"]["orders"] == 6006
    assert summary["present"]["orders"] >= half
    assert summary["imported"]["orders"] > 0
    async with rt.db.transaction(readonly=True) as tx:
        assert await tx.fetchval("select count(*) from orders") == 6006
        total = await tx.fetchval("select sum(total_fen) from orders where state <> 'cancelled'")
        assert (
            await tx.fetchval("select sum(balance_fen) from ledger_balances where account = 'external_clearing'")
            == total
        )
        await check_invariants(tx)
    assert answer(bihuan(rt, "verify", "--json"))["holds"]
