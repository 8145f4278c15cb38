"""A printed payment code: money that only the bills tell of."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.wechat_sandbox.desk import Merchant, Sandbox
from tests.wechat_sandbox.money import balanced, books_of
from tests.wechat_sandbox.test_bills import ask, bill, go_to, now


@pytest.fixture(scope="module")
def town() -> Iterator[Sandbox]:
    """A sandbox of these tests' own."""
    town = Sandbox()
    yield town
    assert town.stop() == 0


@pytest.fixture
def shop(town: Sandbox) -> Merchant:
    app = town.post("/_sandbox/official-accounts", {"name": "集市"})
    return Merchant(town, town.post("/_sandbox/merchants", {"name": "集市", "appids": [app["appid"]]}))


def test_a_past_days_takings_stand_in_its_bills(town: Sandbox, shop: Merchant) -> None:
    at = now(town) - timedelta(days=2)
    told = town.post(f"/_sandbox/merchants/{shop.mchid}/collect", {"amount": 12_800, "at": at.isoformat()})
    day = f"{at:%Y-%m-%d}"
    (row,), summary = bill(shop, day)
    assert (row["微信订单号"], row["商户订单号"]) == (told["transaction_id"], told["out_trade_no"])
    assert (row["交易状态"], row["订单金额"], row["手续费"], row["费率"]) == ("SUCCESS", "128.00", "0.00000", "0.00%")
    assert summary["总交易单数"] == "1"
    (moved,), _ = bill(shop, day, "bill/fundflowbill")
    assert (moved["业务类型"], moved["收支金额(元)"], moved["账户结余(元)"]) == ("交易", "128.00", "128.00")
    assert books_of(town, shop.mchid)["balance_fen"] == 12_800
    balanced(town)


def test_now_without_a_time(town: Sandbox, shop: Merchant) -> None:
    day = f"{now(town):%Y-%m-%d}"
    town.post(f"/_sandbox/merchants/{shop.mchid}/collect", {"amount": 100, "description": "手作杯"})
    assert ask(shop, day).status_code == 400
    go_to(town, 10, 1)
    (row,), _ = bill(shop, day)
    assert row["商品名称"] == "手作杯"


@pytest.mark.parametrize("days", [-1, 91])
def test_a_time_that_cannot_be(town: Sandbox, shop: Merchant, days: int) -> None:
    at = (now(town) - timedelta(days=days)).isoformat()
    told = town.http.post(f"/_sandbox/merchants/{shop.mchid}/collect", json={"amount": 1, "at": at})
    assert (told.status_code, told.json()["code"]) == (400, "refused")


def test_a_bill_that_was_asked_for_does_not_change(town: Sandbox, shop: Merchant) -> None:
    path = f"/_sandbox/merchants/{shop.mchid}/collect"
    days = [now(town) - timedelta(days=back) for back in (3, 2, 1)]
    town.post(path, {"amount": 100, "at": days[2].isoformat()})
    town.post(path, {"amount": 10, "at": days[1].isoformat()})  # an earlier day, of which nobody heard yet
    (moved,), _ = bill(shop, f"{days[2]:%Y-%m-%d}", "bill/fundflowbill")
    assert moved["账户结余(元)"] == "1.10"
    for at in days:
        told = town.http.post(path, json={"amount": 1, "at": at.isoformat()})
        assert (told.status_code, told.json()["code"]) == (400, "refused")
    for bad in ({"at": "gestern"}, {"at": "2026-01-01T00:00:00"}, {"amount": 0}):
        assert town.http.post(path, json={"amount": 1, **bad}).status_code == 400
    assert town.http.post("/_sandbox/merchants/1/collect", json={"amount": 1}).status_code == 404
    balanced(town)
