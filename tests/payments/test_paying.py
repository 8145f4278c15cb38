"""Paying at the sandbox: once, twice, late, and with notifications that get lost."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from bihuan.kernel.clock import OffsetClock
from bihuan.orders.handlers import expire
from bihuan.payments import db
from tests.payments.conftest import Deliver
from tests.payments.desk import Till


async def test_a_payment_pays_its_order_and_stands_in_the_book(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku(price_fen=2590, stock=3)
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku, 2590)

    prepared = await till.prepare(http, buyer, order_id)
    assert prepared["pay_params"]["appId"] == till.appid
    paid = await till.confirm(await till.sheet(buyer, prepared))
    order = await till.state(http, buyer, order_id, "paid")

    assert (order["paid_fen"], order["payment_status"]) == (2590, "paid")
    (attempt,) = await till.attempts(order_id)
    assert (attempt.state, attempt.verdict, attempt.amount_fen) == ("paid", "accepted", 2590)
    assert attempt.transaction_id == paid["transaction_id"]
    assert await till.balances() == {"wechat_clearing": 2590, "sales": -2590}
    assert await till.shop.stock(sku) == (2, 0, 1)
    again = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "wechat_jsapi"})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    await till.verify()


async def test_a_code_is_paid_by_whoever_scans_it(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku()
    buyer = await till.shop.new_shopper()  # not of the sandbox: a Native code needs no openid
    friend = await till.buyer()
    order_id = await till.order(http, buyer, sku)

    prepared = await till.prepare(http, buyer, order_id, "wechat_native")
    assert prepared["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    await till.confirm(await till.sheet(friend, prepared))

    await till.state(http, buyer, order_id, "paid")
    await till.verify()


async def test_preparing_again_serves_the_same_attempt(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku()
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)

    together = await asyncio.gather(*(till.prepare(http, buyer, order_id) for _ in range(4)))
    later = await till.prepare(http, buyer, order_id)
    code = await till.prepare(http, buyer, order_id, "wechat_native")

    assert len({p["pay_params"]["package"] for p in (*together, later)}) == 1
    assert later["pay_params"]["paySign"] != together[0]["pay_params"]["paySign"]
    assert code["payment_id"] == later["payment_id"]
    assert [a.method for a in await till.attempts(order_id)] == ["wechat_jsapi", "wechat_native"]


async def test_a_notification_told_twice_or_often_at_once_counts_once(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku(stock=1)
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order_id)))
    await till.state(http, buyer, order_id, "paid")
    path, headers, body = next(one for one in till.door.got if one[0] == till.notify_path)

    statuses = await asyncio.gather(*(till.door.post(path, headers, body) for _ in range(20)))

    assert set(statuses) == {204}
    assert await till.balances() == {"wechat_clearing": 1000, "sales": -1000}
    seen = await till.rows("select outcome from payment_notifications where merchant_id = $1")
    assert [row["outcome"] for row in seen] == ["accepted"]
    assert await till.shop.stock(sku) == (0, 0, 1)


async def test_a_second_payment_goes_back_by_itself(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku()
    buyer, friend = await till.buyer(), await till.buyer()
    order_id = await till.order(http, buyer, sku)
    first = await till.sheet(buyer, await till.prepare(http, buyer, order_id))
    second = await till.sheet(friend, await till.prepare(http, buyer, order_id, "wechat_native"))

    await asyncio.gather(till.confirm(first), till.confirm(second))
    await till.state(http, buyer, order_id, "paid")
    await till.all_told(order_id)

    verdicts = sorted((a.verdict, a.reason) for a in await till.attempts(order_id))
    assert verdicts == [("accepted", None), ("refused", "second_payment")]
    assert await till.balances() == {"wechat_clearing": 2000, "sales": -1000, "refunds_payable": -1000}
    await till.refund_all()
    (refund,) = [refund for a in await till.attempts(order_id) for refund in a.refunds]
    assert (refund.state, refund.amount_fen, refund.reason) == ("success", 1000, "second_payment")
    assert await till.balances() == {"wechat_clearing": 1000, "sales": -1000}
    assert (await till.state(http, buyer, order_id))["paid_fen"] == 1000
    await till.verify()


async def test_a_late_payment_reinstates_its_order_while_there_is_stock(
    till: Till, http: httpx.AsyncClient, clock: OffsetClock, deliver: Deliver
) -> None:
    sku = await till.shop.add_sku(stock=2)
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)
    sheet = await till.sheet(buyer, await till.prepare(http, buyer, order_id))
    clock.advance(timedelta(minutes=16))
    await expire(till.rt)
    clock.advance(timedelta(minutes=-16))
    assert (await till.state(http, buyer, order_id))["state"] == "cancelled"
    assert await till.shop.stock(sku) == (2, 0, 0)

    await till.confirm(sheet)  # the sheet was open all the time
    await till.state(http, buyer, order_id, "paid")

    assert await till.shop.stock(sku) == (1, 0, 1)
    assert await till.balances() == {"wechat_clearing": 1000, "sales": -1000}
    await deliver()  # the cancellation's own reaction comes after it: the paid payment stays paid
    await till.verify()


async def test_a_late_payment_without_stock_goes_back(till: Till, http: httpx.AsyncClient, clock: OffsetClock) -> None:
    sku = await till.shop.add_sku(stock=1)
    late, quick = await till.buyer(), await till.buyer()
    order_id = await till.order(http, late, sku)
    sheet = await till.sheet(late, await till.prepare(http, late, order_id))
    assert (await late.post(http, f"/orders/{order_id}/cancel", {})).status_code == 200
    await till.order(http, quick, sku)

    await till.confirm(sheet)
    await till.all_told(order_id)

    (attempt,) = await till.attempts(order_id)
    assert (attempt.verdict, attempt.reason) == ("refused", "late_out_of_stock")
    assert (await till.state(http, late, order_id))["state"] == "cancelled"
    await till.refund_all()
    assert await till.balances() == {}
    assert await till.shop.stock(sku) == (0, 1, 0)
    await till.verify()


async def test_cancelling_closes_the_attempt_at_wechat(till: Till, http: httpx.AsyncClient, deliver: Deliver) -> None:
    sku = await till.shop.add_sku()
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)
    prepared = await till.prepare(http, buyer, order_id)
    await buyer.post(http, f"/orders/{order_id}/cancel", {})
    await deliver()

    await till.watch()

    (attempt,) = await till.attempts(order_id)
    assert attempt.state == "closed"
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await till.sheet(buyer, prepared)
    assert "已关闭" in refused.value.response.text


async def test_closing_what_was_paid_in_the_meantime_settles_it(
    till: Till, http: httpx.AsyncClient, deliver: Deliver
) -> None:
    sku = await till.shop.add_sku(stock=1)
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, sku)
    sheet = await till.sheet(buyer, await till.prepare(http, buyer, order_id))
    till.door.deaf = True
    await buyer.post(http, f"/orders/{order_id}/cancel", {})
    await deliver()
    await till.confirm(sheet)

    await till.watch()

    assert (await till.state(http, buyer, order_id))["state"] == "paid"
    await till.verify()


async def test_a_lost_notification_is_asked_for(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku()
    asking, waiting = await till.buyer(), await till.buyer()
    till.door.deaf = True
    orders = {buyer: await till.order(http, buyer, sku) for buyer in (asking, waiting)}
    for buyer, order_id in orders.items():
        await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order_id)))
        assert (await till.state(http, buyer, order_id))["state"] == "unpaid"

    # one shopper asks: once, since a second question within two seconds is not put to WeChat
    answers = await asyncio.gather(*(asking.post(http, f"/orders/{orders[asking]}/sync-payment") for _ in range(3)))
    assert any(answer.json()["state"] == "paid" for answer in answers)
    assert (await till.state(http, waiting, orders[waiting]))["state"] == "unpaid"

    await till.watch()  # nobody asks for the other: the job does

    assert (await till.state(http, waiting, orders[waiting]))["state"] == "paid"
    assert await till.balances() == {"wechat_clearing": 2000, "sales": -2000}
    await till.verify()


async def test_a_payment_is_locked_before_its_attempts(till: Till, http: httpx.AsyncClient) -> None:
    """Who waits for the payment holds none of its attempts: two attempts of one payment are settled one by one."""
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    await till.prepare(http, buyer, order_id)
    (attempt,) = await till.attempts(order_id)

    async def settle() -> None:
        async with till.rt.db.transaction() as tx:
            await db.lock_attempts(tx, till.merchant_id, [attempt.out_trade_no])

    async with till.rt.db.transaction() as tx:
        await tx.fetch("select from payments where merchant_id = $1 for update", till.merchant_id)
        waiting = asyncio.create_task(settle())
        blocked = "select count(*) from pg_locks where not granted and locktype in ('transactionid', 'tuple')"
        while not await tx.fetchval(blocked):
            await asyncio.sleep(0.02)
        free = await tx.fetch("select from payment_attempts where merchant_id = $1 for update nowait", till.merchant_id)
        assert len(free) == 1
    await waiting


async def test_an_unpaid_attempt_is_asked_about_less_and_less(till: Till, http: httpx.AsyncClient) -> None:
    sku = await till.shop.add_sku()
    buyer = await till.buyer()
    await till.prepare(http, buyer, await till.order(http, buyer, sku))
    pauses: list[float] = []
    for _ in range(3):
        await till.watch()
        (row,) = await till.rows(
            """select extract(epoch from due_at - checked_at)::float8 as s, state from payment_attempts
               where merchant_id = $1"""
        )
        assert row["state"] == "prepaid"
        pauses.append(row["s"])
    assert pauses == sorted(pauses)
    assert pauses[0] > 60
