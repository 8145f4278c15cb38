"""Who may ask: the Authorization header and the answers' signatures."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.wechat_sandbox.desk import Merchant, Sandbox

FORMAT = "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"
NATIVE = "/v3/pay/transactions/native"


def native_order(merchant: Merchant) -> dict[str, object]:
    order = merchant.prepay("")
    del order["payer"]
    return order


def refused(response: httpx.Response, status: int, code: str) -> Any:
    assert response.status_code == status, response.text
    body = response.json()
    assert body["code"] == code
    return body


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_answers_are_signed_with_the_key_of_the_mode(merchant: Merchant, bakery: Merchant, mode: str) -> None:
    who = merchant if mode == "public_key" else bakery
    assert who.row["mode"] == mode
    assert who.call("POST", NATIVE, native_order(who)).status_code == 200  # `call` verifies


def test_items_may_come_in_any_order(sandbox: Sandbox, merchant: Merchant) -> None:
    target = f"/v3/pay/transactions/out-trade-no/NO_SUCH_1?mchid={merchant.mchid}"
    scheme, _, items = merchant.authorization("GET", target, "").partition(" ")
    backwards = ",".join(reversed(items.split(",")))
    response = sandbox.http.get(target, headers={"Authorization": f"{scheme} {backwards}"})
    refused(response, 404, "ORDER_NOT_EXIST")


def test_a_changed_body_is_a_sign_error_as_the_real_one(sandbox: Sandbox, merchant: Merchant) -> None:
    body = json.dumps(native_order(merchant))
    headers = {"Authorization": merchant.authorization("POST", NATIVE, body), "User-Agent": "t"}
    changed = body.replace("12900", "1")
    answer = refused(sandbox.http.post(NATIVE, content=changed, headers=headers), 401, "SIGN_ERROR")
    assert answer["message"] == "签名错误，请检查后再试"
    detail = answer["detail"]
    assert detail["field"] == "signature"
    assert detail["location"] == "authorization"
    assert detail["detail"] == {"issue": "sign not match"}
    information = detail["sign_information"]
    assert information["url"] == NATIVE
    lines = information["truncated_sign_message"].split("\n")
    assert lines[:2] == ["POST", NATIVE]
    assert lines[4:] == ['{"appid"', ""]
    assert information["sign_message_length"] == len("\n".join([*lines[:4], changed, ""]))


def test_the_query_is_signed_as_sent(sandbox: Sandbox, merchant: Merchant) -> None:
    signed = f"/v3/pay/transactions/out-trade-no/NO_SUCH_1?mchid={merchant.mchid}&x=%7C"
    headers = {"Authorization": merchant.authorization("GET", signed, "")}
    refused(sandbox.http.get(signed, headers=headers), 404, "ORDER_NOT_EXIST")
    plain = signed.replace("%7C", "1")
    refused(sandbox.http.get(plain, headers=headers), 401, "SIGN_ERROR")


@pytest.mark.parametrize("seconds", [-301, 301])
def test_five_minutes(merchant: Merchant, seconds: int) -> None:
    stale = str(int(time.time()) + seconds)
    answer = refused(merchant.call("POST", NATIVE, native_order(merchant), timestamp=stale), 401, "SIGN_ERROR")
    assert answer["message"] == "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"serial_no": "0" * 40}, "商户证书序列号有误。请使用签名私钥匹配的证书序列号"),
        ({"mchid": "1900009999"}, "签名错误"),
        ({"signature": "WmFrZQ=="}, "签名错误，请检查后再试"),
        ({"signature": "not base64"}, "签名错误，请检查后再试"),
        ({"timestamp": "²²"}, FORMAT),
        ({"timestamp": "soon"}, FORMAT),
    ],
)
def test_wrong_items(sandbox: Sandbox, merchant: Merchant, changes: dict[str, str], message: str) -> None:
    body = json.dumps(native_order(merchant))
    header = merchant.authorization("POST", NATIVE, body, **changes).encode("latin-1")
    headers = {"Authorization": header, "User-Agent": b"t"}
    response = sandbox.http.post(NATIVE, content=body, headers=headers)  # pyright: ignore[reportArgumentType]
    assert refused(response, 401, "SIGN_ERROR")["message"] == message
    assert not any(name.startswith("wechatpay") for name in response.headers)  # such answers are not signed


@pytest.mark.parametrize(
    ("path", "scheme", "status", "message"),
    [
        (NATIVE, None, 401, "签名信息错误，验签失败"),
        (NATIVE, "Bearer x", 401, "签名信息错误，验签失败"),
        (
            "/v3/refund/domestic/refunds",
            None,
            401,
            FORMAT,
        ),
        ("/v3/refund/domestic/refunds", "Bearer x", 401, "Http头Authorization认证类型不正确"),
    ],
)
def test_no_authorization(sandbox: Sandbox, path: str, scheme: str | None, status: int, message: str) -> None:
    headers = {"Authorization": scheme} if scheme else {}
    assert refused(sandbox.http.post(path, json={}, headers=headers), status, "SIGN_ERROR")["message"] == message


def test_user_agent_is_wanted_outside_trading(sandbox: Sandbox) -> None:
    response = sandbox.http.get("/v3/certificates", headers={"User-Agent": ""})
    assert refused(response, 400, "INVALID_REQUEST")["message"] == "Http头缺少Accept或User-Agent"


def test_a_foreign_platform_serial_is_refused(sandbox: Sandbox, merchant: Merchant, bakery: Merchant) -> None:
    body = json.dumps(native_order(merchant))
    headers = {
        "Authorization": merchant.authorization("POST", NATIVE, body),
        "Wechatpay-Serial": bakery.row["public_key_id"],
    }
    answer = refused(sandbox.http.post(NATIVE, content=body, headers=headers), 400, "PARAM_ERROR")
    assert answer["message"] == "平台证书序列号Wechatpay-Serial错误"


def test_unknown_paths_and_methods_answer_nothing(sandbox: Sandbox) -> None:
    for method, path, status in (
        ("GET", NATIVE, 405),
        ("GET", "/v3/pay/transactions/no-such", 404),
        ("POST", "/v3/nothing", 404),
    ):
        response = sandbox.http.request(method, path)
        assert (response.status_code, response.content) == (status, b"")


def test_a_body_over_the_limit(sandbox: Sandbox) -> None:
    assert sandbox.http.post(NATIVE, content=b" " * (1024 * 1024 + 1)).status_code == 413
