"""Complaints: a shopper files one, the merchant answers and settles it."""

import hashlib
import json
import struct
import zlib
from base64 import b64decode, b64encode
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA1

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox

SERVICE = "/v3/merchant-service"
URLS = SERVICE + "/complaint-notifications"


def png() -> bytes:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00\xff\xff\xff")) + chunk(b"IEND", b"")


def paid(merchant: Merchant, shopper: str) -> str:
    """The transaction of an order that the shopper paid."""
    sandbox = merchant.sandbox
    order = merchant.prepay("")
    del order["payer"]
    code = merchant.call("POST", "/v3/pay/transactions/native", order).json()["code_url"]
    sheet = sandbox.post(f"/_sandbox/shoppers/{shopper}/scan", {"content": code})["sheet"]
    return sandbox.post(f"/_sandbox/sheets/{sheet['sheet_id']}/pay")["transaction_id"]


def complain(merchant: Merchant, shopper: str, **more: Any) -> dict[str, Any]:
    body = {"transaction_id": paid(merchant, shopper), "detail": "衬衫少了一颗扣子"} | more
    return merchant.sandbox.post(f"/_sandbox/shoppers/{shopper}/complaints", body)


def path_of(complaint: dict[str, Any]) -> str:
    return f"{SERVICE}/complaints-v2/{complaint['complaint_id']}"


def kinds(merchant: Merchant, complaint: dict[str, Any]) -> list[str]:
    rows = merchant.call("GET", path_of(complaint) + "/negotiation-historys").json()["data"]
    return [row["operate_type"] for row in rows]


def told(sandbox: Sandbox, complaint: dict[str, Any], mchid: str) -> list[str]:
    rows = sandbox.get("/_sandbox/notifications", params={"reference": complaint["complaint_id"]})["items"]
    rows = sorted((row for row in rows if row["mchid"] == mchid), key=lambda row: row["attempts"][0]["at"])
    assert {row["event_type"] for row in rows[1:]} <= {"COMPLAINT.STATE_CHANGE"}
    return [row["plaintext"]["action_type"] for row in rows]


@pytest.fixture
def told_to(merchant: Merchant, receiver: Receiver) -> Any:
    """The merchant hears of complaints at the receiver."""
    assert merchant.call("POST", URLS, {"url": receiver.url + "/c"}).status_code == 200
    yield receiver
    assert merchant.call("DELETE", URLS).status_code == 204


def test_where_they_are_told(merchant: Merchant) -> None:
    missing = merchant.call("GET", URLS)
    assert (missing.status_code, missing.json()["code"]) == (404, "RESOURCE_NOT_EXISTS")
    first = {"url": "https://example.com/a"}
    assert merchant.call("POST", URLS, first).json() == {"mchid": merchant.mchid, **first}
    assert merchant.call("POST", URLS, first).json()["code"] == "INVALID_REQUEST"
    second = {"url": "https://example.com/b"}
    assert merchant.call("PUT", URLS, second).json()["url"] == second["url"]
    assert merchant.call("GET", URLS).json()["url"] == second["url"]
    assert merchant.call("POST", URLS, {"url": "ftp://x"}).json()["code"] == "PARAM_ERROR"
    assert merchant.call("DELETE", URLS).status_code == 204
    assert merchant.call("DELETE", URLS).status_code == 404


def test_from_filing_to_done(sandbox: Sandbox, merchant: Merchant, shopper: str, told_to: Receiver) -> None:
    complaint = complain(merchant, shopper)
    got = told_to.wait()[0]
    assert merchant.verifies(got.headers, got.body)
    envelope = json.loads(got.body)
    assert envelope["event_type"] == "COMPLAINT.CREATE"
    plain = merchant.decrypt(envelope["resource"])
    assert plain == {"complaint_id": complaint["complaint_id"], "action_type": "CREATE_COMPLAINT"}

    seen = merchant.call("GET", path_of(complaint)).json()
    assert (seen["complaint_state"], seen["incoming_user_response"]) == ("PENDING", True)
    assert seen["complaint_order_info"][0]["transaction_id"] == complaint["transaction_id"]
    assert seen["payer_openid"] == sandbox.openid(shopper, merchant.appid)
    phone = merchant.key.decrypt(b64decode(seen["payer_phone"]), OAEP(MGF1(SHA1()), SHA1(), None)).decode()
    assert phone == sandbox.get(f"/_sandbox/shoppers/{shopper}")["phone"]

    done = {"complainted_mchid": merchant.mchid}
    assert merchant.call("POST", path_of(complaint) + "/complete", done).json()["code"] == "INVALID_REQUEST"
    answer = {**done, "response_content": "马上补寄", "jump_url": "https://example.com/o/1"}
    assert merchant.call("POST", path_of(complaint) + "/response", answer).status_code == 204
    seen = merchant.call("GET", path_of(complaint)).json()
    assert (seen["complaint_state"], seen["incoming_user_response"]) == ("PROCESSING", False)
    sandbox.post(f"/_sandbox/complaints/{complaint['complaint_id']}/reply", {"content": "好的"})
    assert merchant.call("GET", path_of(complaint)).json()["incoming_user_response"] is True
    assert merchant.call("POST", path_of(complaint) + "/complete", done).status_code == 204
    assert merchant.call("POST", path_of(complaint) + "/complete", done).json()["code"] == "INVALID_REQUEST"
    again = sandbox.post(f"/_sandbox/complaints/{complaint['complaint_id']}/continue", {"content": "没收到"})
    assert (again["state"], again["times"]) == ("PENDING", 2)
    assert kinds(merchant, complaint) == [
        "USER_CONTINUE_COMPLAINT",
        "MERCHANT_CONFIRM_COMPLETE",
        "USER_RESPONSE",
        "MERCHANT_RESPONSE",
        "USER_CREATE_COMPLAINT",
    ]
    told_to.wait(5)
    assert told(sandbox, complaint, merchant.mchid) == [
        "CREATE_COMPLAINT",
        "MERCHANT_RESPONSE",
        "USER_RESPONSE",
        "MERCHANT_CONFIRM_COMPLETE",
        "CONTINUE_COMPLAINT",
    ]
    (row,) = sandbox.get(f"/_sandbox/shoppers/{shopper}/complaints")["items"]
    assert [line["kind"] for line in row["history"]][:2] == ["USER_CREATE_COMPLAINT", "MERCHANT_RESPONSE"]


def test_asking_the_money_back(sandbox: Sandbox, merchant: Merchant, shopper: str) -> None:
    complaint = complain(merchant, shopper, problem_type="REFUND", refund_fen=5000)
    seen = merchant.call("GET", path_of(complaint)).json()
    assert (seen["problem_type"], seen["apply_refund_amount"]) == ("REFUND", 5000)
    path = path_of(complaint) + "/update-refund-progress"
    for wrong in ({"action": "REJECT"}, {"action": "APPROVE"}, {"action": "MAYBE"}):
        assert merchant.call("POST", path, wrong).json()["code"] == "PARAM_ERROR"
    assert merchant.call("POST", path, {"action": "REJECT", "reject_reason": "已使用"}).status_code == 204
    assert merchant.call("POST", path, {"action": "APPROVE", "launch_refund_day": 3}).status_code == 204
    assert kinds(merchant, complaint)[:2] == ["MERCHANT_APPROVE_REFUND", "MERCHANT_REFUSE_RERUND"]
    refund = {
        "transaction_id": complaint["transaction_id"],
        "out_refund_no": "R" + complaint["complaint_id"],
        "amount": {"refund": 12900, "total": 12900, "currency": "CNY"},
    }
    assert merchant.call("POST", "/v3/refund/domestic/refunds", refund).status_code == 200
    assert merchant.call("GET", path_of(complaint)).json()["complaint_full_refunded"] is True
    other = complain(merchant, shopper)
    refused = merchant.call("POST", path_of(other) + "/update-refund-progress", {"action": "APPROVE"})
    assert refused.json()["code"] == "INVALID_REQUEST"


def test_lists(sandbox: Sandbox, merchant: Merchant, bakery: Merchant, shopper: str) -> None:
    numbers = [complain(merchant, shopper)["complaint_id"] for _ in range(3)][::-1]
    other = complain(bakery, shopper)["complaint_id"]
    today = merchant.call("GET", f"{SERVICE}/complaints-v2/{numbers[0]}").json()["complaint_time"][:10]
    base = f"{SERVICE}/complaints-v2?begin_date={today}&end_date={today}"
    page = merchant.call("GET", base + "&limit=2&offset=1").json()
    assert [row["complaint_id"] for row in page["data"]] == numbers[1:]
    assert page["total_count"] >= 3
    assert other not in {row["complaint_id"] for row in merchant.call("GET", base + "&limit=50").json()["data"]}
    provider = sandbox.merchant("1900000100")
    everything = provider.call("GET", base + "&limit=50").json()["data"]
    assert {other, *numbers} <= {row["complaint_id"] for row in everything}
    one = provider.call("GET", f"{base}&limit=50&complainted_mchid={bakery.mchid}").json()["data"]
    assert {row["complainted_mchid"] for row in one} == {bakery.mchid}
    for query, code in (
        ("?begin_date=2026-01-01", "PARAM_ERROR"),
        ("?begin_date=2026-01-01&end_date=2026-13-01", "PARAM_ERROR"),
        ("?begin_date=2026-01-01&end_date=2026-03-01", "INVALID_REQUEST"),
        ("?begin_date=2026-01-02&end_date=2026-01-01", "INVALID_REQUEST"),
        (f"?begin_date={today}&end_date={today}&limit=51", "PARAM_ERROR"),
        (f"?begin_date={today}&end_date={today}&offset=-1", "PARAM_ERROR"),
    ):
        assert merchant.call("GET", f"{SERVICE}/complaints-v2{query}").json()["code"] == code


def test_strangers(sandbox: Sandbox, merchant: Merchant, bakery: Merchant, shopper: str) -> None:
    complaint = complain(merchant, shopper)
    assert bakery.call("GET", path_of(complaint)).status_code == 404
    answer = {"complainted_mchid": bakery.mchid, "response_content": "x"}
    assert merchant.call("POST", path_of(complaint) + "/response", answer).json()["code"] == "PARAM_ERROR"
    assert bakery.call("POST", path_of(complaint) + "/response", answer).status_code == 404
    provider = sandbox.merchant("1900000100")
    answer["complainted_mchid"] = merchant.mchid
    assert provider.call("POST", path_of(complaint) + "/response", answer).status_code == 204
    other = sandbox.post("/_sandbox/shoppers")["shopper_id"]
    body = {"transaction_id": complaint["transaction_id"], "detail": "不是我付的"}
    assert sandbox.http.post(f"/_sandbox/shoppers/{other}/complaints", json=body).status_code == 404
    for wrong in ({"detail": ""}, {"images": ["bm8="]}, {"images": ["?"]}, {"refund_fen": 12901}):
        response = sandbox.http.post(f"/_sandbox/shoppers/{shopper}/complaints", json=body | {"detail": "x"} | wrong)
        assert response.status_code == 400


def upload(merchant: Merchant, body: bytes, **changes: str) -> httpx.Response:
    meta = json.dumps({"filename": "proof.png", "sha256": hashlib.sha256(body).hexdigest()} | changes)
    path = SERVICE + "/images/upload"
    headers = {"Authorization": merchant.authorization("POST", path, meta), "Accept": "*/*", "User-Agent": "test"}
    form = {"meta": (None, meta, "application/json"), "file": ("proof.png", body, "image/png")}
    return merchant.sandbox.http.post(path, headers=headers, files=form)


def test_pictures(sandbox: Sandbox, merchant: Merchant, bakery: Merchant, shopper: str) -> None:
    answer = upload(merchant, png())
    assert answer.status_code == 200
    assert merchant.verifies(answer.headers, answer.content)
    media_id = answer.json()["media_id"]
    assert upload(merchant, png(), sha256="0" * 64).json()["code"] == "PARAM_ERROR"
    assert upload(merchant, b"no picture").json()["code"] == "PARAM_ERROR"
    assert upload(merchant, png() + bytes(2_000_000)).status_code == 200
    assert upload(merchant, png() + bytes(2 << 20)).json()["code"] == "PARAM_ERROR"

    complaint = complain(merchant, shopper, images=[b64encode(png()).decode()])
    (media,) = merchant.call("GET", path_of(complaint)).json()["complaint_media_list"]
    for url in (media["media_url"][0], f"{sandbox.url}{SERVICE}/images/{media_id}"):
        target = url.removeprefix(sandbox.url)
        headers = {"Authorization": merchant.authorization("GET", target, ""), "Accept": "*/*", "User-Agent": "t"}
        file = sandbox.http.get(target, headers=headers)
        assert (file.headers["content-type"], file.content) == ("image/png", png())
        assert "wechatpay-signature" not in file.headers
    assert bakery.call("GET", f"{SERVICE}/images/{media_id}").status_code == 404
    body = {"complainted_mchid": merchant.mchid, "response_content": "见图", "response_images": [media_id]}
    assert merchant.call("POST", path_of(complaint) + "/response", body).status_code == 204
    newest = merchant.call("GET", path_of(complaint) + "/negotiation-historys?limit=1").json()["data"][0]
    assert newest["image_list"] == [f"{sandbox.url}{SERVICE}/images/{media_id}"]
    body["response_images"] = ["none.png"]
    assert merchant.call("POST", path_of(complaint) + "/response", body).json()["code"] == "PARAM_ERROR"
    unsigned = sandbox.http.post(SERVICE + "/images/upload", files={"meta": "{}", "file": b"x"})
    assert unsigned.status_code in (400, 401)


def test_a_provider_hears_too(sandbox: Sandbox, bakery: Merchant, shopper: str, receiver: Receiver) -> None:
    provider = sandbox.merchant("1900000100")
    assert provider.call("POST", URLS, {"url": receiver.url}).status_code == 200
    try:
        complaint = complain(bakery, shopper)
        got = receiver.wait()[0]
        assert provider.verifies(got.headers, got.body)
        assert provider.decrypt(json.loads(got.body)["resource"])["complaint_id"] == complaint["complaint_id"]
    finally:
        provider.call("DELETE", URLS)
