"""Settlement by group commit: what WeChat told waits in the process, and one transaction settles many.

The caller (a notification's answer, a shopper who asks) waits for the commit. While a batch is at the database
the next one gathers, so batches grow with the load and a lone payment waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

import asyncpg
import structlog

from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import settling
from bihuan.payments.errors import SettlementBusy
from bihuan.payments.settlers import Settlers
from bihuan.payments.settling import Heard, Outcome

log = structlog.get_logger(__name__)

MAX_BATCH = 256
MAX_WAITING = 4000
PARALLEL_MERCHANTS = 4
WAIT_SECONDS = 4.5
"""WeChat waits five seconds for an answer; what is settled later is told again and found settled."""

_Waiting = tuple[MerchantId, Heard, "asyncio.Future[Outcome]"]


class Inbox:
    """The queue of one process, and what settles it."""

    def __init__(self) -> None:
        self._queue: deque[_Waiting] = deque()
        self._arrived = asyncio.Event()

    async def settle(self, merchant_id: MerchantId, heard: Heard) -> Outcome:
        """Waits until it is committed. Raises SettlementBusy, and what a settler raised for this one."""
        if len(self._queue) >= MAX_WAITING:
            raise SettlementBusy
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue.append((merchant_id, heard, future))
        self._arrived.set()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await future
        except TimeoutError as error:
            raise SettlementBusy from error

    async def run(self, rt: Runtime, settlers: Settlers) -> None:
        """Settles for as long as the process lives; `wiring.BACKGROUND` runs it."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                await self._flush(rt, settlers)

    async def _flush(self, rt: Runtime, settlers: Settlers) -> None:
        groups: dict[MerchantId, list[_Waiting]] = {}
        for _ in range(min(MAX_BATCH, len(self._queue))):
            waiting = self._queue.popleft()
            groups.setdefault(waiting[0], []).append(waiting)
        turns = asyncio.Semaphore(PARALLEL_MERCHANTS)

        async def settle_group(merchant_id: MerchantId, group: list[_Waiting]) -> None:
            async with turns:
                results = await settle_safely(rt, settlers, merchant_id, [heard for _, heard, _ in group])
            for (_, _, future), result in zip(group, results, strict=True):
                if future.done():  # its caller went; what was settled stands all the same
                    continue
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)

        await asyncio.gather(*(settle_group(merchant_id, group) for merchant_id, group in groups.items()))


async def settle_safely(
    rt: Runtime, settlers: Settlers, merchant_id: MerchantId, heard: Sequence[Heard]
) -> list[Outcome | Exception]:
    """Settles a batch; when it fails as a whole, each alone, so that one does not hold up its neighbours."""
    try:
        return [*await settling.settle(rt, settlers, merchant_id, heard)]
    except Exception as error:
        collided = isinstance(error, (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError))
        if len(heard) == 1 and not collided:
            log.exception("settlement failed", out_trade_no=heard[0].transaction.out_trade_no)
            return [error]
        log.warning("settlement batch not settled together; one by one", error=str(error), size=len(heard))
    results: list[Outcome | Exception] = []
    for one in heard:
        try:
            results += await settling.settle(rt, settlers, merchant_id, [one])
        except Exception as error:
            log.exception("settlement failed", out_trade_no=one.transaction.out_trade_no)
            results.append(error)
    return results


INBOX = Inbox()
"""The queue of this process."""
