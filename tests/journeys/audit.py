"""What must be true of a mall whatever was killed under it: shoppers, the sandbox, orders and books agree."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
from bench.mall import Mall, wait_for

from tests.journeys.stream import Buyer

Rows = list[dict[str, Any]]


def rows(mall: Mall, sql: str, *args: object) -> Rows:
    """A query on the installation's database, as its owner."""

    async def ask() -> Rows:
        url = json.loads((mall.home / "up.lock").read_text())["database_url"]
        connection = await asyncpg.connect(url)
        try:
            return [dict(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()

    return asyncio.run(ask())


def settle_down(mall: Mall) -> None:
    """Waits until everything that was under way has arrived; WeChat's pauses between its tries are skipped."""

    def all_accepted() -> bool:
        waiting = [n for n in _notices(mall) if n["state"] == "pending"]
        if waiting:
            mall.sandbox.post("/_sandbox/clock", json={"advance_seconds": 30})
        return not waiting

    wait_for(all_accepted, "notifications were never accepted")
    busy = """select (select count(*) from deliveries where parked_at is null)
                   + (select count(*) from payment_refunds where state in ('applied', 'processing')) as count"""
    # A worker that was killed between two steps of a refund leaves it to the next one for half a minute.
    wait_for(lambda: rows(mall, busy)[0]["count"] == 0, "facts or refunds were never done", 60)


def _notices(mall: Mall) -> Rows:
    notices: Rows = mall.sandbox.get("/_sandbox/notifications?limit=500").json()["items"]
    assert len(notices) < 500, "more notifications than the sandbox lists"
    return notices


def check(mall: Mall, buyers: Sequence[Buyer]) -> dict[str, int]:
    """Asserts all of it; returns what there was."""
    _orders_once(mall, buyers)
    payments = _payments_have_their_end(mall, buyers)
    _stock(mall)
    _books(mall)
    mall.verify()
    return {
        "sent": sum(len(b.sent) for b in buyers),
        "placed": sum(len(b.placed) for b in buyers),
        "refused": sum(len(b.refused) for b in buyers),
        "repeated": sum(b.shop.repeats + b.phone.repeats for b in buyers),
        **payments,
    }


def _orders_once(mall: Mall, buyers: Sequence[Buyer]) -> None:
    """What a shopper was told is placed is there once; what was refused is not; nothing else is there."""
    stored = rows(mall, "select idempotency_key as key, order_id::text, total_fen from orders")
    by_key: dict[str, Rows] = {}
    for row in stored:
        by_key.setdefault(row["key"], []).append(row)
    doubled = {key: found for key, found in by_key.items() if len(found) > 1}
    assert not doubled
    for buyer in buyers:
        for key, told in buyer.placed.items():
            assert key in by_key, f"{key} was told {told['order_no']} and it is gone"
            (found,) = by_key[key]
            assert (found["order_id"], found["total_fen"]) == (told["order_id"], told["total_fen"])
        assert not set(buyer.refused) & set(by_key), "an order was refused and placed"
    assert set(by_key) <= {key for buyer in buyers for key in buyer.sent}


def _payments_have_their_end(mall: Mall, buyers: Sequence[Buyer]) -> dict[str, int]:
    """Money that the sandbox took is a paid order's, or is on its way back; and nobody else's."""
    taken = {n["reference"]: n["plaintext"] for n in _notices(mall) if n["event_type"] == "TRANSACTION.SUCCESS"}
    known = rows(
        mall,
        """select a.out_trade_no, a.state, a.verdict, a.reason, a.transaction_id, a.paid_fen, o.state as order_state,
                  o.paid_fen as order_paid_fen, r.state as refund_state, r.amount_fen as refund_fen
           from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           join orders o on o.merchant_id = a.merchant_id and o.order_id = p.reference_id
           left join payment_refunds r on r.merchant_id = a.merchant_id and r.attempt_id = a.attempt_id""",
    )
    by_number = {row["out_trade_no"]: row for row in known}
    for number, told in taken.items():
        row = by_number.get(number)
        assert row is not None, f"WeChat took money for {number}, which nobody knows"
        assert (row["state"], row["transaction_id"]) == ("paid", told["transaction_id"]), row
        assert row["paid_fen"] == told["amount"]["total"], row
        if row["verdict"] == "accepted":
            assert (row["order_state"], row["order_paid_fen"]) == ("paid", row["paid_fen"]), row
        else:
            assert row["verdict"] == "refused", row
            assert row["refund_fen"] == row["paid_fen"], row
    assert {row["out_trade_no"] for row in known if row["state"] == "paid"} == set(taken)
    shown = {transaction for buyer in buyers for transaction in buyer.taken}
    assert shown <= {told["transaction_id"] for told in taken.values()}
    refused = [row for row in known if row["verdict"] == "refused"]
    return {"taken": len(taken), "given back": len(refused)}


def _stock(mall: Mall) -> None:
    """What the pools say is sold is what paid orders hold of them; nothing is oversold, nothing vanished."""
    wrong = rows(
        mall,
        """select p.pool_id::text, p.available, p.held, p.sold, c.received, c.bought, c.kept
           from pools p
           join lateral (
             select (select coalesce(sum(s.delta), 0) from stock_adjustments s
                     where s.merchant_id = p.merchant_id and s.pool_id = p.pool_id) as received,
                    (select coalesce(sum(l.quantity), 0) from order_lines l
                     join orders o on o.merchant_id = l.merchant_id and o.order_id = l.order_id
                     where l.merchant_id = p.merchant_id and l.pool_id = p.pool_id
                       and o.payment_status = 'paid') as bought,
                    (select coalesce(sum(l.quantity), 0) from order_lines l
                     join orders o on o.merchant_id = l.merchant_id and o.order_id = l.order_id
                     where l.merchant_id = p.merchant_id and l.pool_id = p.pool_id
                       and o.state = 'unpaid') as kept
           ) c on true
           where p.sold <> c.bought or p.held <> c.kept or p.available < 0
              or p.available + p.held + p.sold <> c.received""",
    )
    assert not wrong


def _books(mall: Mall) -> None:
    """Per merchant: what WeChat has taken less what it gave back is what our clearing account says."""
    sheets = {row["mchid"]: row for row in mall.sandbox.get("/_sandbox/books").json()["merchants"]}
    ours = rows(
        mall,
        """select a.mchid, coalesce(b.balance_fen, 0) as clearing_fen from payment_accounts a
           left join ledger_balances b on b.merchant_id = a.merchant_id and b.account = 'wechat_clearing'""",
    )
    assert {row["mchid"] for row in ours} >= {mchid for mchid, sheet in sheets.items() if sheet["payments"]}
    for row in ours:
        sheet = sheets[row["mchid"]]
        assert sheet["paid_fen"] - sheet["refunded_fen"] == row["clearing_fen"], (row, sheet)
