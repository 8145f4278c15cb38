"""Days as they come due: planned for every account, fetched, matched; what fails is tried again and then shown.

A day is claimed by a lease, so that two workers never work at one; a worker that dies leaves it to the next when
the lease is over, and nothing is half done, since matching is one transaction and a fetched bill is there or not.
"""

import asyncio
from datetime import date, timedelta

import structlog

from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import billed
from bihuan.reconciliation import db, db_differences, fetching, matching, rules, sources
from bihuan.reconciliation.db import Due
from bihuan.reconciliation.errors import BillRefused
from bihuan.reconciliation.sources import Shares
from bihuan.wechat import WeChatError

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
_RECHECKED = 500


async def plan(rt: Runtime) -> int:
    """The job: every account's days up to yesterday's, from the last one known; a new account begins yesterday.

    After an installation was away, as far back as WeChat keeps bills: no day is left out in silence.
    """
    async with rt.db.session() as tx:
        accounts = await billed.list_billed(tx)
        latest = await db.latest_days(tx)
        yesterday = rules.day_of(tx.now) - timedelta(days=1)
    oldest = yesterday - timedelta(days=rules.MOST_DAYS_BACK - 1)
    rows: list[tuple[MerchantId, str, str, date, object]] = []
    for account in accounts:
        last = latest.get((account.merchant_id, account.mchid))
        first = yesterday if last is None else max(last + timedelta(days=1), oldest)
        for back in range((yesterday - first).days, -1, -1):
            day = yesterday - timedelta(days=back)
            rows.append((account.merchant_id, account.mchid, account.sp_mchid, day, rules.ready_at(day)))
    if not rows:
        return 0
    async with rt.db.transaction() as tx:
        return await db.want_days(tx, [(m, mchid, sp, day, rules.ready_at(day)) for m, mchid, sp, day, _ in rows])


async def run_due(rt: Runtime, shares: Shares, most: int = 200) -> int:
    """Works at days that are due, one after another, at most `most`; returns how many."""
    done = 0
    while done < most:
        async with rt.db.transaction() as tx:
            due = await db.claim_due(tx, LEASE)
        if due is None:
            break
        await run_one(rt, due, shares)
        done += 1
    return done


async def run_one(rt: Runtime, due: Due, shares: Shares) -> None:
    """Fetches and matches a day; what goes wrong is recorded on it."""
    try:
        await fetching.fetch(rt, due)
        await matching.match(rt, due, shares)
    except fetching.NotReady:
        await _postpone(rt, due, "bill_not_ready", "WeChat is writing the bill", creating=True)
    except BillRefused as refused:
        await _drop_files(rt, due)
        await _postpone(rt, due, refused.code, str(refused))
    except WeChatError as error:
        await _postpone(rt, due, "wechat_unavailable", str(error))
    except FileNotFoundError as missing:
        await _drop_files(rt, due)
        await _postpone(rt, due, "bill_file_missing", str(missing))


async def _postpone(rt: Runtime, due: Due, code: str, error: str, *, creating: bool = False) -> None:
    fail = due.tries >= rules.MOST_TRIES or code in ("too_many_differences", "bill_of_another")
    log.warning("day not reconciled", mchid=due.mchid, day=str(due.day), code=code, error=error, tries=due.tries)
    async with rt.db.transaction() as tx:
        await db.postpone(tx, due, tx.now + rules.pause(due.tries, creating=creating), code, error, fail=fail)


async def _drop_files(rt: Runtime, due: Due) -> None:
    """A bill that is not taken is fetched afresh next time."""
    async with rt.db.session() as tx:
        kept = await db.list_kept(tx, due.merchant_id, due.mchid, due.day)
    for bill in kept:
        if bill.file:
            fetching.remove(rt, bill.file)
        async with rt.db.transaction() as tx:
            await db.set_forgotten(tx, due.merchant_id, due.mchid, due.day, bill.kind)


async def recheck(rt: Runtime, shares: Shares) -> int:
    """The job: differences whose other side was settled since resolve by rule. Returns how many."""
    async with rt.db.session() as tx:
        asked = await db_differences.list_to_ask_again(tx, _RECHECKED)
    resolved = 0
    for merchant_id, mchid, subject, numbers in asked:
        resolved += await recheck_numbers(rt, shares, merchant_id, mchid, subject, numbers)
    return resolved


async def recheck_numbers(
    rt: Runtime, shares: Shares | None, merchant_id: MerchantId, mchid: str, subject: str, numbers: list[str]
) -> int:
    """The same for some of our numbers of one account; without `shares` not of profit sharing."""
    async with rt.db.transaction() as tx:
        await billed.stage_recorded(tx, merchant_id, mchid, tx.now, tx.now)  # an empty stage
        await sources.add(tx, shares, merchant_id, mchid, subject, numbers)
        agreeing = await db_differences.list_agreeing(tx, merchant_id, mchid)
        note = "记录已一致"
        return await db_differences.resolve_by_rule(tx, merchant_id, agreeing, "agrees", "recorded_since", note)


class Runner:
    """Runs due days beside the worker's other jobs, which must not wait for a long bill."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._task: asyncio.Task[None] | None = None

    async def start(self, rt: Runtime) -> bool:
        """The job: begins working unless it is at it; returns at once."""
        if self._task is not None and not self._task.done():
            return False
        self._task = asyncio.create_task(self._run(rt))
        return True

    async def _run(self, rt: Runtime) -> None:
        try:
            await run_due(rt, self._shares)
        except Exception:
            log.exception("reconciliation failed; a later run goes on")
