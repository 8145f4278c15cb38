"""What must be true in the end, whatever happened: everything at rest, and all three sides agree.

The sides are what actors were told (`promises`), what Bihuan's database says, and the sandbox's own books.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx

from bench.chaos.promises import Promises
from bench.chaos.stage import Stage

Rows = list[dict[str, Any]]
Differences = dict[str, list[str]]

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
}
"""What time and the worker bring to an end by themselves."""

LEFT_BEHIND = {
    "facts that were parked": "select fact_id::text || ' ' || handler || ': ' || error from deliveries",
    "payments that were parked": "select out_trade_no || ': ' || reason from payment_attempts where verdict = 'parked'",
    "refunds that did not arrive": """select r.refund_id::text || ' ' || r.state from payment_refunds r
        where r.state <> 'success' and not (r.state = 'closed' and exists (
          select from payment_refunds n where n.merchant_id = r.merchant_id and n.replaces = r.refund_id))""",
    "notifications that were parked": "select notification_id || ' ' || reason from payment_notifications"
    " where outcome = 'parked'",
    "shares that failed": "select order_no || ' ' || state || ': ' || coalesce(error, '') from sharings"
    " where state in ('failed', 'missed')",
    "returned shares that failed": "select return_id::text from sharing_returns where state = 'failed'",
    "jobs that fail": "select name || ': ' || last_error from periodic_jobs where failures > 0",
    "pools that are not what was received": """select p.pool_id::text from pools p join lateral (
          select coalesce(sum(s.delta), 0) as received from stock_adjustments s
          where s.merchant_id = p.merchant_id and s.pool_id = p.pool_id) r on true
        where p.available < 0 or p.available + p.held + p.sold <> r.received""",
}
"""What nobody may find in the end: each row is a difference."""


HAPPENED = {
    "refunds": "select count(*) from payment_refunds where state = 'success'",
    "refunds under a new number": "select count(*) from payment_refunds where replaces is not null",
    "after-sale cases": "select count(*) from aftersale_cases",
    "cases completed": "select count(*) from aftersale_cases where state = 'completed'",
    "top-ups": "select count(*) from wallet_topups where state <> 'unpaid'",
    "paid from a wallet": "select count(*) from payment_attempts where tender = 'wallet' and state = 'paid'",
    "commissions": "select count(*) from commissions",
    "shares": "select count(*) from sharing_orders where kind = 'share' and state = 'success'",
    "shares given back": "select count(*) from sharing_returns where state = 'success'",
    "postings": "select count(*) from ledger_transactions where source not in ('opening', 'import')",
}
"""What a run has done to the database, for its report."""


def happened(stage: Stage) -> dict[str, int]:
    """How much of what HAPPENED names there is."""
    return {what: rows(stage, sql)[0]["count"] for what, sql in HAPPENED.items()}


def rows(stage: Stage, sql: str, *args: object) -> Rows:
    """A query on the installation's database, as its owner."""

    async def ask() -> Rows:
        url = json.loads((stage.mall.home / "up.lock").read_text())["database_url"]
        connection = await asyncpg.connect(url)
        try:
            return [dict(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def quiet_down(stage: Stage) -> dict[str, int]:
    """Lets time pass, in jumps, until nothing is under way; what still is when patience ends."""
    stage.wait_until_healthy()
    stage.after_the_day()
    # WeChat repeats a notification for a day; after that the platform has to ask.
    for seconds in (20, 60, 300, 1200, 3600):
        stage.jump(seconds)
        time.sleep(0.5)
    end = time.monotonic() + QUIET_SECONDS
    busy: dict[str, int] = {"everything": 1}
    turn = 0
    while time.monotonic() < end:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            busy = {what: rows(stage, sql)[0]["count"] for what, sql in BUSY.items()}
            busy["notifications on their way"] = _pending(stage)
            busy = {what: count for what, count in busy.items() if count}
            if not busy:
                return {}
        turn += 1
        stage.jump(60 * min(2 ** (turn // 4), 60))
        time.sleep(0.5)
    return busy


def _pending(stage: Stage) -> int:
    with httpx.Client(base_url=stage.mall.sandbox_url, trust_env=False, timeout=20) as http:
        listed = http.get("/_sandbox/notifications?limit=500").json()["items"]
    return sum(1 for notice in listed if notice["state"] == "pending")


def check(stage: Stage) -> Differences:
    """All that is not as it must be, by kind, with ids; empty when all is well."""
    found: Differences = {}
    for what, sql in LEFT_BEHIND.items():
        found[what] = [str(next(iter(row.values()))) for row in rows(stage, sql)]
    found |= _books(stage)
    found |= _orders(stage)
    found |= _promises(stage)
    done = stage.mall.cli("verify", "--json")
    verified: Rows = json.loads(done.stdout)["checks"] if done.stdout else [{"name": done.stderr[-500:], "count": 1}]
    found["invariants of `bihuan verify`"] = [json.dumps(one, ensure_ascii=False) for one in verified if one["count"]]
    return {what: ids for what, ids in found.items() if ids}


# -- the sandbox's books -------------------------------------------------------------------------------------


def _movements(http: httpx.Client, mchid: str) -> Iterator[dict[str, Any]]:
    after: int | None = 0
    while after is not None:
        page = http.get(f"/_sandbox/books/{mchid}/entries", params={"after": after, "limit": 1000}).json()
        yield from page["items"]
        after = page["next"]


_RECEIPTS = """select a.mchid, a.transaction_id as number, a.paid_fen as fen, a.verdict, e.amount_fen as posted_fen
    from payment_attempts a
    left join ledger_transactions t
      on t.merchant_id = a.merchant_id and t.source = 'receipt' and t.source_id = a.attempt_id
    left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
      and e.account = 'wechat_clearing'
    where a.state = 'paid' and a.tender = 'wechat' and a.mchid <> ''"""
_REFUNDS = """select a.mchid, replace(r.refund_id::text, '-', '') as number, r.amount_fen as fen,
      -e.amount_fen as posted_fen
    from payment_refunds r
    join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
    left join ledger_transactions t
      on t.merchant_id = r.merchant_id and t.source = 'refund' and t.source_id = r.refund_id
    left join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
      and e.account = 'wechat_clearing'
    where r.state = 'success' and a.tender = 'wechat' and a.mchid <> ''"""
_EXTERNAL = ("payment_fees", "bank_transfer", "reconciliation")
"""Postings about fees, the merchant's bank, and differences that a person resolved."""
_CLEARING = """select t.merchant_id::text, m.code, sum(e.amount_fen)::bigint as fen
    from ledger_transactions t join merchants m using (merchant_id)
    join ledger_entries e on e.merchant_id = t.merchant_id and e.transaction_id = t.transaction_id
    where e.account = 'wechat_clearing' and t.source <> all($1) group by 1, 2"""
_NUMBERS = "select distinct merchant_id::text, mchid from payment_accounts where mchid <> ''"


def _books(stage: Stage) -> Differences:
    """Per transaction and per merchant: what the sandbox took and gave back is what the ledger says, to the fen."""
    received = {(r["mchid"], r["number"]): r for r in rows(stage, _RECEIPTS)}
    refunded = {(r["mchid"], r["number"]): r for r in rows(stage, _REFUNDS)}
    merchants: dict[str, str] = {r["mchid"]: r["merchant_id"] for r in rows(stage, _NUMBERS)}
    there: dict[str, int] = {}
    found: Differences = {"receipts": [], "refunds": [], "balances": [], "the sandbox's own books": []}
    seen: set[tuple[str, str]] = set()
    with httpx.Client(base_url=stage.mall.sandbox_url, trust_env=False, timeout=60) as http:
        for sheet in http.get("/_sandbox/books").json()["merchants"]:
            mchid, closed = sheet["mchid"], set[str]()
            moved = list(_movements(http, mchid))
            closed = {row["number"] for row in moved if row["kind"] == "refund_closed"}
            for row in moved:
                if row["kind"] == "payment":
                    key, ours, kind = (mchid, row["number"]), received.get((mchid, row["number"])), "receipts"
                elif row["kind"] == "refund" and row["number"] not in closed:
                    key, ours, kind = (mchid, row["out_number"]), refunded.get((mchid, row["out_number"])), "refunds"
                else:
                    continue
                seen.add(key)
                if ours is None:
                    found[kind].append(f"{mchid} {key[1]} {row['amount_fen']} fen: not known here")
                elif not ours["fen"] == ours["posted_fen"] == row["amount_fen"]:
                    told = f"{row['amount_fen']} there, {ours['fen']} here, {ours['posted_fen']} posted"
                    found[kind].append(f"{mchid} {key[1]}: {told}")
            # what came from shoppers and other merchants and did not go back to them: fees and the bank apart
            whose = merchants.get(mchid) or mchid
            there[whose] = there.get(whose, 0) - sheet["accounts"]["shoppers"] - sheet["accounts"]["merchants"]
        found["receipts"] += [f"{m} {n}: not known there" for m, n in received.keys() - seen]
        found["refunds"] += [f"{m} {n}: not known there" for m, n in refunded.keys() - seen]
        here = {r["merchant_id"]: r["fen"] for r in rows(stage, _CLEARING, _EXTERNAL)}
        found["balances"] = [
            f"{merchant}: {there.get(merchant, 0)} there, {here.get(merchant, 0)} here"
            for merchant in there.keys() | here.keys()
            if there.get(merchant, 0) != here.get(merchant, 0)
        ]
        own = http.get("/_sandbox/books/check").json()
        found["the sandbox's own books"] = own["problems"]
    return found


# -- promises ------------------------------------------------------------------------------------------------

_ORDERS = """select o.idempotency_key as key, o.order_id::text, o.order_no, o.state, o.payment_status, o.total_fen,
      o.paid_fen, m.code
    from orders o join merchants m using (merchant_id) where o.idempotency_key like $1"""


def _orders(stage: Stage) -> Differences:
    """Orders stand once under their key, and money that came stands at a paid order or went back."""
    doubled = rows(
        stage,
        """select merchant_id, idempotency_key as key from orders where idempotency_key like $1
           group by merchant_id, shopper_id, idempotency_key having count(*) > 1""",
        f"{stage.seed}-%",
    )
    unpaid = rows(
        stage,
        """select a.out_trade_no as number from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           join orders o on o.merchant_id = a.merchant_id and o.order_id = p.reference_id
           where a.verdict = 'accepted' and (o.payment_status = 'unpaid' or o.state in ('unpaid', 'cancelled')
             and o.refund_status = 'none')""",
    )
    return {
        "orders placed twice": [row["key"] for row in doubled],
        "money that was kept for an order that is not paid": [row["number"] for row in unpaid],
    }


def _promises(stage: Stage) -> Differences:
    promises = stage.promises
    stored = rows(stage, _ORDERS, f"{stage.seed}-%")
    by_key = {row["key"]: row for row in stored}
    by_id = {row["order_id"]: row for row in stored}
    found: Differences = {"promised orders": [], "orders that nobody sent": sorted(by_key.keys() - promises.sent)}
    for key, told in promises.placed.items():
        row = by_key.get(key)
        if row is None or (row["order_id"], row["total_fen"], row["code"]) != (
            told.order_id,
            told.total_fen,
            told.merchant,
        ):
            found["promised orders"].append(f"{key} was told {told}, there is {row}")
    found["refused orders that are there"] = sorted(promises.refused.keys() & by_key.keys())
    found["orders shown as paid that are not"] = [
        order_id for order_id in sorted(promises.shown_paid) if by_id[order_id]["payment_status"] == "unpaid"
    ]
    found["orders said to be cancelled that are unpaid"] = [
        order_id for order_id in sorted(promises.cancelled & by_id.keys()) if by_id[order_id]["state"] == "unpaid"
    ]
    found["orders said to be completed that are not"] = [
        order_id
        for order_id in sorted(promises.received & by_id.keys())
        if by_id[order_id]["state"] not in ("completed", "cancelled")
    ]
    found |= _told_by_staff(stage, promises)
    found["top-ups shown as paid that are not"] = sorted(
        promises.topped_up.keys()
        - {row["id"] for row in rows(stage, "select topup_id::text as id from wallet_topups where state <> 'unpaid'")}
    )
    cases = {row["id"]: row["state"] for row in rows(stage, "select case_id::text as id, state from aftersale_cases")}
    found["cases said to have ended that have not"] = [
        f"{case_id} was {state}, is {cases.get(case_id)}"
        for case_id, state in promises.ended_cases.items()
        if cases.get(case_id) != state
    ]
    taken = {
        row["transaction_id"]
        for row in rows(stage, "select transaction_id from payment_attempts where paid_at is not null")
    }
    found["money that a phone showed as paid"] = sorted(promises.taken.keys() - taken)
    return found


def _told_by_staff(stage: Stage, promises: Promises) -> Differences:
    parcels: dict[str, list[str]] = {}
    for row in rows(stage, "select tracking_no, order_id::text from shipments"):
        parcels.setdefault(row["tracking_no"], []).append(row["order_id"])
    adjusted: dict[str, list[int]] = {}
    for row in rows(stage, "select reason, delta from stock_adjustments where reason like '盘点 %'"):
        adjusted.setdefault(row["reason"], []).append(row["delta"])
    return {
        "parcels": [f"{n} of {o}: {parcels.get(n)}" for n, o in promises.shipped.items() if parcels.get(n) != [o]],
        "stock adjustments": [
            f"{reason} {delta}: {adjusted.get(reason)}"
            for reason, delta in promises.stocked.items()
            if adjusted.get(reason) != [delta]
        ],
        "stock adjustments made twice": [reason for reason, deltas in adjusted.items() if len(deltas) > 1],
    }
