"""WeChat Pay's client end to end against the sandbox, which shares no code with it."""

from __future__ import annotations

import pytest

from bihuan.wechat import (
    PayError,
)
from bihuan.wechat.pay import Refund, RefundRequest, Transaction

from .desk import Desk
from .listener import Listener


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
async def test_a_payment_from_prepay_to_refund(desk: Desk, listener: Listener, mode: str) -> None:
    listener.answers = {"/pay": lambda _: (204, b""), "/refund": lambda _: (204, b"")}
    account = await desk.official_account()
    merchant = await desk.merchant(mode, account["appid"])
    shopper = await desk.shopper()
    openid = await desk.openid(shopper, account)
    pay = desk.pay(merchant)
    order = desk.order(account["appid"], f"{listener.base_url}/pay")

    prepay_id = await pay.jsapi(order, openid=openid)
    waiting = await pay.query_by_out_trade_no(order.out_trade_no)
    assert (waiting.trade_state, waiting.is_paid, waiting.paid_at) == ("NOTPAY", False, None)
    params = pay.jsapi_params(account["appid"], prepay_id)
    sheet = await desk.ask("POST", f"/shoppers/{shopper}/sheets", pay_params=params)
    assert sheet["total_fen"] == 12900
    await desk.ask("POST", f"/sheets/{sheet['sheet_id']}/pay")

    delivery = await listener.next("/pay")
    told = await pay.parse_notification(delivery.headers, delivery.body)
    assert isinstance(told.resource, Transaction)
    paid = told.resource
    assert (paid.mchid, paid.appid, paid.out_trade_no) == (
        merchant["mchid"],
        account["appid"],
        order.out_trade_no,
    )
    assert (paid.total_fen, paid.payer.openid, paid.trade_type, paid.attach) == (12900, openid, "JSAPI", "a")
    assert paid.is_paid
    assert paid.paid_at is not None
    for asked in (
        await pay.query_by_out_trade_no(order.out_trade_no),
        await pay.query_by_transaction_id(paid.transaction_id),
    ):
        assert (asked.transaction_id, asked.paid_at) == (paid.transaction_id, paid.paid_at)
    with pytest.raises(PayError) as refused:
        await pay.close(order.out_trade_no)
    assert refused.value.verified

    request = RefundRequest(
        out_refund_no=f"R{order.out_trade_no}",
        refund_fen=2900,
        total_fen=12900,
        transaction_id=paid.transaction_id,
        reason="尺码不合",
        notify_url=f"{listener.base_url}/refund",
    )
    given = await pay.refund(request)
    assert (given.refund_fen, given.out_trade_no) == (2900, order.out_trade_no)
    assert (await pay.refund(request)).refund_id == given.refund_id
    delivery = await listener.next("/refund")
    told = await pay.parse_notification(delivery.headers, delivery.body)
    assert isinstance(told.resource, Refund)
    assert (told.resource.refund_id, told.resource.status) == (given.refund_id, "SUCCESS")
    assert (await pay.query_refund(request.out_refund_no)).status == "SUCCESS"


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
async def test_the_other_prepays_and_refusals(desk: Desk, mode: str) -> None:
    account = await desk.official_account()
    merchant = await desk.merchant(mode, account["appid"])
    pay = desk.pay(merchant)
    order = desk.order(account["appid"], "http://127.0.0.1:1/pay")
    assert (await pay.native(order)).startswith("weixin://wxpay/bizpayurl")
    await pay.close(order.out_trade_no)
    assert (await pay.query_by_out_trade_no(order.out_trade_no)).trade_state == "CLOSED"
    order = desk.order(account["appid"], "http://127.0.0.1:1/pay")
    assert (await pay.h5(order, payer_client_ip="203.0.113.9")).startswith("http")
    assert await pay.app(desk.order(account["appid"], "http://127.0.0.1:1/pay"))
    with pytest.raises(PayError) as missing:
        await pay.query_by_out_trade_no("T-never-made")
    assert (missing.value.code, missing.value.status, missing.value.verified) == (
        "ORDER_NOT_EXIST",
        404,
        True,
    )
    with pytest.raises(PayError) as missing:
        await pay.query_refund("R-never-made")
    assert (missing.value.code, missing.value.status) == ("RESOURCE_NOT_EXISTS", 404)
    other = desk.pay({**merchant, "serial_no": "ABCD"})
    with pytest.raises(PayError) as refused:
        await other.native(order)
    assert (refused.value.code, refused.value.status, refused.value.verified) == ("SIGN_ERROR", 401, False)


async def test_certificates(desk: Desk) -> None:
    account = await desk.official_account()
    merchant = await desk.merchant("certificate", account["appid"])
    got = await desk.pay(merchant).certificates()
    assert merchant["platform_serial_no"] in {c.serial_no for c in got}
    assert merchant["platform_certificate_pem"].strip() in {c.pem.strip() for c in got}
