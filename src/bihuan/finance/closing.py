"""Closing a month: what must hold, and what is kept of it."""

import re
from datetime import date, timedelta

from bihuan import payments
from bihuan.finance import db
from bihuan.finance.errors import BadMonth, NotReadyToClose
from bihuan.finance.schemas import Checklist, ChecklistLine, ClosingView, Months, MonthView
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.ledger import books, periods
from bihuan.reconciliation import unsettled
from bihuan.staff import StaffSession

PROOF_IS_FRESH = timedelta(hours=36)
_MOST = 1000
_MONTH = re.compile(r"^(20\d\d)-(0[1-9]|1[0-2])$")


def month_named(text: str) -> date:
    """The first day of the month YYYY-MM; raises BadMonth."""
    match = _MONTH.match(text)
    if match is None:
        raise BadMonth
    return date(int(match[1]), int(match[2]), 1)


def name_of(month: date) -> str:
    """YYYY-MM."""
    return month.strftime("%Y-%m")


async def list_months(tx: Tx, merchant_id: MerchantId) -> Months:
    """The months from the book's first to the present one."""
    through = await periods.closed_through(tx, merchant_id)
    first = await books.first_day(tx, merchant_id)
    present = periods.month_of(periods.day_of(tx.now))
    moved = await books.month_turnovers(tx, merchant_id)
    months: list[MonthView] = []
    month = min(periods.month_of(first), present) if first else present
    while month <= present:
        closed = through is not None and periods.end_of(month) <= through
        months.append(MonthView(name_of(month), "closed" if closed else "open", month < present, moved.get(month, 0)))
        month = periods.end_of(month) + timedelta(days=1)
    waiting = [row.month for row in months if row.state == "open" and row.ended]
    return Months(months[::-1], await _history(tx, merchant_id), waiting[0] if waiting else None)


async def _history(tx: Tx, merchant_id: MerchantId) -> list[ClosingView]:
    rows = await periods.list_closings(tx, merchant_id)
    return [ClosingView(row.kind, name_of(row.month), row.at, row.by_name, row.reason) for row in rows]


async def checklist(tx: Tx, merchant_id: MerchantId, month: date) -> Checklist:
    """What must hold before a month is closed, looked at now."""
    last = periods.end_of(month)
    through = await periods.closed_through(tx, merchant_id)
    parked = sum(one.parked for one in await events.count_parked(tx, merchant_id))
    money = len(await payments.list_parked(tx, merchant_id, _MOST))
    open_there = await unsettled(tx, merchant_id, last)
    balances = await books.balances_on(tx, merchant_id, last)
    off_by = sum(balances.values())
    lines = [
        ChecklistLine("month_open", through is None or through < last),
        ChecklistLine("month_ended", last < periods.day_of(tx.now)),
        ChecklistLine("no_parked_events", parked == 0, parked),
        ChecklistLine("no_parked_money", money == 0, money),
        ChecklistLine("bills_matched", open_there.days == 0, open_there.days),
        ChecklistLine("differences_resolved", open_there.differences == 0, open_there.differences),
        ChecklistLine("book_balances", off_by == 0, int(off_by != 0), str(off_by) if off_by else ""),
        await _proof(tx, merchant_id),
    ]
    return Checklist(name_of(month), all(line.holds for line in lines), lines)


async def _proof(tx: Tx, merchant_id: MerchantId) -> ChecklistLine:
    """The last run of the invariants is fresh, and found nothing of this merchant's.

    An offender that names another merchant is that one's; one that names nobody could be anyone's.
    """
    run = await db.latest(tx)
    if run is None or run.finished_at is None or tx.now - run.finished_at > PROOF_IS_FRESH:
        return ChecklistLine("verify_held", False, 0, "stale")
    if run.state == "held":
        return ChecklistLine("verify_held", True)
    found = await db.find_run(tx, run.run_id)
    failing = [finding for finding in found[1] if not finding.holds] if found else []
    if run.state != "failed":
        return ChecklistLine("verify_held", False, len(failing), run.state)
    mine = [
        finding
        for finding in failing
        if finding.unfinished
        or finding.count > len(finding.offenders)
        or any(_could_be(offender, merchant_id) for offender in finding.offenders)
    ]
    return ChecklistLine("verify_held", not mine, len(mine), ", ".join(finding.name for finding in mine)[:300])


_LEADING_ID = re.compile(r"^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/")


def _could_be(offender: str, merchant_id: MerchantId) -> bool:
    leading = _LEADING_ID.match(offender)
    return leading is None or leading[1] == str(merchant_id)


async def close(tx: Tx, merchant_id: MerchantId, month: date, by: StaffSession) -> Checklist:
    """Closes a month, with all before it. Raises NotReadyToClose with the lines that do not hold, StillClosed.

    What is posted between the look and the close is seen by neither: the balances that are kept are taken under the
    book's lock, and the nightly proof compares them.
    """
    found = await checklist(tx, merchant_id, month)
    failing = [line.name for line in found.lines if not line.holds]
    if failing:
        raise NotReadyToClose(count=len(failing), failing=failing)
    await periods.close(tx, merchant_id, month, (by.user_id, by.name), found.lines)
    return found
