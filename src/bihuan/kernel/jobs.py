"""Periodic work: one process runs each job when it is due; a crash only delays it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from bihuan.kernel.runtime import Runtime

log = structlog.get_logger(__name__)


class Periodic(msgspec.Struct, frozen=True, kw_only=True):
    """A job run every `every_seconds`; `run` opens its own transactions and must bear being run twice."""

    name: str
    every_seconds: float
    run: Callable[[Runtime], Awaitable[object]]


async def run_due(rt: Runtime, jobs: Sequence[Periodic]) -> None:
    """Runs the jobs that are due, one after another.

    A job is claimed by moving its next run forward before it runs, in a transaction of its own: two
    workers never run one job at once, and a killed run is tried again at its next time.
    """
    for job in jobs:
        if not await _claim(rt, job):
            continue
        error: str | None = None
        try:
            await job.run(rt)
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:2000]
            log.exception("periodic job failed", job=job.name)
        async with rt.db.session() as tx:
            await tx.execute(
                """update periodic_jobs set last_run_at = $2, last_error = $3,
                     failures = case when $3::text is null then 0 else failures + 1 end where name = $1""",
                job.name,
                tx.now,
                error,
            )


async def _claim(rt: Runtime, job: Periodic) -> bool:
    async with rt.db.session() as tx:
        due: datetime = tx.now + timedelta(seconds=job.every_seconds)
        return bool(
            await tx.fetchval(
                """insert into periodic_jobs (name, next_run_at) values ($1, $2)
                   on conflict (name) do update set next_run_at = excluded.next_run_at
                   where periodic_jobs.next_run_at <= $3 returning true""",
                job.name,
                due,
                tx.now,
            )
        )
