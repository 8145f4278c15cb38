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
from bihuan.wechat.pay import (
    CombineTransaction,
    ComplaintEvent,
    OtherResource,
    Refund,
    SharingNotice,
    Transaction,
    Transfer,
)
from bihuan.wechat.pay.notifications import Resource

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


async def read(plain: Json, event_type: str, original_type: str) -> Resource:
    content = notification(plain, event_type=event_type, original_type=original_type)
    return (await client(Recorder()).parse_notification(*delivered(content))).resource


async def test_a_kind_without_a_type_is_kept_whole() -> None:
    plain = {"openid": "o1", "user_service_status": "USER_OPEN_SERVICE"}
    got = await read(plain, "PAYSCORE.USER_OPEN_SERVICE", "payscore")
    assert got == OtherResource("payscore", plain)


async def test_a_sub_merchants_payment() -> None:
    plain = {name: value for name, value in PAID.items() if name not in ("appid", "mchid", "payer")}
    partner = {"sp_appid": "wxsp", "sp_mchid": "1900000101", "sub_appid": "wx1", "sub_mchid": "1900000109"}
    payer = {"sp_openid": "osp", "sub_openid": "o1"}
    got = await read({**plain, **partner, "payer": payer}, "TRANSACTION.SUCCESS", "transaction")
    assert isinstance(got, Transaction)
    assert (got.sp_mchid, got.sub_mchid, got.sub_appid, got.mchid) == ("1900000101", "1900000109", "wx1", "")
    assert (got.payer.sub_openid, got.is_paid, got.total_fen) == ("o1", True, 12900)


async def test_a_combined_payment() -> None:
    sub = {
        "mchid": "1900000101",
        "out_trade_no": "T20260301-1",
        "transaction_id": "42",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "attach": "a",
        "success_time": "2026-03-01T20:00:00+08:00",
        "amount": {"total_amount": 100, "payer_amount": 90, "currency": "CNY", "payer_currency": "CNY"},
    }
    plain: Json = {
        "combine_appid": "wx1",
        "combine_mchid": "1900000101",
        "combine_out_trade_no": "C20260301",
        "sub_orders": [sub, {**sub, "out_trade_no": "T20260301-2"}],
        "combine_payer_info": {"openid": "o1"},
    }
    got = await read(plain, "TRANSACTION.SUCCESS", "transaction")
    assert isinstance(got, CombineTransaction)
    assert got.is_paid
    assert [s.out_trade_no for s in got.sub_orders] == ["T20260301-1", "T20260301-2"]
    assert got.sub_orders[0].amount is not None
    assert (got.sub_orders[0].amount.payer_amount, got.sub_orders[0].paid_at) == (90, NOW)
    open_part = {**plain, "sub_orders": [sub, {**sub, "trade_state": "NOTPAY"}]}
    unpaid = await read(open_part, "TRANSACTION.SUCCESS", "transaction")
    assert isinstance(unpaid, CombineTransaction)
    assert not unpaid.is_paid


async def test_a_transfer_that_ended() -> None:
    plain = {
        "out_bill_no": "B1",
        "transfer_bill_no": "1330000071100999991182020050700019480001",
        "state": "SUCCESS",
        "mch_id": "1900000101",
        "transfer_amount": 2000,
        "openid": "o1",
        "create_time": "2026-03-01T20:00:00+08:00",
        "update_time": "2026-03-01T20:00:01+08:00",
    }
    got = await read(plain, "MCHTRANSFER.BILL.FINISHED", "mch_payment")
    assert isinstance(got, Transfer)
    assert (got.is_final, got.transfer_amount, got.mch_id) == (True, 2000, "1900000101")


async def test_a_part_that_came() -> None:
    receiver = {"type": "MERCHANT_ID", "account": "1900000109", "amount": 888, "description": "运费"}
    plain = {
        "sp_mchid": "1900000100",
        "sub_mchid": "1900000101",
        "transaction_id": "42",
        "order_id": "30",
        "out_order_no": "P1",
        "receiver": receiver,
        "success_time": "2026-03-01T20:00:00+08:00",
    }
    got = await read(plain, "PROFITSHARING.SUCCESS", "profitsharing")
    assert isinstance(got, SharingNotice)
    assert (got.receiver.account, got.receiver.amount) == ("1900000109", 888)


async def test_a_complaint() -> None:
    plain = {"complaint_id": "2002", "action_type": "CREATE_COMPLAINT"}
    assert await read(plain, "COMPLAINT.CREATE", "complaint") == ComplaintEvent("2002", "CREATE_COMPLAINT")


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
