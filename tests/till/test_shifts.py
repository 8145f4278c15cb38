"""Shifts and the cash in their drawers."""

import httpx
from hypothesis import given
from hypothesis import strategies as st

from bihuan.till import rules
from tests.payments.desk import Till
from tests.till.desk import hire, verify


async def test_a_shift_is_counted_blindly_and_its_cash_carried_on_and_banked(
    till: Till, http: httpx.AsyncClient
) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(at_store=9)
    shift = await cashier.open(10_000)
    await cashier.pay(await cashier.sale(shift, sku), cash={"amount_fen": 1000, "tendered_fen": 1000})
    for kind, amount in (("pay_in", 500), ("pay_out", 2000), ("expense", 300)):
        await cashier.call("POST", f"/shifts/{shift}/movements", {"kind": kind, "amount_fen": amount, "reason": "换零"})
    short = {"kind": "pay_out", "amount_fen": 100_000, "reason": "换零"}
    assert (await cashier.call("POST", f"/shifts/{shift}/movements", short, status=409))["code"] == "drawer_short"
    seen = await cashier.call("GET", "/shifts/current")
    assert (seen["shift"]["expected_fen"], seen["totals"]["cash_fen"]) == (None, None)
    assert (await manager.call("GET", f"/shifts/{shift}"))["shift"]["expected_fen"] == 9200
    closed = await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 9000, "note": "少两元"})
    assert (closed["shift"]["expected_fen"], closed["shift"]["difference_fen"]) == (9200, -200)
    assert await till.balances() == {
        "cash": 9000, "bank": -8500, "sales": -1000, "differences": 200, "till_expenses": 300,
    }  # fmt: skip
    await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 9000}, status=409)
    await cashier.call("POST", f"/shifts/{shift}/movements", {**short, "amount_fen": 1}, status=409)
    assert await cashier.call("GET", "/shifts/current") is None
    body = {"store_id": str(till.shop.store_id), "float_fen": 9001, "carried": True}
    assert (await manager.call("POST", "/shifts", body, status=409))["code"] == "drawer_holds_less"
    following = await manager.open(4000, carried=True)
    assert (await manager.call("POST", f"/shifts/{shift}/banking", {"amount_fen": 5001}, status=409))["code"] == (
        "drawer_holds_less"
    )
    banked = await manager.call("POST", f"/shifts/{shift}/banking", {"amount_fen": 5000})
    assert (banked["shift"]["carried_fen"], banked["shift"]["banked_fen"], banked["shift"]["left_fen"]) == (
        4000,
        5000,
        0,
    )
    assert (await till.balances())["cash"] == 4000
    assert (await manager.call("POST", f"/shifts/{following}/close", {"counted_fen": 4100}))["shift"][
        "difference_fen"
    ] == 100
    listed = (await manager.call("GET", "/shifts?state=closed"))["items"]
    assert [one["shift_id"] for one in listed] == [following, shift]
    await cashier.call("GET", "/shifts", status=403)
    await verify(till)


async def test_one_drawer_one_person(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(at_store=9)
    shift = await cashier.open(100)
    body = {"store_id": str(till.shop.store_id), "float_fen": 0}
    assert (await manager.call("POST", "/shifts", body, status=409))["code"] == "shift_open"
    assert (await cashier.call("POST", "/shifts", {**body, "till": "2"}, status=409))["code"] == "shift_open"
    assert (await manager.call("POST", "/shifts", {**body, "float_fen": -1}, status=400))["code"]
    lines = [{"sku_id": str(sku), "quantity": 1, "price_fen": 1000}]
    sale = {"lines": lines, "total_fen": 1000}
    assert (await manager.call("POST", f"/shifts/{shift}/sales", sale, status=409))["code"] == "shift_closed"
    assert (await cashier.call("POST", f"/shifts/{shift}/sales", {**sale, "total_fen": 999}, status=409))["code"]
    stranger = await hire(till, http, "finance", here=False)
    await stranger.call("POST", "/shifts", body, status=403)
    goods = (await cashier.call("GET", f"/goods?store_id={till.shop.store_id}&q="))["items"]
    assert [(one["sku_id"], one["available"]) for one in goods] == [(str(sku), 9)]
    found = (await cashier.call("GET", f"/goods?store_id={till.shop.store_id}&q={goods[0]['code'].lower()}"))["items"]
    assert found[0]["exact"]
    await verify(till)


@given(st.integers(0, 10**12), st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_any_sequence_of_returns_gives_back_the_whole(total: int, parts: list[int]) -> None:
    quantity, gone, back = sum(parts), 0, 0
    for part in parts:
        cost = rules.pieces_cost(total, quantity, gone, part)
        assert 0 <= cost <= total
        gone, back = gone + part, back + cost
    assert back == total


@given(st.lists(st.integers(-(10**9), 10**9)), st.integers(0, 10**12))
def test_a_count_explains_itself(movements: list[int], counted: int) -> None:
    closing = rules.Closing(rules.expected(movements), counted)
    assert sum(movements) + closing.difference_fen == counted
