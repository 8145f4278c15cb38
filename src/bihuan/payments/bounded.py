"""Calls in a job, bounded in time: one worker runs all periodic jobs in turn, and WeChat may not answer."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

RUN_SECONDS = 10.0


async def within(seconds: float, work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Does all of it at once and gives up what is not done in time; returns what was, in any order.

    What is given up comes again when its lease ends. Raises what one of them raised.
    """
    tasks = [asyncio.create_task(one) for one in work]
    if not tasks:
        return []
    done, late = await asyncio.wait(tasks, timeout=seconds)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.result() for task in done]
