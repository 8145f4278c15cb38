"""Sales at a till, over HTTP, with payment codes of the real sandbox."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from bihuan import inventory, membership, merchants, orders, payments, wiring
from bihuan.kernel import verification
from bihuan.kernel.events import Dispatcher
from bihuan.kernel.ids import OrderId, new_id
from bihuan.payments import refunds as refund_jobs
from bihuan.till import sales
from tests.payments.desk import Till
from tests.till.desk import hire, verify


async def _code(till: Till, **about: Any) -> tuple[str, str]:
    """A person of the sandbox, and the payment code on her phone."""
    person = (await till.sandbox.call("POST", "/shoppers", about))["shopper_id"]
    return person, (await till.sandbox.call("GET", f"/shoppers/{person}/payment-code"))["code"]


async def _at_store(till: Till, sku: Any) -> tuple[int, int, int]:
    async with till.rt.db.session() as tx:
        where = await merchants.store_location(tx, till.merchant_id, till.shop.store_id)
        levels = await inventory.list_stock(tx, till.merchant_id, [sku])
    (level,) = [level for level in levels if level.location_id == where]
    return level.available, level.held, level.sold


async def test_cash_with_change_is_handed_over_and_posted(till: Till, http: httpx.AsyncClient) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(stock=0, at_store=5)
    shift = await cashier.open(20_000)
    sale = await cashier.sale(shift, sku, quantity=2)
    assert await _at_store(till, sku) == (3, 2, 0)
    paid = await cashier.pay(sale, key="cash-once-1", cash={"amount_fen": 2000, "tendered_fen": 5000})
    again = await cashier.pay(sale, key="cash-once-1", cash={"amount_fen": 2000, "tendered_fen": 5000})
    assert paid == again
    assert (paid["state"], paid["paying"]["state"], paid["paying"]["change_fen"]) == ("paid", "taken", 3000)
    assert await _at_store(till, sku) == (3, 0, 2)
    assert await till.balances() == {"cash": 22_000, "bank": -20_000, "sales": -2000}
    order = (
        await till.rows(
            "select state, delivery_method, store_id, staff_id, attribution from orders where merchant_id = $1"
        )
    )[0]
    assert (order["state"], order["delivery_method"]) == ("completed", "pickup")
    assert (order["store_id"], order["attribution"]["rule"]) == (till.shop.store_id, "till")
    assert order["staff_id"] is not None
    await verify(till)


async def test_the_walk_in_shopper_gets_no_card_but_a_member_does(
    till: Till, http: httpx.AsyncClient, deliver: Any
) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(stock=5, at_store=5)
    shift = await cashier.open(0)
    cash = {"amount_fen": 1000, "tendered_fen": 1000}
    await cashier.pay(await cashier.sale(shift, sku), cash=cash)
    await deliver()
    assert await till.rows("select number from members where merchant_id = $1") == []
    sold = {str(row["order_id"]) for row in await till.rows("select order_id from orders where merchant_id = $1")}
    async with till.rt.db.session() as tx:
        for finding in await verification.run(tx, membership.CHECKS):
            assert not sold & set(finding.offenders), finding.means
    buyer = await till.buyer()
    order = await till.order(http, buyer, sku)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order)))
    await till.state(http, buyer, order, "paid")
    await deliver()
    (card,) = await till.rows("select number from members where merchant_id = $1")
    found = await cashier.member(card["number"].lower())
    assert found["number"] == card["number"]
    await cashier.call("POST", "/members", {"words": "NOBODY"}, status=404)
    await cashier.pay(await cashier.sale(shift, sku, member_no=card["number"]), cash=cash)
    mine = (await buyer.get(http, "/orders")).json()["items"]
    assert [one["state"] for one in mine] == ["completed", "paid"]
    await deliver()
    assert (await cashier.member(card["number"]))["points"] == 2 * found["points"]


async def test_a_payment_code_pays_at_once_beside_cash_and_card(till: Till, http: httpx.AsyncClient) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=3001, at_store=5)
    shift = await cashier.open(0)
    sale = await cashier.sale(shift, sku, 3001)
    _, code = await _code(till)
    await cashier.pay(sale, 422, code={"amount_fen": 3000, "auth_code": code})
    await cashier.pay(sale, 422, code={"amount_fen": 3001, "auth_code": "990000000000000000"})
    paid = await cashier.pay(
        sale,
        cash={"amount_fen": 1000, "tendered_fen": 1000},
        card={"amount_fen": 1000, "slip_no": "000123"},
        code={"amount_fen": 1001, "auth_code": code},
    )
    assert paid["state"] == "paid"
    assert await till.balances() == {"cash": 1000, "card_clearing": 1000, "wechat_clearing": 1001, "sales": -3001}
    attempts = await till.attempts(sale["order_id"])
    assert sorted(one.method for one in attempts) == ["card", "cash", "wechat_code"]
    await cashier.pay(sale, 409, cash={"amount_fen": 3001, "tendered_fen": 4000})
    await verify(till)


async def test_a_used_code_is_refused_and_another_tender_pays(till: Till, http: httpx.AsyncClient) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(at_store=5)
    shift = await cashier.open(0)
    _, code = await _code(till)
    await cashier.pay(await cashier.sale(shift, sku), code={"amount_fen": 1000, "auth_code": code})
    sale = await cashier.sale(shift, sku)
    refused = await cashier.pay(sale, code={"amount_fen": 1000, "auth_code": code})
    assert (refused["state"], refused["paying"]["state"], refused["paying"]["reason"]) == (
        "open",
        "refused",
        "AUTH_CODE_EXPIRED",
    )
    paid = await cashier.pay(sale, card={"amount_fen": 1000, "slip_no": "7"})
    assert paid["state"] == "paid"
    await verify(till)


async def _waiting(till: Till, cashier: Any, shift: str, sku: Any, price_fen: int = 200_000) -> tuple[Any, str]:
    """A sale whose shopper has to type her password."""
    sale = await cashier.sale(shift, sku, price_fen)
    person, code = await _code(till)
    paying = await cashier.pay(
        sale,
        cash={"amount_fen": 500, "tendered_fen": 500},
        code={"amount_fen": price_fen - 500, "auth_code": code},
    )
    assert (paying["state"], paying["paying"]["state"]) == ("open", "pending")
    return sale, person


async def _sheet(till: Till, person: str) -> str:
    listed = await till.sandbox.call("GET", f"/shoppers/{person}/sheets")
    (sheet,) = listed["items"]
    return sheet["sheet_id"]


async def test_the_shopper_types_her_password(till: Till, http: httpx.AsyncClient) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    shift = await cashier.open(0)
    sale, person = await _waiting(till, cashier, shift, sku)
    await cashier.pay(sale, 409, cash={"amount_fen": 200_000, "tendered_fen": 200_000})
    await cashier.call("POST", f"/sales/{sale['sale_id']}/void", status=409)
    await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 0}, status=409)
    assert (await cashier.decide(sale))["paying"]["state"] == "pending"
    assert await till.balances() == {}
    await till.confirm(await _sheet(till, person))
    told = await asyncio.gather(cashier.decide(sale), cashier.decide(sale))
    assert (await cashier.decide(sale))["state"] == "paid"
    assert {one["state"] for one in told} <= {"open", "paid"}
    assert await till.balances() == {"cash": 500, "wechat_clearing": 199_500, "sales": -200_000}
    await verify(till)


async def _cancel(till: Till, sale: dict[str, Any]) -> None:
    """The office cancels the sale's order."""
    async with till.rt.db.transaction() as tx:
        await orders.cancel(tx, till.merchant_id, [OrderId(UUID(sale["order_id"]))], "断货")
    await Dispatcher(till.rt.db, wiring.HANDLERS).drain()


async def test_a_sale_whose_order_was_cancelled_under_the_code_is_paid_all_the_same(
    till: Till, http: httpx.AsyncClient
) -> None:
    """The office cancelled the order while the shopper typed her password: the money came, and the pieces are hers."""
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    shift = await cashier.open(0)
    sale, person = await _waiting(till, cashier, shift, sku)
    await _cancel(till, sale)
    assert (await cashier.call("GET", f"/sales/{sale['sale_id']}"))["state"] == "open"  # the code decides
    await till.confirm(await _sheet(till, person))
    paid = await cashier.decide(sale)
    assert (paid["state"], paid["paying"]["state"]) == ("paid", "taken"), paid
    assert await till.balances() == {"cash": 500, "wechat_clearing": 199_500, "sales": -200_000}
    assert (await _at_store(till, sku))[:2] == (4, 0)
    await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 500})
    await verify(till)


async def test_a_sale_whose_order_was_cancelled_under_the_code_is_void_once_the_code_is_given_up(
    till: Till, http: httpx.AsyncClient
) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    shift = await cashier.open(0)
    sale, _ = await _waiting(till, cashier, shift, sku)
    await _cancel(till, sale)
    given_up = await cashier.decide(sale, give_up=True)
    assert (given_up["state"], given_up["paying"]["state"]) == ("void", "refused")
    assert (await _at_store(till, sku))[:2] == (5, 0)
    await verify(till)


async def test_a_sale_whose_start_was_lost_is_started_again_and_not_once_its_order_has_ended(
    till: Till, http: httpx.AsyncClient
) -> None:
    """The order was placed and a crash came before its sale; the same request comes again, sooner or later."""
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=1000, at_store=5)
    shift = await cashier.open(0)
    body = {"lines": [{"sku_id": str(sku), "quantity": 1, "price_fen": 1000}], "total_fen": 1000}
    lost = await cashier.call("POST", f"/shifts/{shift}/sales", body, "lost-answer-1", 201)
    await till.rows("delete from till_sales where merchant_id = $1")
    again = await cashier.call("POST", f"/shifts/{shift}/sales", body, "lost-answer-1", 201)
    assert (again["order_no"], again["state"]) == (lost["order_no"], "open")
    assert again["sale_id"] != lost["sale_id"]
    await till.rows("delete from till_sales where merchant_id = $1")
    await _cancel(till, again)
    refused = await cashier.call("POST", f"/shifts/{shift}/sales", body, "lost-answer-1", 409)
    assert refused["code"] == "sale_expired"
    assert await till.rows("select 1 from till_sales where merchant_id = $1") == []
    assert (await _at_store(till, sku))[:2] == (5, 0)
    await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 0})
    await verify(till)


async def test_the_cashier_gives_a_payment_code_up(till: Till, http: httpx.AsyncClient) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    shift = await cashier.open(0)
    sale, _ = await _waiting(till, cashier, shift, sku)
    given_up = await cashier.decide(sale, give_up=True)
    assert (given_up["state"], given_up["paying"]["state"], given_up["paying"]["reason"]) == (
        "open",
        "refused",
        "REVOKED",
    )
    paid = await cashier.pay(sale, cash={"amount_fen": 200_000, "tendered_fen": 200_000})
    assert paid["state"] == "paid"
    assert await till.balances() == {"cash": 200_000, "sales": -200_000}
    await verify(till)


@pytest.mark.parametrize("typed", [True, False])
async def test_the_job_decides_what_a_crash_left(till: Till, http: httpx.AsyncClient, clock: Any, typed: bool) -> None:
    """The answer never reached the till: what was begun is there, what WeChat knows decides."""
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    shift = await cashier.open(0)
    sale, person = await _waiting(till, cashier, shift, sku)
    if typed:
        await till.confirm(await _sheet(till, person))
    await sales.decide_left(till.rt)  # not yet its time
    assert (await cashier.call("GET", f"/sales/{sale['sale_id']}"))["paying"]["state"] == "pending"
    ago = timedelta(seconds=60 if typed else 100)
    await till.rows(
        """update till_takings set due_at = now() - interval '1 s', began_at = began_at - $2::interval
           where merchant_id = $1""",
        ago,
    )
    await sales.decide_left(till.rt)
    now = await cashier.call("GET", f"/sales/{sale['sale_id']}")
    assert (now["state"], now["paying"]["state"]) == (("paid", "taken") if typed else ("open", "refused"))
    await verify(till)


async def test_a_code_that_never_reached_wechat_dies(till: Till, http: httpx.AsyncClient) -> None:
    """Killed between the record and the call: WeChat knows nothing, and once the code has died the parts are free."""
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    shift = await cashier.open(0)
    sale, _ = await _waiting(till, cashier, shift, sku)
    # the same record under a number that WeChat never heard of
    unheard = new_id()
    await till.rows(
        """update till_takings set code = jsonb_set(code, '{attempt_id}', to_jsonb($2::text))
           where merchant_id = $1""",
        str(unheard),
    )
    assert (await cashier.decide(sale, give_up=True))["paying"]["state"] == "pending"
    await till.rows("update till_takings set began_at = began_at - interval '2 min' where merchant_id = $1")
    assert (await cashier.decide(sale))["paying"]["reason"] == "ORDER_NOT_EXIST"
    voided = await cashier.call("POST", f"/sales/{sale['sale_id']}/void")
    assert voided["state"] == "void"
    assert (await _at_store(till, sku))[:2] == (5, 0)
    await verify(till)


async def test_pieces_come_back_and_their_money_the_way_it_came(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(price_fen=1001, at_store=9)
    shift, other = await cashier.open(0, till="1"), await manager.open(5_000, till="2")
    sale = await cashier.sale(shift, sku, 1001, 3)
    _, code = await _code(till)
    await cashier.pay(
        sale, cash={"amount_fen": 1000, "tendered_fen": 1000}, code={"amount_fen": 2003, "auth_code": code}
    )
    line = sale["lines"][0]["line_id"]
    path = f"/shifts/{other}/sales/{sale['sale_id']}/refunds"
    body = {"lines": [{"line_id": line, "quantity": 2}], "reason": "尺码不合适"}
    assert (await cashier.call("POST", path, body, status=403))["code"] == "forbidden"
    back = await manager.call("POST", path, body, key="refund-two-1")
    assert back == await manager.call("POST", path, body, key="refund-two-1")
    assert (back["amount_fen"], back["cash_fen"], back["other_fen"]) == (2002, 666, 1336)
    await manager.call("POST", path, body, status=409)  # one piece is left
    await till.refund_all()
    assert await _at_store(till, sku) == (8, 0, 1)
    rest = {"lines": [{"line_id": line, "quantity": 1}], "reason": "尺码不合适", "restock": False}
    assert (await manager.call("POST", path, rest))["amount_fen"] == 1001
    await till.refund_all()
    balances = await till.balances()
    assert (balances["cash"], balances["refunds"], balances.get("wechat_clearing", 0)) == (5000, 3003, 0)
    report = await manager.call("GET", f"/shifts/{other}")
    assert report["totals"]["refunded_cash_fen"] == 1000
    await verify(till)


async def test_a_refund_decided_elsewhere_waits_for_a_hand(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(at_store=9)
    shift, other = await cashier.open(0, till="1"), await manager.open(0, till="2")
    sale = await cashier.sale(shift, sku)
    await cashier.pay(sale, card={"amount_fen": 1000, "slip_no": "77"})
    async with till.rt.db.transaction() as tx:
        await payments.refund(
            tx, till.merchant_id, purpose="order", reference_id=UUID(sale["order_id"]), amount_fen=400,
            cause="aftersale", cause_id=new_id(), reason="瑕疵",
        )  # fmt: skip
    await refund_jobs.run_due(till.rt)
    (waiting,) = (await cashier.call("GET", "/hand-refunds"))["items"]
    assert (waiting["amount_fen"], waiting["slip_no"], waiting["order_no"]) == (400, "77", sale["order_no"])
    path = f"/shifts/{other}/hand-refunds/{waiting['refund_id']}"
    assert (await manager.call("POST", path, {}, status=422))["code"] == "slip_required"
    assert (await manager.call("POST", path, {"card_slip": "78"}))["card_fen"] == 400
    await manager.call("POST", path, {"card_slip": "78"}, status=404)
    assert (await till.balances())["card_clearing"] == 600
    await verify(till)
