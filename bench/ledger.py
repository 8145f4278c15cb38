"""Posting to the books in batches, and reading balances from a book of ten million entries.

Limits of the same run: a bare `insert` of the same rows, in batches of the same size over the same connection, into
tables with the same columns and keys; and into tables without any key. Wanted: 20,000 entries a second, half of the
bare insert or better; a balance in under 1 ms.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from bench import stack
from bench.results import report
from bihuan import ledger, merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction
from bihuan.ledger.journal import Filter

BATCH = 256
BATCHES = 120
WARM_UP = 10
BIG_TRANSACTIONS = 5_000_000
FILL_BATCH = 100_000
READS = 400
WANTED = 20_000
_START = datetime(2026, 1, 1, 4, tzinfo=UTC)

_BARE_TABLES = """
create table {name}_transactions (like ledger_transactions {keys});
create table {name}_entries (like ledger_entries {keys});
"""
_BARE_INSERT = """
with t as (
  insert into {name}_transactions (merchant_id, transaction_id, source, source_id, description, occurred_at, posted_at,
    booked_on)
  select $1, t.*, $2, t.occurred_at::date from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[],
    $7::timestamptz[]) as t (id, source, source_id, description, occurred_at))
insert into {name}_entries (merchant_id, transaction_id, line, account, amount_fen, booked_on)
select $1, e.* from unnest($8::uuid[], $9::int[], $10::text[], $11::bigint[], $12::date[]) as e
"""


def sales(count: int, day: int) -> list[Transaction]:
    """Orders paid: half of them receipts, half of them sales, two or three entries each."""
    at = _START + timedelta(days=day % 300)
    return [
        Transaction("receipt", new_id(), "微信支付收款 20260101120000123456",
                    [Entry("wechat_clearing", 4900), Entry("receipts", -4900)], at)
        if n % 2 else
        Transaction("order", new_id(), "订单 20260101120000123456",
                    [Entry("receipts", 4900), Entry("sales", -4100), Entry("freight", -800)], at)
        for n in range(count)
    ]  # fmt: skip


async def _rate(batches: Sequence[list[Transaction]], run: Callable[[list[Transaction]], Awaitable[Any]]) -> float:
    """Entries a second of the batches after the warm-up."""
    for batch in batches[:WARM_UP]:
        await run(batch)
    began = time.perf_counter()
    for batch in batches[WARM_UP:]:
        await run(batch)
    seconds = time.perf_counter() - began
    return sum(len(t.entries) for batch in batches[WARM_UP:] for t in batch) / seconds


async def post(rt: Runtime, merchant_id: MerchantId) -> float:
    """By the ledger's face, a transaction per batch."""

    async def run(batch: list[Transaction]) -> None:
        async with rt.db.transaction() as tx:
            await ledger.post(tx, merchant_id, batch)

    return await _rate([sales(BATCH, n) for n in range(BATCHES)], run)


async def insert(connection: "asyncpg.Connection[Any]", merchant_id: UUID, name: str, keys: str) -> float:
    """The same rows, inserted and nothing else: no check, no balance, no replay."""
    await connection.execute(_BARE_TABLES.format(name=name, keys=keys))
    statement = _BARE_INSERT.format(name=name)

    async def run(batch: list[Transaction]) -> None:
        ids = [new_id() for _ in batch]
        days = [(t.occurred_at or _START).date() for t in batch]
        lines = [(i, n, e, day) for i, t, day in zip(ids, batch, days, strict=True) for n, e in enumerate(t.entries, 1)]
        async with connection.transaction():
            await connection.execute(
                statement, merchant_id, _START, ids, [t.source for t in batch], [t.source_id for t in batch],
                [t.description for t in batch], [t.occurred_at for t in batch], [i for i, _, _, _ in lines],
                [n for _, n, _, _ in lines], [e.account for _, _, e, _ in lines],
                [e.amount_fen for _, _, e, _ in lines], [day for _, _, _, day in lines],
            )  # fmt: skip

    return await _rate([sales(BATCH, n) for n in range(BATCHES)], run)


_FILL = """
with days as (select date '2026-01-01' + n / 16667 as day, n from generate_series($2::int, $3::int) as n),
t as (
  insert into ledger_transactions (merchant_id, transaction_id, source, source_id, description, occurred_at, posted_at,
    booked_on)
  select $1, uuidv7(), 'order', uuidv7(), '订单', day + time '12:00', day + time '12:00', day from days
  returning transaction_id, booked_on)
insert into ledger_entries (merchant_id, transaction_id, line, account, amount_fen, booked_on)
select $1, t.transaction_id, s.line, s.account, s.amount, t.booked_on from t
cross join (values (1, 'wechat_clearing', 4900), (2, 'sales', -4900)) as s (line, account, amount)
"""
_BUILT_AFTERWARDS = ["ledger_transactions_by_day", "ledger_entries_by_day", "ledger_entries_by_account"]
_SUM_UP = (
    "insert into ledger_accounts select $1, account, kind, now() from ledger_chart on conflict do nothing",
    """insert into ledger_days
       select $1, account, booked_on, coalesce(sum(amount_fen) filter (where amount_fen > 0), 0),
         coalesce(-sum(amount_fen) filter (where amount_fen < 0), 0), now()
       from ledger_entries where merchant_id = $1 group by account, booked_on""",
    """insert into ledger_balances select $1, account, sum(debit_fen - credit_fen) from ledger_days
       where merchant_id = $1 group by account""",
)


async def fill(connection: "asyncpg.Connection[Any]", merchant_id: UUID) -> None:
    """Ten million entries of one book over 300 days, written by the server itself, as the tables' owner."""
    await connection.execute("set synchronous_commit = off")
    indexes = await connection.fetch(
        "select indexname as name, indexdef as made from pg_indexes where indexname = any($1)", _BUILT_AFTERWARDS
    )
    for index in indexes:
        await connection.execute(f"drop index {index['name']}")
    for start in range(0, BIG_TRANSACTIONS, FILL_BATCH):
        await connection.execute(_FILL, merchant_id, start + 1, start + FILL_BATCH)
    await connection.execute("set maintenance_work_mem = '256MB'")
    for index in indexes:
        await connection.execute(index["made"])
    for statement in _SUM_UP:
        await connection.execute(statement, merchant_id)
    await connection.execute("analyze ledger_transactions, ledger_entries, ledger_days, ledger_balances")


async def read(rt: Runtime, what: Callable[[Tx], Awaitable[Any]]) -> float:
    """The median of READS, in ms, from the call to the answer."""
    times: list[float] = []
    async with rt.db.session() as tx:
        for _ in range(READS):
            began = time.perf_counter()
            await what(tx)
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


async def _read_big(rt: Runtime, connection: "asyncpg.Connection[Any]") -> None:
    async with rt.db.transaction() as tx:
        merchant_id = (await merchants.create(tx, code="big", name="大账簿")).merchant_id
    await fill(connection, merchant_id)
    await rt.db.recycle()
    middle = date(2026, 5, 20)
    of_month = Filter(first=middle, last=middle + timedelta(days=30))
    reads: dict[str, Callable[[Tx], Awaitable[Any]]] = {
        "balances": partial(ledger.balances, merchant_id=merchant_id),
        "balances_at_a_date": partial(ledger.books.balances_on, merchant_id=merchant_id, day=middle),
        "journal_page": partial(ledger.journal.find, merchant_id=merchant_id, wanted=Filter(), after=None, limit=20),
        "journal_page_of_a_month": partial(
            ledger.journal.find, merchant_id=merchant_id, wanted=of_month, after=None, limit=20
        ),
    }
    for name, what in reads.items():
        report(f"ledger.{name}", await read(rt, what), "ms", "1 ms at 10 million entries", 1)


def main() -> None:
    """Runs the bench."""
    with stack.home() as (folder, server):
        asyncio.run(_main(stack.settings(folder, server), server.url))


async def _main(chosen: stack.Settings, url: str) -> None:
    connection = await asyncpg.connect(url)
    async with stack.runtime(chosen) as rt:
        async with rt.db.transaction() as tx:
            merchant_id = (await merchants.create(tx, code="bench", name="账簿")).merchant_id
        keyed = await insert(connection, merchant_id, "keyed", "including all")
        posted = await post(rt, merchant_id)
        keyed = (keyed + await insert(connection, merchant_id, "keyed_again", "including all")) / 2
        bare = await insert(connection, merchant_id, "bare", "")
        report("ledger.posted", posted, "entries/s", "insert of the same rows, same keys", keyed)
        report("ledger.posted_vs_unkeyed", posted, "entries/s", "insert of the same rows, no keys", bare)
        report("ledger.posted_vs_wanted", posted, "entries/s", "20,000 a second", WANTED)
        await connection.execute("drop table keyed_entries, keyed_again_entries, bare_entries")
        await _read_big(rt, connection)
    await connection.close()
