"""`bihuan verify` as a job: each night, and when an operator asks.

A run works beside the worker's other duties, one snapshot and a limited time per check. Each night looks at what was
written since the last run that held, where a check can; the whole is proved once a week, and after a failure.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bihuan.finance import db
from bihuan.kernel import metrics, verification
from bihuan.kernel.jobs import Periodic
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import Check, Finding
from bihuan.ledger import periods

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 5.0
NIGHT = timedelta(hours=3)
"""A night's run begins at three in the morning, China time."""
WHOLE_EVERY = timedelta(days=7)
OVERLAP = timedelta(hours=1)
"""What was being written while the last run took its snapshot is looked at again."""
LOST_AFTER = timedelta(hours=2)

_running: set[asyncio.Task[None]] = set()


def jobs(checks: Callable[[], Sequence[Check]]) -> tuple[Periodic, ...]:
    """The jobs of finance; `checks` tells the invariants to prove."""

    async def run(rt: Runtime) -> None:
        await look(rt, checks())

    return (Periodic(name="finance.verify", every_seconds=LOOK_EVERY_SECONDS, run=run),)


async def look(rt: Runtime, checks: Sequence[Check]) -> None:
    """Begins the run that is due, if one is, and does not wait for it: other jobs have their turn meanwhile."""
    async with rt.db.transaction() as tx:
        if lost := await db.break_lost_runs(tx, LOST_AFTER):
            log.error("verify runs were lost", runs=lost)
        await _ask_nightly(tx.now, tx)
        run = await db.claim_run(tx)
    if run is None:
        return
    task = asyncio.create_task(prove(rt, run, checks))
    _running.add(task)
    task.add_done_callback(_running.discard)


async def _ask_nightly(now: datetime, tx: db.Tx) -> None:
    begins = now - NIGHT
    last = await db.last_night(tx)
    if last is not None and periods.day_of(last - NIGHT) >= periods.day_of(begins):
        return
    whole = await db.last_held(tx, whole=True)
    failed = await db.latest_failed(tx)
    scope = "whole" if failed or whole is None or now - whole > WHOLE_EVERY else "recent"
    await db.ask_run(tx, "night", scope, None)


async def prove(rt: Runtime, run: db.Claimed, checks: Sequence[Check]) -> None:
    """Runs the checks of a claimed run and keeps what they found; a failure is logged and counted."""
    try:
        async with rt.db.session() as tx:
            held = await db.last_held(tx, whole=False)
        since = held - OVERLAP if run.scope == "recent" and held is not None else None
        async with rt.db.transaction(readonly=True) as tx:
            await tx.execute("set transaction isolation level repeatable read")
            findings = await verification.run(tx, checks, since)
    except Exception as error:
        metrics.VERIFY_RUNS.labels("broken").inc()
        log.exception("verify broke off")
        async with rt.db.transaction() as tx:
            text = f"{type(error).__name__}: {error}"[:500]
            await db.finish_run(tx, run.run_id, "broken", None, [Finding("verify", text, 0, [], unfinished=True)])
        return
    state = _state_of(findings)
    async with rt.db.transaction() as tx:
        await db.finish_run(tx, run.run_id, state, since, findings)
    metrics.VERIFY_RUNS.labels(state).inc()
    failing = [finding.name for finding in findings if not finding.holds]
    if failing:
        log.error("verify failed: the books or the stock do not agree", run_id=str(run.run_id), checks=failing)
    else:
        log.info("verify held", run_id=str(run.run_id), checks=len(findings), scope=run.scope)


def _state_of(findings: Sequence[Finding]) -> str:
    if any(finding.count for finding in findings):
        return "failed"
    return "unfinished" if any(finding.unfinished for finding in findings) else "held"


async def settled() -> None:
    """Waits for the runs that this process has begun (for a test, and for a shutdown that is not in a hurry)."""
    await asyncio.gather(*_running)
