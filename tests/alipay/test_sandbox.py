"""The sandbox by itself: what it refuses, and what it keeps over a restart."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from bihuan.alipay import AlipayClient, AlipayKeys, AlipayRefused, CodeOrder, RefundOrder, TradeOrder
from bihuan.kernel.clock import SystemClock
from bihuan.kernel.outbound import new_http_client
from tests.alipay.desk import AlipaySandbox, Stall, account_of
from tests.alipay.test_paying import placed
from tests.payments.desk import eventually


async def test_what_is_not_signed_by_the_app_gets_no_answer_that_counts(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    url = str((await stall.prepare(http, buyer, order_id, "alipay_page"))["h5_url"])
    params = dict(parse_qsl(urlsplit(url).query))
    gateway = url.partition("?")[0]
    for change in ({"app_id": "2021"}, {"biz_content": params["biz_content"].replace("10.00", "0.01")}, {"sign": "x"}):
        page = await stall.sandbox.http.get(f"{gateway}?{urlencode({**params, **change})}")
        assert "无法付款" in page.text, change
    answer = await stall.sandbox.http.post(gateway, data={**params, "method": "alipay.trade.query"})
    (told,) = answer.json().values()
    assert (told["code"], told["sub_code"]) == ("40002", "isv.invalid-signature")
    assert await stall.trades() == []


async def test_a_phone_shows_a_code_and_asks_for_the_password(stall: Stall) -> None:
    phone = await stall.sandbox.http.get("/code", follow_redirects=True)
    code = re.findall(r'data-code="((?:2[5-9]|30)[0-9]{16})"', phone.text)
    assert len(code) == 1
    assert "沙箱" in phone.text
    client, outbound = await client_of(stall)

    def order(number: str) -> CodeOrder:
        return CodeOrder(out_trade_no=number, subject="大衣", total_fen=100_001, auth_code=code[0], store_id="店")

    assert await client.pay_by_code(order("c1")) is False
    assert (await client.query("c1")).trade_status == "WAIT_BUYER_PAY"
    assert await client.pay_by_code(order("c1")) is False  # the same number again: the same trade
    assert await refusal(client.pay_by_code(order("c2"))) == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    asking = await stall.sandbox.http.get(str(phone.url))
    assert "输入支付密码" in asking.text
    (button,) = re.findall(r'action="([^"]+)"', asking.text)
    paid = await stall.sandbox.http.post(button, follow_redirects=True)
    assert "付款成功" in paid.text
    assert (await client.query("c1")).is_paid
    assert await refusal(client.pay_by_code(order("c1"))) == "ACQ.TRADE_HAS_SUCCESS"
    assert await client.cancel("c1") == "refunded"
    assert await client.cancel("c1") == "refunded"
    assert (await client.query("c1")).is_given_back
    assert await client.cancel("never") == "nothing"
    await outbound.aclose()


async def client_of(stall: Stall) -> tuple[AlipayClient, Any]:
    account = account_of(stall.merchant)
    keys = AlipayKeys(
        account.app_id, account.seller_id, account.private_key_pem or "", account.alipay_public_key_pem or ""
    )
    http = new_http_client()
    gateway = stall.rt.settings.alipay_gateway
    return AlipayClient(keys, http=http, gateway=gateway, now=SystemClock().wall), http


async def refusal(call: Any) -> str:
    with pytest.raises(AlipayRefused) as refused:
        await call
    assert refused.value.verified
    return refused.value.code


async def test_refunds_are_refused_as_documented(stall: Stall, http: httpx.AsyncClient) -> None:
    await stall.pay_order(http, 1_000)
    (trade,) = await stall.trades()
    client, outbound = await client_of(stall)

    def order(number: str, fen: int, trade_no: str = trade["trade_no"]) -> RefundOrder:
        return RefundOrder(out_request_no=number, trade_no=trade_no, refund_fen=fen, reason="退")

    assert await refusal(client.refund(order("r0", 1, "2026000000000000000000000000"))) == "ACQ.TRADE_NOT_EXIST"
    assert await client.refund(order("r1", 300)) is True
    assert await client.refund(order("r1", 300)) is False
    assert await refusal(client.refund(order("r1", 301))) == "ACQ.DISCORDANT_REPEAT_REQUEST"
    assert await refusal(client.refund(order("r2", 701))) == "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert await client.find_refund(trade["trade_no"], "r2") is None
    done = await client.find_refund(trade["trade_no"], "r1")
    assert done is not None
    assert (done.refund_fen, done.refunded_at is not None) == (300, True)
    assert await client.refund(order("r3", 700)) is True
    assert await refusal(client.refund(order("r4", 1))) == "ACQ.TRADE_HAS_CLOSE"
    assert await refusal(client.close(trade["out_trade_no"])) == "ACQ.TRADE_HAS_CLOSE"
    await outbound.aclose()


async def test_orders_and_bills_are_refused_as_documented(stall: Stall, http: httpx.AsyncClient) -> None:
    client, outbound = await client_of(stall)
    now = SystemClock().now()

    def order(fen: int) -> TradeOrder:
        return TradeOrder(
            out_trade_no="n1",
            subject="茶",
            total_fen=fen,
            notify_url="http://127.0.0.1:9/",
            expires_at=now.replace(year=2099),
        )

    assert await refusal(client.query("n1")) == "ACQ.TRADE_NOT_EXIST"
    first = await client.precreate(order(100))
    assert await client.precreate(order(100)) == first
    assert await refusal(client.precreate(order(101))) == "ACQ.CONTEXT_INCONSISTENT"
    assert await refusal(client.query("n1")) == "ACQ.TRADE_NOT_EXIST"  # nobody scanned it yet
    await stall.open_page({"h5_url": None, "code_url": first})
    assert (await client.query("n1")).trade_status == "WAIT_BUYER_PAY"
    await client.close("n1")
    assert (await client.query("n1")).trade_status == "TRADE_CLOSED"
    assert await refusal(client.precreate(order(100))) == "ACQ.TRADE_HAS_CLOSE"
    assert await client.find_bill(now.date()) is None
    await outbound.aclose()


async def test_a_restart_forgets_nothing_and_goes_on_telling(tmp_path: Path) -> None:
    options = ("--state", str(tmp_path / "sandbox.sqlite"))
    sandbox = AlipaySandbox(*options)
    app = await sandbox.call("POST", "/apps", {"key": "k", "name": "青衫"})
    account = account_of(app)
    keys = AlipayKeys(
        account.app_id, account.seller_id, account.private_key_pem or "", account.alipay_public_key_pem or ""
    )
    outbound = new_http_client()
    client = AlipayClient(keys, http=outbound, gateway=app["gateway"], now=SystemClock().wall)
    order = TradeOrder(
        out_trade_no="n1",
        subject="茶",
        total_fen=100,
        notify_url="http://127.0.0.1:9/nobody",
        expires_at=SystemClock().now().replace(year=2099),
    )
    page = await sandbox.http.get(await client.page_url(order, "page"), follow_redirects=True)
    await sandbox.http.post(f"{page.url}/pay")
    await sandbox.stop()
    await outbound.aclose()

    again = AlipaySandbox(*options)
    try:
        assert await again.call("POST", "/apps", {"key": "k", "name": "青衫"}) == {
            **app,
            "gateway": f"{again.url}/alipay/gateway.do",
        }
        (trade,) = await again.call("GET", f"/trades?app_id={app['app_id']}")
        assert (trade["status"], trade["total_fen"]) == ("TRADE_SUCCESS", 100)

        async def tried() -> bool:
            (notice,) = await again.call("GET", f"/notices?app_id={app['app_id']}")
            return notice["tries"] >= 2 and not notice["done"]

        assert await eventually(tried)
    finally:
        await again.stop()


def test_what_is_no_mount_is_said_at_the_start() -> None:
    for text in ("alipay", "/x=alipay_sandbox", "/x/=a:b"):
        command = [sys.executable, "-m", "wechat_sandbox", "--port", "1025", "--beside", text]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert (done.returncode, "not /path=module:factory" in done.stderr) == (1, True), done.stderr
