"""What accountants and the operator do: statements, payouts, plans, sharings, bills, stored value that goes back."""

import random
from datetime import timedelta
from typing import Any

from bench.chaos.acts import Json
from bench.chaos.staff import Clerk
from bench.chaos.stage import PLANS

SETTLEMENT = "/api/platform/settlement"
RECONCILIATION = "/api/merchant/reconciliation"


# -- accountants of merchants --------------------------------------------------------------------------------


async def read_the_books(me: Clerk, own: random.Random) -> None:
    """The rooms of finance, a statement as a workbook, the days of the bills."""
    await me.ask("GET", "/api/merchant/ledger/accounts")
    await me.ask("GET", f"{RECONCILIATION}/days")
    await me.ask("GET", "/api/merchant/settlement/running")
    listed = await me.ask("GET", "/api/merchant/settlement/statements?limit=5")
    if rows := [row for row in listed.body["items"] if row["state"] != "open"]:
        chosen = own.choice(rows)["statement_id"]
        await me.ask("GET", f"/api/merchant/settlement/statements/{chosen}/lines?limit=50")
        await me.ask("GET", f"/api/merchant/settlement/statements/{chosen}/statement.xlsx")


async def ask_for_failed_days(me: Clerk, own: random.Random) -> None:
    """A day whose bills could not be had is tried once more."""
    listed = await me.ask("GET", f"{RECONCILIATION}/days?state=failed&limit=5")
    for row in own.sample(listed.body["items"], min(2, len(listed.body["items"]))):
        wish = {"day": row["day"], "mchid": row["mchid"]}
        await me.ask("POST", f"{RECONCILIATION}/days", wish, refusals=("day_reconciled", "day_not_to_be_had"))


async def look_into_differences(me: Clerk, own: random.Random) -> None:
    """Asks WeChat about what does not agree. She posts nothing: in the end nothing may be left to post."""
    listed = await me.ask("GET", f"{RECONCILIATION}/differences?state=open&limit=20")
    asked = [row for row in listed.body["items"] if row["action"] in ("look_up", "sync")]
    for number, row in enumerate(own.sample(asked, min(3, len(asked)))):
        path = f"{RECONCILIATION}/differences/{row['difference_id']}/resolve"
        wish = {"action": row["action"], "note": "问微信"}
        await me.ask("POST", path, wish, key=me.key(f"-{number}"), refusals=("difference_resolved", "settlement_busy"))


async def return_a_topup(me: Clerk, own: random.Random) -> None:
    """Stored value goes back to where it came from, with its share of the gift."""
    some, share = own.random(), own.uniform(0.1, 1.0)
    wallets = (await me.ask("GET", "/api/merchant/wallets?limit=30")).body["items"]
    held = [row for row in wallets if row["principal_fen"] > 100]
    if not held:
        return
    shopper = held[int(some * len(held))]
    listed = await me.ask("GET", f"/api/merchant/wallets/{shopper['shopper_id']}/topups")
    paid = [row for row in listed.body["items"] if row["state"] == "paid" and row["returned_fen"] < row["amount_fen"]]
    if not paid:
        return
    topup = paid[int(some * len(paid))]
    left = min(topup["amount_fen"] - topup["returned_fen"], shopper["principal_fen"])
    wish = {"amount_fen": max(1, int(left * share)), "reason": "顾客要求退回储值"}
    path = f"/api/merchant/wallet-topups/{topup['topup_id']}/returns"
    refusals = ("wrong_state", "return_too_large", "gift_spent", "wallet_frozen", "refund_too_large")
    if (told := await me.ask("POST", path, wish, key=me.key(), refusals=refusals)).ok:
        me.promises.topups_returned[topup["topup_id"]] += told.body["principal_fen"]


async def freeze_a_wallet(me: Clerk, own: random.Random) -> None:
    """Stops a wallet, and lets it go again: what is planned with it meanwhile must not get stuck."""
    some = own.random()
    wallets = (await me.ask("GET", "/api/merchant/wallets?limit=30")).body["items"]
    if not wallets:
        return
    path = f"/api/merchant/wallets/{wallets[int(some * len(wallets))]['shopper_id']}"
    await me.ask("POST", f"{path}/freeze", {"reason": "核实身份"}, refusals=("wallet_frozen",))
    await me.ask("POST", f"{path}/unfreeze", {})


async def close_the_month(me: Clerk, own: random.Random) -> None:
    """Locks the months that are over, once their checklist holds."""
    shown = (await me.ask("GET", "/api/merchant/finance/months")).body
    over = [row["month"] for row in shown["months"] if row["ended"] and row["state"] == "open"]
    if over:
        month = own.choice(over)
        await me.ask("GET", f"/api/merchant/finance/months/{month}/checklist")
        await me.ask("POST", f"/api/merchant/finance/months/{month}/close", {}, refusals=("not_ready_to_close",))


# -- the operator --------------------------------------------------------------------------------------------


async def overview(me: Clerk, _own: random.Random) -> None:
    """How all merchants do."""
    await me.ask("GET", "/api/platform/overview")
    await me.ask("GET", "/api/platform/reconciliation/alert")


def _one(row: Json) -> str:
    return f"{SETTLEMENT}/merchants/{row['merchant_id']}/statements/{row['statement']['statement_id']}"


def note_statement(me: Clerk, shown: Json) -> None:
    """What a closed statement comes to stays so."""
    if shown["state"] != "open":
        told = (shown["closing_fen"], shown["due_fen"], shown["line_count"])
        me.promises.closed.setdefault(shown["statement_id"], told)


async def close_statements(me: Clerk, own: random.Random) -> None:
    """Closes a period, if it is over, before the job does."""
    listed = await me.ask("GET", f"{SETTLEMENT}/statements?state=open&limit=20")
    row = own.choice(listed.body["items"]) if listed.body["items"] else None
    if row:
        done = await me.ask("POST", f"{_one(row)}/close", {}, refusals=("period_not_over", "statement_closed"))
        if done.ok:
            note_statement(me, done.body)


async def pay_statements(me: Clerk, own: random.Random) -> None:
    """Records bank transfers of closed statements, some in two parts."""
    share = own.choice((1.0, 1.0, 0.5))
    listed = await me.ask("GET", f"{SETTLEMENT}/statements?state=closed&limit=20")
    for number, row in enumerate(listed.body["items"][:3]):
        statement = row["statement"]
        note_statement(me, statement)
        amount = int((statement["due_fen"] - statement["paid_fen"]) * share)
        if not amount:
            continue
        reference = me.key(f"-{number}")[-64:]
        day = (me.stage.now() - timedelta(days=1)).date().isoformat()
        wish = {"amount_fen": amount, "reference": reference, "paid_on": day}
        done = await me.ask("POST", f"{_one(row)}/payouts", wish, key=reference, refusals=("payout_too_large",))
        if done.ok:
            me.promises.payouts[reference] = (statement["statement_id"], amount)


async def adjust(me: Clerk, own: random.Random) -> None:
    """Credits or charges a merchant by hand."""
    reason, amount = f"调整 {me.key()}"[-100:], own.choice((1, 999, -250, 12_345))
    merchant = own.choice(sorted(me.stage.merchant_ids.values()))
    path = f"{SETTLEMENT}/merchants/{merchant}/adjustments"
    await me.ask("POST", path, {"amount_fen": amount, "reason": reason}, key=me.key())
    me.promises.adjusted[reason] = amount


async def change_a_plan(me: Clerk, own: random.Random) -> None:
    """Puts a merchant on another plan, or on none; the month is billed by the day."""
    merchant = own.choice(sorted(me.stage.merchant_ids.values()))
    wish = {"plan_code": own.choice((*PLANS, None))}
    await me.ask("PUT", f"{SETTLEMENT}/merchants/{merchant}/plan", wish)


async def mend_sharings(me: Clerk, own: random.Random) -> None:
    """Takes up sharings that failed, or gives them up to the statement; lets refunds go on without a return."""
    trouble = (await me.ask("GET", f"{SETTLEMENT}/trouble")).body
    failed: list[Any] = [row for row in trouble["sharings"] if row["sharing"]["state"] == "failed"][:4]
    refusals = ("sharing_not_failed", "sharing_ended", "return_not_failed", "not_found")
    for row in failed:
        verb = "retry" if own.random() < 0.8 else "give-up"
        path = f"{SETTLEMENT}/merchants/{row['merchant_id']}/sharings/{row['sharing']['order_id']}/{verb}"
        await me.ask("POST", path, {}, refusals=refusals)
    for row in trouble["returns"][:4]:
        path = f"{SETTLEMENT}/merchants/{row['merchant_id']}/returns/{row['back']['return_id']}/waive"
        await me.ask("POST", path, {}, refusals=refusals)
