"""What a crash or silence left between intent and outcome is found by the jobs."""

from datetime import timedelta

import httpx

from bihuan.kernel.clock import OffsetClock
from tests.alipay.desk import Stall
from tests.alipay.test_paying import placed


async def silence(stall: Stall, muted: bool) -> None:
    await stall.sandbox.call("POST", "/faults", {"muted": muted})


async def test_a_payment_that_nobody_told_of_is_found(stall: Stall, http: httpx.AsyncClient) -> None:
    await silence(stall, True)
    try:
        buyer, order_id = await placed(stall, http)
        await stall.pay(await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page")))
        await stall.watch()
        assert (await stall.state(http, buyer, order_id))["state"] == "paid"
    finally:
        await silence(stall, False)
    await stall.verify()


async def test_a_shopper_who_waits_makes_the_mall_ask(stall: Stall, http: httpx.AsyncClient) -> None:
    await silence(stall, True)
    try:
        buyer, order_id = await placed(stall, http)
        await stall.pay(await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_wap")))
        answer = await buyer.post(http, f"/orders/{order_id}/sync-payment")
        assert answer.json()["state"] == "paid"
    finally:
        await silence(stall, False)


async def test_a_code_whose_answer_was_lost_is_asked_for_again(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    await stall.lose_answers("alipay.trade.precreate")
    lost = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "alipay_qr"})
    assert (lost.status_code, lost.json()["code"]) == (503, "alipay_unavailable")
    prepared = await stall.prepare(http, buyer, order_id, "alipay_qr")
    assert len(await stall.attempts(order_id)) == len(await stall.trades()) == 1
    await stall.pay(await stall.open_page(prepared))
    await stall.state(http, buyer, order_id, "paid")


async def test_a_refund_whose_answer_was_lost_is_found_done(stall: Stall, http: httpx.AsyncClient) -> None:
    order_id = await stall.pay_order(http)
    await stall.give_back(order_id, 400)
    await stall.lose_answers("alipay.trade.refund")
    await stall.refund_all()
    assert (await stall.books())["refunded_fen"] == 400
    assert await stall.balances() == {"alipay_clearing": 600, "sales": -1000, "refunds": 400}
    (refund,) = [r for a in await stall.attempts(str(order_id)) for r in a.refunds]
    assert refund.state == "success"
    await stall.verify()


async def test_a_cancelled_order_is_closed_at_alipay(stall: Stall, http: httpx.AsyncClient) -> None:
    buyer, order_id = await placed(stall, http)
    cashier = await stall.open_page(await stall.prepare(http, buyer, order_id, "alipay_page"))
    async with stall.rt.db.transaction() as tx:
        await tx.execute(
            """update payment_attempts set close_wanted = true where merchant_id = $1""", stall.merchant_id
        )
    await stall.watch()
    assert [a.state for a in await stall.attempts(order_id)] == ["closed"]
    assert "交易已关闭" in (await stall.pay(cashier)).text


async def test_what_nobody_opened_ends_with_its_time(stall: Stall, http: httpx.AsyncClient, clock: OffsetClock) -> None:
    buyer, order_id = await placed(stall, http)
    await stall.prepare(http, buyer, order_id, "alipay_qr")
    await stall.watch()  # Alipay does not know it yet: it may be scanned any moment
    assert [a.state for a in await stall.attempts(order_id)] == ["prepaid"]
    clock.advance(timedelta(minutes=20))
    await stall.watch()
    await stall.watch()
    assert [a.state for a in await stall.attempts(order_id)] == ["closed"]
