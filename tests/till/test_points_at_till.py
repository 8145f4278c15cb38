"""A member's points pay a part of a sale at a till, over HTTP."""

from typing import Any

import httpx

from bihuan import membership
from bihuan.membership import PointsSettings
from tests.payments.desk import Json, Till
from tests.till.desk import hire, verify


async def test_points_pay_a_part_and_come_back_with_the_pieces(
    till: Till, http: httpx.AsyncClient, deliver: Any
) -> None:
    online, sku = await till.shop.add_sku(price_fen=50_000), await till.shop.add_sku(price_fen=1001, at_store=9)
    buyer = await till.buyer()
    order = await till.order(http, buyer, online, 50_000)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order)))
    await till.state(http, buyer, order, "paid")
    await deliver()
    (card,) = await till.rows("select number from members where merchant_id = $1")
    cashier, manager = await hire(till, http), await hire(till, http, "manager")
    shift, other = await cashier.open(0), await manager.open(5000, till="2")
    wish = {"member_no": card["number"], "goods_fen": 3003}
    none = await cashier.call("POST", "/points", wish)
    assert (none["available"], none["points"]) == (500, 0), "the merchant's points do not pay yet"
    async with till.rt.db.transaction() as tx:
        await membership.save_settings(tx, till.merchant_id, PointsSettings(redeem=True))
    offered = await cashier.call("POST", "/points", wish)
    assert (offered["points"], offered["worth_fen"]) == (500, 500)
    await cashier.call("POST", "/points", {**wish, "member_no": "NOBODY"}, status=404)
    lines = [{"sku_id": str(sku), "quantity": 3, "price_fen": 1001}]
    asked = {"lines": lines, "total_fen": 2503, "member_no": card["number"], "use_points": 500}
    for bad in ({"use_points": -1}, {"total_fen": 3003}, {"use_points": 600, "total_fen": 2403}, {"member_no": None}):
        answer = await http.post(
            f"/api/merchant/till/shifts/{shift}/sales",
            json={**asked, **bad},
            headers={**cashier.headers, "Idempotency-Key": f"bad-{len(str(bad))}-points"},
        )
        assert 400 <= answer.status_code < 500, answer.text
    sale = await cashier.call("POST", f"/shifts/{shift}/sales", asked, status=201)
    assert (sale["points_fen"], sale["total_fen"]) == (500, 2503)
    assert (await cashier.call("POST", "/points", wish))["available"] == 0, "held with the sale"
    discount = {"amount_fen": 3, "reason": "抹零"}
    assert (await manager.call("PUT", f"/sales/{sale['sale_id']}/discount", discount))["total_fen"] == 2500
    await cashier.pay(sale, cash={"amount_fen": 2500, "tendered_fen": 2500})
    assert (await till.balances())["points_discounts"] == 500
    spent: Json = {"redeemed": 500, "redeemed_fen": 500, "returned": 0, "earned": 25}
    report = await cashier.call("GET", f"/shifts/{shift}")
    assert report["points"] == spent, "what the sale will earn counts before it does"
    await deliver()
    assert (await cashier.call("GET", f"/shifts/{shift}"))["points"] == spent
    backs: list[tuple[int, int]] = []
    for pieces in (1, 2):
        body = {"lines": [{"line_id": sale["lines"][0]["line_id"], "quantity": pieces}], "reason": "退货"}
        back = await manager.call("POST", f"/shifts/{other}/sales/{sale['sale_id']}/refunds", body)
        backs.append((back["amount_fen"], back["points"]))
    assert backs == [(833, 166), (1667, 334)]
    await deliver()
    assert (await cashier.call("POST", "/points", wish))["available"] == 500
    none = {"redeemed": 0, "redeemed_fen": 0, "earned": 0, "returned": 500}
    assert (await manager.call("GET", f"/shifts/{other}"))["points"] == none, "the other till gave them back"
    walk_in = await cashier.sale(shift, sku, 1001)
    await cashier.pay(walk_in, cash={"amount_fen": 1001, "tendered_fen": 1001})
    closed = await cashier.call("POST", f"/shifts/{shift}/close", {"counted_fen": 3501})
    assert closed["points"] == spent, "neither a walk-in shopper nor refunds elsewhere change them"
    await verify(till)


async def test_a_dropped_sale_frees_the_points(till: Till, http: httpx.AsyncClient, deliver: Any) -> None:
    sku = await till.shop.add_sku(price_fen=20_000, at_store=9)
    buyer = await till.buyer()
    order = await till.order(http, buyer, sku, 20_000)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order)))
    await till.state(http, buyer, order, "paid")
    await deliver()
    (card,) = await till.rows("select number from members where merchant_id = $1")
    async with till.rt.db.transaction() as tx:
        await membership.save_settings(tx, till.merchant_id, PointsSettings(redeem=True))
    cashier = await hire(till, http)
    shift = await cashier.open(0)
    lines = [{"sku_id": str(sku), "quantity": 1, "price_fen": 20_000}]
    asked = {"lines": lines, "total_fen": 19_800, "member_no": card["number"], "use_points": 200}
    sale = await cashier.call("POST", f"/shifts/{shift}/sales", asked, status=201)
    await cashier.call("POST", f"/sales/{sale['sale_id']}/void")
    offered = await cashier.call("POST", "/points", {"member_no": card["number"], "goods_fen": 20_000})
    assert offered["points"] == 200
    await verify(till)
