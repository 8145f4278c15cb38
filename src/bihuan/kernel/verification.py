"""Invariants on live data: each module states its own as SQL that returns the offenders.

`bihuan verify` runs the checks that `wiring.CHECKS` lists; so does a job each night (`finance`).
"""

import time
from collections.abc import Sequence
from datetime import datetime

import asyncpg
import msgspec

from bihuan.kernel.db import Row, Tx

MOST_SECONDS = 600.0
"""What one check may take; one that takes longer has proved nothing."""


class Check(msgspec.Struct, frozen=True):
    """One invariant; `sql` returns a column `id` (text) per offender and, if it helps, `detail`.

    `recent` proves the same of what was written since $1, where looking at everything each night would take too long.
    """

    name: str
    means: str
    sql: str
    recent: str | None = None


class Finding(msgspec.Struct, frozen=True):
    """The result of one check; it holds when it was finished and `offenders` is empty (the first 100 are listed)."""

    name: str
    means: str
    count: int
    offenders: list[str]
    seconds: float = 0.0
    unfinished: bool = False

    @property
    def holds(self) -> bool:
        """Whether nothing offends."""
        return self.count == 0 and not self.unfinished


async def run(
    tx: Tx, checks: Sequence[Check], since: datetime | None = None, most_seconds: float = MOST_SECONDS
) -> list[Finding]:
    """Runs every check in one snapshot: open `tx` as repeatable read for a running system.

    With `since`, checks that can look at recent rows alone do.
    """
    findings: list[Finding] = []
    for check in checks:
        began = time.monotonic()
        try:
            rows = await _offenders(tx, check, since, most_seconds)
        except (asyncpg.QueryCanceledError, TimeoutError):
            findings.append(Finding(check.name, check.means, 0, [], time.monotonic() - began, unfinished=True))
            continue
        listed = [" ".join(str(value) for value in row.values() if value is not None) for row in rows[:100]]
        findings.append(Finding(check.name, check.means, len(rows), listed, time.monotonic() - began))
    return findings


async def _offenders(tx: Tx, check: Check, since: datetime | None, most_seconds: float) -> list[Row]:
    async with tx.savepoint():
        await tx.execute(f"set local statement_timeout = {int(most_seconds * 1000)}")
        if since is not None and check.recent is not None:
            return await tx.fetch(check.recent, since, timeout=most_seconds + 5)
        return await tx.fetch(check.sql, timeout=most_seconds + 5)
