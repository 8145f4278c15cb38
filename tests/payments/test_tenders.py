"""Orders paid by wallet, whole or in part: held first, taken with the rest, given back when nothing comes of it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx

from bihuan import payments
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import new_id
from bihuan.orders.handlers import expire
from bihuan.payments import tenders
from tests.payments.conftest import Deliver
from tests.payments.desk import Json, Till
from tests.shop import Buyer


async def pay(
    http: httpx.AsyncClient, buyer: Buyer, order_id: str, wallet_fen: int, method: str = "wechat_jsapi"
) -> httpx.Response:
    return await buyer.post(http, f"/orders/{order_id}/pay", {"method": method, "wallet_fen": wallet_fen})


async def prepared(http: httpx.AsyncClient, buyer: Buyer, order_id: str, wallet_fen: int) -> Json:
    answer = await pay(http, buyer, order_id, wallet_fen)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refund(till: Till, order_id: str, amount_fen: int) -> payments.RefundSplit:
    async with till.rt.db.transaction() as tx:
        return await payments.refund(
            tx,
            till.merchant_id,
            purpose="order",
            reference_id=UUID(order_id),
            amount_fen=amount_fen,
            cause="test",
            cause_id=new_id(),
            reason="退款",
        )


async def test_a_part_from_the_wallet_is_held_then_taken_with_the_rest(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 250, 50)
    order_id = await till.order(http, buyer, await till.shop.add_sku())

    plan = await prepared(http, buyer, order_id, 300)
    assert (plan["wallet_fen"], plan["paid"]) == (300, False)
    assert await till.purse(buyer) == (250, 50, 300)
    await till.confirm(await till.sheet(buyer, plan))
    order = await till.state(http, buyer, order_id, "paid")

    assert order["paid_fen"] == 1000
    assert await till.purse(buyer) == (0, 0, 0)
    balances = await till.balances()
    assert (balances["wechat_clearing"], balances["sales"]) == (700, -1000)
    assert "wallet_liability" not in balances
    await till.verify()

    split = await refund(till, order_id, 100)
    assert sorted((p.tender, p.amount_fen) for p in split.parts) == [("wallet", 30), ("wechat", 70)]
    assert await till.purse(buyer) == (25, 5, 0)
    await till.refund_all()
    await refund(till, order_id, 900)
    await till.refund_all()
    assert await till.purse(buyer) == (250, 50, 0)
    settled = await till.rows("select 1 from facts where merchant_id = $1 and kind = 'refund.settled'")
    assert len(settled) == 2
    assert "wechat_clearing" not in await till.balances()
    await till.verify()


async def test_the_whole_from_the_wallet_settles_at_once(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 1500)
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    first = await prepared(http, buyer, order_id, 0)  # and the shopper thinks again

    answer = await pay(http, buyer, order_id, 0, "wallet")
    assert (answer.status_code, answer.json()["paid"], answer.json()["pay_params"]) == (200, True, None)
    assert (await till.state(http, buyer, order_id))["state"] == "paid"
    assert await till.purse(buyer) == (500, 0, 0)
    again = await pay(http, buyer, order_id, 0, "wallet")
    assert again.status_code == 409
    await till.verify()

    await till.confirm(await till.sheet(buyer, first))  # the sheet was still open: a second payment
    await till.all_told(order_id)
    await till.refund_all()
    assert await till.purse(buyer) == (500, 0, 0)
    assert "wechat_clearing" not in await till.balances()
    await till.verify()


async def test_what_is_held_goes_back_with_the_order(till: Till, http: httpx.AsyncClient, deliver: Deliver) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 400)
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    await prepared(http, buyer, order_id, 400)
    assert (await pay(http, buyer, order_id, 0, "wallet")).json()["code"] == "wallet_short"
    assert await till.purse(buyer) == (400, 0, 400)

    await buyer.post(http, f"/orders/{order_id}/cancel", {})
    await deliver()
    assert await till.purse(buyer) == (400, 0, 0)
    await till.verify()


async def test_another_plan_takes_the_place_of_the_former(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 500)
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    first = await prepared(http, buyer, order_id, 500)
    second = await prepared(http, buyer, order_id, 200)
    assert (await prepared(http, buyer, order_id, 200))["payment_id"] == second["payment_id"]
    assert await till.purse(buyer) == (500, 0, 200)
    third = await prepared(http, buyer, order_id, 0)
    assert await till.purse(buyer) == (500, 0, 0)
    assert len({one["pay_params"]["package"] for one in (first, second, third)}) == 3

    await till.confirm(await till.sheet(buyer, first))  # a sheet that was left open: 500 there, 500 here
    await till.state(http, buyer, order_id, "paid")
    assert await till.purse(buyer) == (0, 0, 0)
    assert (await till.balances())["wechat_clearing"] == 500
    await till.verify()


async def test_money_under_a_plan_that_the_wallet_cannot_keep_goes_back(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 600)
    sku = await till.shop.add_sku()
    one, other = await till.order(http, buyer, sku), await till.order(http, buyer, sku)
    first = await prepared(http, buyer, one, 600)
    await prepared(http, buyer, one, 0)
    await prepared(http, buyer, other, 600)

    await till.confirm(await till.sheet(buyer, first))
    await till.one_told(one)
    await till.refund_all()
    assert (await till.state(http, buyer, one))["state"] == "unpaid"
    assert await till.purse(buyer) == (600, 0, 600)
    assert "wechat_clearing" not in await till.balances()
    await till.verify()


async def test_a_late_payment_asks_the_wallet_again(
    till: Till, http: httpx.AsyncClient, clock: OffsetClock, deliver: Deliver
) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 600)
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    sheet = await till.sheet(buyer, await prepared(http, buyer, order_id, 600))
    till.door.deaf = True
    await till.confirm(sheet)
    clock.offset = timedelta(hours=3)
    await expire(till.rt)
    await deliver()
    clock.offset = timedelta()
    assert await till.purse(buyer) == (600, 0, 0)
    till.door.deaf = False
    await till.watch()
    assert (await till.state(http, buyer, order_id))["state"] == "paid"
    assert await till.purse(buyer) == (0, 0, 0)
    await till.verify()


async def test_two_orders_cannot_spend_the_same_fen(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 1500, 499)
    sku = await till.shop.add_sku()
    orders = [await till.order(http, buyer, sku) for _ in range(4)]

    answers = await asyncio.gather(*(pay(http, buyer, order_id, 0, "wallet") for order_id in orders * 2))
    assert sorted(a.status_code for a in answers) == [200, *[409] * 7]
    assert sum(await till.purse(buyer)) == 999
    await till.verify()


async def test_a_frozen_wallet_pays_nothing_and_takes_refunds(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 2000)
    sku = await till.shop.add_sku()
    paid, other = await till.order(http, buyer, sku), await till.order(http, buyer, sku)
    assert (await pay(http, buyer, paid, 0, "wallet")).status_code == 200
    await till.rows(
        "update wallets set frozen_at = now(), frozen_reason = '核实身份' where merchant_id = $1 returning 1"
    )
    for wallet_fen, method in ((0, "wallet"), (100, "wechat_jsapi")):
        assert (await pay(http, buyer, other, wallet_fen, method)).json()["code"] == "wallet_frozen"
    await refund(till, paid, 1000)
    assert await till.purse(buyer) == (2000, 0, 0)
    await till.verify()


async def test_bad_parts_are_refused(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    codes = [(await pay(http, buyer, order_id, fen)).status_code for fen in (-1, 10**15, 1000, 1001, 5)]
    assert codes == [400, 400, 422, 422, 409]
    assert (await pay(http, buyer, order_id, 0, "wallet")).json()["code"] == "wallet_short"
    stranger = await till.buyer()
    assert (await pay(http, stranger, order_id, 0, "wallet")).status_code == 404


async def test_the_job_gives_back_what_a_crash_left(till: Till, http: httpx.AsyncClient) -> None:
    buyer = await till.buyer()
    await till.fill_wallet(buyer, 400)
    order_id = await till.order(http, buyer, await till.shop.add_sku())
    await prepared(http, buyer, order_id, 400)
    await till.rows("update payment_attempts set due_at = now() - interval '1 h' where merchant_id = $1 returning 1")
    await tenders.release_left(till.rt)
    assert await till.purse(buyer) == (400, 0, 0)
    await till.verify()
