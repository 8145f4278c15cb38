"""Facts from emitted to handled, per second: emitted in batches, drained by one dispatcher.

Limit of the same run: PgQueuer 1.6 draining no-op jobs at batch 500 on the same PostgreSQL.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from pgqueuer import PgQueuer, Queries
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job

from bench import stack
from bench.results import report
from bihuan.facts.orders import OrderCompleted
from bihuan.kernel import events
from bihuan.kernel.clock import SystemClock
from bihuan.kernel.db import Database, Tx
from bihuan.kernel.events import Dispatcher, Envelope, Handler
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId, new_id

FACTS = 40_000
EMIT_BATCH = 250
MERCHANTS = 4
JOBS = 20_000


async def _ours(url: str) -> tuple[float, float]:
    """Emits and drains FACTS; returns both rates."""
    seen = 0

    async def count(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
        nonlocal seen
        seen += len(envelopes)

    handlers = (Handler(name="bench.count", facts=(OrderCompleted,), run=count),)
    db = await Database.connect(url, SystemClock(), events.routes_of(handlers))
    merchants = [MerchantId(new_id()) for _ in range(MERCHANTS)]
    started = time.perf_counter()
    for n in range(FACTS // EMIT_BATCH):
        async with db.transaction() as tx:
            await events.emit(tx, *(_fact(tx, merchants[n % MERCHANTS]) for _ in range(EMIT_BATCH)))
    emitted = time.perf_counter()
    await Dispatcher(db, handlers).drain()
    drained = time.perf_counter()
    await db.close()
    assert seen == FACTS, f"{seen} of {FACTS} facts were handled"
    return FACTS / (emitted - started), FACTS / (drained - emitted)


def _fact(tx: Tx, merchant_id: MerchantId) -> OrderCompleted:
    return OrderCompleted(
        merchant_id=merchant_id,
        occurred_at=tx.now,
        order_id=OrderId(new_id()),
        order_no="1",
        shopper_id=ShopperId(new_id()),
        total_fen=1,
    )


async def _pgqueuer(url: str) -> float:
    """PgQueuer's rate of draining JOBS no-op jobs."""
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for _ in range(JOBS // 1000):
        await queries.enqueue(["noop"] * 1000, [None] * 1000, [0] * 1000)
    queue = PgQueuer(AsyncpgDriver(connection))
    done = 0
    finished = asyncio.Event()

    @queue.entrypoint("noop")
    async def noop(job: Job) -> None:
        nonlocal done
        done += 1
        if done >= JOBS:
            finished.set()

    started = time.perf_counter()
    running: asyncio.Task[Any] = asyncio.create_task(queue.run(dequeue_timeout=timedelta(seconds=1), batch_size=500))
    await finished.wait()
    rate = JOBS / (time.perf_counter() - started)
    queue.shutdown.set()
    await asyncio.wait([running], timeout=10)
    await connection.close()
    return rate


def main() -> None:
    """Runs the bench."""
    with stack.home() as (_, server):
        emitted, handled = asyncio.run(_ours(server.url))
        limit = asyncio.run(_pgqueuer(server.url))
    report("facts.emitted", emitted, "facts/s", "PgQueuer, no-op jobs drained at batch 500", limit)
    report("facts.handled", handled, "facts/s", "PgQueuer, no-op jobs drained at batch 500", limit)
