"""Points that paid for a part of an order, when it goes back: each comes back once, with the pieces that it paid."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from bihuan.kernel.clock import OffsetClock
from bihuan.membership import PointsSettings, holds
from bihuan.orders.handlers import expire
from tests.aftersale.counter import Counter
from tests.orders.cards import give, ordered, places, set_terms
from tests.orders.cards import holds as hold_invariants
from tests.shop import Buyer

Json = dict[str, Any]


async def paid(counter: Counter, buyer: Buyer, order: Json) -> Json:
    """The order, paid at WeChat."""
    prepared = await counter.till.prepare(counter.http, buyer, order["order_id"])
    await counter.till.confirm(await counter.till.sheet(buyer, prepared))
    return await counter.till.state(counter.http, buyer, order["order_id"], "paid")


async def test_pieces_bring_back_the_points_that_paid_them_and_lose_those_they_earned(counter: Counter) -> None:
    await set_terms(counter.shop, PointsSettings(redeem=True, earn_per_yuan=10))
    sku, other = await counter.shop.add_sku(price_fen=1001, stock=3), await counter.shop.add_sku(price_fen=500, stock=1)
    buyer = await counter.till.buyer()
    await give(buyer, 700, days_ago=30)
    await give(buyer, 2_000, days_ago=3)
    order = await paid(counter, buyer, await ordered(counter.http, buyer, [(sku, 3), (other, 1)]))
    assert (order["goods_fen"], order["total_fen"]) == (3503, 3503 + 600 - 1700)
    await counter.deliver()
    earned = 2403 * 10 // 100
    assert await places(buyer) == (1000 + earned, 0, 1700)

    seen: list[tuple[int, int]] = []
    for pieces in ([1, 0], [1, 1], [1, 0]):
        case = await counter.opened(buyer, order, "refund", pieces, received_goods=False)
        await counter.act(case, "agree")
        await counter.money_back()
        available, _, redeemed = await places(buyer)
        seen.append((available, redeemed))
    redeemed = [r for _, r in seen]
    assert redeemed[0] > redeemed[1] > redeemed[2] == 0
    assert seen[-1][0] == 2700, "as many as before the purchase"
    summary = (await buyer.get(counter.http, "/member/points-summary")).json()
    assert (summary["redeemed"], summary["returned"], summary["revoked"]) == (1700, 1700, earned)
    after = await counter.order(buyer, order)
    assert (after["state"], after["refunded_fen"]) == ("cancelled", after["paid_fen"])
    balances = await counter.till.balances()
    assert balances == {"sales": -3503, "freight": -600, "points_discounts": 1700, "refunds": 2403}
    await hold_invariants(counter.till.rt, counter.shop)
    await counter.verify()


async def test_a_proposed_amount_brings_back_its_part_and_a_case_told_twice_no_more(counter: Counter) -> None:
    await set_terms(counter.shop)
    sku, buyer = await counter.shop.add_sku(price_fen=2000), await counter.till.buyer()
    await give(buyer, 1_000)
    order = await paid(counter, buyer, await ordered(counter.http, buyer, [(sku, 1)]))
    await counter.ship(order["order_id"])
    case = await counter.opened(buyer, order, "refund", [1], reason="quality")
    assert case["most_fen"] == 1600
    await counter.act(case, "propose", {"amount_fen": 400})
    await counter.do(buyer, case, "accept-proposal")
    await counter.money_back()
    assert await places(buyer) == (250 + 12, 0, 750), "a quarter; and of 16 points earned 4 went again"
    async with counter.till.rt.db.transaction() as tx:
        told = (counter.till.merchant_id, UUID(order["order_id"]), UUID(case["case_id"]), 250)
        assert await holds.return_worth(tx, *told) == 250
    assert (await places(buyer))[2] == 750
    await hold_invariants(counter.till.rt, counter.shop)


async def test_spending_what_a_refund_will_want_wins_nothing(counter: Counter) -> None:
    await set_terms(counter.shop, PointsSettings(redeem=True, earn_per_yuan=100, step=1))
    sku, buyer = await counter.shop.add_sku(price_fen=1000, stock=9), await counter.till.buyer()
    await give(buyer, 1)
    first = await paid(counter, buyer, await ordered(counter.http, buyer, [(sku, 1)]))
    await counter.deliver()
    assert (await places(buyer))[0] == 1599
    waiting = await ordered(counter.http, buyer, [(sku, 3)])  # all that may be are held
    assert await places(buyer) == (99, 1500, 1)
    case = await counter.opened(buyer, first, "refund", [1], received_goods=False)
    await counter.act(case, "agree")
    await counter.money_back()
    assert (await places(buyer))[0] == 0
    await buyer.post(counter.http, f"/orders/{waiting['order_id']}/cancel")
    assert await places(buyer) == (1, 0, 0), "what was earned with refunded money is gone"
    await hold_invariants(counter.till.rt, counter.shop)


async def test_a_late_payment_takes_its_points_again_or_goes_back(counter: Counter, clock: OffsetClock) -> None:
    await set_terms(counter.shop)
    sku = await counter.shop.add_sku(price_fen=1000, stock=9)
    keeper, spender = await counter.till.buyer(), await counter.till.buyer()
    sheets: dict[Any, tuple[Json, str]] = {}
    for buyer in (keeper, spender):
        await give(buyer, 500)
        order = await ordered(counter.http, buyer, [(sku, 1)])
        prepared = await counter.till.prepare(counter.http, buyer, order["order_id"])
        sheets[buyer] = (order, await counter.till.sheet(buyer, prepared))
    clock.advance(timedelta(minutes=16))
    await expire(counter.till.rt)
    clock.advance(timedelta(minutes=-16))
    again = await ordered(counter.http, spender, [(sku, 1)])
    assert [await places(b) for b in (keeper, spender)] == [(500, 0, 0), (0, 500, 0)]

    for order, sheet in sheets.values():
        await counter.till.confirm(sheet)
        await counter.till.all_told(order["order_id"])
    states = [(await counter.order(b, order))["state"] for b, (order, _) in sheets.items()]
    assert states == ["paid", "cancelled"]
    assert [await places(b) for b in (keeper, spender)] == [(0, 0, 500), (0, 500, 0)]
    (attempt,) = await counter.till.attempts(sheets[spender][0]["order_id"])
    assert (attempt.verdict, attempt.reason) == ("refused", "late_points_gone")
    await paid(counter, spender, again)
    assert await counter.shop.stock(sku) == (7, 0, 2)
    await counter.money_back()
    assert (await counter.till.balances())["wechat_clearing"] == 2 * 1100
    await hold_invariants(counter.till.rt, counter.shop)
    await counter.verify()
