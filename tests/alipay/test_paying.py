"""Paying at the sandbox: by page, by code, twice, late, and with notifications that get lost or are forged."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from bihuan.kernel.clock import OffsetClock
from bihuan.orders.handlers import expire
from tests.alipay.desk import Stall
from tests.payments.desk import eventually
from tests.shop import Buyer


async def placed(stall: Stall, http: httpx.AsyncClient, stock: int = 3) -> tuple[Buyer, str]:
    sku = await stall.shop.add_sku(stock=stock)
    buyer = await stall.shop.new_shopper()
    return buyer, await stall.order(http, buyer, sku)


async def told(stall: Stall, times: int = 1) -> tuple[str, dict[str, str], bytes]:
    """The last notification that came, once `times` came."""

    async def look() -> list[tuple[str, dict[str, str], bytes]]:
        found = [one for one in stall.door.got if one[0] == stall.notify_path]
        return found if len(found) >= times else []

    return (await eventually(look))[-1]


@pytest.mark.parametrize("method", ["alipay_page", "alipay_wap", "alipay_qr"])
async def test_a_payment_pays_its_order_and_stands_in_the_book(
    stall: Stall, http: httpx.AsyncClient, method: str
) -> None:
    sku = await stall.shop.add_sku(price_fen=2590, stock=3)
    buyer = await stall.shop.new_shopper()
    order_id = await stall.order(http, buyer, sku, 2590)

    prepared = await stall.prepare(http, buyer, order_id, method)
    assert (prepared["pay_params"], prepared["method"]) == (None, method)
    assert (prepared["code_url"] is None) == (method != "alipay_qr")
    paid = await stall.pay(await stall.open_page(prepared))
    assert "付款成功" in paid.text
    order = await stall.state(http, buyer, order_id, "paid")

    assert (order["paid_fen"], order["payment_status"]) == (2590, "paid")
    (attempt,) = await stall.attempts(order_id)
    (trade,) = await stall.trades()
    assert (attempt.state, attempt.verdict, attempt.method) == ("paid", "accepted", method)
    assert (attempt.transaction_id, attempt.out_trade_no) == (trade["trade_no"], trade["out_trade_no"])
    assert await stall.balances() == {"alipay_clearing": 2590, "sales": -2590}
    assert (await stall.books())["paid_fen"] == 2590
    assert await stall.shop.stock(sku) == (2, 0, 1)
    await stall.verify()


async def test_the_page_leads_back_to_the_order(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    prepared = await stall.prepare(http, buyer, order_id, "alipay_page")
    back = dict(parse_qsl(urlsplit(str(prepared["h5_url"])).query))["return_url"]
    answer = await http.get(f"{back}?out_trade_no=1&trade_no=2&sign=x")
    assert answer.status_code == 302
    assert answer.headers["location"].endswith(f"/shop/{stall.shop.merchant.code}/#/pages/pay/pay?id={order_id}&back=1")


async def test_preparing_again_serves_the_same_attempt(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    together = await asyncio.gather(*(stall.prepare(http, buyer, order_id, "alipay_page") for _ in range(4)))
    code = await stall.prepare(http, buyer, order_id, "alipay_qr")
    assert {p["payment_id"] for p in together} == {code["payment_id"]}
    assert [a.method for a in await stall.attempts(order_id)] == ["alipay_page", "alipay_qr"]


async def test_a_notification_told_twice_or_often_at_once_counts_once(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http, stock=1)
    await stall.pay(await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page")))
    await stall.state(http, buyer, order_id, "paid")
    path, headers, body = await told(stall)

    answers = await asyncio.gather(*(stall.door.send(path, headers, body) for _ in range(20)))

    assert {(a.status_code, a.text) for a in answers} == {(200, "success")}
    assert await stall.balances() == {"alipay_clearing": 1000, "sales": -1000}
    seen = await stall.rows("select outcome from payment_notifications where merchant_id = $1")
    assert [row["outcome"] for row in seen] == ["accepted"]
    await stall.verify()


async def test_a_notification_that_was_lost_is_told_again(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    cashier = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_qr"))
    stall.door.deaf = True
    await stall.pay(cashier)
    await told(stall)
    assert (await stall.state(http, buyer, order_id))["state"] == "unpaid"
    stall.door.deaf = False
    await stall.state(http, buyer, order_id, "paid")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"total_amount": "0.01"}, "alipay_signature_invalid"),
        ({"sign": "Zm9yZ2Vk"}, "alipay_signature_invalid"),
        ({"sign": "!"}, "alipay_signature_invalid"),
        ({"sign": ""}, "alipay_signature_missing"),
        ({"sign_type": "RSA"}, "alipay_signature_invalid"),
        ({"app_id": "2021000000000000"}, "alipay_app_unknown"),
    ],
)
async def test_what_alipay_did_not_sign_is_refused_before_it_is_read(
    stall: Stall, http: httpx.AsyncClient, change: dict[str, str], reason: str
) -> None:
    buyer, order_id = await placed(stall, http)
    cashier = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page"))
    stall.door.deaf = True
    await stall.pay(cashier)
    path, headers, body = await told(stall)
    forged = urlencode({**dict(parse_qsl(body.decode())), **change}).encode()
    headers = {name: value for name, value in headers.items() if name != "content-length"}

    answer = await stall.door.send(path, headers, forged)

    assert (answer.status_code, answer.json()["code"]) == (401, "notification_untrusted")
    assert (await stall.state(http, buyer, order_id))["state"] == "unpaid"
    assert await stall.balances() == {}

    async def noted() -> list[str]:
        rows = await stall.rows("select reason from payment_refused_callbacks where merchant_id = $1")
        return [row["reason"] for row in rows]

    assert await eventually(noted) == [reason]


async def test_what_is_no_form_is_malformed(stall: Stall) -> None:
    for body in (b"", b"{}", b"a=1&a=2&app_id=x", b"\xff\xfe"):
        answer = await stall.door.send(stall.notify_path, {}, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "notification_malformed"), body
    assert (await stall.door.send(stall.notify_path, {}, b"a" * 70_000)).status_code == 413


async def test_a_second_payment_goes_back_by_itself(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    first = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page"))
    second = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_qr"))

    await asyncio.gather(stall.pay(first), stall.pay(second))
    await stall.all_told(order_id)

    verdicts = sorted((a.verdict, a.reason) for a in await stall.attempts(order_id))
    assert verdicts == [("accepted", None), ("refused", "second_payment")]
    await stall.refund_all()
    assert await stall.balances() == {"alipay_clearing": 1000, "sales": -1000}
    assert (await stall.books())["refunded_fen"] == 1000
    await stall.verify()


async def test_a_late_payment_of_what_is_gone_goes_back(
    stall: Stall, http: httpx.AsyncClient, clock: OffsetClock
) -> None:
    sku = await stall.shop.add_sku(stock=1)
    buyer, other = await stall.shop.new_shopper(), await stall.shop.new_shopper()
    order_id = await stall.order(http, buyer, sku)
    cashier = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page"))
    clock.advance(timedelta(minutes=16))
    await expire(stall.rt)
    clock.advance(timedelta(minutes=-16))
    await stall.order(http, other, sku)  # the last piece is held by somebody else

    await stall.pay(cashier)
    await stall.all_told(order_id)

    (attempt,) = await stall.attempts(order_id)
    assert (attempt.verdict, attempt.reason) == ("refused", "late_out_of_stock")
    await stall.refund_all()
    assert await stall.balances() == {}
    assert (await stall.books())["balance_fen"] == 0
    assert (await stall.state(http, buyer, order_id))["state"] == "cancelled"
    await stall.verify()


async def test_an_other_amount_goes_back_and_an_other_seller_is_parked(stall: Stall, http: httpx.AsyncClient) -> None:
    cases = {"paid otherwise": ("refused", "amount_differs"), "paid elsewhere": ("parked", "seller_differs")}
    for what, expected in cases.items():
        buyer, order_id = await placed(stall, http)
        prepared = await stall.prepare(http, buyer, order_id, "alipay_page")
        if what == "paid otherwise":  # somebody of ours asked for another amount than was ordered
            await stall.rows("update payment_attempts set amount_fen = 900 where merchant_id = $1")
        else:
            await stall.rows(
                "update payment_attempts set mchid = '2088000000000000' where merchant_id = $1 and state = 'prepaid'"
            )
        await stall.pay(await stall.open_page(prepared))
        await stall.all_told(order_id)
        (attempt,) = await stall.attempts(order_id)
        assert (attempt.verdict, attempt.reason) == expected
        assert (await stall.state(http, buyer, order_id))["state"] == "unpaid"
    await stall.refund_all()
    assert (await stall.books())["refunded_fen"] == 1000
    assert await stall.balances() == {}


async def test_a_wallet_pays_its_part_and_alipay_the_rest(stall: Stall, http: httpx.AsyncClient) -> None:
    sku = await stall.shop.add_sku(price_fen=1000, stock=3)
    buyer = await stall.shop.new_shopper()
    await stall.fill_wallet(buyer, 300)
    order_id = await stall.order(http, buyer, sku, 1000)
    answer = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "alipay_qr", "wallet_fen": 300})
    assert answer.json()["wallet_fen"] == 300
    assert await stall.purse(buyer) == (300, 0, 300)

    await stall.pay(await stall.open_page(answer.json()))
    order = await stall.state(http, buyer, order_id, "paid")

    assert order["paid_fen"] == 1000
    assert await stall.purse(buyer) == (0, 0, 0)
    assert (await stall.books())["paid_fen"] == 700
    await stall.verify()
