"""Calls in a job: several at once, bounded in time, one that fails stops no other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

T = TypeVar("T")

PARALLEL = 8
SECONDS = 8.0
"""Of one run: one worker runs all periodic jobs in turn, and WeChat may not answer. What is given up comes again."""

log = structlog.get_logger(__name__)


async def each(rows: Sequence[T], work: Callable[[T], Awaitable[None]]) -> int:
    """Does the work for each row; returns how many rows there were."""
    turns = asyncio.Semaphore(PARALLEL)

    async def one(row: T) -> None:
        async with turns:
            try:
                await work(row)
            except Exception:
                log.exception("complaints: one of a job's rows failed", row=repr(row)[:300])

    try:
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*(one(row) for row in rows))
    except TimeoutError:
        log.warning("complaints: a job gave up what took too long", rows=len(rows))
    return len(rows)
