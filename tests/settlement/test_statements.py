"""Statements: what the ledger says of a period, closed and frozen, paid, and refused where it must be."""

import io
from datetime import timedelta

import openpyxl

from bihuan.kernel.ids import new_id
from bihuan.settlement import closing, plans, rules
from tests.settlement.desk import Desk


async def test_a_period_is_closed_chained_and_paid(desk: Desk) -> None:
    order_id, _ = await desk.sell(10_000)
    await desk.refund(order_id, 2500)
    await desk.refunded()
    running = (await desk.get("/running"))["statement"]
    assert (running["sales_fen"], running["refunds_fen"], running["commissions_fen"]) == (10_000, -2500, -750)
    base = f"/merchants/{desk.merchant_id}/statements/{running['statement_id']}"
    pay = {"amount_fen": -750, "reference": f"B{new_id().hex}", "paid_on": "2026-11-22"}
    early = await desk.operator.send("POST", f"{base}/close")
    assert (early.status_code, early.json()["code"]) == (409, "period_not_over")
    unclosed = await desk.operator.send("POST", f"{base}/payouts", pay)
    assert (unclosed.status_code, unclosed.json()["code"]) == (409, "statement_open")
    await desk.next_day()
    before = await desk.balances()

    closed = await desk.operator.post(f"{base}/close")

    assert (closed["state"], closed["closing_fen"], closed["due_fen"]) == ("closed", 6750, -750)
    after = await desk.balances()
    assert "interbook_clearing" not in after
    assert after["merchant_payable"] == before["interbook_clearing"] == -750
    again = await desk.operator.send("POST", f"{base}/close")
    assert (again.status_code, again.json()["code"]) == (409, "statement_closed")
    lines = (await desk.get(f"/statements/{running['statement_id']}/lines"))["items"]
    assert {line["order_id"] for line in lines} == {order_id}
    assert sum(line["amount_fen"] for line in lines) == closed["closing_fen"]
    # what comes now stands on the next one, which begins where this ended
    await desk.operator.post(f"/merchants/{desk.merchant_id}/adjustments", {"amount_fen": 300, "reason": "活动补贴"})
    following = (await desk.get("/running"))["statement"]
    assert (following["opening_fen"], following["adjustments_fen"], following["closing_fen"]) == (6750, 300, 7050)
    assert following["period_from"] == closed["period_to"]
    for amount, code in ((-751, "payout_too_large"), (750, "payout_too_large"), (0, "payout_too_large")):
        refused = await desk.operator.send("POST", f"{base}/payouts", {**pay, "amount_fen": amount})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    part = await desk.operator.post(f"{base}/payouts", {**pay, "amount_fen": -700})
    assert (part["state"], part["paid_fen"]) == ("closed", -700)
    used = await desk.operator.send("POST", f"{base}/payouts", {**pay, "amount_fen": -50})
    assert (used.status_code, used.json()["code"]) == (409, "reference_used")
    paid = await desk.operator.post(f"{base}/payouts", {**pay, "amount_fen": -50, "reference": f"C{new_id().hex}"})
    assert paid["state"] == "paid"
    assert (await desk.balances())["bank"] == -750
    huge = await desk.operator.send("POST", f"{base}/payouts", {**pay, "amount_fen": 10**20})
    assert huge.status_code in (400, 422)
    await desk.holds()
    await _files(desk, running["statement_id"], order_id)


async def _files(desk: Desk, statement_id: str, order_id: str) -> None:
    url = f"/api/merchant/settlement/statements/{statement_id}/statement"
    answer = await desk.http.get(f"{url}.xlsx", headers=desk.headers)
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["汇总", "明细", "付款"]
    amounts = [row[4] for row in book["明细"].iter_rows(min_row=2, values_only=True)]
    assert round(sum(float(str(one)) for one in amounts) * 100) == 6750
    pdf = await desk.http.get(f"{url}.pdf", headers={**desk.headers, "Accept-Language": "en"})
    assert pdf.content.startswith(b"%PDF")
    clerk = await desk.http.get(f"{url}.pdf")
    assert clerk.status_code == 401 or clerk.headers.get("content-type") == "application/pdf"


async def test_the_platform_pays_out_what_its_own_account_collected(desk: Desk) -> None:
    order_id, _ = await desk.sell(10_000)
    assert order_id
    # as if the platform's own account had received it
    running = (await desk.get("/running"))["statement"]
    await desk.next_day()
    async with desk.rt.db.transaction() as tx:
        mine = await tx.fetchval(
            "select mchid from payment_accounts where merchant_id = $1 and active", desk.merchant_id
        )
        platform = await tx.fetchval("select merchant_id from merchants where is_platform")
        theirs = await tx.fetchval("select mchid from payment_accounts where merchant_id = $1 and active", platform)
        await tx.execute("update payment_accounts set mchid = $2 where merchant_id = $1 and mchid = $3",
                         desk.merchant_id, theirs, mine)  # fmt: skip
        closed = await closing.close(tx, desk.merchant_id, running["statement_id"])
    assert (closed.collected, closed.due_fen) == (True, 9000)
    base = f"/merchants/{desk.merchant_id}/statements/{running['statement_id']}"
    pay = {"amount_fen": 9000, "reference": f"B{new_id().hex}", "paid_on": "2026-11-22"}
    paid = await desk.operator.post(f"{base}/payouts", pay)
    assert paid["state"] == "paid"
    after = await desk.balances()
    assert (after["bank"], after.get("wechat_clearing"), after.get("merchant_payable")) == (9000, None, None)
    await desk.holds()


async def test_a_desk_whose_clock_was_moved_ahead_settles_what_it_sells(desk: Desk) -> None:
    """Ids are made by the machine's clock: those of a moved desk lie long before the period that they belong to."""
    of = f"/merchants/{desk.merchant_id}"
    await desk.pass_time(days=40)
    async with desk.rt.db.transaction() as tx:  # everybody signs in again
        await tx.execute("update sessions set expires_at = $1", tx.now + timedelta(hours=12))
    await desk.operator.post(f"{of}/adjustments", {"amount_fen": 100, "reason": "活动补贴"})
    first = (await desk.get("/running"))["statement"]
    await desk.operator.post(f"{of}/statements/{first['statement_id']}/cut")
    await desk.sell(10_000)
    running = (await desk.get("/running"))["statement"]
    assert (running["opening_fen"], running["sales_fen"], running["closing_fen"]) == (100, 10_000, 9100)
    await desk.holds()


async def test_plans_are_billed_by_the_day_and_once(desk: Desk) -> None:
    code = f"p{new_id().hex[-8:]}"
    await desk.operator.put(f"/plans/{code}", {"name": "基础版", "price_fen": 3100, "includes": ["三家门店"]})
    path = f"/merchants/{desk.merchant_id}/plan"
    unknown = await desk.operator.send("PUT", path, {"plan_code": "nowhere"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "plan_unknown")
    await desk.operator.put(path, {"plan_code": code})
    month = rules.month_of(desk.clock.now())
    await desk.rows("update plan_subscriptions set started_on = $2 where merchant_id = $1", month + timedelta(days=14))
    for _ in range(2):
        async with desk.rt.db.transaction() as tx:
            await plans.bill(tx, desk.merchant_id, month)
    shown = await desk.get("/plan")
    days = (rules.next_month(month) - month).days - 14
    expected = rules.prorated(3100, month, [(14, 14 + days)])[0]
    assert [(one["amount_fen"], one["rows"][0]["days"]) for one in shown["invoices"]] == [(expected, days)]
    assert (await desk.balances())["tool_costs"] == expected
    await desk.holds()


async def test_months_that_passed_while_no_worker_ran_are_billed_each(desk: Desk) -> None:
    code = f"p{new_id().hex[-8:]}"
    await desk.operator.put(f"/plans/{code}", {"name": "基础版", "price_fen": 3100})
    await desk.operator.put(f"/merchants/{desk.merchant_id}/plan", {"plan_code": code})
    month = rules.month_of(desk.clock.now())
    two_ago = (month - timedelta(days=32)).replace(day=1)
    first = two_ago + timedelta(days=9)
    await desk.rows("update plan_subscriptions set started_on = $2 where merchant_id = $1", first)
    for _ in range(2):
        await plans.bill_due(desk.rt)
    invoices = (await desk.get("/plan"))["invoices"]
    assert [(one["month"], one["amount_fen"] == 3100) for one in invoices] == [
        ((month - timedelta(days=1)).replace(day=1).isoformat(), True),
        (two_ago.isoformat(), False),
    ]
    await desk.holds()


async def test_rules_are_checked_previewed_ended_and_frozen_on_the_order(desk: Desk) -> None:
    bad = {"name": "坏", "tiers": [{"from_fen": 200, "percent_bp": 1}, {"from_fen": 100, "percent_bp": 2}]}
    refused = await desk.operator.send("POST", "/rules", bad)
    assert (refused.status_code, refused.json()["code"]) == (422, "rule_not_acceptable")
    for worse in ({"name": "x", "percent_bp": 10_001}, {"name": "x", "per_line_fen": -1}, {"name": " "}):
        assert (await desk.operator.send("POST", "/rules", worse)).status_code == 400
    higher = await desk.charge(percent_bp=2000, per_order_fen=50, priority=300)
    preview = f"/rules/preview?merchant_id={desk.merchant_id}&base_fen=1000"
    assert (await desk.operator.get(preview))["amount_fen"] == 250
    order_id, _ = await desk.sell(1000)
    await desk.operator.post(f"/rules/{higher['rule_id']}/end")
    assert (await desk.operator.get(preview))["amount_fen"] == 100
    shown = await desk.settled(order_id)
    assert [(line["rule_id"], line["amount_fen"]) for line in shown["lines"]] == [(higher["rule_id"], 250)]
    await desk.deliver()
    await desk.holds()
