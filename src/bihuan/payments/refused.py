"""Callbacks that were refused, kept for people to see: by hour and reason, however many come.

A refusal is noted in memory and written by one task of the process, WRITE_PAUSE apart at least, so a flood of
forged callbacks costs a counter each and one small statement now and then. What is noted when the process dies
is lost; nothing of it is to be believed anyhow.
"""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import asyncpg
import structlog

from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import db_refused
from bihuan.payments.db_refused import Noted, list_refused

__all__ = ["KEEP", "MOST_NOTED", "REFUSALS", "WRITE_PAUSE", "Refusals", "describe", "forget_old", "list_refused"]

log = structlog.get_logger(__name__)

WRITE_PAUSE = 2.0
MOST_NOTED = 2_000
"""Of merchants and reasons at once: more are counted by the metrics alone."""
KEEP = timedelta(days=30)
_MOST_DETAIL = 500


class Refusals:
    """What one process noted and has not written yet."""

    def __init__(self) -> None:
        self._noted: dict[tuple[MerchantId, str], Noted] = {}
        self._writer: asyncio.Task[None] | None = None

    def note(self, rt: Runtime, merchant_id: MerchantId, reason: str, status: int, detail: str) -> None:
        """Counts a refusal; returns at once."""
        now = rt.clock.now()
        found = self._noted.get((merchant_id, reason))
        if found is not None:
            found.times += 1
            found.detail, found.last_at = detail[:_MOST_DETAIL], now
        elif len(self._noted) < MOST_NOTED:
            self._noted[merchant_id, reason] = Noted(status, 1, detail[:_MOST_DETAIL], now, now)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_on(rt))

    async def _write_on(self, rt: Runtime) -> None:
        while self._noted:
            noted, self._noted = self._noted, {}
            try:
                async with rt.db.transaction() as tx:
                    await db_refused.add(tx, noted)
            except (asyncpg.PostgresError, OSError, TimeoutError) as error:
                log.warning("refused callbacks not recorded", error=str(error), kinds=len(noted))
            await asyncio.sleep(WRITE_PAUSE)


REFUSALS = Refusals()


def describe(headers: Mapping[str, str], body_size: int) -> str:
    """What may be kept of a callback that nobody vouches for: how it said it was signed, its type and size."""
    names = ("wechatpay-serial", "wechatpay-timestamp", "content-type", "user-agent")
    told = [f"{name}={headers.get(name, '')[:80]!a}" for name in names]
    return f"{' '.join(told)} bytes={body_size}"


async def forget_old(rt: Runtime) -> int:
    """The job: deletes what is older than KEEP; returns how many."""
    async with rt.db.transaction() as tx:
        return await db_refused.forget(tx, tx.now - KEEP)
