"""The compiled mini program closes the loop as well: sign in, choose, pick up, pay, join."""

from typing import Any

import pytest
from bench.mall import Mall, wait_for

from tests.storefront.test_miniprogram import buy


def _appid(mall: Mall, mchid: str) -> str:
    """The mini program that the demo bound to this payment account."""
    accounts = mall.sandbox.get("/_sandbox/accounts").json()
    (merchant,) = [m for m in accounts["merchants"] if m["mchid"] == mchid]
    (found,) = [p["appid"] for p in accounts["mini_programs"] if p["appid"] in merchant["appids"]]
    return found


@pytest.mark.slow
def test_the_mini_program_buys(mall: Mall) -> None:
    console = mall.staff("qingshan")
    mchid = console.get("/api/merchant/payment-account").json()["mchid"]
    before = {o["order_id"] for o in console.get("/api/merchant/orders").json()["items"]}

    seen = buy(mall.url, mall.sandbox_url, BIHUAN_TEST_APPID=_appid(mall, mchid))
    assert seen["shop"]
    assert seen["result"] == "支付成功"
    assert [c for c in seen["calls"] if c["status"] >= 500] == []
    notices = console.get("/api/merchant/notices").json()["items"]
    templates = [n["template_id"] for n in notices if n["kind"] != "points_expiring"]  # asked for on the card
    assert seen["consents"] == [templates], "the tap that pays asks once"

    (order,) = [o for o in console.get("/api/merchant/orders").json()["items"] if o["order_id"] not in before]
    assert order["lines"][0]["title"] == seen["title"]
    assert order["lines"][0]["option_values"] == seen["options"]
    assert order["delivery"]["method"] == "pickup"
    assert order["delivery"]["pickup_code"].replace(" ", "") == seen["pickup_code"].replace(" ", "")
    assert (order["state"], order["payment_status"], order["paid_fen"]) == ("paid", "paid", order["total_fen"])

    handed = console.post("/api/merchant/pickups", json={"code": order["delivery"]["pickup_code"]})
    assert handed.status_code < 300, handed.text

    def card() -> dict[str, Any] | None:
        members = console.get("/api/merchant/members?limit=100").json()["items"]
        return next((m for m in members if m["number"] == seen["member"].replace(" ", "")), None)

    def told() -> dict[str, Any] | None:
        sent = console.get("/api/merchant/messages", params={"limit": 50}).json()["items"]
        return next((m for m in sent if order["order_no"] in m["text"] and m["state"] == "sent"), None)

    notice = wait_for(told, "nobody was told of the payment")
    assert (notice["kind"], notice["purpose"], notice["sent_as"]) == ("notice", "order_paid", "subscribe")

    member = wait_for(card, f"nobody has the number {seen['member']}")
    assert member["points"] == order["total_fen"] // 100
    mall.verify()
