"""Invariants on live data: each module states its own as SQL that returns the offenders.

`bihuan verify` runs the checks that `wiring.CHECKS` lists.
"""

from collections.abc import Sequence

import msgspec

from bihuan.kernel.db import Tx


class Check(msgspec.Struct, frozen=True):
    """One invariant; `sql` returns a column `id` (text) per offender and, if it helps, `detail`."""

    name: str
    means: str
    sql: str


class Finding(msgspec.Struct, frozen=True):
    """The result of one check; it holds when `offenders` is empty (the first 100 are listed)."""

    name: str
    means: str
    count: int
    offenders: list[str]

    @property
    def holds(self) -> bool:
        """Whether nothing offends."""
        return self.count == 0


async def run(tx: Tx, checks: Sequence[Check]) -> list[Finding]:
    """Runs every check in one snapshot: open `tx` as repeatable read for a running system."""
    findings: list[Finding] = []
    for check in checks:
        rows = await tx.fetch(check.sql)
        listed = [" ".join(str(value) for value in row.values() if value is not None) for row in rows[:100]]
        findings.append(Finding(check.name, check.means, len(rows), listed))
    return findings
