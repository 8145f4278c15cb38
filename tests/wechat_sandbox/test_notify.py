"""Notifications: what they hold, and the schedule of tries on the sandbox's clock."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Received, Receiver, Reply, Sandbox, wait_for

SCHEDULE = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One of this module's own, since its clock moves."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def merchant(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000101")


@pytest.fixture(scope="module")
def bakery(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000102")


def pay(merchant: Merchant, url: str) -> str:
    """A paid Native order's number."""
    sandbox = merchant.sandbox
    shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    order = merchant.prepay("", url)
    del order["payer"]
    code = merchant.call("POST", "/v3/pay/transactions/native", order).json()["code_url"]
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code})["sheet"]
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    return order["out_trade_no"]


def notice(sandbox: Sandbox, reference: str) -> Any:
    return sandbox.get("/_sandbox/notifications", params={"reference": reference})["items"][0]


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_envelope(merchant: Merchant, bakery: Merchant, receiver: Receiver, mode: str) -> None:
    who = merchant if mode == "public_key" else bakery
    number = pay(who, receiver.url + "/notify")
    got = receiver.wait()[0]
    assert (got.method, got.path) == ("POST", "/notify")
    assert got.headers["content-type"] == "application/json"
    assert got.headers["user-agent"] == "Mozilla/4.0"
    assert who.verifies(got.headers, got.body)
    envelope = json.loads(got.body)
    assert envelope["event_type"] == "TRANSACTION.SUCCESS"
    assert envelope["resource_type"] == "encrypt-resource"
    assert envelope["summary"] == "支付成功"
    assert who.mchid not in got.body.decode()  # the clear part names no merchant
    resource = envelope["resource"]
    assert (resource["original_type"], resource["associated_data"]) == ("transaction", "transaction")
    told = who.decrypt(resource)
    assert (told["out_trade_no"], told["trade_type"], told["trade_state"]) == (number, "NATIVE", "SUCCESS")
    assert told["amount"] == {
        "total": 12900,
        "payer_total": 12900,
        "currency": "CNY",
        "payer_currency": "CNY",
    }


@pytest.mark.parametrize(("status", "body"), [(200, b""), (204, b""), (200, b'{"code":"SUCCESS","message":"OK"}')])
def test_accepted(sandbox: Sandbox, merchant: Merchant, receiver: Receiver, status: int, body: bytes) -> None:
    receiver.answer = lambda _: Reply(status, body)
    number = pay(merchant, receiver.url)
    wait_for(lambda: notice(sandbox, number)["state"] == "accepted")
    assert [row["status"] for row in notice(sandbox, number)["attempts"]] == [status]


def test_the_whole_schedule(sandbox: Sandbox, merchant: Merchant, receiver: Receiver) -> None:
    receiver.answer = lambda _: Reply(500, b'{"code":"FAIL","message":"later"}')
    number = pay(merchant, receiver.url)
    for tries, pause in enumerate(SCHEDULE, start=1):
        wait_for(lambda tries=tries: len(notice(sandbox, number)["attempts"]) == tries)
        sandbox.post("/_sandbox/clock", {"advance_seconds": pause - 5})
        assert len(notice(sandbox, number)["attempts"]) == tries
        sandbox.post("/_sandbox/clock", {"advance_seconds": 5})
    wait_for(lambda: notice(sandbox, number)["state"] == "given_up")
    assert len(receiver.got) == 1 + len(SCHEDULE)
    bodies = {json.loads(got.body)["id"] for got in receiver.got}
    assert len(bodies) == 1  # the same notice, each time signed anew
    assert all(merchant.verifies(got.headers, got.body) for got in receiver.got)


def test_accepted_at_the_second_try(sandbox: Sandbox, merchant: Merchant, receiver: Receiver) -> None:
    def answer(_: Received) -> Reply:
        return Reply(401 if len(receiver.got) == 1 else 204)

    receiver.answer = answer
    number = pay(merchant, receiver.url)
    wait_for(lambda: len(notice(sandbox, number)["attempts"]) == 1)
    sandbox.post("/_sandbox/clock", {"advance_seconds": 16})
    wait_for(lambda: notice(sandbox, number)["state"] == "accepted")
    assert [row["status"] for row in notice(sandbox, number)["attempts"]] == [401, 204]


def test_nobody_there(sandbox: Sandbox, merchant: Merchant) -> None:
    number = pay(merchant, "http://127.0.0.1:9/none")
    wait_for(lambda: len(notice(sandbox, number)["attempts"]) == 1)
    told = notice(sandbox, number)
    assert (told["state"], told["attempts"][0]["status"]) == ("pending", 0)
    assert "ConnectionRefused" in told["attempts"][0]["error"]


def test_codes_and_orders_end(sandbox: Sandbox, merchant: Merchant) -> None:
    shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    order = merchant.prepay("")
    del order["payer"]
    code = merchant.call("POST", "/v3/pay/transactions/native", order).json()["code_url"]
    sandbox.post("/_sandbox/clock", {"advance_seconds": 7200})
    late = sandbox.http.post(f"/_sandbox/shoppers/{shopper}/scan", json={"content": code})
    assert late.json()["message"] == "订单已过期，请返回商家重新下单"
    again = merchant.call("POST", "/v3/pay/transactions/native", order).json()["code_url"]
    assert sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": again})["action"] == "pay"
    sandbox.post("/_sandbox/clock", {"advance_seconds": 7 * 86400})
    target = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={merchant.mchid}"
    assert merchant.call("GET", target).json()["trade_state"] == "CLOSED"
