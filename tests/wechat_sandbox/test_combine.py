"""Combined orders: one payment for the orders of several merchants."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox

WAYS = "/v3/combine-transactions"
SCENE = {"payer_client_ip": "14.23.150.211", "device_id": "web"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One of this module's own, since apps are bound to merchants for good."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def merchant(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000101")


@pytest.fixture(scope="module")
def bakery(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000102")


@pytest.fixture(scope="module")
def mall(sandbox: Sandbox, merchant: Merchant, bakery: Merchant) -> Merchant:
    """闭环商城, whose app is bound to the two others as well."""
    mall = sandbox.merchant("1900000100")
    for other in (merchant, bakery):
        sandbox.post(f"/_sandbox/merchants/{other.mchid}/appids", {"appid": mall.appid})
    return mall


def part(seller: Merchant, total: int = 100, **changes: Any) -> dict[str, Any]:
    return {
        "mchid": seller.mchid,
        "attach": "店1",
        "amount": {"total_amount": total, "currency": "CNY"},
        "out_trade_no": "S" + secrets.token_hex(12),
        "description": "一件",
    } | changes


def combined(mall: Merchant, parts: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "combine_appid": mall.appid,
        "combine_mchid": mall.mchid,
        "combine_out_trade_no": "C" + secrets.token_hex(12),
        "sub_orders": parts,
        "notify_url": "http://127.0.0.1:9/none",
    } | changes


def close_body(order: dict[str, Any]) -> dict[str, Any]:
    names = ("mchid", "out_trade_no", "sub_mchid")
    rows = [{name: row[name] for name in names if name in row} for row in order["sub_orders"]]
    return {"combine_appid": order["combine_appid"], "sub_orders": rows}


def path_of(order: dict[str, Any]) -> str:
    return f"{WAYS}/out-trade-no/{order['combine_out_trade_no']}"


def books(sandbox: Sandbox) -> dict[str, int]:
    return {row["mchid"]: row["balance_fen"] for row in sandbox.get("/_sandbox/books")["merchants"]}


def test_a_purchase_from_two_merchants(
    sandbox: Sandbox, mall: Merchant, merchant: Merchant, bakery: Merchant, shopper: str, receiver: Receiver
) -> None:
    openid = sandbox.openid(shopper, mall.appid)
    order = combined(
        mall,
        [part(merchant, 3000), part(bakery, 2000, settle_info={"profit_sharing": False})],
        combine_payer_info={"openid": openid},
        notify_url=receiver.url,
        scene_info=SCENE,
    )
    before = books(sandbox)
    prepay_id = mall.call("POST", WAYS + "/jsapi", order).json()["prepay_id"]
    assert mall.call("POST", WAYS + "/jsapi", order).json()["prepay_id"] == prepay_id
    unpaid = mall.call("GET", path_of(order)).json()
    assert {row["trade_state"] for row in unpaid["sub_orders"]} == {"NOTPAY"}
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": mall.pay_params(prepay_id)})
    assert (sheet["total_fen"], sheet["merchant_name"]) == (5000, "闭环商城")
    named = [(row["merchant_name"], row["description"], row["total_fen"]) for row in sheet["parts"]]
    assert named == [(merchant.row["name"], "一件", 3000), (bakery.row["name"], "一件", 2000)]
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")

    got = receiver.wait()[0]
    assert mall.verifies(got.headers, got.body)
    assert json.loads(got.body)["event_type"] == "TRANSACTION.SUCCESS"
    told = mall.decrypt(json.loads(got.body)["resource"])
    assert told == mall.call("GET", path_of(order)).json()
    assert told["combine_payer_info"] == {"openid": openid}
    assert told["scene_info"] == {"device_id": "web"}
    amounts = [(row["mchid"], row["amount"]["total_amount"], row["trade_state"]) for row in told["sub_orders"]]
    assert amounts == [(merchant.mchid, 3000, "SUCCESS"), (bakery.mchid, 2000, "SUCCESS")]
    transactions = {row["transaction_id"] for row in told["sub_orders"]}
    assert len(transactions) == 2
    assert told["combine_transaction_id"] not in transactions
    after = books(sandbox)
    assert after[merchant.mchid] - before[merchant.mchid] == 3000 - 18
    assert after[bakery.mchid] - before[bakery.mchid] == 2000 - 12

    refund = {
        "transaction_id": told["sub_orders"][1]["transaction_id"],
        "out_refund_no": "R" + order["combine_out_trade_no"],
        "amount": {"refund": 500, "total": 2000, "currency": "CNY"},
    }
    assert bakery.call("POST", "/v3/refund/domestic/refunds", refund).status_code == 200
    states = [row["trade_state"] for row in mall.call("GET", path_of(order)).json()["sub_orders"]]
    assert states == ["SUCCESS", "REFUND"]
    paid = mall.call("POST", path_of(order) + "/close", close_body(order))
    assert paid.json()["code"] == "ORDERPAID"
    assert mall.call("POST", WAYS + "/jsapi", order).json()["code"] == "ORDERPAID"


def test_a_provider_combines(sandbox: Sandbox, mall: Merchant, merchant: Merchant, bakery: Merchant) -> None:
    shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    order = combined(mall, [part(mall, 100, sub_mchid=row.mchid) for row in (merchant, bakery, merchant)])
    url = mall.call("POST", WAYS + "/native", order).json()["code_url"]
    before = books(sandbox)
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": url})["sheet"]
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    told = mall.call("GET", path_of(order)).json()["sub_orders"]
    assert [row["sub_mchid"] for row in told] == [merchant.mchid, bakery.mchid, merchant.mchid]
    after = books(sandbox)
    assert after[merchant.mchid] - before[merchant.mchid] == 200 - 2
    assert after[mall.mchid] == before[mall.mchid]
    alone = combined(mall, [part(mall, 100, sub_mchid=merchant.mchid)])
    assert mall.call("POST", WAYS + "/native", alone).status_code == 200


def test_app_and_h5(sandbox: Sandbox, mall: Merchant, merchant: Merchant, bakery: Merchant, shopper: str) -> None:
    order = combined(mall, [part(merchant), part(bakery)])
    prepay_id = mall.call("POST", WAYS + "/app", order).json()["prepay_id"]
    params = {
        "appid": mall.appid,
        "partnerid": mall.mchid,
        "prepayid": prepay_id,
        "package": "Sign=WXPay",
        "noncestr": "n",
        "timestamp": "1",
        "sign": mall.sign(f"{mall.appid}\n1\nn\n{prepay_id}\n"),
    }
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": params})
    assert sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")["state"] == "paid"
    scene = {**SCENE, "h5_info": {"type": "Wap"}}
    order = combined(mall, [part(merchant), part(bakery)], scene_info=scene)
    url = mall.call("POST", WAYS + "/h5", order).json()["h5_url"]
    assert "¥2.00" in sandbox.http.get(url).text


def test_parts_are_not_asked_for_alone(mall: Merchant, merchant: Merchant, bakery: Merchant) -> None:
    order = combined(mall, [part(merchant), part(bakery)])
    mall.call("POST", WAYS + "/native", order)
    path = f"/v3/pay/transactions/out-trade-no/{order['sub_orders'][0]['out_trade_no']}"
    assert merchant.call("GET", f"{path}?mchid={merchant.mchid}").json()["code"] == "INVALID_REQUEST"
    refused = merchant.call("POST", path + "/close", {"mchid": merchant.mchid})
    assert refused.json()["code"] == "INVALID_REQUEST"
    again = combined(mall, order["sub_orders"])
    assert mall.call("POST", WAYS + "/native", again).json()["code"] == "OUT_TRADE_NO_USED"
    alone = merchant.prepay("", out_trade_no=order["sub_orders"][0]["out_trade_no"])
    del alone["payer"]
    assert merchant.call("POST", "/v3/pay/transactions/native", alone).json()["code"] == "OUT_TRADE_NO_USED"


def test_closing_needs_the_same_list(mall: Merchant, merchant: Merchant, bakery: Merchant) -> None:
    order = combined(mall, [part(merchant), part(bakery)])
    mall.call("POST", WAYS + "/native", order)
    body = close_body(order)
    for wrong in (
        {**body, "sub_orders": body["sub_orders"][:1]},
        {**body, "sub_orders": [*body["sub_orders"], body["sub_orders"][0]]},
        {**body, "combine_appid": merchant.appid},
    ):
        assert mall.call("POST", path_of(order) + "/close", wrong).json()["code"] == "INVALID_REQUEST"
    assert mall.call("POST", path_of(order) + "/close", body).status_code == 204
    states = {row["trade_state"] for row in mall.call("GET", path_of(order)).json()["sub_orders"]}
    assert states == {"CLOSED"}
    assert mall.call("POST", WAYS + "/native", order).json()["code"] == "ORDER_CLOSED"
    assert merchant.call("GET", path_of(order)).json()["code"] == "ORDER_NOT_EXIST"


def test_rules(mall: Merchant, merchant: Merchant, bakery: Merchant, sandbox: Sandbox) -> None:
    other = sandbox.merchant("1900000103")  # its books do not know the mall's app
    for parts, code in (
        ([part(merchant)], "PARAM_ERROR"),
        ([part(merchant) for _ in range(11)], "PARAM_ERROR"),
        ([part(mall, sub_mchid=merchant.mchid) for _ in range(51)], "PARAM_ERROR"),
        ([part(mall, sub_mchid=merchant.mchid), part(merchant)], "PARAM_ERROR"),
        ([part(merchant, out_trade_no="SAME_1")] * 2, "PARAM_ERROR"),
        ([part(merchant), part(other)], "APPID_MCHID_NOT_MATCH"),
        ([part(merchant), part(bakery, mchid="1900009999")], "MCH_NOT_EXISTS"),
        ([part(merchant, sub_mchid=bakery.mchid)], "NO_AUTH"),
        ([part(merchant), part(bakery, 0)], "PARAM_ERROR"),
    ):
        assert mall.call("POST", WAYS + "/native", combined(mall, parts)).json()["code"] == code
    good = combined(mall, [part(merchant), part(bakery)])
    for change, code in (
        ({"combine_mchid": merchant.mchid}, "PARAM_ERROR"),
        ({"combine_appid": merchant.appid}, "APPID_MCHID_NOT_MATCH"),
        ({"combine_out_trade_no": "x"}, "PARAM_ERROR"),
        ({"mchid": "1"}, "PARAM_ERROR"),
        ({"time_expire": "2020-01-01T00:00:00+08:00"}, "INVALID_REQUEST"),
    ):
        assert mall.call("POST", WAYS + "/native", {**good, **change}).json()["code"] == code
    assert mall.call("POST", WAYS + "/jsapi", {**good, "combine_payer_info": {}}).json()["code"] == "PARAM_ERROR"
    mall.call("POST", WAYS + "/native", good)
    changed = mall.call("POST", WAYS + "/native", {**good, "time_start": "2026-01-01T00:00:00+08:00"})
    assert changed.headers["request-id"].endswith("-268498688")
