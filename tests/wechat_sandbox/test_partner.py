"""A service provider orders for its sub-merchants."""

import json
import secrets
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox

WAYS = "/v3/pay/partner/transactions"
SCENE = {"payer_client_ip": "14.23.150.211", "h5_info": {"type": "Wap"}}


@pytest.fixture(scope="module")
def provider(sandbox: Sandbox) -> Merchant:
    """闭环商城, the service provider of the other three."""
    return sandbox.merchant("1900000100")


def order_for(provider: Merchant, sub: Merchant, **changes: Any) -> dict[str, Any]:
    return {
        "sp_appid": provider.appid,
        "sp_mchid": provider.mchid,
        "sub_mchid": sub.mchid,
        "description": "青衫 亚麻衬衫 × 1",
        "out_trade_no": "P" + secrets.token_hex(12),
        "notify_url": "http://127.0.0.1:9/none",
        "amount": {"total": 12900, "currency": "CNY"},
    } | changes


def numbers(provider: Merchant, sub: Merchant) -> str:
    return f"?sp_mchid={provider.mchid}&sub_mchid={sub.mchid}"


def test_who_serves_whom(sandbox: Sandbox) -> None:
    rows = {row["mchid"]: row["sp_mchids"] for row in sandbox.get("/_sandbox/accounts")["merchants"]}
    assert rows["1900000100"] == []
    assert all(rows[mchid] == ["1900000100"] for mchid in ("1900000101", "1900000102", "1900000103"))


def test_the_four_ways(provider: Merchant, merchant: Merchant, shopper: str, sandbox: Sandbox) -> None:
    openid = sandbox.openid(shopper, provider.appid)
    jsapi = order_for(provider, merchant, payer={"sp_openid": openid}, settle_info={"profit_sharing": True})
    assert provider.call("POST", WAYS + "/jsapi", jsapi).json()["prepay_id"].startswith("wx")
    assert provider.call("POST", WAYS + "/native", order_for(provider, merchant)).json()["code_url"]
    assert provider.call("POST", WAYS + "/app", order_for(provider, merchant)).json()["prepay_id"]
    assert provider.call("POST", WAYS + "/h5", order_for(provider, merchant, scene_info=SCENE)).json()["h5_url"]


def test_a_purchase(sandbox: Sandbox, provider: Merchant, merchant: Merchant, shopper: str, receiver: Receiver) -> None:
    sp_openid, sub_openid = sandbox.openid(shopper, provider.appid), sandbox.openid(shopper, merchant.appid)
    payer = {"sp_openid": sp_openid, "sub_openid": sub_openid}
    order = order_for(provider, merchant, payer=payer, sub_appid=merchant.appid, notify_url=receiver.url, attach="a")
    before = balance(sandbox, merchant), balance(sandbox, provider)
    prepay_id = provider.call("POST", WAYS + "/jsapi", order).json()["prepay_id"]
    params = provider.pay_params(prepay_id, appId=merchant.appid)
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", {"pay_params": params})
    assert sheet["merchant_name"] == "青衫"
    paid = sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")

    got = receiver.wait()[0]
    assert provider.verifies(got.headers, got.body)  # the provider's keys, though the money is the sub-merchant's
    told = provider.decrypt(json.loads(got.body)["resource"])
    assert (told["sp_mchid"], told["sub_mchid"]) == (provider.mchid, merchant.mchid)
    assert (told["sp_appid"], told["sub_appid"]) == (provider.appid, merchant.appid)
    assert told["payer"] == payer
    assert not told.keys() & {"mchid", "appid"}
    path = f"{WAYS}/out-trade-no/{order['out_trade_no']}"
    assert provider.call("GET", path + numbers(provider, merchant)).json() == told
    path = f"{WAYS}/id/{paid['transaction_id']}"
    assert provider.call("GET", path + numbers(provider, merchant)).json() == told
    assert balance(sandbox, merchant) - before[0] == 12900 - 77
    assert balance(sandbox, provider) == before[1]


def balance(sandbox: Sandbox, merchant: Merchant) -> int:
    rows = sandbox.get("/_sandbox/books")["merchants"]
    return next(row for row in rows if row["mchid"] == merchant.mchid)["balance_fen"]


def test_the_sub_merchants_own_shopper(sandbox: Sandbox, provider: Merchant, merchant: Merchant, shopper: str) -> None:
    openid = sandbox.openid(shopper, merchant.appid)
    order = order_for(provider, merchant, payer={"sub_openid": openid}, sub_appid=merchant.appid)
    prepay_id = provider.call("POST", WAYS + "/jsapi", {**order}).json()["prepay_id"]
    wrong_app = sandbox.http.post(
        f"/_sandbox/shoppers/{shopper}/sheets", json={"pay_params": provider.pay_params(prepay_id)}
    )
    assert wrong_app.json()["message"] == "appid与下单时不一致"
    other = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    params = {"pay_params": provider.pay_params(prepay_id, appId=merchant.appid)}
    assert "不一致" in sandbox.http.post(f"/_sandbox/shoppers/{other}/sheets", json=params).json()["message"]
    assert sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", params)["total_fen"] == 12900
    signed_by_sub = {"pay_params": merchant.pay_params(prepay_id)}
    refused = sandbox.http.post(f"/_sandbox/shoppers/{shopper}/sheets", json=signed_by_sub)
    assert refused.json()["message"] == "支付验证签名失败"


def test_closing(provider: Merchant, merchant: Merchant, bakery: Merchant) -> None:
    order = order_for(provider, merchant)
    provider.call("POST", WAYS + "/native", order)
    path = f"{WAYS}/out-trade-no/{order['out_trade_no']}"
    body = {"sp_mchid": provider.mchid, "sub_mchid": merchant.mchid}
    other = provider.call("POST", path + "/close", {**body, "sub_mchid": bakery.mchid})
    assert (other.status_code, other.json()["code"]) == (404, "ORDER_NOT_EXIST")
    assert provider.call("POST", path + "/close", body).status_code == 204
    assert provider.call("GET", path + numbers(provider, merchant)).json()["trade_state"] == "CLOSED"
    assert provider.call("POST", WAYS + "/native", order).json()["code"] == "ORDER_CLOSED"


def test_strangers(provider: Merchant, merchant: Merchant, bakery: Merchant, sandbox: Sandbox, shopper: str) -> None:
    order = order_for(provider, merchant)
    provider.call("POST", WAYS + "/native", order)
    path = f"{WAYS}/out-trade-no/{order['out_trade_no']}"
    stranger = order_for(merchant, bakery)
    refused = merchant.call("POST", WAYS + "/native", stranger)
    assert (refused.status_code, refused.json()["code"]) == (403, "NO_AUTH")
    refused = merchant.call("GET", path + numbers(merchant, bakery))
    assert (refused.status_code, refused.json()["code"]) == (403, "NO_AUTH")
    assert provider.call("GET", path + numbers(provider, bakery)).json()["code"] == "ORDER_NOT_EXIST"
    assert merchant.call("GET", path + numbers(provider, merchant)).json()["code"] == "PARAM_ERROR"
    direct = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={provider.mchid}"
    assert provider.call("GET", direct).json()["code"] == "ORDER_NOT_EXIST"
    for change, code in (
        ({"sp_mchid": merchant.mchid}, "PARAM_ERROR"),
        ({"sp_appid": merchant.appid}, "APPID_MCHID_NOT_MATCH"),
        ({"sub_appid": bakery.appid}, "APPID_MCHID_NOT_MATCH"),
        ({"appid": provider.appid}, "PARAM_ERROR"),
    ):
        assert provider.call("POST", WAYS + "/native", order_for(provider, merchant, **change)).json()["code"] == code
    openid = sandbox.openid(shopper, merchant.appid)
    for payer in ({}, {"sub_openid": openid}, {"sp_openid": openid}):
        refused = provider.call("POST", WAYS + "/jsapi", order_for(provider, merchant, payer=payer))
        assert refused.json()["code"] == "PARAM_ERROR"


def test_entering_again(provider: Merchant, merchant: Merchant) -> None:
    order = order_for(provider, merchant)
    provider.call("POST", WAYS + "/native", order)
    assert provider.call("POST", WAYS + "/native", order).status_code == 200
    changed = provider.call("POST", WAYS + "/native", {**order, "description": "别的"})
    assert changed.json()["code"] == "INVALID_REQUEST"
    assert changed.headers["request-id"].endswith("-268498688")


def test_a_new_relation(sandbox: Sandbox, provider: Merchant) -> None:
    made = sandbox.post("/_sandbox/merchants", {"name": "新店", "sp_mchid": provider.mchid})
    assert made["sp_mchids"] == [provider.mchid]
    alone = sandbox.post("/_sandbox/merchants", {"name": "独立店"})
    path = f"/_sandbox/merchants/{alone['mchid']}/providers"
    assert sandbox.post(path, {"sp_mchid": provider.mchid})["sp_mchids"] == [provider.mchid]
    assert sandbox.http.post(path, json={"sp_mchid": "1"}).status_code == 400
    refused = sandbox.http.post("/_sandbox/merchants", json={"name": "x", "sp_mchid": "1900009999"})
    assert refused.status_code == 400
    body = {**order_for(provider, provider), "sub_mchid": alone["mchid"]}
    assert provider.call("POST", WAYS + "/native", body).status_code == 200
