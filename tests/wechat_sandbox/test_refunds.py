"""Refunds: rules, re-entry, notification, books."""

import json
import secrets
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for

REFUNDS = "/v3/refund/domestic/refunds"


@pytest.fixture
def paid(sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str) -> dict[str, Any]:
    """An order that is paid, with its transaction_id."""
    order = merchant.prepay(openid)
    prepay_id = merchant.call("POST", "/v3/pay/transactions/jsapi", order).json()["prepay_id"]
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": merchant.pay_params(prepay_id)})
    return order | sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")


def refund(paid: dict[str, Any], fen: int, **changes: Any) -> dict[str, Any]:
    return {
        "out_trade_no": paid["out_trade_no"],
        "out_refund_no": "R" + secrets.token_hex(8),
        "amount": {"refund": fen, "total": 12900, "currency": "CNY"},
    } | changes


def test_refund_and_notification(
    sandbox: Sandbox, merchant: Merchant, receiver: Receiver, paid: dict[str, Any]
) -> None:
    asked = refund(paid, 2900, reason="尺码不合", notify_url=receiver.url + "/refund")
    told = merchant.call("POST", REFUNDS, asked).json()
    assert told["status"] == "PROCESSING"
    assert told["transaction_id"] == paid["transaction_id"]
    assert told["amount"]["payer_refund"] == 2900
    assert merchant.call("POST", REFUNDS, asked).json()["refund_id"] == told["refund_id"]

    got = receiver.wait()[0]
    assert merchant.verifies(got.headers, got.body)
    envelope = json.loads(got.body)
    assert (envelope["event_type"], envelope["resource"]["original_type"]) == ("REFUND.SUCCESS", "refund")
    notice = merchant.decrypt(envelope["resource"])
    assert (notice["refund_status"], notice["refund_id"]) == ("SUCCESS", told["refund_id"])
    assert notice["amount"] == {"total": 12900, "refund": 2900, "payer_total": 12900, "payer_refund": 2900}
    asked_for = merchant.call("GET", f"{REFUNDS}/{asked['out_refund_no']}").json()
    assert asked_for["status"] == "SUCCESS"
    assert asked_for["success_time"]
    target = f"/v3/pay/transactions/out-trade-no/{paid['out_trade_no']}?mchid={merchant.mchid}"
    assert merchant.call("GET", target).json()["trade_state"] == "REFUND"


def test_never_more_than_was_paid(merchant: Merchant, paid: dict[str, Any]) -> None:
    assert merchant.call("POST", REFUNDS, refund(paid, 12000)).status_code == 200
    over = merchant.call("POST", REFUNDS, refund(paid, 901))
    assert (over.status_code, over.json()["code"]) == (400, "INVALID_REQUEST")
    assert merchant.call("POST", REFUNDS, refund(paid, 900)).status_code == 200


def test_at_most_fifty(merchant: Merchant, paid: dict[str, Any]) -> None:
    for _ in range(50):
        assert merchant.call("POST", REFUNDS, refund(paid, 1)).status_code == 200
    assert "50" in merchant.call("POST", REFUNDS, refund(paid, 1)).json()["message"]


def test_wrong_refunds(merchant: Merchant, bakery: Merchant, openid: str, paid: dict[str, Any]) -> None:
    asked = refund(paid, 100)
    merchant.call("POST", REFUNDS, asked)
    changed = {**asked, "amount": {**asked["amount"], "refund": 101}}
    for body, status, code in (
        (changed, 400, "INVALID_REQUEST"),
        (refund(paid, 100, amount={"refund": 100, "total": 1, "currency": "CNY"}), 400, "INVALID_REQUEST"),
        (refund(paid, 100, amount={"refund": 100, "total": 12900}), 400, "PARAM_ERROR"),
        (refund(paid, 0), 400, "PARAM_ERROR"),
        (refund(paid, 100, transaction_id=paid["transaction_id"]), 400, "PARAM_ERROR"),
        (refund(paid, 100, out_trade_no="NO_SUCH_1"), 404, "RESOURCE_NOT_EXISTS"),
        (refund(paid, 100, surprise=1), 400, "PARAM_ERROR"),
    ):
        response = merchant.call("POST", REFUNDS, body)
        assert (response.status_code, response.json()["code"]) == (status, code), body
    assert bakery.call("POST", REFUNDS, refund(paid, 100)).status_code == 404
    unpaid = merchant.prepay(openid)
    merchant.call("POST", "/v3/pay/transactions/jsapi", unpaid)
    assert merchant.call("POST", REFUNDS, refund(unpaid, 100)).json()["code"] == "RESOURCE_NOT_EXISTS"
    assert merchant.call("GET", REFUNDS + "/none").json()["code"] == "RESOURCE_NOT_EXISTS"


def test_books(sandbox: Sandbox, shopper: str) -> None:
    name = "账本 " + secrets.token_hex(3)
    app = sandbox.post("/_sandbox/mini-programs", {"name": name})
    row = sandbox.post("/_sandbox/merchants", {"name": name, "appids": [app["appid"]]})
    merchant = Merchant(sandbox, row)
    openid = sandbox.openid(shopper, app["appid"])
    order = merchant.prepay(openid)
    prepay_id = merchant.call("POST", "/v3/pay/transactions/jsapi", order).json()["prepay_id"]
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": merchant.pay_params(prepay_id)})
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    merchant.call("POST", REFUNDS, refund(order, 2900))

    def book() -> dict[str, Any]:
        rows = sandbox.get("/_sandbox/books")["merchants"]
        return next(row for row in rows if row["mchid"] == merchant.mchid)

    wait_for(lambda: book()["refunds"] == 1)
    told = book()
    assert (told["paid_fen"], told["refunded_fen"], told["fee_fen"]) == (12900, 2900, 77 - 17)
    assert told["balance_fen"] == 12900 - 2900 - 60
