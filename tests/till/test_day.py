"""A day at a till: discounts by hand, barcodes, members by phone, parked sales, reports, and other people's tills."""

from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from bihuan import inventory, merchants
from bihuan.kernel.ids import LineId, SkuId, new_id
from bihuan.till import rules
from tests.payments.desk import Json, Till
from tests.till.desk import PASSWORD, Cashier, hire, verify

CASH: Json = {"amount_fen": 1000, "tendered_fen": 1000}


async def _refund(cashier: Cashier, shift: str, sale: Json, pieces: int, status: int = 200, **more: Any) -> Json:
    body = {"lines": [{"line_id": sale["lines"][0]["line_id"], "quantity": pieces}], "reason": "退货", **more}
    return await cashier.call("POST", f"/shifts/{shift}/sales/{sale['sale_id']}/refunds", body, status=status)


async def test_a_discount_says_who_and_why_and_goes_back_in_its_share(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(price_fen=1001, at_store=9)
    shift, other = await cashier.open(0), await manager.open(10_000, till="2")
    sale = await cashier.sale(shift, sku, 1001, 3)
    path, off = f"/sales/{sale['sale_id']}/discount", {"amount_fen": 500, "reason": "样品有划痕"}
    assert (await cashier.call("PUT", path, off, status=403))["code"] == "forbidden"
    wrong = {**off, "approval": {"login": manager.login, "password": "not hers"}}
    assert (await cashier.call("PUT", path, wrong, status=422))["code"] == "approval_refused"
    colleague = await hire(till, http)
    no_right = {**off, "approval": {"login": colleague.login, "password": PASSWORD}}
    assert (await cashier.call("PUT", path, no_right, status=422))["code"] == "approval_refused"
    approved = {**off, "approval": {"login": manager.login, "password": PASSWORD}}
    shown = await cashier.call("PUT", path, approved)
    assert (shown["total_fen"], shown["discount_fen"], shown["discount_reason"]) == (2503, 500, "样品有划痕")
    assert shown["discount_by"] == manager.name
    for bad in (-1, 3003, 2**62):
        await manager.call("PUT", path, {**off, "amount_fen": bad}, status=422 if bad == 3003 else 400)
    assert (await manager.call("PUT", path, {"amount_fen": 3, "reason": "抹零"}))["total_fen"] == 3000
    await cashier.pay(sale, 422, cash={"amount_fen": 3003, "tendered_fen": 3003})
    await cashier.pay(sale, cash={"amount_fen": 3000, "tendered_fen": 3000})
    assert (await manager.call("PUT", path, off, status=409))["code"] == "sale_ended"
    (order,) = await till.rows("select adjustments, discount_fen, total_fen from orders where merchant_id = $1")
    (adjustment,) = order["adjustments"]
    assert (adjustment["kind"], adjustment["label"], adjustment["amount_fen"]) == ("manual", "抹零", -3)
    assert adjustment["source"] == f"staff:{manager.staff_id}"
    balances = await till.balances()
    assert (balances["sales"], balances["discounts"], balances["cash"]) == (-3003, 3, 13_000)
    backs = [(await _refund(manager, other, sale, pieces))["amount_fen"] for pieces in (1, 2)]
    assert backs == [1000, 2000], "what was taken off is not given back"
    report = (await cashier.call("GET", "/shifts/current"))["totals"]
    assert (report["discounts"], report["discount_fen"], report["sales_fen"]) == (1, 3, 3000)
    await verify(till)


async def test_a_cashier_gives_back_when_a_colleague_approves(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(at_store=9)
    shift = await cashier.open(0)
    sale = await cashier.sale(shift, sku)
    await cashier.pay(sale, cash=CASH)
    assert (await _refund(cashier, shift, sale, 1, 403))["code"] == "forbidden"
    approval = {"login": manager.login, "password": PASSWORD}
    assert (await _refund(cashier, shift, sale, 1, approval=approval))["cash_fen"] == 1000
    kept = await till.rows(
        "select count(*) as n from idempotency_keys where merchant_id = $1 and operation like 'till%'"
    )
    assert kept[0]["n"] >= 2
    await verify(till)


async def test_a_barcode_is_learned_once_and_read_at_all_tills(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    skus = [await till.shop.add_sku(at_store=n) for n in (1, 2)]
    where, code = f"/stores/{till.shop.store_id}/barcodes", "6901234567892"

    async def read(words: str) -> list[Any]:
        found = (await cashier.call("GET", f"/goods?store_id={till.shop.store_id}&q={words}"))["items"]
        return [one["sku_id"] for one in found if one["exact"]]

    assert await read(code) == []
    await cashier.call("PUT", where, {"barcode": code, "sku_id": str(skus[0])}, status=403)
    for bad in ("123", "没有条码", "6" * 49, "69 01"):
        refused = await manager.call("PUT", where, {"barcode": bad, "sku_id": str(skus[0])}, status=422)
        assert refused["code"] == "barcode_not_usable"
    assert (await manager.call("PUT", where, {"barcode": code, "sku_id": str(new_id())}, status=422))["code"]
    for sku in (skus[0], skus[1]):
        learned = await manager.call("PUT", where, {"barcode": code, "sku_id": str(sku)})
        assert (learned["sku_id"], learned["exact"]) == (str(sku), True)
        assert await read(code) == [str(sku)]


async def test_members_are_found_by_the_number_that_they_gave(
    till: Till, http: httpx.AsyncClient, deliver: Any
) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(stock=2)
    buyer = await till.buyer()
    order = await till.order(http, buyer, sku)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order)))
    await till.state(http, buyer, order, "paid")
    await deliver()
    own = f"1{str(new_id().int)[-10:]}"
    await till.rows("update addresses set phone = $3 where shopper_id = $2 and $1::uuid is not null",
                    buyer.shopper_id, f"+86 {own[:3]}-{own[3:7]}-{own[7:]}")  # fmt: skip
    found = await cashier.member(own)
    assert (found["points"], found["wallet_fen"]) == (10, None)
    assert await cashier.member(f"+86{own}") == found
    assert found == await cashier.member(found["number"].lower())
    for nobody in (own[:6], f"9{own[1:]}", "880000000000000000"):
        status = 422 if nobody.startswith("88") else 404
        await cashier.call("POST", "/members", {"words": nobody}, status=status)
    stranger = await till.shop.new_shopper()  # with an address, but never a customer here
    await till.rows("update addresses set phone = '13900001111' where shopper_id = $2 and $1::uuid is not null",
                    stranger.shopper_id)  # fmt: skip
    await cashier.call("POST", "/members", {"words": "13900001111"}, status=404)


async def test_a_parked_sale_goes_on_at_another_till(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku, gone = await till.shop.add_sku(at_store=9), await till.shop.add_sku(at_store=9)
    shift, other = await cashier.open(0), await manager.open(0, till="2")
    lines = [{"sku_id": str(sku), "quantity": 2}, {"sku_id": str(gone), "quantity": 1}]
    basket = {"lines": lines, "label": "红衣顾客", "total_fen": 3000}
    none: Json = {"lines": []}
    for bad in (none, {"lines": [{"sku_id": str(sku), "quantity": 0}]}, {**basket, "total_fen": -1}):
        await cashier.call("POST", f"/shifts/{shift}/parked", bad, status=400)
    first = await cashier.call("POST", f"/shifts/{shift}/parked", basket, key="park-once-1", status=201)
    again = await cashier.call("POST", f"/shifts/{shift}/parked", basket, key="park-once-1", status=201)
    assert first == again
    (waiting,) = (await manager.call("GET", f"/shifts/{other}/parked"))["items"]
    assert (waiting["label"], waiting["pieces"], waiting["staff_name"]) == ("红衣顾客", 3, cashier.name)
    assert await till.shop.stock(sku) == (10, 0, 0), "nothing is held"
    of_sku = "(select product_id from skus where merchant_id = $1 and sku_id = $2)"
    await till.rows(f"update products set state = 'unpublished' where merchant_id = $1 and product_id = {of_sku}", gone)
    for table in ("skus", "products"):
        await till.rows(f"update {table} set price_fen = 1200 where merchant_id = $1 and product_id = {of_sku}", sku)
    path = f"/shifts/{other}/parked/{waiting['parked_id']}/resume"
    resumed = await manager.call("POST", path, key="resume-once")
    assert resumed == await manager.call("POST", path, key="resume-once")
    assert [(one["goods"]["price_fen"], one["quantity"]) for one in resumed["lines"]] == [(1200, 2)]
    assert resumed["gone"] == 1
    await cashier.call("POST", f"/shifts/{shift}/parked/{waiting['parked_id']}/resume", status=404)
    assert (await cashier.call("GET", f"/shifts/{shift}/parked"))["items"] == []
    await cashier.call("GET", f"/shifts/{other}/parked", status=404)


async def test_an_unpaid_sale_is_taken_up_again(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(at_store=9)
    shift = await cashier.open(0)
    sale = await cashier.sale(shift, sku)
    (waiting,) = (await cashier.call("GET", f"/shifts/{shift}/sales?open=true"))["items"]
    assert waiting["sale_id"] == sale["sale_id"]
    colleague = await hire(till, http)
    assert (await colleague.call("POST", f"/sales/{sale['sale_id']}/void", status=409))["code"] == "shift_closed"
    assert (await colleague.pay(sale, 409, cash=CASH))["code"] == "shift_closed"
    await colleague.call("POST", f"/sales/{sale['sale_id']}/decide?give_up=true", status=409)
    assert (await manager.call("POST", f"/sales/{sale['sale_id']}/void"))["state"] == "void"
    assert (await cashier.call("GET", f"/shifts/{shift}/sales?open=true"))["items"] == []
    assert (await cashier.pay(sale, 409, cash=CASH))["code"] == "sale_ended"
    assert (await cashier.call("GET", "/shifts/current"))["totals"]["voids"] == 1
    await verify(till)


async def test_reports_are_numbered_at_each_till(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    sku = await till.shop.add_sku(at_store=9)
    numbers: list[int] = []
    for _ in range(2):
        shift = await cashier.open(0)
        sale = await cashier.sale(shift, sku)
        await cashier.pay(sale, cash=CASH)
        report = await cashier.call("GET", f"/shifts/{shift}")
        assert (report["shift"]["report_no"], report["totals"]["cash_fen"]) == (None, None), (
            "an X report counts blindly"
        )
        closed = await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 1000})
        assert closed["totals"]["first_no"] == closed["totals"]["last_no"] == sale["order_no"]
        assert closed["totals"]["cash_fen"] == 1000
        numbers.append(closed["shift"]["report_no"])
    other = await manager.open(0, till="2")
    numbers.append((await manager.call("POST", f"/shifts/{other}/close", {"counted_fen": 0}))["shift"]["report_no"])
    assert numbers == [1, 2, 1]
    await verify(till)


async def test_goods_go_back_where_they_were_sold(till: Till, http: httpx.AsyncClient) -> None:
    cashier, manager = await hire(till, http), await hire(till, http, "manager", here=False)
    sku = await till.shop.add_sku(at_store=9)
    shift = await cashier.open(0)
    sale = await cashier.sale(shift, sku)
    await cashier.pay(sale, cash=CASH)
    async with till.rt.db.transaction() as tx:
        second = await merchants.create_store(tx, till.merchant_id, code="s2", name="二店", city="广州市")
    body = {"store_id": str(second.store_id), "float_fen": 5000}
    assert (await cashier.call("POST", "/shifts", {**body, "till": "9"}, status=409))["code"]
    other = (await manager.call("POST", "/shifts", body, status=201))["shift"]["shift_id"]
    refused = await _refund(manager, other, sale, 1, 409)
    assert (refused["code"], "一店" in refused["detail"]) == ("sale_of_another_store", True)
    assert (await manager.call("GET", f"/goods?store_id={second.store_id}&q="))["items"][0]["available"] == 0
    await verify(till)


async def test_amounts_that_no_till_takes(till: Till, http: httpx.AsyncClient) -> None:
    cashier = await hire(till, http)
    sku = await till.shop.add_sku(at_store=9)
    for bad in (-1, 2**62, 1.5, "viel"):
        body = {"store_id": str(till.shop.store_id), "float_fen": bad}
        await cashier.call("POST", "/shifts", body, status=400)
    shift = await cashier.open(0)
    sale = await cashier.sale(shift, sku)
    for bad in (0, -1, 2**62):
        await cashier.pay(sale, 400, cash={"amount_fen": bad, "tendered_fen": 1000})
        await cashier.pay(sale, 400, card={"amount_fen": bad, "slip_no": "1"})
        await cashier.pay(sale, 400, code={"amount_fen": bad, "auth_code": "130000000000000000"})
        move = {"kind": "pay_in", "amount_fen": bad, "reason": "换零"}
        await cashier.call("POST", f"/shifts/{shift}/movements", move, status=400)
    assert (await cashier.pay(sale, 422, cash={"amount_fen": 1000, "tendered_fen": 999}))["code"] == "tendered_short"
    assert (await cashier.pay(sale, 422))["code"] == "parts_differ"
    for slip in ("", "<b>", "1" * 33):
        await cashier.pay(sale, 400, card={"amount_fen": 1000, "slip_no": slip})
    await cashier.pay(sale, cash=CASH)
    closed = await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 1000})
    assert closed["shift"]["difference_fen"] == 0
    for path in ("movements", "close", "sales", "parked"):
        bodies: dict[str, Json] = {
            "movements": {"kind": "pay_in", "amount_fen": 1, "reason": "换零"},
            "close": {"counted_fen": 0},
            "sales": {"lines": [{"sku_id": str(sku), "quantity": 1, "price_fen": 1000}], "total_fen": 1000},
            "parked": {"lines": [{"sku_id": str(sku), "quantity": 1}]},
        }
        assert (await cashier.call("POST", f"/shifts/{shift}/{path}", bodies[path], status=409))[
            "code"
        ] == "shift_closed"
    assert (await _refund(cashier, shift, sale, 1, 403))["code"] == "forbidden"
    async with till.rt.db.session() as tx:
        assert (await inventory.availability(tx, till.merchant_id, [SkuId(sku)]))[sku] == 18
    await verify(till)


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), st.data())
def test_what_was_paid_is_shared_by_the_lines_to_the_fen(totals: list[int], data: st.DataObject) -> None:
    paid = data.draw(st.integers(1, sum(totals)))
    shares = rules.paid_by_line(paid, {LineId(new_id()): total for total in totals})
    assert sum(shares.values()) == paid
    for share, total in zip(shares.values(), totals, strict=True):
        assert 0 <= share <= total
