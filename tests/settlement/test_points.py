"""Commissions of orders that points paid a part of: of the money alone, by line."""

from tests.orders.cards import give, ordered, set_terms
from tests.settlement.desk import Desk


async def test_a_commission_is_of_what_was_paid_in_money(desk: Desk) -> None:
    await set_terms(desk.shop)
    cheap, dear = await desk.shop.add_sku(price_fen=1000), await desk.shop.add_sku(price_fen=9000)
    buyer = await desk.buyer()
    await give(buyer, 3_000)
    order = await ordered(desk.http, buyer, [(cheap, 1), (dear, 1)])
    assert order["total_fen"] == 7_000
    await desk.confirm(await desk.sheet(buyer, await desk.prepare(desk.http, buyer, order["order_id"])))
    await desk.all_told(order["order_id"])
    await desk.deliver()
    shown = await desk.settled(order["order_id"])
    assert (shown["commission"]["base_fen"], shown["commission"]["amount_fen"]) == (7_000, 700)
    assert (
        [line["base_fen"] for line in shown["lines"]] == [line["total_fen"] for line in order["lines"]] == [700, 6300]
    )
    book = await desk.balances()
    assert (book["sales"], book["points_discounts"], book["platform_fee"]) == (-10_000, 3_000, 700)
    await desk.holds()
