"""Payment codes of Alipay's at a till: paid at once, after a password, undone, left by a crash, refunded, billed."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.till import sales
from tests.alipay.desk import AlipaySandbox, SpeakingDoor, Stall, open_stall
from tests.alipay.test_bills import differences, reconcile, verified, yesterday
from tests.payments.desk import Json
from tests.shop import new_shop
from tests.till.desk import Cashier, hire, verify


@pytest.fixture
async def neighbour(at_alipay: tuple[Runtime, SpeakingDoor], alipay_sandbox: AlipaySandbox) -> Stall:
    """Another shop that takes Alipay."""
    rt, door = at_alipay
    return await open_stall(rt, alipay_sandbox, door, await new_shop(rt))


async def code_of(stall: Stall, **money: Any) -> str:
    """The code on the phone of somebody new."""
    buyer = (await stall.sandbox.call("POST", "/buyers", money))["buyer_id"]
    return (await stall.sandbox.call("GET", f"/buyers/{buyer}/payment-code"))["code"]


async def at_till(stall: Stall, http: httpx.AsyncClient, price_fen: int = 1000) -> tuple[Cashier, str, Any]:
    """A cashier, her shift, and something to sell."""
    cashier = await hire(stall, http)
    return cashier, await cashier.open(0), await stall.shop.add_sku(price_fen=price_fen, at_store=9)


async def waiting(stall: Stall, cashier: Cashier, shift: str, sku: Any, price_fen: int = 200_000) -> Json:
    """A sale whose shopper has to type her password for all but 5 yuan."""
    sale = await cashier.sale(shift, sku, price_fen)
    told = await cashier.pay(
        sale,
        cash={"amount_fen": 500, "tendered_fen": 500},
        code={"amount_fen": price_fen - 500, "auth_code": await code_of(stall)},
    )
    assert (told["state"], told["paying"]["state"], told["paying"]["code_tender"]) == ("open", "pending", "alipay")
    return sale


async def type_password(stall: Stall) -> None:
    """The buyer confirms what waits on her phone."""
    (trade,) = [one for one in await stall.trades() if one["status"] == "WAIT_BUYER_PAY"]
    assert (await stall.pay(trade["url"])).status_code == 200


async def test_a_code_pays_at_once_and_the_reports_tell_it_apart(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http, 3001)
    sale = await cashier.sale(shift, sku, 3001)
    code = await code_of(stall)
    paid = await cashier.pay(
        sale, cash={"amount_fen": 1000, "tendered_fen": 1000}, code={"amount_fen": 2001, "auth_code": code}
    )
    assert (paid["state"], paid["paying"]["code_fen"], paid["paying"]["code_tender"]) == ("paid", 2001, "alipay")
    assert await stall.balances() == {"cash": 1000, "alipay_clearing": 2001, "sales": -3001}
    assert sorted(one.method for one in await stall.attempts(sale["order_id"])) == ["alipay_code", "cash"]
    (trade,) = await stall.trades()
    assert (trade["status"], trade["total_fen"], trade["notify_url"]) == ("TRADE_SUCCESS", 2001, "")
    report = await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 1000})
    assert (report["shift"]["report_no"], report["totals"]["code_fen"], report["totals"]["alipay_fen"]) == (
        1,
        2001,
        2001,
    )
    await verify(stall)


async def test_what_cannot_be_taken_is_refused_with_its_reason(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http)
    sale = await cashier.sale(shift, sku)
    for none in ("2" * 15, "24" + "1" * 16, "31" + "1" * 16, "25" + "1" * 23, "990000000000000000", "28x"):
        refused = await cashier.pay(sale, 422, code={"amount_fen": 1000, "auth_code": none})
        assert refused["code"] == "payment_code_not_usable", none
    no_wechat = await cashier.pay(sale, 409, code={"amount_fen": 1000, "auth_code": "134567890123456789"})
    assert no_wechat["code"] == "payment_not_configured"

    async def reason(code: str) -> str:
        told = await cashier.pay(sale, code={"amount_fen": 1000, "auth_code": code})
        assert (told["state"], told["paying"]["state"]) == ("open", "refused")
        return told["paying"]["reason"]

    assert await reason("280000000000000000") == "ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert await reason(await code_of(stall, pays_up_to_fen=999)) == "ACQ.BUYER_BALANCE_NOT_ENOUGH"
    assert [trade["status"] for trade in await stall.trades()] == ["TRADE_CLOSED"]  # what was left there is undone
    code = await code_of(stall)
    assert (await cashier.pay(sale, code={"amount_fen": 1000, "auth_code": code}))["state"] == "paid"
    sale = await cashier.sale(shift, sku)
    assert await reason(code) == "ACQ.PAYMENT_AUTH_CODE_INVALID"  # used
    await verify(stall)


async def test_a_shop_without_alipay_says_so(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http)
    sale = await cashier.sale(shift, sku)
    manager = await hire(stall, http, "owner", here=False)
    left = await http.delete("/api/merchant/alipay-account", headers=manager.headers)
    assert left.status_code == 204, left.text
    refused = await cashier.pay(sale, 409, code={"amount_fen": 1000, "auth_code": await code_of(stall)})
    assert refused["code"] == "payment_not_configured"
    assert "支付宝" in str(refused)
    assert (await cashier.pay(sale, cash={"amount_fen": 1000, "tendered_fen": 1000}))["state"] == "paid"
    assert await stall.trades() == []


async def test_the_shopper_types_her_password(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http, 200_000)
    sale = await waiting(stall, cashier, shift, sku)
    await cashier.pay(sale, 409, cash={"amount_fen": 200_000, "tendered_fen": 200_000})
    await cashier.call("POST", f"/sales/{sale['sale_id']}/void", status=409)
    assert (await cashier.decide(sale))["paying"]["state"] == "pending"
    await stall.watch()  # what watches attempts leaves codes alone
    assert await stall.balances() == {}
    await type_password(stall)
    await asyncio.gather(cashier.decide(sale), cashier.decide(sale))
    assert (await cashier.decide(sale))["state"] == "paid"
    assert await stall.balances() == {"cash": 500, "alipay_clearing": 199_500, "sales": -200_000}
    await verify(stall)


async def test_the_cashier_gives_up_and_it_is_undone(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http, 200_000)
    sale = await waiting(stall, cashier, shift, sku)
    await stall.sandbox.call("POST", "/faults", {"cancel_again": 1})
    assert (await cashier.decide(sale, give_up=True))["paying"]["state"] == "pending"  # Alipay wants to be asked again
    given_up = await cashier.decide(sale, give_up=True)
    assert (given_up["state"], given_up["paying"]["state"], given_up["paying"]["reason"]) == (
        *("open", "refused", "CANCELLED"),
    )
    (trade,) = await stall.trades()
    assert (trade["status"], trade["undone"]) == ("TRADE_CLOSED", "close")
    paid = await cashier.pay(sale, cash={"amount_fen": 200_000, "tendered_fen": 200_000})
    assert paid["state"] == "paid"
    assert await stall.balances() == {"cash": 200_000, "sales": -200_000}
    await verify(stall)


async def test_what_was_paid_while_it_was_undone_stands_in_the_book_and_went_back(
    stall: Stall, http: httpx.AsyncClient
) -> None:
    """She typed her password in the moment in which the cashier gave up: Alipay gives it back by the undoing."""
    cashier, shift, sku = await at_till(stall, http, 200_000)
    async with yesterday(stall):
        sale = await waiting(stall, cashier, shift, sku)
        await type_password(stall)
        await stall.lose_answers("alipay.trade.query")
        given_up = await cashier.decide(sale, give_up=True)
        assert (given_up["state"], given_up["paying"]["state"]) == ("open", "refused")
        assert (await stall.books())["refunded_fen"] == 199_500
        assert await stall.balances() == {}
        attempts = {one.method: one for one in await stall.attempts(sale["order_id"])}
        code = attempts["alipay_code"]
        assert (code.state, code.verdict, code.reason) == ("paid", "refused", "undone")
        assert [(one.state, one.amount_fen) for one in code.refunds] == [("success", 199_500)]
        await cashier.pay(sale, cash={"amount_fen": 200_000, "tendered_fen": 200_000})
    await stall.refund_all()
    day = await reconcile(stall)
    assert (day["state"], day["payments"], day["refunds"], day["error"]) == ("matched", 1, 1, None)
    assert await differences(stall) == []
    await verify(stall)


async def test_answers_that_got_lost_are_asked_for(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http)
    sale = await cashier.sale(shift, sku)
    await stall.lose_answers("alipay.trade.pay")
    part = {"amount_fen": 1000, "auth_code": await code_of(stall)}
    told = await cashier.pay(sale, key="lost-once-1", code=part)
    assert told["paying"]["state"] == "pending"
    assert (await cashier.pay(sale, key="lost-once-1", code=part))["paying"]["state"] == "pending"
    assert (await cashier.decide(sale))["state"] == "paid"
    assert len(await stall.trades()) == 1
    assert await stall.balances() == {"alipay_clearing": 1000, "sales": -1000}
    await verify(stall)


@pytest.mark.parametrize("typed", [True, False])
async def test_the_job_decides_what_a_crash_left(stall: Stall, http: httpx.AsyncClient, typed: bool) -> None:
    cashier, shift, sku = await at_till(stall, http, 200_000)
    sale = await waiting(stall, cashier, shift, sku)
    if typed:
        await type_password(stall)
    await stall.rows(
        """update till_takings set due_at = now() - interval '1 s', began_at = began_at - $2::interval
           where merchant_id = $1""",
        timedelta(seconds=60),
    )
    await sales.decide_left(stall.rt)
    now = await cashier.call("GET", f"/sales/{sale['sale_id']}")
    assert (now["state"], now["paying"]["state"]) == (("paid", "taken") if typed else ("open", "refused"))
    (trade,) = await stall.trades()
    assert trade["status"] == ("TRADE_SUCCESS" if typed else "TRADE_CLOSED")
    await verify(stall)


async def test_a_code_that_never_reached_alipay_dies(stall: Stall, http: httpx.AsyncClient) -> None:
    """Killed between the record and the call."""
    cashier, shift, sku = await at_till(stall, http, 200_000)
    sale = await waiting(stall, cashier, shift, sku)
    await stall.rows(
        """update till_takings set code = jsonb_set(code, '{attempt_id}', to_jsonb($2::text))
           where merchant_id = $1""",
        str(new_id()),
    )
    assert (await cashier.decide(sale, give_up=True))["paying"]["state"] == "pending"
    await stall.rows("update till_takings set began_at = began_at - interval '2 min' where merchant_id = $1")
    assert (await cashier.decide(sale))["paying"]["state"] == "refused"
    assert (await cashier.call("POST", f"/sales/{sale['sale_id']}/void"))["state"] == "void"
    await verify(stall)


async def test_another_merchants_cashier_takes_nothing(stall: Stall, http: httpx.AsyncClient, neighbour: Stall) -> None:
    cashier, shift, sku = await at_till(stall, http)
    sale = await cashier.sale(shift, sku)
    stranger = await hire(neighbour, http, "manager")
    await stranger.open(0)
    await stranger.pay(sale, 404, code={"amount_fen": 1000, "auth_code": await code_of(stall)})
    assert await stall.trades() == await neighbour.trades() == []


async def test_a_day_with_codes_agrees_and_refunds_go_back_by_alipay(stall: Stall, http: httpx.AsyncClient) -> None:
    cashier, shift, sku = await at_till(stall, http, 5_000)
    await hire(stall, http, "owner", here=False)
    manager = await hire(stall, http, "manager")
    other = await manager.open(1_000, till="2")
    async with yesterday(stall):
        sale = await cashier.sale(shift, sku, 5_000, 2)
        await cashier.pay(
            sale,
            cash={"amount_fen": 2_000, "tendered_fen": 2_000},
            code={"amount_fen": 8_000, "auth_code": await code_of(stall)},
        )
        given_up = await waiting(stall, cashier, shift, await stall.shop.add_sku(price_fen=200_000, at_store=1))
        await cashier.decide(given_up, give_up=True)
        back = await manager.call(
            "POST",
            f"/shifts/{other}/sales/{sale['sale_id']}/refunds",
            {"lines": [{"line_id": sale["lines"][0]["line_id"], "quantity": 1}], "reason": "尺码不合适"},
        )
        assert (back["amount_fen"], back["cash_fen"], back["other_fen"]) == (5_000, 1_000, 4_000)
        await stall.refund_all()
    day = await reconcile(stall)
    assert (day["state"], day["payments"], day["paid_fen"], day["refunds"]) == ("matched", 1, 8_000, 1)
    assert (day["refunded_fen"], day["error"]) == (4_000, None)
    assert await differences(stall) == []
    book = await stall.balances()
    assert book["alipay_clearing"] == (await stall.books())["balance_fen"] == 8_000 - 4_000 - day["fees_fen"]
    await verified(stall)
