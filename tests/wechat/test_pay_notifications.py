"""Notifications of payments and refunds, and what must not be believed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bihuan.wechat import (
    DecryptionFailed,
    MalformedMessage,
    SignatureInvalid,
    StaleTimestamp,
)
from bihuan.wechat.pay import OtherResource, Refund, Transaction

from .platform import (
    NOW,
    PAID,
    Json,
    Recorder,
    account,
    client,
    delivered,
    notification,
    signed_headers,
)


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
