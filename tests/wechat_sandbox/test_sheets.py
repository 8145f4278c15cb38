"""The payment sheet: paySign, whose it is, paying once."""

import time
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for

JSAPI = "/v3/pay/transactions/jsapi"


def open_sheet(sandbox: Sandbox, shopper: str, **body: Any) -> Any:
    return sandbox.http.post(f"/_sandbox/shoppers/{shopper}/sheets", json=body)


def refused(response: Any, message: str) -> None:
    assert response.status_code == 400
    body = response.json()
    assert (body["code"], body["message"]) == ("pay_refused", message)
    assert body["err_msg"] == "get_brand_wcpay_request:fail"


@pytest.fixture
def prepay_id(merchant: Merchant, openid: str) -> str:
    return merchant.call("POST", JSAPI, merchant.prepay(openid)).json()["prepay_id"]


def test_wrong_signatures(sandbox: Sandbox, merchant: Merchant, shopper: str, prepay_id: str) -> None:
    good = merchant.pay_params(prepay_id)
    for change in (
        {"paySign": good["paySign"][::-1]},
        {"nonceStr": "other"},
        {"timeStamp": str(int(time.time()) + 1)},
        {"package": "prepay_id=wx00"},
        {"package": prepay_id},
        {"signType": "MD5"},
    ):
        refused(open_sheet(sandbox, shopper, pay_params={**good, **change}), "支付验证签名失败")
    missing = {name: value for name, value in good.items() if name != "paySign"}
    refused(open_sheet(sandbox, shopper, pay_params=missing), "调用支付JSAPI缺少参数：paySign")
    number = {**good, "timeStamp": 1}
    refused(open_sheet(sandbox, shopper, pay_params=number), "调用支付JSAPI缺少参数：timeStamp")


def test_another_app(sandbox: Sandbox, merchant: Merchant, shopper: str, prepay_id: str) -> None:
    params = merchant.pay_params(prepay_id, appId=merchant.row["appids"][1])
    refused(open_sheet(sandbox, shopper, pay_params=params), "appid与下单时不一致")


def test_another_shopper(sandbox: Sandbox, merchant: Merchant, prepay_id: str) -> None:
    other = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    response = open_sheet(sandbox, other, pay_params=merchant.pay_params(prepay_id))
    refused(response, "下单账号与支付账号不一致，请核实后再支付")


def test_pay_once(sandbox: Sandbox, merchant: Merchant, shopper: str, prepay_id: str) -> None:
    params = merchant.pay_params(prepay_id)
    first, second = (open_sheet(sandbox, shopper, pay_params=params).json()["sheet_id"] for _ in range(2))
    paid = sandbox.post(f"/_sandbox/sheets/{first}/pay")
    assert paid["state"] == "paid"
    assert len(paid["transaction_id"]) == 28
    for sheet in (first, second):
        refused(sandbox.http.post(f"/_sandbox/sheets/{sheet}/pay"), "该订单已支付")
    refused(open_sheet(sandbox, shopper, pay_params=params), "该订单已支付")
    wallet = sandbox.get(f"/_sandbox/shoppers/{shopper}")["wallet"]
    assert wallet["spent_fen"] == 12900
    assert [bill["transaction_id"] for bill in wallet["bills"]] == [paid["transaction_id"]]


def test_cancel_and_try_again(sandbox: Sandbox, merchant: Merchant, shopper: str, prepay_id: str) -> None:
    params = merchant.pay_params(prepay_id)
    sheet = open_sheet(sandbox, shopper, pay_params=params).json()["sheet_id"]
    assert sandbox.post(f"/_sandbox/sheets/{sheet}/cancel")["state"] == "cancelled"
    refused(sandbox.http.post(f"/_sandbox/sheets/{sheet}/pay"), "支付已取消")
    again = open_sheet(sandbox, shopper, pay_params=params).json()["sheet_id"]
    assert sandbox.post(f"/_sandbox/sheets/{again}/pay")["state"] == "paid"


def test_orders_that_are_over(sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str) -> None:
    order = merchant.prepay(openid)
    prepay_id = merchant.call("POST", JSAPI, order).json()["prepay_id"]
    sheet = open_sheet(sandbox, shopper, pay_params=merchant.pay_params(prepay_id)).json()["sheet_id"]
    path = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}"
    merchant.call("POST", path + "/close", {"mchid": merchant.mchid})
    refused(sandbox.http.post(f"/_sandbox/sheets/{sheet}/pay"), "订单已关闭")


def test_paid_orders_stay_paid(
    sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str, receiver: Receiver
) -> None:
    order = merchant.prepay(openid, receiver.url + "/pay")
    prepay_id = merchant.call("POST", JSAPI, order).json()["prepay_id"]
    sheet = open_sheet(sandbox, shopper, pay_params=merchant.pay_params(prepay_id)).json()["sheet_id"]
    paid = sandbox.post(f"/_sandbox/sheets/{sheet}/pay")
    path = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}"
    assert merchant.call("POST", path + "/close", {"mchid": merchant.mchid}).json()["code"] == "ORDERPAID"
    assert merchant.call("POST", JSAPI, order).json()["code"] == "ORDERPAID"
    by_id = merchant.call("GET", f"/v3/pay/transactions/id/{paid['transaction_id']}?mchid={merchant.mchid}").json()
    assert by_id["trade_state"] == "SUCCESS"
    assert by_id["payer"] == {"openid": openid}
    assert by_id["trade_type"] == "JSAPI"
    wait_for(lambda: bool(receiver.got))


def test_app_and_h5(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    order = merchant.prepay("")
    del order["payer"]
    prepay_id = merchant.call("POST", "/v3/pay/transactions/app", order).json()["prepay_id"]
    params = {
        "appid": merchant.appid,
        "partnerid": merchant.mchid,
        "prepayid": prepay_id,
        "package": "Sign=WXPay",
        "noncestr": "n",
        "timestamp": "1",
    }
    params["sign"] = merchant.sign(f"{merchant.appid}\n1\nn\n{prepay_id}\n")
    sheet = open_sheet(sandbox, shopper, pay_params=params).json()
    assert sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")["state"] == "paid"
    wrong = {**params, "sign": merchant.sign(f"{merchant.appid}\n1\nn\nprepay_id={prepay_id}\n")}
    refused(open_sheet(sandbox, shopper, pay_params=wrong), "支付验证签名失败")

    scene = {"payer_client_ip": "14.23.150.211", "h5_info": {"type": "Wap"}}
    order = merchant.prepay("", scene_info=scene)
    del order["payer"]
    url = merchant.call("POST", "/v3/pay/transactions/h5", order).json()["h5_url"]
    page = sandbox.http.get(url + "&redirect_url=https%3A%2F%2Fexample.com%2F%3C%2Fscript%3E").text
    assert "¥129.00" in page
    assert "</script>" not in page.split("const back")[1].split(";")[0]
    sheet = open_sheet(sandbox, shopper, h5_url=url).json()
    assert sheet["total_fen"] == 12900
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    assert "支付请求已失效" in sandbox.http.get(url).text


def test_nothing_to_pay(sandbox: Sandbox, shopper: str) -> None:
    assert open_sheet(sandbox, shopper).status_code == 400
    assert open_sheet(sandbox, "nobody", code_url="x").status_code == 404
    assert sandbox.http.post("/_sandbox/sheets/none/pay").status_code == 404
