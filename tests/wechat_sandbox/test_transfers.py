"""Transfers to a shopper's change: asked for, confirmed, ended."""

import hashlib
import json
import secrets
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
RECEIPTS = "/v3/fund-app/mch-transfer/elecsign"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One of this module's own, since its clock moves."""
    sandbox = Sandbox()
    yield sandbox
    assert sandbox.stop() == 0


@pytest.fixture(scope="module")
def merchant(sandbox: Sandbox) -> Merchant:
    sandbox.post("/_sandbox/merchants/1900000101/top-up", {"amount": 10_000_000})
    return sandbox.merchant("1900000101")


@pytest.fixture(scope="module")
def bakery(sandbox: Sandbox) -> Merchant:
    sandbox.post("/_sandbox/merchants/1900000102/top-up", {"amount": 1_000_000})
    return sandbox.merchant("1900000102")


def bill(merchant: Merchant, openid: str, amount: int = 500, **changes: Any) -> dict[str, Any]:
    return {
        "appid": merchant.appid,
        "out_bill_no": "B" + secrets.token_hex(12),
        "transfer_scene_id": "1000",
        "openid": openid,
        "transfer_amount": amount,
        "transfer_remark": "新会员红包",
        "transfer_scene_report_infos": [
            {"info_type": "活动名称", "info_content": "新会员有礼"},
            {"info_type": "奖励说明", "info_content": "注册"},
        ],
    } | changes


def sealed(merchant: Merchant, text: str, serial: str) -> str:
    cipher = merchant.platform_key(serial).encrypt(text.encode(), OAEP(MGF1(SHA1()), SHA1(), None))
    return b64encode(cipher).decode()


def create_with_name(merchant: Merchant, body: dict[str, Any], serial: str) -> Any:
    """A signed call with the header that tells the key of the encrypted field."""
    text = json.dumps(body)
    headers = {
        "Authorization": merchant.authorization("POST", BILLS, text),
        "Accept": "application/json",
        "User-Agent": "test",
        "Wechatpay-Serial": serial,
    }
    return merchant.sandbox.http.post(BILLS, content=text, headers={k: v for k, v in headers.items() if v})


def state(merchant: Merchant, body: dict[str, Any]) -> str:
    return merchant.call("GET", f"{BILLS}/out-bill-no/{body['out_bill_no']}").json()["state"]


def books(sandbox: Sandbox, merchant: Merchant) -> dict[str, Any]:
    rows = sandbox.get("/_sandbox/books")["merchants"]
    return next(row for row in rows if row["mchid"] == merchant.mchid)


def confirm(sandbox: Sandbox, shopper: str, number: str) -> Any:
    return sandbox.http.post(f"/_sandbox/shoppers/{shopper}/transfers/{number}/confirm")


def test_confirmed(sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str, receiver: Receiver) -> None:
    body = bill(merchant, openid, notify_url=receiver.url, user_recv_perception="现金奖励")
    before = books(sandbox, merchant)["balance_fen"]
    made = merchant.call("POST", BILLS, body).json()
    assert made["state"] == "WAIT_USER_CONFIRM"
    assert merchant.call("POST", BILLS, body).json() == made
    assert before - books(sandbox, merchant)["balance_fen"] in (0, 500)  # on its way, or counted as gone
    (row,) = sandbox.get(f"/_sandbox/shoppers/{shopper}/transfers")["items"]
    assert (row["package_info"], row["amount_fen"], row["merchant_name"]) == (made["package_info"], 500, "青衫")

    other = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    assert confirm(sandbox, other, made["transfer_bill_no"]).status_code == 404
    assert confirm(sandbox, shopper, made["transfer_bill_no"]).json()["state"] == "TRANSFERING"
    assert confirm(sandbox, shopper, made["transfer_bill_no"]).json()["code"] == "not_waiting"
    refused = merchant.call("POST", f"{BILLS}/out-bill-no/{body['out_bill_no']}/cancel")
    assert refused.json()["code"] == "INVALID_REQUEST"
    sandbox.post("/_sandbox/clock", {"advance_seconds": 1})
    got = receiver.wait()[0]
    told = json.loads(got.body)
    assert (told["event_type"], told["resource"]["original_type"]) == ("MCHTRANSFER.BILL.FINISHED", "mch_payment")
    plain = merchant.decrypt(told["resource"])
    assert (plain["state"], plain["transfer_amount"], plain["openid"]) == ("SUCCESS", 500, openid)
    path = f"{BILLS}/transfer-bill-no/{made['transfer_bill_no']}"
    assert merchant.call("GET", path).json() == plain
    assert books(sandbox, merchant)["balance_fen"] == before - 500
    assert "package_info" not in merchant.call("POST", BILLS, body).json()


def test_cancelled(sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str, receiver: Receiver) -> None:
    before = books(sandbox, merchant)["balance_fen"]
    body = bill(merchant, openid, notify_url=receiver.url)
    number = merchant.call("POST", BILLS, body).json()["transfer_bill_no"]
    path = f"{BILLS}/out-bill-no/{body['out_bill_no']}/cancel"
    assert merchant.call("POST", path).json()["state"] == "CANCELING"
    assert confirm(sandbox, shopper, number).status_code == 409
    sandbox.post("/_sandbox/clock", {"advance_seconds": 1})
    wait_for(lambda: state(merchant, body) == "CANCELLED")
    assert merchant.call("POST", path).json()["state"] == "CANCELLED"
    assert merchant.decrypt(json.loads(receiver.wait()[0].body)["resource"])["state"] == "CANCELLED"
    assert books(sandbox, merchant)["balance_fen"] == before


def test_forgotten(sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str) -> None:
    before = books(sandbox, merchant)["balance_fen"]
    body = bill(merchant, openid)
    number = merchant.call("POST", BILLS, body).json()["transfer_bill_no"]
    sandbox.post("/_sandbox/clock", {"advance_seconds": 24 * 3600 - 10})
    assert state(merchant, body) == "WAIT_USER_CONFIRM"
    sandbox.post("/_sandbox/clock", {"advance_seconds": 11})
    wait_for(lambda: state(merchant, body) == "FAIL")
    told = merchant.call("GET", f"{BILLS}/out-bill-no/{body['out_bill_no']}").json()
    assert told["fail_reason"] == "OVERDUE_CLOSE"
    assert confirm(sandbox, shopper, number).status_code == 409
    assert books(sandbox, merchant)["balance_fen"] == before


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_names(sandbox: Sandbox, merchant: Merchant, bakery: Merchant, shopper: str, mode: str) -> None:
    who = merchant if mode == "public_key" else bakery
    serial = who.row["public_key_id" if mode == "public_key" else "platform_serial_no"]
    sandbox.http.put(f"/_sandbox/shoppers/{shopper}/payment-settings", json={"real_name": "张小满"})
    openid = sandbox.openid(shopper, who.appid)
    short = who.call("POST", BILLS, bill(who, openid, 200_000))
    assert short.json()["detail"]["field"] == "/user_name"
    low = create_with_name(who, bill(who, openid, 29, user_name=sealed(who, "张小满", serial)), serial)
    assert low.json()["detail"]["field"] == "/user_name"

    body = bill(who, openid, 200_000, user_name=sealed(who, "张小满", serial))
    assert create_with_name(who, body, serial).json()["state"] == "ACCEPTED"
    again = {**body, "user_name": sealed(who, "张小满", serial)}  # a name is never encrypted twice alike
    assert create_with_name(who, again, serial).status_code == 200
    for expected in ("PROCESSING", "WAIT_USER_CONFIRM"):
        sandbox.post("/_sandbox/clock", {"advance_seconds": 1})
        wait_for(lambda expected=expected: state(who, body) == expected)
    assert create_with_name(who, again, serial).json()["package_info"]

    wrong = bill(who, openid, 200_000, user_name=sealed(who, "李四", serial))
    create_with_name(who, wrong, serial)
    wait_for(lambda: moved(sandbox) and state(who, wrong) == "FAIL")
    told = who.call("GET", f"{BILLS}/out-bill-no/{wrong['out_bill_no']}").json()
    assert told["fail_reason"] == "NAME_NOT_CORRECT"
    for name, header in ((sealed(who, "张小满", serial), ""), ("bm90IGVuY3J5cHRlZA==", serial), ("汉", serial)):
        refused = create_with_name(who, bill(who, openid, 200_000, user_name=name), header)
        assert (refused.status_code, refused.json()["code"]) == (400, "PARAM_ERROR")


def moved(sandbox: Sandbox) -> bool:
    return bool(sandbox.post("/_sandbox/clock", {"advance_seconds": 1}))


def test_rules(sandbox: Sandbox, merchant: Merchant, bakery: Merchant, openid: str) -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"appid": bakery.appid}, "APPID_MCHID_NOT_MATCH"),
        ({"openid": "oNobody"}, "PARAM_ERROR"),
        ({"transfer_scene_id": "1001"}, "PARAM_ERROR"),
        ({"transfer_scene_id": "1005"}, "PARAM_ERROR"),
        ({"transfer_scene_report_infos": []}, "PARAM_ERROR"),
        ({"transfer_remark": "长" * 33}, "PARAM_ERROR"),
        ({"transfer_amount": 0}, "PARAM_ERROR"),
        ({"out_bill_no": "with-dash"}, "PARAM_ERROR"),
        ({"notify_url": "https://example.com/?a=1"}, "PARAM_ERROR"),
        ({"mchid": "1"}, "PARAM_ERROR"),
    )
    for changes, code in cases:
        assert merchant.call("POST", BILLS, bill(merchant, openid) | changes).json()["code"] == code
    body = bill(merchant, openid)
    merchant.call("POST", BILLS, body)
    changed = merchant.call("POST", BILLS, {**body, "transfer_amount": 501})
    assert (changed.status_code, changed.json()["code"]) == (400, "INVALID_REQUEST")
    assert changed.headers["request-id"].endswith("-268498688")
    assert bakery.call("GET", f"{BILLS}/out-bill-no/{body['out_bill_no']}").status_code == 404
    assert merchant.call("GET", f"{BILLS}/transfer-bill-no/1").status_code == 404
    poor = sandbox.merchant("1900000103")
    shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    broke = poor.call("POST", BILLS, bill(poor, sandbox.openid(shopper, poor.appid)))
    assert (broke.status_code, broke.json()["code"]) == (403, "NOT_ENOUGH")


def test_receipts(sandbox: Sandbox, merchant: Merchant, shopper: str, openid: str) -> None:
    body = bill(merchant, openid)
    number = merchant.call("POST", BILLS, body).json()["transfer_bill_no"]
    by_out, by_number = {"out_bill_no": body["out_bill_no"]}, {"transfer_bill_no": number}
    early = merchant.call("POST", RECEIPTS + "/out-bill-no", by_out)
    assert early.json()["code"] == "INVALID_REQUEST"
    confirm(sandbox, shopper, number)
    wait_for(lambda: moved(sandbox) and state(merchant, body) == "SUCCESS")
    assert merchant.call("GET", f"{RECEIPTS}/out-bill-no/{body['out_bill_no']}").status_code == 404
    assert merchant.call("POST", RECEIPTS + "/out-bill-no", by_out).json()["state"] == "GENERATING"
    sandbox.post("/_sandbox/clock", {"advance_seconds": 1})
    assert merchant.call("POST", RECEIPTS + "/transfer-bill-no", by_number).json()["state"] == "FINISHED"
    told = merchant.call("GET", f"{RECEIPTS}/transfer-bill-no/{number}").json()
    target = told["download_url"].removeprefix(sandbox.url)
    headers = {"Authorization": merchant.authorization("GET", target, ""), "Accept": "*/*", "User-Agent": "test"}
    file = sandbox.http.get(target, headers=headers).content
    assert file.startswith(b"%PDF")
    assert hashlib.sha256(file).hexdigest().upper() == told["hash_value"]
    sandbox.post("/_sandbox/clock", {"advance_seconds": 601})
    assert sandbox.http.get(target, headers=headers).json()["code"] == "PARAM_ERROR"


def test_a_restart(merchant: Merchant, tmp_path: Any) -> None:
    sandbox = Sandbox("--state", str(tmp_path / "state.db"))
    try:
        sandbox.post("/_sandbox/merchants/1900000101/top-up", {"amount": 10_000})
        who = sandbox.merchant("1900000101")
        shopper = sandbox.post("/_sandbox/shoppers")["shopper_id"]
        body = bill(who, sandbox.openid(shopper, who.appid))
        number = who.call("POST", BILLS, body).json()["transfer_bill_no"]
        confirm(sandbox, shopper, number)
        sandbox.restart(hard=True)
        sandbox.post("/_sandbox/clock", {"advance_seconds": 1})
        wait_for(lambda: state(who, body) == "SUCCESS")
        assert books(sandbox, who)["balance_fen"] == 9_500
    finally:
        assert sandbox.stop() == 0
