"""PayClient against a platform that signs, refuses, rotates and breaks."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog

from bihuan.wechat import (
    DecryptionFailed,
    Limits,
    MalformedMessage,
    PayError,
    SignatureInvalid,
    StaleTimestamp,
    Unavailable,
    crypto,
    transport,
)
from bihuan.wechat.pay import OtherResource, PrepayOrder, Refund, RefundRequest, Transaction
from bihuan.wechat.pay.signer import request_message

from .platform import (
    NOW,
    PUBLIC_KEY_ID,
    Json,
    account,
    answer,
    certificate,
    certificate_account,
    certificates_answer,
    client,
    key,
    notification,
    private_pem,
    public_pem,
    signed_headers,
)

ORDER = PrepayOrder(
    appid="wx1",
    description="青衫 外套",
    out_trade_no="T20260301-1",
    total_fen=12900,
    notify_url="https://shop.test/wechat/qingshan/pay/notify",
    expires_at=NOW + timedelta(minutes=15),
)
PAID: Json = {
    "appid": "wx1",
    "mchid": "1900000101",
    "out_trade_no": "T20260301-1",
    "transaction_id": "420000000120260301",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "attach": "",
    "success_time": "2026-03-01T20:00:00+08:00",
    "payer": {"openid": "o1"},
    "amount": {"total": 12900, "payer_total": 12900, "currency": "CNY", "payer_currency": "CNY"},
    "some_new_field": [1],
}


def check_authorization(request: httpx.Request) -> None:
    scheme, _, rest = request.headers["Authorization"].partition(" ")
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    items = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert items["mchid"] == "1900000101"
    assert items["serial_no"] == "7F01AB"
    assert items["timestamp"] == str(int(NOW.timestamp()))
    message = request_message(
        request.method, request.url.raw_path, items["timestamp"], items["nonce_str"], request.content
    )
    assert crypto.rsa_verify(key("merchant").public_key(), message, items["signature"])


class Recorder:
    """Answers in turn and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        got = self.answers.pop(0)
        if isinstance(got, Exception):
            raise got
        return got


async def test_prepay_signs_what_it_sends() -> None:
    wechat = Recorder(
        answer(200, {"prepay_id": "wx01"}),
        answer(200, {"code_url": "weixin://wxpay/bizpayurl?pr=1"}),
        answer(200, {"h5_url": "https://wx.tenpay.com/x"}),
        answer(200, {"prepay_id": "wx02"}),
    )
    pay = client(wechat)
    assert await pay.jsapi(ORDER, openid="o1") == "wx01"
    assert await pay.native(ORDER) == "weixin://wxpay/bizpayurl?pr=1"
    assert await pay.h5(ORDER, payer_client_ip="203.0.113.9") == "https://wx.tenpay.com/x"
    assert await pay.app(ORDER) == "wx02"
    for request in wechat.requests:
        check_authorization(request)
        assert request.headers["Wechatpay-Serial"] == PUBLIC_KEY_ID
    assert [r.url.path for r in wechat.requests] == [
        f"/v3/pay/transactions/{kind}" for kind in ("jsapi", "native", "h5", "app")
    ]
    body = json.loads(wechat.requests[0].content)
    assert body == {
        "appid": "wx1",
        "mchid": "1900000101",
        "description": "青衫 外套",
        "out_trade_no": "T20260301-1",
        "notify_url": "https://shop.test/wechat/qingshan/pay/notify",
        "amount": {"total": 12900, "currency": "CNY"},
        "time_expire": "2026-03-01T20:15:00+08:00",
        "payer": {"openid": "o1"},
    }
    assert json.loads(wechat.requests[2].content)["scene_info"] == {
        "payer_client_ip": "203.0.113.9",
        "h5_info": {"type": "Wap"},
    }


async def test_query_close_refund() -> None:
    refund = {
        "refund_id": "5001",
        "out_refund_no": "R1",
        "transaction_id": "42",
        "out_trade_no": "T20260301-1",
        "channel": "ORIGINAL",
        "user_received_account": "零钱",
        "create_time": "2026-03-01T20:00:00+08:00",
        "status": "PROCESSING",
        "amount": {"total": 12900, "refund": 100, "payer_total": 12900, "payer_refund": 100},
    }
    wechat = Recorder(answer(200, PAID), answer(200, PAID), answer(204), answer(200, refund), answer(200, refund))
    pay = client(wechat)
    got = await pay.query_by_out_trade_no("T|*-1_2")
    assert got.is_paid
    assert (got.total_fen, got.paid_at, got.payer.openid) == (12900, NOW, "o1")
    assert await pay.query_by_transaction_id("42") == got
    await pay.close("T20260301-1")
    request = RefundRequest(out_refund_no="R1", refund_fen=100, total_fen=12900, out_trade_no="T20260301-1")
    given = await pay.refund(request)
    assert (given.status, given.refund_fen, given.refunded_at) == ("PROCESSING", 100, None)
    assert await pay.query_refund("R1") == given
    for sent in wechat.requests:
        check_authorization(sent)
    assert wechat.requests[0].url.raw_path.endswith(b"?mchid=1900000101")


async def test_an_unpaid_order_with_the_empty_texts_that_wechat_sends() -> None:
    unpaid = {
        "out_trade_no": "T20260301-1",
        "trade_state": "NOTPAY",
        "success_time": "",
        "payer": {},
        "amount": {"total": 1},
    }
    got = await client(Recorder(answer(200, unpaid))).query_by_out_trade_no("T20260301-1")
    assert not got.is_paid
    assert got.paid_at is None


def test_invocation_parameters() -> None:
    pay = client(Recorder())
    params = pay.jsapi_params("wx1", "wx01")
    text = f"wx1\n{params['timeStamp']}\n{params['nonceStr']}\nprepay_id=wx01\n"
    assert params["package"] == "prepay_id=wx01"
    assert params["signType"] == "RSA"
    assert crypto.rsa_verify(key("merchant").public_key(), text.encode(), params["paySign"])
    app = pay.app_params("wx1", "wx01")
    text = f"wx1\n{app['timestamp']}\n{app['noncestr']}\nwx01\n"
    assert crypto.rsa_verify(key("merchant").public_key(), text.encode(), app["sign"])


# --- answers that must not be believed -----------------------------------------------------------------


def unsigned(status: int, content: Json) -> httpx.Response:
    return httpx.Response(status, json=content)


@pytest.mark.parametrize(
    "bad",
    [
        unsigned(200, {"prepay_id": "wx01"}),
        answer(200, {"prepay_id": "wx01"}, signer="stranger"),
        answer(200, {"prepay_id": "wx01"}, serial="PUB_KEY_ID_other"),
        answer(200, {"prepay_id": "wx01"}, serial="ABCDEF"),
        httpx.Response(200, content=b'{"prepay_id":"x"}', headers=signed_headers(b'{"prepay_id":"y"}')),
        answer(404, {"code": "ORDER_NOT_EXIST", "message": ""}, signer="stranger"),
    ],
    ids=["unsigned", "other key", "other public key", "unknown serial", "other body", "forged refusal"],
)
async def test_a_wrong_signature_on_an_answer_is_an_error(bad: httpx.Response) -> None:
    with pytest.raises(SignatureInvalid):
        await client(Recorder(bad)).jsapi(ORDER, openid="o1")


async def test_an_old_answer_is_an_error() -> None:
    late = answer(200, {"prepay_id": "wx01"}, at=NOW - timedelta(seconds=301))
    with pytest.raises(StaleTimestamp):
        await client(Recorder(late)).jsapi(ORDER, openid="o1")


async def test_an_unsigned_204_is_an_error() -> None:
    with pytest.raises(SignatureInvalid):
        await client(Recorder(httpx.Response(204))).close("T20260301-1")


async def test_a_signed_answer_of_another_shape_is_an_error() -> None:
    with pytest.raises(MalformedMessage):
        await client(Recorder(answer(200, b"[1]"))).query_by_out_trade_no("T20260301-1")


# --- refusals and outages ------------------------------------------------------------------------------


@pytest.mark.parametrize(("signed", "verified"), [(True, True), (False, False)])
async def test_refusals_keep_wechats_code(signed: bool, verified: bool) -> None:
    content = {"code": "ORDER_NOT_EXIST", "message": "订单不存在", "detail": {"field": "out_trade_no"}}
    wechat = Recorder(answer(404, content) if signed else unsigned(404, content))
    with pytest.raises(PayError) as caught:
        await client(wechat).query_by_out_trade_no("T20260301-1")
    assert (caught.value.code, caught.value.message, caught.value.status) == (
        "ORDER_NOT_EXIST",
        "订单不存在",
        404,
    )
    assert caught.value.detail == {"field": "out_trade_no"}
    assert caught.value.verified is verified
    assert len(wechat.requests) == 1


async def test_a_refusal_that_is_no_json() -> None:
    with pytest.raises(PayError) as caught:
        await client(Recorder(httpx.Response(403, text="<html>"))).native(ORDER)
    assert caught.value.code == "HTTP_403"


async def test_outages_are_retried_twice_with_new_signatures() -> None:
    wechat = Recorder(
        answer(500, {"code": "SYSTEM_ERROR", "message": "系统异常"}),
        httpx.ReadError("reset"),
        answer(200, {"prepay_id": "wx01"}),
    )
    assert await client(wechat).jsapi(ORDER, openid="o1") == "wx01"
    assert len({r.headers["Authorization"] for r in wechat.requests}) == 3
    assert len({r.content for r in wechat.requests}) == 1


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (httpx.ConnectError("x"), "no_connection", None),
        (httpx.ReadTimeout("x"), "timeout", None),
        (httpx.RemoteProtocolError("x"), "broken_off", None),
        (httpx.Response(502, text="bad gateway"), "http_502", 502),
    ],
)
async def test_a_lasting_outage(fault: Any, code: str, status: int | None) -> None:
    wechat = Recorder(fault, fault, fault)
    with pytest.raises(Unavailable) as caught:
        await client(wechat).close("T20260301-1")
    assert (caught.value.code, caught.value.status, caught.value.safe_to_retry) == (code, status, True)
    assert len(wechat.requests) == 3


async def test_what_is_not_repeatable_is_not_repeated() -> None:
    wechat = Recorder(httpx.ReadTimeout("x"), httpx.ReadTimeout("x"))
    with pytest.raises(Unavailable) as caught:
        await client(wechat).connection.call("POST", "/v3/x", body={}, answer=Transaction, repeatable=False)
    assert not caught.value.safe_to_retry
    assert len(wechat.requests) == 1


async def test_a_drip_feeding_server_is_cut_off() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for _ in range(1000):
                yield b" "
                await asyncio.sleep(0.02)

    drip = httpx.Response(200, stream=Drip())
    pay = client(Recorder(drip), limits=Limits(timeout_seconds=0.1, retries=0))
    with pytest.raises(Unavailable, match="timeout"):
        await pay.native(ORDER)


# --- notifications -------------------------------------------------------------------------------------


def delivered(content: Json, **signing: Any) -> tuple[dict[str, str], bytes]:
    body = json.dumps(content).encode()
    return signed_headers(body, **signing), body


async def test_payment_notification() -> None:
    headers, body = delivered(notification(PAID))
    got = await client(Recorder()).parse_notification({k.upper(): v for k, v in headers.items()}, body)
    assert (got.id, got.event_type) == ("EV-1", "TRANSACTION.SUCCESS")
    assert isinstance(got.resource, Transaction)
    assert got.resource.total_fen == 12900
    assert json.loads(got.plaintext) == PAID


async def test_refund_notification() -> None:
    plain = {
        "mchid": "1900000101",
        "transaction_id": "42",
        "out_trade_no": "T20260301-1",
        "refund_id": "5001",
        "out_refund_no": "R1",
        "refund_status": "SUCCESS",
        "success_time": "2026-03-01T20:00:00+08:00",
        "user_received_account": "零钱",
        "amount": {"total": 12900, "refund": 100, "payer_total": 12900, "payer_refund": 100},
    }
    headers, body = delivered(notification(plain, event_type="REFUND.SUCCESS", original_type="refund"))
    got = await client(Recorder()).parse_notification(headers, body)
    assert isinstance(got.resource, Refund)
    assert (got.resource.status, got.resource.refunded_at) == ("SUCCESS", NOW)


async def test_a_kind_without_a_type_is_kept_whole() -> None:
    plain = {"out_bill_no": "B1", "state": "SUCCESS"}
    content = notification(plain, event_type="MCHTRANSFER.BILL.FINISHED", original_type="mch_payment")
    got = await client(Recorder()).parse_notification(*delivered(content))
    assert got.resource == OtherResource("mch_payment", plain)
    combined = notification({"combine_out_trade_no": "C1", "sub_orders": []})
    got = await client(Recorder()).parse_notification(*delivered(combined))
    assert isinstance(got.resource, OtherResource)


async def test_freshness_comes_before_everything() -> None:
    for off in (-301, 301):
        headers, body = delivered({"no": "notification"}, at=NOW + timedelta(seconds=off), signer="stranger")
        with pytest.raises(StaleTimestamp) as caught:
            await client(Recorder()).parse_notification(headers, body)
        assert caught.value.age_seconds == -off
    for off in (-300, 300):
        headers, body = delivered(notification(PAID), at=NOW + timedelta(seconds=off))
        await client(Recorder()).parse_notification(headers, body)


@pytest.mark.parametrize("name", ["Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial"])
@pytest.mark.parametrize("value", [None, "", "x", "١٢٣", "9" * 40, "a=="])
async def test_each_header_counts(name: str, value: str | None) -> None:
    headers, body = delivered(notification(PAID))
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    with pytest.raises(SignatureInvalid):
        await client(Recorder()).parse_notification(headers, body)


async def test_the_signature_probe() -> None:
    headers, body = delivered(notification(PAID))
    headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]
    with pytest.raises(SignatureInvalid) as caught:
        await client(Recorder()).parse_notification(headers, body)
    assert caught.value.probe


async def test_resources_that_do_not_open() -> None:
    def changed(**resource: Any) -> Json:
        content = notification(PAID)
        content["resource"].update(resource)
        return content

    pay = client(Recorder())
    good = notification(PAID)["resource"]["ciphertext"]
    for content in (
        changed(associated_data="refund"),
        changed(associated_data=""),
        changed(nonce="ba9876543210"),
        changed(nonce=""),
        changed(ciphertext=good[:-8]),
        changed(ciphertext=""),
        changed(ciphertext="AAAA"),
    ):
        with pytest.raises(DecryptionFailed):
            await pay.parse_notification(*delivered(content))
    for content in (
        changed(ciphertext=good[:-7]),
        changed(ciphertext="不是"),
        changed(algorithm="AEAD_SM4_GCM"),
        changed(nonce=None),
        {"id": "EV-1"},
    ):
        with pytest.raises(MalformedMessage):
            await pay.parse_notification(*delivered(content))
    for body in (b"", b"[]", b"\xff\xfe", b"<xml/>", b'{"id":'):
        with pytest.raises(MalformedMessage):
            await pay.parse_notification(signed_headers(body), body)
    other = client(Recorder(), account(apiv3_key="b" * 32))
    with pytest.raises(DecryptionFailed):
        await other.parse_notification(*delivered(notification(PAID)))


async def test_a_resource_of_another_shape() -> None:
    for plain in ({"x": 1}, {**PAID, "amount": {"total": "1"}}):
        with pytest.raises(MalformedMessage):
            await client(Recorder()).parse_notification(*delivered(notification(plain)))


async def test_an_oversized_notification() -> None:
    with pytest.raises(MalformedMessage, match="too large"):
        await client(Recorder()).parse_notification({}, b" " * (256 * 1024 + 1))


# --- certificates --------------------------------------------------------------------------------------


async def test_certificate_mode_fetches_what_it_does_not_know() -> None:
    served = certificates_answer(("cert1", 0xA1))
    wechat = Recorder(answer(200, served, signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account())
    headers, body = delivered(notification(PAID), signer="cert1", serial="A1")
    for _ in range(3):
        await pay.parse_notification(headers, body)
    assert [r.url.path for r in wechat.requests] == ["/v3/certificates"]
    assert "Wechatpay-Serial" not in wechat.requests[0].headers
    check_authorization(wechat.requests[0])


async def test_rotation() -> None:
    both = certificates_answer(("cert1", 0xA1), ("cert2", 0xB2))
    wechat = Recorder(answer(200, both, signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account(platform_certificate_pems=(certificate("cert1", 0xA1)[1],)))
    await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
    assert wechat.requests == []
    await pay.parse_notification(*delivered(notification(PAID), signer="cert2", serial="B2"))
    await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
    assert len(wechat.requests) == 1
    serial, sealed = await pay.connection.encrypt_sensitive("张三")
    assert serial in {"A1", "B2"}
    assert crypto.rsa_decrypt(key({"A1": "cert1", "B2": "cert2"}[serial]), sealed[0]) == "张三"


async def test_made_up_serials_do_not_make_us_ask_for_ever() -> None:
    served = certificates_answer(("cert1", 0xA1))
    wechat = Recorder(answer(200, served, signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account())
    for serial in ("C1", "C2", "C3"):
        headers, body = delivered(notification(PAID), signer="stranger", serial=serial)
        with pytest.raises(SignatureInvalid):
            await pay.parse_notification(headers, body)
    assert len(wechat.requests) == 1


async def test_an_outage_while_fetching_certificates() -> None:
    wechat = Recorder(*[httpx.ConnectError("x")] * 3)
    pay = client(wechat, certificate_account())
    headers, body = delivered(notification(PAID), signer="cert1", serial="A1")
    with pytest.raises(Unavailable):
        await pay.parse_notification(headers, body)
    with pytest.raises(SignatureInvalid):  # a moment later: refused, and WeChat will deliver again
        await pay.parse_notification(headers, body)
    assert len(wechat.requests) == 3


async def test_certificates_that_are_not_sealed_for_us_are_refused() -> None:
    served = certificates_answer(("stranger", 0xC3))
    pay = client(
        Recorder(answer(200, served, signer="stranger", serial="C3")),
        certificate_account(apiv3_key="b" * 32),
    )
    with pytest.raises(DecryptionFailed):
        await pay.certificates()
    # A replayed answer cannot carry our own signature time, nor somebody else's signature.
    for forged in (
        answer(200, certificates_answer(("cert1", 0xA1)), signer="stranger", serial="A1"),
        answer(200, certificates_answer(("cert1", 0xA1)), signer="stranger", serial="C3"),
    ):
        pay = client(Recorder(forged), certificate_account())
        with pytest.raises(SignatureInvalid):
            await pay.certificates()
        with pytest.raises(SignatureInvalid):
            pay.connection.verifier.verify(signed_headers(b"", signer="cert1", serial="A1"), b"")


async def test_an_expired_certificate_is_not_believed() -> None:
    serial, pem = certificate("old", 0xD4, expired=True)
    wechat = Recorder(answer(200, certificates_answer(("cert1", 0xA1)), signer="cert1", serial="A1"))
    pay = client(wechat, certificate_account(platform_certificate_pems=(pem,)))
    with pytest.raises(SignatureInvalid):
        await pay.parse_notification(*delivered(notification(PAID), signer="old", serial=serial))


async def test_migration_believes_both() -> None:
    who = account(certificate_mode=True)
    wechat = Recorder(answer(200, certificates_answer(("cert1", 0xA1)), signer="cert1", serial="A1"))
    pay = client(wechat, who)
    await pay.parse_notification(*delivered(notification(PAID)))
    await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))
    assert (await pay.connection.encrypt_sensitive("x"))[0] == PUBLIC_KEY_ID
    # Without the migration no certificate is asked for.
    pay = client(Recorder(), account())
    with pytest.raises(SignatureInvalid):
        await pay.parse_notification(*delivered(notification(PAID), signer="cert1", serial="A1"))


# --- arguments and secrets -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"out_trade_no": "short"},
        {"out_trade_no": "x" * 33},
        {"out_trade_no": "a/b/c/d"},
        {"out_trade_no": "abcdef\n"},
        {"description": ""},
        {"description": "长" * 128},
        {"total_fen": 0},
        {"attach": "x" * 129},
        {"notify_url": "https://shop.test/n?x=1"},
        {"notify_url": "/n"},
        {"expires_at": NOW.replace(tzinfo=None)},
    ],
)
def test_prepay_arguments(changes: Json) -> None:
    fields = {name: getattr(ORDER, name) for name in ORDER.__struct_fields__}
    with pytest.raises(ValueError, match=next(iter(changes))):
        PrepayOrder(**{**fields, **changes})


@pytest.mark.parametrize(
    "changes", [{"refund_fen": 0}, {"refund_fen": 101}, {"transaction_id": "1"}, {"out_refund_no": ""}]
)
def test_refund_arguments(changes: Json) -> None:
    fields: Json = {"out_refund_no": "R1", "refund_fen": 1, "total_fen": 100, "out_trade_no": "T20260301-1"}
    with pytest.raises(ValueError, match="_"):
        RefundRequest(**{**fields, **changes})


def test_keys_that_are_none() -> None:
    for changes in (
        {"private_key_pem": "x"},
        {"private_key_pem": public_pem("merchant")},
        {"apiv3_key": "short"},
        {"public_key_pem": private_pem("platform")},
        {"public_key_id": "ABC"},
        {"platform_certificate_pems": ("x",)},
    ):
        with pytest.raises(ValueError):  # noqa: PT011 the messages are the library's
            client(Recorder(), account(**changes))


def test_repr_shows_no_secret() -> None:
    shown = repr(account())
    assert "PRIVATE" not in shown
    assert account().apiv3_key not in shown


async def test_the_log_has_codes_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = structlog.testing.LogCapture()
    monkeypatch.setattr(transport, "_log", structlog.wrap_logger(None, processors=[lines]))
    refusal = answer(403, {"code": "NO_AUTH", "message": "no"})
    pay = client(Recorder(answer(200, PAID), refusal))
    await pay.query_by_out_trade_no("T20260301-1")
    with pytest.raises(PayError):
        await pay.jsapi(ORDER, openid="o-secret-openid")
    assert [entry["event"] for entry in lines.entries] == ["wechat.call", "wechat.call", "wechat.refused"]
    assert lines.entries[0]["wechat_request_id"] == "req-1"
    assert lines.entries[2]["code"] == "NO_AUTH"
    for secret in ("o-secret-openid", "mchid=", "signature", "WECHATPAY2"):
        assert secret not in str(lines.entries)
