"""Importing the Olist sample, as `bihuan import olist` does.

The limit of the same run: COPY of the order and line rows that came of it into bare tables, without keys,
checks, stock, payments or books.
"""

import asyncio
import io
import time
from pathlib import Path

import asyncpg

from bench import stack
from bench.results import report
from bihuan.importers import olist
from bihuan.importers.olist.source import ORDERS

SAMPLE = Path(__file__).parents[2] / "shared" / "data" / "olist_sample"
TABLES = ("orders", "order_lines")


async def _import(chosen: stack.Settings) -> tuple[float, float]:
    """Seconds of the whole import, and of its orders."""
    times: dict[str, float] = {}
    async with stack.runtime(chosen) as rt:
        began = time.perf_counter()

        def note(stage: str, done: int, total: int) -> None:
            times[stage] = time.perf_counter()

        summary = await olist.run(rt, SAMPLE, note)
    print(summary.text())
    return summary.seconds, summary.seconds - (times["products"] - began)


async def _copy(url: str) -> float:
    """Seconds of COPY alone, of the same rows."""
    connection = await asyncpg.connect(url)
    rows: dict[str, bytes] = {}
    for table in TABLES:
        await connection.execute(f"create table bare_{table} as select * from {table} limit 0")
        buffer = io.BytesIO()
        await connection.copy_from_table(table, output=buffer)
        rows[table] = buffer.getvalue()
    began = time.perf_counter()
    for table in TABLES:
        await connection.copy_to_table(f"bare_{table}", source=io.BytesIO(rows[table]))
    seconds = time.perf_counter() - began
    await connection.close()
    return seconds


def main() -> None:
    """Runs the bench."""
    if not SAMPLE.is_dir():
        print(f"olist: skipped, the sample is not at {SAMPLE}")
        return
    with (SAMPLE / ORDERS).open("rb") as lines:
        orders = sum(1 for _ in lines) - 1
    with stack.home() as (folder, server):
        whole, of_orders = asyncio.run(_import(stack.settings(folder, server)))
        bare = asyncio.run(_copy(server.url))
    report("olist.import", orders / whole, "orders/s", "1,500 orders/s", 1500)
    report("olist.orders_stage", orders / of_orders, "orders/s", "COPY of orders and lines, bare", orders / bare)


if __name__ == "__main__":
    main()
