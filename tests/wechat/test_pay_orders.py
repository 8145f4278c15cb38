"""Prepaying, querying, closing and refunding: what is sent, signed, and refused before it is sent."""

from __future__ import annotations

import json

import pytest

from bihuan.wechat import (
    crypto,
)
from bihuan.wechat.pay import PrepayOrder, RefundRequest

from .platform import (
    NOW,
    ORDER,
    PAID,
    PUBLIC_KEY_ID,
    Json,
    Recorder,
    answer,
    check_authorization,
    client,
    key,
)


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
