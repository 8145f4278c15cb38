"""Refunds through Alipay: in parts, once each, never more than came, and over tenders."""

import httpx
import pytest

from bihuan.kernel.ids import new_id
from bihuan.payments import RefundTooLarge, refunds
from tests.alipay.desk import Stall


async def test_two_partial_refunds_go_back_and_no_more_than_is_left(stall: Stall, http: httpx.AsyncClient) -> None:
    order_id = await stall.pay_order(http, 1000)
    first = new_id()
    await stall.give_back(order_id, 300, first)
    await stall.give_back(order_id, 300, first)  # the same decision again
    await stall.give_back(order_id, 450)
    with pytest.raises(RefundTooLarge):
        await stall.give_back(order_id, 251)

    await stall.refund_all()

    assert (await stall.books())["refunded_fen"] == 750
    assert await stall.balances() == {"alipay_clearing": 250, "sales": -1000, "refunds": 750}
    rows = await stall.sandbox.call("GET", f"/refunds?app_id={stall.appid}")
    assert sorted(row["amount_fen"] for row in rows) == [300, 450]
    assert {row["reason"] for row in rows} == {"退货"}
    await stall.give_back(order_id, 250)
    await stall.refund_all()
    assert [trade["status"] for trade in await stall.trades()] == ["TRADE_CLOSED"]
    assert (await stall.books())["balance_fen"] == 0
    await stall.verify()


async def test_a_refund_whose_answers_are_lost_time_and_again_pays_once(stall: Stall, http: httpx.AsyncClient) -> None:
    order_id = await stall.pay_order(http, 1000)
    await stall.give_back(order_id, 600)
    await stall.lose_answers("alipay.trade.refund", 2)
    await stall.lose_answers("alipay.trade.fastpay.refund.query", 1)
    await stall.refund_all()
    assert (await stall.books())["refunded_fen"] == 600
    assert len(await stall.sandbox.call("GET", f"/refunds?app_id={stall.appid}")) == 1
    assert await stall.balances() == {"alipay_clearing": 400, "sales": -1000, "refunds": 600}


async def test_what_alipay_refuses_waits_and_a_person_sees_it(stall: Stall, http: httpx.AsyncClient) -> None:
    order_id = await stall.pay_order(http, 1000)
    await stall.rows(
        "update payment_attempts set transaction_id = '2026000000000000000000000000' where merchant_id = $1"
    )
    await stall.give_back(order_id, 600)
    for _ in range(6):
        await stall.rows("update payment_refunds set due_at = now() - interval '1 hour' where merchant_id = $1")
        await refunds.run_due(stall.rt)
    (row,) = await stall.rows("select state, error, parked_at from payment_refunds where merchant_id = $1")
    assert (row["state"], row["parked_at"] is not None) == ("applied", True)
    assert "ACQ.TRADE_NOT_EXIST" in row["error"]


async def test_a_refund_over_tenders_returns_through_alipay_what_came_through_it(
    stall: Stall, http: httpx.AsyncClient
) -> None:
    sku = await stall.shop.add_sku(price_fen=1000, stock=3)
    buyer = await stall.shop.new_shopper()
    await stall.fill_wallet(buyer, 400)
    order_id = await stall.order(http, buyer, sku, 1000)
    answer = await buyer.post(http, f"/orders/{order_id}/pay", {"method": "alipay_page", "wallet_fen": 400})
    await stall.pay(await stall.open_page(answer.json()))
    order = await stall.state(http, buyer, order_id, "paid")

    split = await stall.give_back(order["order_id"], 500)
    assert {part.tender: part.amount_fen for part in split.parts} == {"alipay": 300, "wallet": 200}
    await stall.refund_all()

    assert (await stall.books())["refunded_fen"] == 300
    assert await stall.purse(buyer) == (200, 0, 0)
    await stall.verify()
