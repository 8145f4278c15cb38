"""A run of the invariants, as the worker would make it."""

from collections.abc import Sequence

from bihuan.finance import db, verifying
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import Check
from bihuan.ledger import CHECKS


async def prove_now(rt: Runtime, checks: Sequence[Check] = CHECKS, scope: str = "whole") -> None:
    """Asks for a run and waits for its end. The ledger's own checks are enough for a test of a book."""
    async with rt.db.transaction() as tx:
        await db.ask_run(tx, "person", scope, None)
    await verifying.look(rt, checks)
    await verifying.settled()
