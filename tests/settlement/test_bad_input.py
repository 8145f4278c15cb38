"""What settlement refuses: each door says so clearly, and nothing is posted."""

from datetime import timedelta
from typing import Any

import pytest

from bihuan.kernel.ids import new_id
from bihuan.kernel.money import MAX_FEN
from tests.settlement.desk import Desk

NO_AMOUNTS: tuple[Any, ...] = (10**20, -(10**20), MAX_FEN + 1, -MAX_FEN - 1, 2**63, 1.5, "many", None, [])
"""Not amounts of money at any door."""
BAD_REQUEST = 400


async def _posted(desk: Desk) -> list[Any]:
    """What stands in the merchant's book, and what waits beside it."""
    book = "select source, source_id from ledger_transactions where merchant_id = $1 order by transaction_id"
    return [[tuple(row) for row in await desk.rows(book)], await desk.balances()]


async def _refused(desk: Desk, method: str, path: str, body: object, status: int, code: str | None = None) -> None:
    answer = await desk.operator.send(method, path, body)
    assert answer.status_code == status, (path, body, answer.text)
    told = answer.json()
    assert code in (None, told["code"]), (path, body, told)
    assert told["detail"], told


async def test_adjustments_of_no_amount_or_no_reason(desk: Desk) -> None:
    path = f"/merchants/{desk.merchant_id}/adjustments"
    before = await _posted(desk)
    await _refused(desk, "POST", path, {"amount_fen": 0, "reason": "活动补贴"}, 422, "adjustment_of_nothing")
    for amount in NO_AMOUNTS:
        await _refused(desk, "POST", path, {"amount_fen": amount, "reason": "活动补贴"}, BAD_REQUEST)
    for reason in ("", " ", "x", "x" * 101, None, 7):
        await _refused(desk, "POST", path, {"amount_fen": 1, "reason": reason}, BAD_REQUEST)
    nobody = f"/merchants/{new_id()}/adjustments"
    await _refused(desk, "POST", nobody, {"amount_fen": 1, "reason": "活动补贴"}, 404, "not_found")
    async with desk.rt.db.session() as tx:
        platform = await tx.fetchval("select merchant_id from merchants where is_platform")
    itself = f"/merchants/{platform}/adjustments"
    await _refused(desk, "POST", itself, {"amount_fen": 1, "reason": "活动补贴"}, 404, "not_found")
    assert await _posted(desk) == before
    assert (await desk.get("/adjustments"))["items"] == []


async def test_payouts_of_open_paid_and_foreign_statements(desk: Desk) -> None:
    of = f"/merchants/{desk.merchant_id}"
    await desk.operator.post(f"{of}/adjustments", {"amount_fen": 500, "reason": "活动补贴"})
    statement = (await desk.get("/running"))["statement"]["statement_id"]
    path = f"{of}/statements/{statement}/payouts"
    pay = {"amount_fen": 500, "reference": f"B{new_id().hex}", "paid_on": "2026-11-20"}
    before = await _posted(desk)
    await _refused(desk, "POST", path, pay, 409, "statement_open")
    assert await _posted(desk) == before
    await desk.operator.post(f"{of}/statements/{statement}/cut")
    before = await _posted(desk)
    for amount in (0, -1, -500, 501, MAX_FEN):
        await _refused(desk, "POST", path, {**pay, "amount_fen": amount}, 409, "payout_too_large")
    for amount in NO_AMOUNTS:
        await _refused(desk, "POST", path, {**pay, "amount_fen": amount}, BAD_REQUEST)
    for wrong in ({"reference": "x"}, {"reference": " " * 8}, {"reference": "x" * 65}, {"paid_on": "22/11/2026"},
                  {"paid_on": "2026-02-30"}, {"note": "x" * 201}):  # fmt: skip
        await _refused(desk, "POST", path, {**pay, **wrong}, BAD_REQUEST)
    await _refused(desk, "POST", path, {**pay, "paid_on": "9999-12-31"}, 422, "paid_later")
    foreign = f"/merchants/{new_id()}/statements/{statement}/payouts"
    await _refused(desk, "POST", foreign, pay, 404, "not_found")
    assert await _posted(desk) == before
    await desk.operator.post(path, pay)
    after = await _posted(desk)
    more = {**pay, "amount_fen": 1, "reference": f"C{new_id().hex}"}
    await _refused(desk, "POST", path, more, 409, "payout_too_large")
    assert await _posted(desk) == after
    await desk.holds()


async def test_a_closed_period_stays_as_it_is(desk: Desk) -> None:
    of = f"/merchants/{desk.merchant_id}"
    order_id, _ = await desk.sell(10_000)
    statement = (await desk.get("/running"))["statement"]["statement_id"]
    await _refused(desk, "POST", f"{of}/statements/{statement}/close", None, 409, "period_not_over")
    closed = await desk.operator.post(f"{of}/statements/{statement}/cut")
    before = await _posted(desk)
    for verb in ("close", "cut"):
        await _refused(desk, "POST", f"{of}/statements/{statement}/{verb}", None, 409, "statement_closed")
        await _refused(desk, "POST", f"{of}/statements/{new_id()}/{verb}", None, 404, "not_found")
    assert await _posted(desk) == before
    # what comes later of the same order stands on the next one
    await desk.refund(order_id, 10_000)
    await desk.refunded()
    shown = (await desk.get(f"/statements/{statement}"))["statement"]
    assert {key: shown[key] for key in closed} == closed
    following = (await desk.get("/running"))["statement"]
    assert (following["refunds_fen"], following["commissions_fen"]) == (-10_000, 1000)
    await desk.holds()


async def test_rules_plans_and_terms_that_cannot_be(desk: Desk) -> None:
    rules = [row["rule_id"] for row in (await desk.operator.get("/rules"))["items"]]
    mine = {"name": "坏", "for_merchant_id": str(desk.merchant_id)}
    for wrong in (
        {"percent_bp": -1}, {"percent_bp": 10_001}, {"percent_bp": 2.5}, {"per_line_fen": -1},
        {"per_order_fen": 100_000_001}, {"per_line_fen": 10**20}, {"priority": -1}, {"priority": 1001},
        {"tiers": [{"from_fen": 0, "percent_bp": 1}]}, {"tiers": [{"from_fen": 1, "percent_bp": -1}]},
        {"tiers": [{"from_fen": 10**20, "percent_bp": 1}]}, {"name": ""}, {"name": "x" * 61},
    ):  # fmt: skip
        await _refused(desk, "POST", "/rules", {**mine, **wrong}, BAD_REQUEST)
    equal = [{"from_fen": 100, "percent_bp": 1}] * 2
    await _refused(desk, "POST", "/rules", {**mine, "tiers": equal}, 422, "rule_not_acceptable")
    ended = {"valid_until": "2020-01-01T00:00:00Z"}
    await _refused(desk, "POST", "/rules", {**mine, **ended}, 422, "rule_not_acceptable")
    stranger = {"name": "谁", "for_merchant_id": str(new_id())}
    await _refused(desk, "POST", "/rules", stranger, 422, "rule_not_acceptable")
    assert [row["rule_id"] for row in (await desk.operator.get("/rules"))["items"]] == rules
    plan = {"name": "套餐", "price_fen": 100}
    for wrong in ({"price_fen": -1}, {"price_fen": 1_000_000_001}, {"price_fen": 10**20}, {"state": "free"}):
        await _refused(desk, "PUT", f"/plans/bad-{new_id().hex[:6]}", {**plan, **wrong}, BAD_REQUEST)
    for code in ("Upper", "1st", "x" * 33, "空"):
        await _refused(desk, "PUT", f"/plans/{code}", plan, 422, "rule_not_acceptable")
    await _refused(desk, "PUT", f"/merchants/{desk.merchant_id}/plan", {"plan_code": "nowhere"}, 422, "plan_unknown")
    for base in (-1, MAX_FEN + 1, "x"):
        preview = f"/rules/preview?merchant_id={desk.merchant_id}&base_fen={base}"
        await _refused(desk, "GET", preview, None, BAD_REQUEST)


async def test_after_the_end_nothing_is_asked_of_wechat_and_nothing_posted(desk: Desk) -> None:
    """The job itself comes too late, not only the one that watches."""
    order_id, _ = await desk.sell(10_000)
    await desk.pass_time(days=31)
    async with desk.rt.db.transaction() as tx:  # the person signs in again
        await tx.execute("update sessions set expires_at = $1", tx.now + timedelta(hours=12))
    before = await _posted(desk)
    shown = await desk.share(order_id, "missed")
    assert shown["numbers"] == []
    assert "nothing frozen" in shown["sharing"]["error"]
    again = await desk.http.post(f"/api/merchant/settlement/sharings/{order_id}/retry", headers=desk.headers)
    assert (again.status_code, again.json()["code"]) == (409, "sharing_not_failed")
    await desk.rows("update sharings set state = 'failed' where merchant_id = $1 and order_id::text = $2", order_id)
    late = await desk.http.post(f"/api/merchant/settlement/sharings/{order_id}/retry", headers=desk.headers)
    assert (late.status_code, late.json()["code"]) == (409, "sharing_ended")
    await desk.rows("update sharings set state = 'missed' where merchant_id = $1 and order_id::text = $2", order_id)
    assert await _posted(desk) == before


@pytest.mark.parametrize("path", ["sharings", "returns"])
async def test_a_sharing_or_return_of_nobody(desk: Desk, path: str) -> None:
    for verb in ("retry", "give-up") if path == "sharings" else ("waive",):
        answer = await desk.operator.send("POST", f"/merchants/{desk.merchant_id}/{path}/{new_id()}/{verb}")
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] in ("sharing_not_failed", "return_not_failed")
