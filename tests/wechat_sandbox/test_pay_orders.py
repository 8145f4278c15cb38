"""Placing, asking for and closing orders, with WeChat's rules and texts."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Sandbox

JSAPI = "/v3/pay/transactions/jsapi"
NATIVE = "/v3/pay/transactions/native"


def without_payer(merchant: Merchant, **changes: Any) -> dict[str, Any]:
    order = merchant.prepay("", **changes)
    del order["payer"]
    return order


def query(merchant: Merchant, number: str) -> Any:
    return merchant.call("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={merchant.mchid}")


def close(merchant: Merchant, number: str) -> Any:
    return merchant.call("POST", f"/v3/pay/transactions/out-trade-no/{number}/close", {"mchid": merchant.mchid})


def test_the_four_ways(merchant: Merchant, openid: str) -> None:
    prepay_id = merchant.call("POST", JSAPI, merchant.prepay(openid)).json()["prepay_id"]
    assert re.fullmatch(r"wx\d{14}[0-9a-f]{20}", prepay_id)
    native = merchant.call("POST", NATIVE, without_payer(merchant)).json()["code_url"]
    assert re.fullmatch(r"weixin://wxpay/bizpayurl\?pr=\S{9}", native)
    app = merchant.call("POST", "/v3/pay/transactions/app", without_payer(merchant)).json()["prepay_id"]
    assert app.startswith("wx")
    scene = {"payer_client_ip": "14.23.150.211", "h5_info": {"type": "Wap"}}
    h5 = merchant.call("POST", "/v3/pay/transactions/h5", without_payer(merchant, scene_info=scene)).json()
    assert "prepay_id=wx" in h5["h5_url"]


def test_all_optional_fields_are_taken(merchant: Merchant, openid: str) -> None:
    order = merchant.prepay(
        openid,
        time_expire=(datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        attach="a" * 128,
        goods_tag="WXG",
        support_fapiao=True,
        limit_pay=["no_credit"],
        detail={
            "cost_price": 13000,
            "invoice_id": "微信123",
            "goods_detail": [{"merchant_goods_id": "1", "quantity": 1, "unit_price": 12900, "goods_name": "衬衫"}],
        },
        scene_info={
            "payer_client_ip": "14.23.150.211",
            "device_id": "1",
            "store_info": {"id": "0001", "name": "湖滨店", "area_code": "330102", "address": "湖滨路1号"},
        },
        settle_info={"profit_sharing": False},
    )
    assert merchant.call("POST", JSAPI, order).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"description": "x" * 128}, "/description", "字节数 128，大于最大值 127"),
        ({"out_trade_no": "12345"}, "/out_trade_no", "字节数 5，小于最小值 6"),
        ({"out_trade_no": "汉字不可以的"}, "/out_trade_no", "规则校验失败"),
        ({"out_trade_no": "x" * 33}, "/out_trade_no", "字节数 33，大于最大值 32"),
        ({"amount": {"total": 0}}, "/amount/total", "规则校验失败"),
        ({"amount": {"total": 1.5}}, "/amount/total", "规则校验失败"),
        ({"amount": {"total": "1"}}, "/amount/total", "规则校验失败"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/amount/currency", "规则校验失败"),
        ({"amount": {}}, "/amount/total", "必填性规则校验失败，此字段为必填项"),
        ({"attach": "x" * 129}, "/attach", "字节数 129，大于最大值 128"),
        ({"payer": {}}, "/payer/openid", "必填性规则校验失败"),
        ({"surprise": 1}, "/surprise", "参数中含有非法的额外参数"),
        ({"payer": {"openid": "x", "surprise": 1}}, "/payer/surprise", "参数中含有非法的额外参数"),
        ({"notify_url": "https://example.com/?a=1"}, "/notify_url", "不能携带参数"),
        ({"notify_url": "ftp://example.com/"}, "/notify_url", "通知地址格式错误"),
        ({"time_expire": "tomorrow"}, "/time_expire", "rfc3339"),
        ({"time_expire": "2035-01-01T00:00:00"}, "/time_expire", "rfc3339"),
        ({"payer": {"openid": "oNobody"}}, "/payer/openid", "appid和openid不匹配"),
    ],
)
def test_wrong_parameters(merchant: Merchant, openid: str, changes: dict[str, Any], field: str, text: str) -> None:
    response = merchant.call("POST", JSAPI, {**merchant.prepay(openid), **changes})
    assert response.status_code == 400
    body = response.json()
    assert body["code"] == "PARAM_ERROR"
    assert body["detail"]["field"] == field
    assert text in body["message"]
    assert merchant.verifies(response.headers, response.content)


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "1", '{"appid": 1', "\x00", "[" * 100_000])
def test_a_body_that_is_no_object(merchant: Merchant, body: str) -> None:
    response = merchant.call("POST", NATIVE, body)
    assert (response.status_code, response.json()["code"]) == (400, "PARAM_ERROR")


def test_accounts_that_do_not_fit(merchant: Merchant, bakery: Merchant, openid: str) -> None:
    foreign = merchant.call("POST", JSAPI, merchant.prepay(openid, appid=bakery.appid))
    assert (foreign.status_code, foreign.json()["code"]) == (400, "APPID_MCHID_NOT_MATCH")
    other = merchant.call("POST", JSAPI, merchant.prepay(openid, mchid=bakery.mchid))
    assert (other.status_code, other.json()["code"]) == (400, "PARAM_ERROR")


def test_h5_wants_the_shoppers_address(merchant: Merchant) -> None:
    scene = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    response = merchant.call("POST", "/v3/pay/transactions/h5", without_payer(merchant, scene_info=scene))
    assert response.json()["detail"]["field"] == "/scene_info/payer_client_ip"
    response = merchant.call("POST", "/v3/pay/transactions/h5", without_payer(merchant))
    assert response.json()["detail"]["field"] == "/scene_info"


def test_the_same_order_again(merchant: Merchant, openid: str) -> None:
    order = merchant.prepay(openid)
    first = merchant.call("POST", JSAPI, order).json()
    assert merchant.call("POST", JSAPI, order).json() == first
    changed = merchant.call("POST", JSAPI, {**order, "amount": {"total": 1, "currency": "CNY"}})
    assert changed.status_code == 400
    assert changed.json() == {"code": "INVALID_REQUEST", "message": "请求重入时，参数与首次请求时不一致"}
    del order["payer"]
    other = merchant.call("POST", NATIVE, order)
    assert (other.status_code, other.json()["code"]) == (403, "OUT_TRADE_NO_USED")


def test_a_new_native_code_kills_the_old(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    order = without_payer(merchant)
    old, new = (merchant.call("POST", NATIVE, order).json()["code_url"] for _ in range(2))
    assert old != new
    dead = sandbox.http.post(f"/_sandbox/shoppers/{shopper}/scan", json={"content": old})
    assert (dead.status_code, dead.json()["message"]) == (400, "二维码已失效")
    alive = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": new})
    assert (alive["action"], alive["sheet"]["total_fen"]) == ("pay", 12900)


def test_asking_for_an_unpaid_order(merchant: Merchant, openid: str) -> None:
    order = merchant.prepay(openid, attach="门店1")
    merchant.call("POST", JSAPI, order)
    told = query(merchant, order["out_trade_no"]).json()
    assert (told["trade_state"], told["trade_state_desc"], told["attach"]) == ("NOTPAY", "订单未支付", "门店1")
    assert not told.keys() & {"transaction_id", "success_time", "payer", "trade_type"}


def test_asking_wrongly(merchant: Merchant, bakery: Merchant) -> None:
    assert query(merchant, "NO_SUCH_1").json() == {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}
    path = "/v3/pay/transactions/out-trade-no/NO_SUCH_1"
    assert merchant.call("GET", path).json()["code"] == "PARAM_ERROR"
    assert merchant.call("GET", f"{path}?mchid={bakery.mchid}").json()["code"] == "PARAM_ERROR"


def test_a_merchant_sees_its_own_orders_only(merchant: Merchant, bakery: Merchant) -> None:
    order = without_payer(merchant)
    merchant.call("POST", NATIVE, order)
    assert query(bakery, order["out_trade_no"]).status_code == 404


def test_closing(merchant: Merchant) -> None:
    order = without_payer(merchant)
    merchant.call("POST", NATIVE, order)
    for _ in range(2):  # closing again is allowed
        response = close(merchant, order["out_trade_no"])
        assert (response.status_code, response.content) == (204, b"")  # signed all the same: `call` verified
    assert query(merchant, order["out_trade_no"]).json()["trade_state"] == "CLOSED"
    again = merchant.call("POST", NATIVE, order)
    assert (again.status_code, again.json()["code"]) == (400, "ORDER_CLOSED")


def test_closing_what_was_never_ordered_burns_the_number(merchant: Merchant) -> None:
    order = without_payer(merchant)
    assert close(merchant, order["out_trade_no"]).status_code == 204
    assert query(merchant, order["out_trade_no"]).status_code == 404
    assert merchant.call("POST", NATIVE, order).json()["code"] == "ORDER_CLOSED"
    assert close(merchant, "x" * 35).json()["detail"]["location"] == "uri_template"


def test_certificates(bakery: Merchant) -> None:
    row = bakery.call("GET", "/v3/certificates").json()["data"][0]
    assert row["serial_no"] == bakery.row["platform_serial_no"]
    assert row["encrypt_certificate"]["associated_data"] == "certificate"


def test_when_an_order_may_end(merchant: Merchant) -> None:
    for seconds in (-5, 30):
        soon = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        refused = merchant.call("POST", NATIVE, without_payer(merchant, time_expire=soon))
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")
    order = without_payer(merchant, time_expire=(datetime.now(UTC) + timedelta(seconds=90)).isoformat())
    assert merchant.call("POST", NATIVE, order).status_code == 200


def test_numbers_of_errors(merchant: Merchant) -> None:
    """Request-ID ends with the number that merchants look up."""
    order = without_payer(merchant)
    assert merchant.call("POST", NATIVE, order).headers["request-id"].endswith("-0")
    changed = merchant.call("POST", NATIVE, {**order, "attach": "other"})
    assert changed.headers["request-id"].endswith("-268498688")
    extra = merchant.call("POST", NATIVE, {**order, "surprise": 1})
    assert extra.headers["request-id"].endswith("-270924358")
