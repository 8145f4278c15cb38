"""Group commit: work that many ask for at once is gathered in the process and done in one transaction.

While a batch is at the database the next one gathers, so batches grow with the load and a lone request waits for
nobody; a merchant's rows are locked and the disk is flushed once for all of a batch. A killed process loses only
what was not answered yet.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec
import structlog

from bihuan.kernel.errors import Problem, Unavailable
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime

log = structlog.get_logger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Runtime, MerchantId, list[Item]], Awaitable[list[Result | Exception]]]
"""Does a batch of one merchant's items: one result each, in order; an exception refuses that one alone."""


def one_by_one(work: Work[Item, Result]) -> Work[Item, Result]:
    """The same work, where a batch that fails as a whole is done again one item after the other.

    So that what is wrong with one does not refuse its neighbours. Not while the database is away: all are told so.
    """

    async def work_safely(rt: Runtime, merchant_id: MerchantId, items: list[Item]) -> list[Result | Exception]:
        try:
            return await work(rt, merchant_id, items)
        except Exception as error:
            if len(items) == 1 or isinstance(error, Unavailable):
                return [error for _ in items]
            log.warning("batch failed; one by one", work=work.__qualname__, size=len(items), error=str(error))
        return [result for item in items for result in await work_safely(rt, merchant_id, [item])]

    return work_safely


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much is gathered, and how long anybody waits."""

    batch: int = 256
    waiting: int = 4000
    parallel_merchants: int = 4
    wait_seconds: float | None = None
    linger_from: int = 32
    linger_seconds: float = 0.0
    """After a batch of `linger_from` or more the next one waits until as many have come again as were answered, and at
    most this long: a batch costs its statements and its commit whatever its size. Without a rush nobody waits."""


class _Line(Generic[Item, Result]):
    """Those who wait in one runtime."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[MerchantId, Item, asyncio.Future[Result]]] = deque()
        self.arrived = asyncio.Event()
        self.wanted = 0
        self.enough = asyncio.Event()
        self.worked = False


class GroupCommit(Generic[Item, Result]):
    """The queue of a process (of each of its runtimes), and what works it off."""

    def __init__(self, work: Work[Item, Result], busy: type[Problem], limits: Limits) -> None:
        self._work = work
        self._busy = busy
        self._limits = limits
        self._lines: dict[int, _Line[Item, Result]] = {}

    async def submit(self, rt: Runtime, merchant_id: MerchantId, item: Item) -> Result:
        """The result, once committed. Raises what refused it, and `busy` when too many wait or it takes too long."""
        line = self._line(rt)
        if not line.worked:  # a process that gathers nothing: a command, the worker
            (result,) = await self._work(rt, merchant_id, [item])
            if isinstance(result, Exception):
                raise result
            return result
        if len(line.waiting) >= self._limits.waiting:
            raise self._busy
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        line.waiting.append((merchant_id, item, future))
        line.arrived.set()
        if line.wanted and len(line.waiting) >= line.wanted:
            line.enough.set()
        if self._limits.wait_seconds is None:
            return await future
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                return await future
        except TimeoutError as error:
            raise self._busy from error

    async def run(self, rt: Runtime) -> None:
        """Works for as long as the process lives; `wiring.BACKGROUND` starts it."""
        line, limits = self._line(rt), self._limits
        line.worked = True
        try:
            while True:
                await line.arrived.wait()
                line.arrived.clear()
                while line.waiting:
                    done = await self._flush(rt, line)
                    if limits.linger_seconds and done >= limits.linger_from and len(line.waiting) < done:
                        await self._linger(line, done)
        finally:
            line.worked = False

    async def _linger(self, line: _Line[Item, Result], wanted: int) -> None:
        line.wanted = wanted
        line.enough.clear()
        timer = asyncio.get_running_loop().call_later(self._limits.linger_seconds, line.enough.set)
        try:
            await line.enough.wait()
        finally:
            timer.cancel()
            line.wanted = 0

    def _line(self, rt: Runtime) -> _Line[Item, Result]:
        return self._lines.get(id(rt)) or self._lines.setdefault(id(rt), _Line())

    async def _flush(self, rt: Runtime, line: _Line[Item, Result]) -> int:
        groups: dict[MerchantId, list[tuple[Item, asyncio.Future[Result]]]] = {}
        count = min(self._limits.batch, len(line.waiting))
        for _ in range(count):
            merchant_id, item, future = line.waiting.popleft()
            groups.setdefault(merchant_id, []).append((item, future))
        turns = asyncio.Semaphore(self._limits.parallel_merchants)

        async def do(merchant_id: MerchantId, group: list[tuple[Item, asyncio.Future[Result]]]) -> None:
            async with turns:
                results = await self._work(rt, merchant_id, [item for item, _ in group])
            for (_, future), result in zip(group, results, strict=True):
                if future.done():  # its caller went; what was done stands all the same
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

        await asyncio.gather(*(do(merchant_id, group) for merchant_id, group in groups.items()))
        return count
