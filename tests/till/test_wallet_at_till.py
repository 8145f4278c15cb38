"""Stored value as a tender at a till, over HTTP."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from bihuan.till import sales
from tests.payments.desk import Json, Till
from tests.shop import Buyer
from tests.till.desk import Cashier, hire, verify


async def _member(till: Till, http: httpx.AsyncClient, deliver: Any, stored: tuple[int, int]) -> tuple[Buyer, str]:
    """A member with stored value; her card's number."""
    sku = await till.shop.add_sku(stock=1)
    buyer = await till.buyer()
    order = await till.order(http, buyer, sku)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order)))
    await till.state(http, buyer, order, "paid")
    await deliver()
    await till.fill_wallet(buyer, *stored)
    (card,) = await till.rows("select number from members where merchant_id = $1")
    return buyer, card["number"]


async def _code(http: httpx.AsyncClient, buyer: Buyer) -> str:
    answer = await buyer.post(http, "/wallet/codes")
    assert answer.status_code == 201, answer.text
    return answer.json()["code"]


async def _desk(till: Till, http: httpx.AsyncClient) -> tuple[Cashier, str, Any]:
    cashier = await hire(till, http)
    return cashier, await cashier.open(0), await till.shop.add_sku(price_fen=3000, at_store=9)


async def test_a_wallet_pays_beside_cash_card_and_a_payment_code(
    till: Till, http: httpx.AsyncClient, deliver: Any
) -> None:
    buyer, number = await _member(till, http, deliver, (900, 300))
    cashier, shift, sku = await _desk(till, http)
    code = await _code(http, buyer)
    found = await cashier.member(code)
    assert (found["number"], found["wallet_fen"]) == (number, 1200)
    assert (await cashier.member(number))["wallet_fen"] is None, "a card's code does not tell what is stored"
    sale = await cashier.sale(shift, sku, 3000, member_no=number)
    shown = await till.sandbox.call("POST", "/shoppers", {})
    wechat = (await till.sandbox.call("GET", f"/shoppers/{shown['shopper_id']}/payment-code"))["code"]
    parts: Json = {
        "cash": {"amount_fen": 500, "tendered_fen": 1000},
        "card": {"amount_fen": 500, "slip_no": "77"},
        "code": {"amount_fen": 800, "auth_code": wechat},
        "wallet": {"amount_fen": 1200, "code": code},
    }
    paid = await cashier.pay(sale, key="all-at-once", **parts)
    assert (paid["state"], paid["paying"]["wallet_fen"]) == ("paid", 1200)
    assert await cashier.pay(sale, key="all-at-once", **parts) == paid
    assert await till.purse(buyer) == (0, 0, 0)
    tenders = sorted(one.method for one in await till.attempts(sale["order_id"]))
    assert tenders == ["card", "cash", "wallet", "wechat_code"]
    report = await cashier.call("GET", "/shifts/current")
    assert (report["totals"]["wallet_fen"], report["totals"]["elsewhere_fen"]) == (1200, 0)
    await verify(till)


async def test_a_wallet_alone_and_back_into_it(till: Till, http: httpx.AsyncClient, deliver: Any) -> None:
    buyer, number = await _member(till, http, deliver, (4000, 2000))
    cashier, shift, sku = await _desk(till, http)
    manager = await hire(till, http, "manager")
    other = await manager.open(0, till="2")
    sale = await cashier.sale(shift, sku, 3000, member_no=number)
    code = await _code(http, buyer)
    paid = await cashier.pay(sale, wallet={"amount_fen": 3000, "code": code})
    assert paid["state"] == "paid"
    again = await cashier.sale(shift, sku, 3000, member_no=number)
    refused = await cashier.pay(again, 422, wallet={"amount_fen": 3000, "code": code})
    assert refused["code"] == "wallet_code_unknown", "a code pays once"
    fresh = await _code(http, buyer)
    assert (await cashier.pay(again, 422, wallet={"amount_fen": 2999, "code": fresh}))["code"] == "parts_differ"
    line = sale["lines"][0]["line_id"]
    body = {"lines": [{"line_id": line, "quantity": 1}], "reason": "不合身"}
    back = await manager.call("POST", f"/shifts/{other}/sales/{sale['sale_id']}/refunds", body)
    assert (back["cash_fen"], back["card_fen"], back["other_fen"]) == (0, 0, 3000)
    assert await till.purse(buyer) == (4000, 2000, 0)
    assert (await cashier.pay(again, wallet={"amount_fen": 3000, "code": fresh}))["state"] == "paid"
    await verify(till)


async def test_a_wallet_is_not_spent_without_its_owner(till: Till, http: httpx.AsyncClient, deliver: Any) -> None:
    buyer, number = await _member(till, http, deliver, (2000, 0))
    cashier, shift, sku = await _desk(till, http)
    walk_in = await cashier.sale(shift, sku, 3000)
    code = await _code(http, buyer)
    cash = {"amount_fen": 1000, "tendered_fen": 1000}
    part = {"amount_fen": 2000, "code": code}
    assert (await cashier.pay(walk_in, 409, wallet=part, cash=cash))["code"] == "wallet_of_another"
    assert (await cashier.pay(walk_in, 422, wallet={**part, "code": "880000000000000000"}, cash=cash))["code"] == (
        "wallet_code_unknown"
    )
    for bad in (0, -1, 2**62):
        await cashier.pay(walk_in, 400, wallet={**part, "amount_fen": bad}, cash=cash)
    await cashier.call("POST", f"/sales/{walk_in['sale_id']}/void")
    sale = await cashier.sale(shift, sku, 3000, member_no=number)
    short = await cashier.pay(sale, 409, wallet={"amount_fen": 3000, "code": code})
    assert (short["code"], short["available_fen"]) == ("wallet_short", 2000)
    assert await till.purse(buyer) == (2000, 0, 0)
    assert (await cashier.pay(sale, wallet=part, cash=cash))["state"] == "paid"
    assert (await buyer.post(http, "/wallet/codes")).json()["code"] == "wallet_short", "nothing is left to show"
    await verify(till)


async def test_an_old_code_and_a_frozen_wallet(till: Till, http: httpx.AsyncClient, deliver: Any) -> None:
    buyer, number = await _member(till, http, deliver, (5000, 0))
    cashier, shift, sku = await _desk(till, http)
    manager = await hire(till, http, "manager")
    sale = await cashier.sale(shift, sku, 3000, member_no=number)
    old, good = await _code(http, buyer), await _code(http, buyer)
    await till.rows(
        "update wallet_codes set expires_at = now() where merchant_id = $1 and code_hash = sha256($2::text::bytea)", old
    )
    assert (await cashier.pay(sale, 422, wallet={"amount_fen": 3000, "code": old}))["code"] == "wallet_code_unknown"
    frozen = f"/api/merchant/wallets/{buyer.shopper_id}"
    await http.post(f"{frozen}/freeze", json={"reason": "核实中"}, headers=manager.headers)
    assert (await cashier.pay(sale, 409, wallet={"amount_fen": 3000, "code": good}))["code"] == "wallet_frozen"
    assert (await buyer.post(http, "/wallet/codes")).json()["code"] == "wallet_frozen"
    assert (await cashier.member(good))["wallet_fen"] == 0
    await http.post(f"{frozen}/unfreeze", headers=manager.headers)
    assert (await cashier.pay(sale, wallet={"amount_fen": 3000, "code": good}))["state"] == "paid"
    await verify(till)


@pytest.mark.parametrize("typed", [True, False])
async def test_the_wallets_part_waits_for_the_payment_code(
    till: Till, http: httpx.AsyncClient, deliver: Any, typed: bool
) -> None:
    """The shopper has to type her password; whether she does or cancels, the wallet's part follows the code's."""
    buyer, number = await _member(till, http, deliver, (5000, 0))
    cashier = await hire(till, http)
    shift = await cashier.open(0)
    sku = await till.shop.add_sku(price_fen=200_000, at_store=5)
    sale = await cashier.sale(shift, sku, 200_000, member_no=number)
    person = (await till.sandbox.call("POST", "/shoppers", {}))["shopper_id"]
    wechat = (await till.sandbox.call("GET", f"/shoppers/{person}/payment-code"))["code"]
    parts: Json = {
        "code": {"amount_fen": 195_000, "auth_code": wechat},
        "wallet": {"amount_fen": 5000, "code": await _code(http, buyer)},
    }
    assert (await cashier.pay(sale, **parts))["paying"]["state"] == "pending"
    assert await till.purse(buyer) == (5000, 0, 5000)
    (sheet,) = (await till.sandbox.call("GET", f"/shoppers/{person}/sheets"))["items"]
    if typed:
        await till.confirm(sheet["sheet_id"])
        assert (await cashier.decide(sale))["state"] == "paid"
        assert await till.purse(buyer) == (0, 0, 0)
    else:
        await till.sandbox.call("POST", f"/sheets/{sheet['sheet_id']}/cancel")
        await till.rows(
            """update till_takings set due_at = now(), began_at = began_at - $2::interval where merchant_id = $1""",
            timedelta(seconds=100),
        )
        await sales.decide_left(till.rt)
        now = await cashier.call("GET", f"/sales/{sale['sale_id']}")
        assert (now["state"], now["paying"]["state"]) == ("open", "refused")
        assert await till.purse(buyer) == (5000, 0, 0)
    await verify(till)
