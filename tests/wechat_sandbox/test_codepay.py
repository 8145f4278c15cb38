"""Payment codes at a till."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from tests.wechat_sandbox.desk import Merchant, Sandbox

CODEPAY = "/v3/pay/transactions/codepay"
PARTNER = "/v3/pay/partner/transactions"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One of this module's own, since its clock moves."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def merchant(sandbox: Sandbox) -> Merchant:
    return sandbox.merchant("1900000101")


def code_of(sandbox: Sandbox, shopper: str) -> str:
    return sandbox.get(f"/_sandbox/shoppers/{shopper}/payment-code")["code"]


def till(merchant: Merchant, code: str, total: int = 1500, **changes: Any) -> dict[str, Any]:
    return {
        "appid": merchant.appid,
        "mchid": merchant.mchid,
        "description": "柜台 咖啡",
        "out_trade_no": "K" + secrets.token_hex(12),
        "payer": {"auth_code": code},
        "amount": {"total": total, "currency": "CNY"},
        "scene_info": {"store_info": {"out_id": "S1"}},
    } | changes


def state(merchant: Merchant, order: dict[str, Any]) -> str:
    path = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={merchant.mchid}"
    return merchant.call("GET", path).json()["trade_state"]


def reverse(merchant: Merchant, order: dict[str, Any], **changes: str) -> Any:
    path = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}/reverse"
    return merchant.call("POST", path, {"appid": merchant.appid, "mchid": merchant.mchid} | changes)


def balance(sandbox: Sandbox, merchant: Merchant) -> int:
    rows = sandbox.get("/_sandbox/books")["merchants"]
    return next(row for row in rows if row["mchid"] == merchant.mchid)["balance_fen"]


def test_paid_at_once(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    code = code_of(sandbox, shopper)
    assert re.fullmatch(r"1[0-5]\d{16}", code)
    assert code_of(sandbox, shopper) == code
    order = till(merchant, code, attach="3号柜台")
    paid = merchant.call("POST", CODEPAY, order)
    told = paid.json()
    assert (paid.status_code, told["trade_state"], told["trade_type"]) == (200, "SUCCESS", "MICROPAY")
    assert told["payer"] == {"openid": sandbox.openid(shopper, merchant.appid)}
    assert told["attach"] == "3号柜台"
    assert state(merchant, order) == "SUCCESS"
    assert code_of(sandbox, shopper) != code
    used = merchant.call("POST", CODEPAY, till(merchant, code))
    assert (used.status_code, used.json()["code"]) == (400, "AUTH_CODE_EXPIRED")
    assert merchant.call("POST", CODEPAY, order).json()["code"] == "ORDERPAID"


def test_codes_that_are_none(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    for wrong in ("134567890123456789", "160000000000000000", "1234", "13456789012345678x"):
        refused = merchant.call("POST", CODEPAY, till(merchant, wrong))
        assert (refused.status_code, refused.json()["code"]) == (400, "AUTH_CODE_INVALID")
    code = code_of(sandbox, shopper)
    sandbox.post("/_sandbox/clock", {"advance_seconds": 60})
    assert code_of(sandbox, shopper) != code
    order = till(merchant, code)
    assert merchant.call("POST", CODEPAY, order).json()["code"] == "AUTH_CODE_EXPIRED"
    path = f"/v3/pay/transactions/out-trade-no/{order['out_trade_no']}?mchid={merchant.mchid}"
    assert merchant.call("GET", path).json()["code"] == "ORDER_NOT_EXIST"


@pytest.mark.parametrize("act", ["pay", "cancel"])
def test_the_password(sandbox: Sandbox, merchant: Merchant, shopper: str, act: str) -> None:
    sandbox.http.put(f"/_sandbox/shoppers/{shopper}/payment-settings", json={"password_above_fen": 1000})
    order = till(merchant, code_of(sandbox, shopper), 1001)
    asked = merchant.call("POST", CODEPAY, order)
    assert (asked.status_code, asked.json()["code"]) == (202, "USERPAYING")
    assert state(merchant, order) == "USERPAYING"
    assert merchant.call("POST", CODEPAY, order).json()["code"] == "USERPAYING"
    (sheet,) = sandbox.get(f"/_sandbox/shoppers/{shopper}/sheets")["items"]
    assert (sheet["total_fen"], sheet["merchant_name"]) == (1001, "青衫")
    sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/{act}")
    assert state(merchant, order) == ("SUCCESS" if act == "pay" else "PAYERROR")
    assert sandbox.get(f"/_sandbox/shoppers/{shopper}/sheets")["items"] == []
    if act == "cancel":
        assert merchant.call("POST", CODEPAY, order).json()["code"] == "TRADE_ERROR"


def test_a_shopper_who_does_not_answer(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    sandbox.http.put(f"/_sandbox/shoppers/{shopper}/payment-settings", json={"password_above_fen": 0})
    order = till(merchant, code_of(sandbox, shopper))
    merchant.call("POST", CODEPAY, order)
    (sheet,) = sandbox.get(f"/_sandbox/shoppers/{shopper}/sheets")["items"]
    sandbox.post("/_sandbox/clock", {"advance_seconds": 301})
    assert state(merchant, order) == "PAYERROR"
    late = sandbox.http.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")
    assert (late.status_code, late.json()["code"]) == (400, "pay_refused")


def test_reversing(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    order = till(merchant, code_of(sandbox, shopper))
    merchant.call("POST", CODEPAY, order)
    before = balance(sandbox, merchant)
    for _ in range(2):  # again is allowed
        done = reverse(merchant, order)
        assert done.json() == {
            "appid": merchant.appid,
            "mchid": merchant.mchid,
            "out_trade_no": order["out_trade_no"],
        }
    assert state(merchant, order) == "REVOKED"
    assert balance(sandbox, merchant) == before - (1500 - 9)
    assert merchant.call("POST", CODEPAY, order).json()["code"] == "ORDER_REVERSED"

    sandbox.http.put(f"/_sandbox/shoppers/{shopper}/payment-settings", json={"password_above_fen": 0})
    waiting = till(merchant, code_of(sandbox, shopper))
    merchant.call("POST", CODEPAY, waiting)
    (sheet,) = sandbox.get(f"/_sandbox/shoppers/{shopper}/sheets")["items"]
    assert reverse(merchant, waiting).status_code == 200
    assert sandbox.http.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay").json()["message"] == "订单已关闭"
    assert reverse(merchant, {"out_trade_no": "NO_SUCH_1"}).json()["code"] == "ORDER_NOT_EXIST"
    native = merchant.prepay("")
    del native["payer"]
    merchant.call("POST", "/v3/pay/transactions/native", native)
    assert reverse(merchant, native).json()["code"] == "INVALID_REQUEST"


def test_too_little_money(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    sandbox.http.put(f"/_sandbox/shoppers/{shopper}/payment-settings", json={"pays_up_to_fen": 1000})
    order = till(merchant, code_of(sandbox, shopper))
    poor = merchant.call("POST", CODEPAY, order)
    assert (poor.status_code, poor.json()["code"]) == (403, "NOT_ENOUGH")
    assert state(merchant, order) == "PAYERROR"
    assert reverse(merchant, order).status_code == 200
    assert merchant.call("POST", CODEPAY, till(merchant, code_of(sandbox, shopper), 1000)).status_code == 200


def test_by_a_provider(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    provider = sandbox.merchant("1900000100")
    order = till(provider, code_of(sandbox, shopper))
    del order["appid"], order["mchid"]
    order |= {"sp_appid": provider.appid, "sp_mchid": provider.mchid, "sub_mchid": merchant.mchid}
    told = provider.call("POST", PARTNER + "/codepay", order).json()
    assert (told["trade_state"], told["sub_mchid"]) == ("SUCCESS", merchant.mchid)
    path = f"{PARTNER}/out-trade-no/{order['out_trade_no']}"
    numbers = {"sp_mchid": provider.mchid, "sub_mchid": merchant.mchid}
    assert provider.call("POST", path + "/reverse", numbers).json()["sub_mchid"] == merchant.mchid
    query = f"?sp_mchid={provider.mchid}&sub_mchid={merchant.mchid}"
    assert provider.call("GET", path + query).json()["trade_state"] == "REVOKED"
    refused = merchant.call("POST", PARTNER + "/codepay", {**order, "sp_mchid": merchant.mchid})
    assert refused.json()["code"] == "NO_AUTH"
