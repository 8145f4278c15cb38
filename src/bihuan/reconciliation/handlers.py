"""Periodic work of reconciliation."""

from functools import partial

import structlog

from bihuan.kernel.jobs import Periodic
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, fetching, running
from bihuan.reconciliation.sources import Shares

log = structlog.get_logger(__name__)


async def alert(rt: Runtime) -> int:
    """The job: says in the log what waits for a person; returns how many things do."""
    async with rt.db.session() as tx:
        found = await db.alert(tx, None)
    waiting = found.failed_days + found.open_differences
    if waiting:
        log.error("reconciliation needs a person", failed_days=found.failed_days, oldest=str(found.oldest),
                  differences=found.open_differences, open_fen=found.open_fen)  # fmt: skip
    return waiting


def jobs(shares: Shares) -> tuple[Periodic, ...]:
    """The jobs; `shares` knows what of profit sharing is recorded here."""
    return (
        Periodic(name="reconciliation.plan", every_seconds=600, run=running.plan),
        Periodic(name="reconciliation.run", every_seconds=5, run=running.Runner(shares).start),
        Periodic(name="reconciliation.recheck", every_seconds=300, run=partial(running.recheck, shares=shares)),
        Periodic(name="reconciliation.alert", every_seconds=6 * 3600, run=alert),
        Periodic(name="reconciliation.forget_files", every_seconds=24 * 3600, run=fetching.forget_old),
    )
