"""Calls in a job: some at once, bounded in time. One worker runs all jobs in turn, and WeChat may not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Row = TypeVar("Row")
Result = TypeVar("Result")

RUN_SECONDS = 10.0


async def each(
    rows: Sequence[Row],
    work: Callable[[Row], Awaitable[Result]],
    *,
    parallel: int,
    seconds: float = RUN_SECONDS,
) -> list[Result]:
    """Does the work for each row and gives up what is not done in time; returns what was, in any order.

    What is given up comes again when its lease ends. Raises what one of them raised.
    """
    turns = asyncio.Semaphore(parallel)

    async def one(row: Row) -> Result:
        async with turns:
            return await work(row)

    tasks = [asyncio.create_task(one(row)) for row in rows]
    if not tasks:
        return []
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.result() for task in done]
