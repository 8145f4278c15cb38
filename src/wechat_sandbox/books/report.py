"""What the books say, and whether they are right."""

from collections.abc import Iterator
from typing import Any

from wechat_sandbox.journal import OWN, DayTotals
from wechat_sandbox.world import World


def balance_sheet(world: World) -> list[dict[str, Any]]:
    """Per merchant: what it took, gave back and paid in fees, what it holds by account, and each day's totals.

    Refunds count when they are accepted, not when they arrive; `balance_fen` is available and frozen together.
    """
    rows: list[dict[str, Any]] = []
    for merchant in world.merchants.values():
        days = [_day(row) for row in world.journal.days(merchant.mchid)]
        accounts = world.journal.balances(merchant.mchid)
        row: dict[str, Any] = {"mchid": merchant.mchid, "name": merchant.name}
        for name in ("payments", "paid_fen", "refunds", "refunded_fen", "fee_fen"):
            row[name] = sum(day[name] for day in days)
        row["balance_fen"] = accounts["available"] + accounts["frozen"]
        row["accounts"] = accounts
        row["days"] = days
        rows.append(row)
    return rows


def _day(row: DayTotals) -> dict[str, Any]:
    """A day's totals; a refund that was closed counts as none on the day of its closing."""
    return {
        "day": row.day,
        "payments": row.counts.get("payment", 0),
        "paid_fen": row.sums.get("payment", 0),
        "refunds": row.counts.get("refund", 0) - row.counts.get("refund_closed", 0),
        "refunded_fen": row.sums.get("refund", 0) - row.sums.get("refund_closed", 0),
        "fee_fen": row.accounts.get("fees", 0),
        "accounts": {account: change for account, change in row.accounts.items() if change},
    }


def check(world: World) -> dict[str, Any]:
    """Go through every transaction: does each sum to zero, do the balances follow, does nobody owe anything?

    Reads the whole journal, a million transactions in some seconds: for tests and doubts.
    """
    held: dict[str, dict[str, int]] = {}
    problems = list(_wrong_transactions(world, held))
    between = sum(accounts.get("merchants", 0) for accounts in held.values())
    if between:
        problems.append(f"merchants owe each other {between} fen")
    for mchid in world.journal.merchants():
        for account, balance in world.journal.balances(mchid).items():
            if balance != held.get(mchid, {}).get(account, 0):
                problems.append(f"{mchid}: {account} is told as {balance} fen")
    frozen: dict[str, int] = {}
    for order in world.orders.values():
        if order.frozen:
            frozen[order.payee] = frozen.get(order.payee, 0) + order.frozen
    problems.extend(
        f"{mchid}: {frozen.get(mchid, 0)} fen of orders are frozen"
        for mchid in {*held, *frozen}
        if held.get(mchid, {}).get("frozen", 0) != frozen.get(mchid, 0)
    )
    return {"balanced": not problems, "transactions": len(world.journal), "problems": problems[:100]}


def _wrong_transactions(world: World, held: dict[str, dict[str, int]]) -> Iterator[str]:
    """What is wrong with single transactions; adds up what each merchant holds on the way."""
    for movement in world.journal.all():
        if sum(movement.entries.values()) != 0:
            yield f"transaction {movement.movement_id} does not sum to zero"
        accounts = held.setdefault(movement.mchid, {})
        for account, change in movement.entries.items():
            accounts[account] = accounts.get(account, 0) + change
            if account in OWN and accounts[account] < 0:
                yield f"{movement.mchid}: {account} falls below zero in {movement.movement_id}"
