"""What must be true in the end, whatever happened: everything at rest, and all three sides agree.

The sides are what actors were told (`kept`), what Bihuan's database says, and the sandbox's own books (`books`).
"""

import contextlib
import json
import time
from collections.abc import Callable
from datetime import timedelta

import asyncpg
import httpx

from bench.chaos import books, evening, kept
from bench.chaos.rows import Differences, Rows, rows
from bench.chaos.stage import CHINA, FORGETFUL, Stage

QUIET_SECONDS = 150.0
"""How long it may take until everything has come to rest."""

BUSY = {
    "facts to be delivered": "select count(*) from deliveries where parked_at is null",
    "orders whose time is over": "select count(*) from orders where state = 'unpaid'",
    "live attempts": "select count(*) from payment_attempts where state in ('created', 'prepaid')",
    "refunds under way": "select count(*) from payment_refunds where state in ('applied', 'processing')",
    "sharings under way": "select count(*) from sharing_orders where state in ('asked', 'processing')",
    "shares to be given back": "select count(*) from sharing_returns where state in ('asked', 'processing')",
    "cases that wait for their refund": "select count(*) from aftersale_cases where state = 'refunding'",
    "payment codes that are undecided": "select count(*) from till_takings where state = 'pending'",
    "sales that are open": "select count(*) from till_sales where state = 'open'",
    "money held in wallets": "select count(*) from wallet_holds where state = 'held'",
    "points held for orders": "select count(*) from points_holds where state = 'held'",
    "days to be planned": """select count(*) from payment_accounts a where a.mchid <> '' and exists (
          select from reconciliation_days d where d.merchant_id = a.merchant_id and d.mchid = a.mchid)
        and not exists (select from reconciliation_days d where d.merchant_id = a.merchant_id and d.mchid = a.mchid
          and d.day = ($1::timestamptz at time zone 'Asia/Shanghai')::date - 1)""",
    "days to be reconciled": "select count(*) from reconciliation_days where state <> 'matched' and due_at < $1",
    "statements to be closed": "select count(*) from statements where state = 'open' and closes_at < $1",
    "months to be billed": """select count(*) from plan_subscriptions s
        cross join lateral generate_series(date_trunc('month', s.started_on),
          date_trunc('month', $1::timestamptz at time zone 'Asia/Shanghai') - interval '1 month', '1 month') as month
        where (s.ended_on is null or s.ended_on > greatest(s.started_on, month::date)) and not exists (
          select from plan_invoices i where i.merchant_id = s.merchant_id and i.month = month::date)""",
}
"""What time, the worker and an evening's work bring to an end. $1: the time."""

LEFT_BEHIND = {
    "facts that were parked": "select fact_id::text || ' ' || handler || ': ' || error from deliveries",
    "payments that were parked": "select out_trade_no || ': ' || reason from payment_attempts where verdict = 'parked'",
    "refunds that did not arrive": """select r.refund_id::text || ' ' || r.state from payment_refunds r
        where r.state <> 'success' and not (r.state = 'closed' and exists (
          select from payment_refunds n where n.merchant_id = r.merchant_id and n.replaces = r.refund_id))""",
    "notifications that were parked": "select notification_id || ' ' || reason from payment_notifications"
    " where outcome = 'parked'",
    "shares that failed": "select order_no || ' ' || state || ': ' || coalesce(error, '') from sharings"
    " where state = 'failed'",
    "shares that came too late": """select order_no || ': ' || coalesce(error, '') from sharings
        where state = 'missed' and $1::interval < interval '20 days'""",
    "returned shares that failed": "select return_id::text from sharing_returns where state = 'failed'",
    "jobs that fail": "select name || ': ' || last_error from periodic_jobs where failures > 0",
    "differences from WeChat's bills": """select day || ' ' || mchid || ' ' || kind || ' ' || subject || ' ' || number
        || ' here ' || coalesce(here_fen::text, '-') || ' there ' || coalesce(there_fen::text, '-') || ' ' || state
        from reconciliation_differences where state <> 'resolved'""",
    "pools that are not what was received": """select p.pool_id::text from pools p join lateral (
          select coalesce(sum(s.delta), 0) as received from stock_adjustments s
          where s.merchant_id = p.merchant_id and s.pool_id = p.pool_id) r on true
        where p.available < 0 or p.available + p.held + p.sold <> r.received""",
}
"""What nobody may find in the end: each row is a difference."""

_POINTS = """select m.number || ': ' || e.points || ' of ' || o.points as id
    from members m join merchants c using (merchant_id)
    join lateral (select coalesce(sum(points), 0) as points from points_entries
      where merchant_id = m.merchant_id and member_id = m.member_id and source = 'order') e on true
    join lateral (select coalesce(sum(paid_fen / 100), 0) as points from points_orders
      where merchant_id = m.merchant_id and member_id = m.member_id) o on true
    where c.code = any($1) and e.points <> o.points"""
_OLD_POINTS = """select m.number as id from members m join merchants c using (merchant_id)
    join lateral (select coalesce(sum(points) filter (where points > 0 and occurred_at < $2), 0) as came,
        coalesce(-sum(points) filter (where points < 0), 0) as gone
      from points_entries where merchant_id = m.merchant_id and member_id = m.member_id) e on true
    where c.code = $1 and m.points > 0 and e.came > e.gone"""


def quiet_down(
    stage: Stage, days: int, *, month: bool = False, tell: Callable[[str], None] = lambda _: None
) -> dict[str, int]:
    """Lets time pass, in jumps, until nothing is under way, then so many days, over the end of a `month` if wanted.

    Returns what is still under way when patience ends.
    """
    stage.wait_until_healthy()
    stage.after_the_day()
    # WeChat repeats a notification for a day; after that the platform has to ask.
    for seconds in (20, 60, 300, 1200, 3600):
        stage.jump(seconds)
        time.sleep(0.3)
    busy = _rest(stage)
    mornings = [1] * days
    if month:  # to the second day of the month after the next, so that thirty days are over for all that was paid
        mornings.insert(1, 33 + (33 - (stage.now().astimezone(CHINA) + timedelta(days=33)).day))
    for number in mornings:
        if busy:
            break
        local = stage.now().astimezone(CHINA)
        morning = (local + timedelta(days=number)).replace(hour=10, minute=10, second=0)
        tell(f"it is {morning:%Y-%m-%d}")
        stage.jump((morning - local).total_seconds())
        busy = _rest(stage)
    return busy


def _rest(stage: Stage) -> dict[str, int]:
    end = time.monotonic() + QUIET_SECONDS
    busy: dict[str, int] = {"everything": 1}
    turn = 0
    while time.monotonic() < end:
        with contextlib.suppress(OSError, httpx.HTTPError, asyncpg.PostgresError):
            busy = _busy(stage)
            if not busy:
                return {}
        evening.work(stage)
        turn += 1
        stage.jump(60 * min(2 ** (turn // 4), 60))
        time.sleep(0.3)
    return busy


def _busy(stage: Stage) -> dict[str, int]:
    now = stage.now()
    busy = {what: rows(stage, sql, *([now] if "$1" in sql else []))[0]["count"] for what, sql in BUSY.items()}
    busy["notifications on their way"] = _pending(stage)
    return {what: count for what, count in busy.items() if count}


def _pending(stage: Stage) -> int:
    with httpx.Client(base_url=stage.mall.sandbox_url, trust_env=False, timeout=20) as http:
        listed = http.get("/_sandbox/notifications?limit=500").json()["items"]
    return sum(1 for notice in listed if notice["state"] == "pending")


def check(stage: Stage) -> Differences:
    """All that is not as it must be, by kind, with ids; empty when all is well."""
    found: Differences = {}
    for what, sql in LEFT_BEHIND.items():
        args = [timedelta(seconds=stage.longest_jump_seconds)] if "$1" in sql else []
        found[what] = [str(next(iter(row.values()))) for row in rows(stage, sql, *args)]
    found["points that are not those of the money paid"] = [
        row["id"] for row in rows(stage, _POINTS, list(stage.goods))
    ]
    long_ago = stage.now() - timedelta(days=31, hours=3)
    found["points that should be gone"] = [row["id"] for row in rows(stage, _OLD_POINTS, FORGETFUL, long_ago)]
    found |= books.compare(stage)
    found |= books.compare_alipay(stage)
    found |= kept.compare(stage)
    done = stage.mall.cli("verify", "--json")
    verified: Rows = json.loads(done.stdout)["checks"] if done.stdout else [{"name": done.stderr[-500:], "count": 1}]
    found["invariants of `bihuan verify`"] = [json.dumps(one, ensure_ascii=False) for one in verified if one["count"]]
    return {what: ids for what, ids in found.items() if ids}
