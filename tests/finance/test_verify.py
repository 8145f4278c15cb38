"""The proof each night: begun by the worker, kept, shown to operators, and never standing in anybody's way."""

from datetime import timedelta
from typing import Any

import httpx

from bihuan.finance import db, verifying
from bihuan.finance.schemas import VerifyRun
from bihuan.kernel import verification
from bihuan.kernel.metrics import VERIFY_RUNS
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import Check
from bihuan.ledger import CHECKS
from tests.finance.proof import prove_now
from tests.ledger.test_post import make_merchant, post, sale

RUNS = "/api/platform/verify-runs"
BROKEN = Check("test.broken", "nothing is ever wrong", "select 'someone' as id, 'is wrong' as detail")
SLOW = Check("test.slow", "a check ends", "select 'x' as id from pg_sleep(30)")


def failures() -> float:
    """What the counter for Prometheus says."""
    (family,) = VERIFY_RUNS.collect()
    return sum(s.value for s in family.samples if s.name.endswith("_total") and s.labels == {"outcome": "failed"})


async def status(client: httpx.AsyncClient, operator: dict[str, str]) -> dict[str, Any]:
    answer = await client.get(RUNS, headers=operator)
    assert answer.status_code == 200
    return answer.json()


async def test_an_operator_asks_and_sees_what_was_found(
    rt: Runtime, client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    await prove_now(rt)
    asked = await client.post(RUNS, json={}, headers=operator)
    assert (asked.status_code, asked.json()["under_way"]) == (202, True)
    twice = await client.post(RUNS, json={}, headers=operator)
    assert (twice.status_code, twice.json()["code"]) == (409, "verify_under_way")
    counted = failures()
    await verifying.look(rt, (*CHECKS, BROKEN))
    await verifying.settled()
    assert failures() == counted + 1
    found = await status(client, operator)
    (run, *_) = found["runs"]
    assert (run["state"], run["failing"], found["alert"]) == ("failed", 1, True)
    detail = (await client.get(f"{RUNS}/{run['run_id']}", headers=operator)).json()
    (bad,) = [finding for finding in detail["findings"] if finding["count"]]
    assert (bad["name"], bad["offenders"]) == ("test.broken", ["someone is wrong"])
    assert len(detail["findings"]) == len(CHECKS) + 1
    assert (await client.get("/readyz")).status_code == 200

    seen = await client.post(f"{RUNS}/{run['run_id']}/seen", headers=operator)
    assert (seen.status_code, seen.json()["seen_at"] is not None) == (200, True)
    assert (await status(client, operator))["alert"] is False


async def test_each_night_once_recent_when_all_held_and_whole_after_a_failure(rt: Runtime) -> None:
    async def night() -> VerifyRun:
        await verifying.look(rt, CHECKS)
        await verifying.settled()
        async with rt.db.session() as tx:
            run = await db.latest(tx)
        assert run is not None
        return run

    async def a_day_passes() -> None:
        async with rt.db.transaction() as tx:
            await tx.execute(
                """update verify_runs set asked_at = asked_at - interval '1 day',
                     started_at = started_at - interval '1 day', finished_at = finished_at - interval '1 day'"""
            )

    await prove_now(rt)
    first = await night()
    assert first.run_id == (await night()).run_id, "one a night"
    await a_day_passes()
    second = await night()
    assert (second.cause, second.state, second.scope) == ("night", "held", "recent")
    assert second.since is not None
    await prove_now(rt, (BROKEN,))
    await a_day_passes()
    third = await night()
    assert (third.cause, third.scope) == ("night", "whole")


async def test_a_check_that_takes_too_long_proves_nothing_and_hinders_none(rt: Runtime) -> None:
    async with rt.db.transaction(readonly=True) as tx:
        slow, *others = await verification.run(tx, (SLOW, *CHECKS), most_seconds=0.2)
    assert (slow.holds, slow.unfinished, slow.count) == (False, True, 0)
    assert all(finding.holds for finding in others)


async def test_recent_checks_find_what_the_whole_ones_find(rt: Runtime, database_url: str) -> None:
    """Rows are altered behind the books' back, by the tables' owner, and put right again."""
    import asyncpg

    merchant_id = await make_merchant(rt)
    async with rt.db.session() as tx:
        before = tx.now - timedelta(seconds=5)
    await post(rt, merchant_id, sale(70))
    owner = await asyncpg.connect(database_url)

    async def failing(since: Any) -> set[str]:
        async with rt.db.transaction(readonly=True) as tx:
            return {f.name for f in await verification.run(tx, CHECKS, since) if not f.holds}

    for change, back, names in (
        (
            "update ledger_entries set amount_fen = amount_fen + 1 where merchant_id = $1 and account = 'sales'",
            "update ledger_entries set amount_fen = amount_fen - 1 where merchant_id = $1 and account = 'sales'",
            {"ledger.days_equal_entries", "ledger.transactions_sum_to_zero"},
        ),
        (
            "update ledger_entries set booked_on = booked_on + 1 where merchant_id = $1 and account = 'sales'",
            "update ledger_entries set booked_on = booked_on - 1 where merchant_id = $1 and account = 'sales'",
            {"ledger.days_equal_entries", "ledger.transactions_sum_to_zero"},
        ),
        (
            "update ledger_balances set balance_fen = balance_fen + 1 where merchant_id = $1 and account = 'sales'",
            "update ledger_balances set balance_fen = balance_fen - 1 where merchant_id = $1 and account = 'sales'",
            {"ledger.balances_equal_days", "ledger.books_sum_to_zero"},
        ),
    ):
        await owner.execute(change, merchant_id)
        assert await failing(None) == names
        assert await failing(before) == names
        await owner.execute(back, merchant_id)
    assert await failing(None) == await failing(before) == set()
    await owner.close()


async def test_a_run_whose_worker_was_killed_is_given_up(rt: Runtime) -> None:
    async with rt.db.transaction() as tx:
        await db.ask_run(tx, "person", "whole", None)
        run = await db.claim_run(tx)
        assert run is not None
        await tx.execute(
            "update verify_runs set started_at = started_at - interval '3 hours' where run_id = $1", run.run_id
        )
        assert await db.break_lost_runs(tx, verifying.LOST_AFTER) == 1
    await prove_now(rt)
    async with rt.db.session() as tx:
        latest = await db.latest(tx)
        found = await db.find_run(tx, run.run_id)
    assert latest is not None
    assert latest.state == "held"
    assert found is not None
    assert found[0].state == "broken"
