"""Every kind of request that the sandbox accepts, answer and notification, against openapi/."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import ValidationError

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox
from tests.wechat_sandbox.schemas import OPENAPI, check_answer, check_request

pytestmark = pytest.mark.skipif(
    not OPENAPI.exists(), reason=f"{OPENAPI} is not there: the shared schemas lie beside the project"
)

PAY = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
BY_NUMBER = PAY + "/out-trade-no/{out_trade_no}"
SCENE: dict[str, Any] = {"payer_client_ip": "14.23.150.211", "h5_info": {"type": "Wap"}}
FULL: dict[str, Any] = {
    "attach": "门店1",
    "time_expire": "2035-06-08T10:34:56+08:00",
    "goods_tag": "WXG",
    "support_fapiao": False,
    "limit_pay": ["no_credit"],
    "detail": {
        "cost_price": 608800,
        "invoice_id": "微信123",
        "goods_detail": [{"merchant_goods_id": "1001", "quantity": 1, "unit_price": 828800}],
    },
    "scene_info": {
        "payer_client_ip": "14.23.150.211",
        "device_id": "013467007045764",
        "store_info": {"id": "1", "name": "湖滨店", "area_code": "330102", "address": "湖滨路1号"},
    },
    "settle_info": {"profit_sharing": True},
}
Checked = Callable[..., Any]


@pytest.fixture
def checked(merchant: Merchant) -> Checked:
    """A signed call whose request and answer are validated; gives the answer's body."""

    def call(method: str, path: str, body: Any = None, query: str = "", **params: str) -> Any:
        if body is not None:
            check_request(path, method, body)
        response = merchant.call(method, path.format(**params) + query, body)
        answer = response.json() if response.content else None
        check_answer(path, method, response.status_code, answer)
        return answer

    return call


def without_payer(merchant: Merchant, **changes: Any) -> dict[str, Any]:
    order = merchant.prepay("", **changes)
    del order["payer"]
    return order


def test_prepays(checked: Checked, merchant: Merchant, openid: str) -> None:
    checked("POST", PAY + "/jsapi", merchant.prepay(openid))
    checked("POST", PAY + "/jsapi", merchant.prepay(openid, **FULL))
    checked("POST", PAY + "/native", without_payer(merchant, **FULL))
    checked("POST", PAY + "/app", without_payer(merchant, **FULL))
    checked("POST", PAY + "/h5", without_payer(merchant, scene_info=SCENE))


def test_a_purchase_and_its_refund(
    sandbox: Sandbox, checked: Checked, merchant: Merchant, receiver: Receiver, shopper: str, openid: str
) -> None:
    order = merchant.prepay(openid, receiver.url, attach="门店1")
    number, mchid = order["out_trade_no"], f"?mchid={merchant.mchid}"
    prepay_id = checked("POST", PAY + "/jsapi", order)["prepay_id"]
    assert checked("GET", BY_NUMBER, query=mchid, out_trade_no=number)["trade_state"] == "NOTPAY"

    body = {"pay_params": merchant.pay_params(prepay_id)}
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/sheets", body)
    paid = sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    told = checked("GET", BY_NUMBER, query=mchid, out_trade_no=number)
    assert told["trade_state"] == "SUCCESS"
    identity = paid["transaction_id"]
    assert checked("GET", PAY + "/id/{transaction_id}", query=mchid, transaction_id=identity) == told
    notice = merchant.decrypt(json.loads(receiver.wait(1)[0].body)["resource"])
    check_answer(BY_NUMBER, "GET", 200, notice)  # a notification tells what a query does

    asked = {
        "transaction_id": identity,
        "out_refund_no": "R" + number,
        "reason": "尺码不合",
        "notify_url": receiver.url,
        "amount": {"refund": 100, "total": 12900, "currency": "CNY"},
    }
    checked("POST", REFUNDS, asked)
    receiver.wait(2)
    done = checked("GET", REFUNDS + "/{out_refund_no}", out_refund_no=asked["out_refund_no"])
    assert done["status"] == "SUCCESS"
    told = merchant.decrypt(json.loads(receiver.got[1].body)["resource"])
    assert set(told) - {"mchid", "refund_status"} <= set(done)
    assert checked("GET", BY_NUMBER, query=mchid, out_trade_no=number)["trade_state"] == "REFUND"


def test_closing(checked: Checked, merchant: Merchant) -> None:
    order = without_payer(merchant)
    checked("POST", PAY + "/native", order)
    number = order["out_trade_no"]
    checked("POST", BY_NUMBER + "/close", {"mchid": merchant.mchid}, out_trade_no=number)
    query = f"?mchid={merchant.mchid}"
    assert checked("GET", BY_NUMBER, query=query, out_trade_no=number)["trade_state"] == "CLOSED"


def test_certificates(checked: Checked) -> None:
    checked("GET", "/v3/certificates")


def test_the_validator_refuses(merchant: Merchant) -> None:
    with pytest.raises(ValidationError):
        check_request(PAY + "/jsapi", "POST", without_payer(merchant))
    with pytest.raises(ValidationError):
        check_answer(PAY + "/native", "POST", 200, {})
