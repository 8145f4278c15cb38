"""Calls in a job: several at once, bounded in time, one that fails stops no other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from bihuan.kernel import bounded

T = TypeVar("T")

PARALLEL = 8
SECONDS = 8.0
"""Of one run."""

log = structlog.get_logger(__name__)


async def each(rows: Sequence[T], work: Callable[[T], Awaitable[None]]) -> int:
    """Does the work for each row; returns how many rows there were."""

    async def one(row: T) -> None:
        try:
            await work(row)
        except Exception:
            log.exception("complaints: one of a job's rows failed", row=repr(row)[:300])

    if len(await bounded.each(rows, one, parallel=PARALLEL, seconds=SECONDS)) < len(rows):
        log.warning("complaints: a job gave up what took too long", rows=len(rows))
    return len(rows)
