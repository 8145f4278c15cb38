"""The rooms of settlement: what operators see of each merchant, what both sides see, and who may."""

from typing import Any

import httpx
import pytest

from bihuan import identity, staff
from bihuan.kernel.ids import new_id
from bihuan.staff import Role
from tests.settlement.desk import Desk


async def _headers(desk: Desk, role: Role) -> dict[str, str]:
    async with desk.rt.db.transaction() as tx:
        person = await staff.create(
            tx, desk.merchant_id, login=f"r-{new_id().hex}", password="correct horse battery", name="伙计",
            role=role, store_id=None,
        )  # fmt: skip
        token, _ = await identity.open_session(tx, person.user_id, identity.Client())
    return {"Authorization": f"Bearer {token}"}


async def _account(desk: Desk) -> dict[str, Any]:
    """The desk's merchant among the operators' list of all."""
    (found,) = (await desk.operator.get(f"/merchants?q={desk.shop.merchant.code}"))["items"]
    return found


async def test_an_adjustment_and_its_payout_are_seen_by_both_sides(desk: Desk) -> None:
    of = f"/merchants/{desk.merchant_id}"
    await desk.operator.post(f"{of}/adjustments", {"amount_fen": 8800, "reason": "开业补贴"})
    (seen,) = (await desk.operator.get(f"{of}/adjustments"))["items"]
    assert (seen["amount_fen"], seen["reason"], seen["by"]) == (8800, "开业补贴", "运营")
    (mine,) = (await desk.get("/adjustments"))["items"]
    assert (mine["adjustment_id"], mine["reason"], mine["by"]) == (seen["adjustment_id"], "开业补贴", "")
    running = (await desk.get("/running"))["statement"]
    assert (running["state"], running["adjustments_fen"]) == ("open", 8800)

    cut = await desk.operator.post(f"{of}/statements/{running['statement_id']}/cut")

    assert (cut["state"], cut["due_fen"], cut["adjustments_fen"]) == ("closed", 8800, 8800)
    assert cut["period_to"] < running["period_to"]
    assert (await _account(desk))["unpaid"] == {"statements": 1, "left_fen": 8800}
    again = await desk.operator.send("POST", f"{of}/statements/{running['statement_id']}/cut")
    assert (again.status_code, again.json()["code"]) == (409, "statement_closed")
    pay = {"amount_fen": 8800, "reference": f"B{new_id().hex}", "note": "招商银行"}
    path = f"{of}/statements/{running['statement_id']}/payouts"
    ahead = await desk.operator.send("POST", path, {**pay, "paid_on": "2126-01-01"})
    assert (ahead.status_code, ahead.json()["code"]) == (422, "paid_later")
    await desk.operator.post(path, {**pay, "paid_on": "2026-11-22"})
    for rows in ((await desk.get("/payouts"))["items"], (await desk.operator.get(f"{of}/payouts"))["items"]):
        ((amount, reference, number),) = [(r["amount_fen"], r["reference"], r["statement_no"]) for r in rows]
        assert (amount, reference, number) == (8800, pay["reference"], cut["statement_no"])
    listed = (await desk.operator.get("/payouts?limit=100"))["items"]
    (one,) = [row for row in listed if row["payout"]["reference"] == pay["reference"]]
    assert one["merchant_name"] == desk.shop.merchant.name
    assert (await _account(desk))["unpaid"] == {"statements": 0, "left_fen": 0}
    # the next period goes on where this one was cut, to the end of the day that it would have had
    following = (await desk.get("/running"))["statement"]
    assert (following["period_from"], following["period_to"]) == (cut["period_to"], running["period_to"])
    states = [row["state"] for row in (await desk.operator.get(f"{of}/statements"))["items"]]
    assert states == ["open", "paid"]
    await desk.holds()


async def test_terms_plan_and_rules_of_a_merchant_stand_in_one_file(desk: Desk) -> None:
    of = f"/merchants/{desk.merchant_id}"
    code = f"p{new_id().hex[-8:]}"
    await desk.operator.put(f"/plans/{code}", {"name": "连锁版", "price_fen": 29900, "includes": ["门店不限"]})
    await desk.operator.put(f"{of}/plan", {"plan_code": code})
    await desk.operator.put(f"{of}/terms", {"share_at": "completed", "cycle": "week", "delay_days": 3})
    foreign = await desk.operator.post("/rules", {"name": "别家", "for_merchant_id": str(await _platform(desk))})
    over = await desk.charge(percent_bp=900, priority=900)
    await desk.operator.post(f"/rules/{over['rule_id']}/end")

    shown = await desk.operator.get(of)
    mine = await desk.get("/terms")

    assert shown["subscription"]["plan_name"] == "连锁版"
    for one in (shown, mine):
        terms = one["terms"]
        assert (terms["cycle"], terms["delay_days"], terms["share_at"]) == ("week", 3, "completed")
        ids = [rule["rule_id"] for rule in one["rules"]]
        assert foreign["rule_id"] not in ids
        assert over["rule_id"] not in ids
        assert "测试费率" in [rule["name"] for rule in one["rules"]]
    listed = await _account(desk)
    assert (listed["plan_name"], listed["terms"]["delay_days"]) == ("连锁版", 3)
    for bad in ({"cycle": "year"}, {"delay_days": -1}, {"delay_days": 61}, {"share_at": "never"}):
        assert (await desk.operator.send("PUT", f"{of}/terms", bad)).status_code == 400, bad
    assert (await desk.get("/terms"))["terms"] == mine["terms"]
    nobody = await desk.operator.send("GET", f"/merchants/{new_id()}")
    assert nobody.status_code == 404


async def _platform(desk: Desk) -> str:
    async with desk.rt.db.session() as tx:
        return str(await tx.fetchval("select merchant_id from merchants where is_platform"))


OPERATORS = (
    ("GET", "/merchants"), ("GET", "{of}"), ("GET", "{of}/statements"), ("GET", "{of}/adjustments"),
    ("GET", "{of}/payouts"), ("GET", "/payouts"), ("PUT", "{of}/terms"), ("PUT", "{of}/plan"),
    ("POST", "{of}/adjustments"), ("POST", "{of}/statements/{id}/cut"), ("POST", "{of}/statements/{id}/payouts"),
)  # fmt: skip


async def test_a_merchant_s_own_people_open_no_operators_room(desk: Desk, http: httpx.AsyncClient) -> None:
    before = await desk.get("/terms")
    for method, path in OPERATORS:
        url = "/api/platform/settlement" + path.format(of=f"/merchants/{desk.merchant_id}", id=new_id())
        answer = await http.request(method, url, json={}, headers=desk.headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path)
    assert await desk.get("/terms") == before


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("manager", 200), ("finance", 200), ("clerk", 403)])
async def test_settlement_is_read_by_who_keeps_the_books(
    desk: Desk, http: httpx.AsyncClient, role: Role, status: int
) -> None:
    headers = await _headers(desk, role)
    for name in ("terms", "adjustments", "payouts", "running", "statements", "plan", "sharings"):
        answer = await http.get(f"/api/merchant/settlement/{name}", headers=headers)
        assert answer.status_code == status, (name, answer.text)
