"""Posting to the books in batches, and reading balances from a book of ten million entries.

Limits of the same run: a bare `insert` of the same rows, in batches of the same size over the same connection, into
tables with the same columns and keys; and into tables without any key. Wanted: 20,000 entries a second, half of the
bare insert or better; a balance in under 1 ms.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from bench import stack
from bench.results import report
from bihuan import ledger, merchants
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction

BATCH = 256
BATCHES = 120
WARM_UP = 10
BIG_TRANSACTIONS = 5_000_000
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
    await connection.close()
    report("ledger.posted", posted, "entries/s", "insert of the same rows, same keys", keyed)
    report("ledger.posted_vs_unkeyed", posted, "entries/s", "insert of the same rows, no keys", bare)
    report("ledger.posted_vs_wanted", posted, "entries/s", "20,000 a second", WANTED)
