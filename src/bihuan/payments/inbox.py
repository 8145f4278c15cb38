"""Settlement by group commit: what WeChat told waits in the process, and one transaction settles many.

The caller (a notification's answer, a shopper who asks) waits for the commit.
"""

from collections.abc import Sequence

import asyncpg
import structlog

from bihuan.kernel.group_commit import GroupCommit, Limits
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import settling
from bihuan.payments.errors import SettlementBusy
from bihuan.payments.settlers import Settlers
from bihuan.payments.settling import Heard, Outcome, SeveralPurposes

log = structlog.get_logger(__name__)

LIMITS = Limits(wait_seconds=4.5, linger_from=2, linger_seconds=0.03)
"""WeChat waits five seconds for an answer; what is settled later is told again and found settled. As soon as two
come together the next ones are gathered: a settlement is a dozen statements, however many payments it settles."""


class Inbox:
    """The queue of one process, and what settles it."""

    def __init__(self) -> None:
        self.settlers: Settlers = {}
        """Who decides; a process without `run` (a command) sets them itself."""
        self._gathered: GroupCommit[Heard, Outcome] = GroupCommit(self._settle, SettlementBusy, LIMITS)

    async def settle(self, rt: Runtime, merchant_id: MerchantId, heard: Heard) -> Outcome:
        """Waits until it is committed. Raises SettlementBusy, and what a settler raised for this one."""
        return await self._gathered.submit(rt, merchant_id, heard)

    async def run(self, rt: Runtime, settlers: Settlers) -> None:
        """Settles for as long as the process lives; `wiring.BACKGROUND` runs it."""
        self.settlers = settlers
        await self._gathered.run(rt)

    async def _settle(self, rt: Runtime, merchant_id: MerchantId, heard: list[Heard]) -> list[Outcome | Exception]:
        return await settle_safely(rt, self.settlers, merchant_id, heard)


async def settle_safely(
    rt: Runtime, settlers: Settlers, merchant_id: MerchantId, heard: Sequence[Heard]
) -> list[Outcome | Exception]:
    """Settles a batch; when it fails as a whole, each alone, so that one does not hold up its neighbours."""
    try:
        return [*await settling.settle(rt, settlers, merchant_id, heard)]
    except SeveralPurposes as several:
        found: dict[int, Outcome | Exception] = {}
        for places in several.places:
            outcomes = await settle_safely(rt, settlers, merchant_id, [heard[place] for place in places])
            found.update(zip(places, outcomes, strict=True))
        return [found[place] for place in range(len(heard))]
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
