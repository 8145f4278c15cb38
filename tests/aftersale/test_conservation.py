"""Whatever goes back in whatever parts and order: every fen, every point and every piece, once."""

import random

import pytest

from bihuan import payments
from bihuan.membership import PointsSettings
from tests.aftersale.counter import ADDRESS, PARCEL, Counter, Json
from tests.orders.cards import give, places, set_terms
from tests.shop import Buyer


async def buy_with_points(counter: Counter, dice: random.Random) -> tuple[Buyer, Json]:
    """An order of two or three lines that points and WeChat pay together."""
    skus = [(await counter.shop.add_sku(price_fen=dice.randint(101, 3999), stock=9)) for _ in range(dice.randint(2, 3))]
    lines = [{"sku_id": str(sku), "quantity": dice.randint(1, 3)} for sku in skus]
    buyer = await counter.till.buyer()
    await give(buyer, 5_000)
    delivery = {"method": "ship", "address_id": str(buyer.address_id)}
    wish = {"lines": lines, "delivery": delivery, "use_points": True}
    quoted = (await buyer.post(counter.http, "/quote", wish)).json()
    assert quoted["points"]["used"] > 0
    priced = [
        {"sku_id": one["sku_id"], "quantity": one["quantity"], "price_fen": one["unit_price_fen"]}
        for one in quoted["lines"]
    ]
    body = {
        "lines": priced,
        "delivery": delivery,
        "total_fen": quoted["total_fen"],
        "use_points": quoted["points"]["used"],
    }
    placed = await buyer.place(counter.http, body)
    assert placed.status_code == 201, placed.text
    prepared = await counter.till.prepare(counter.http, buyer, placed.json()["order_id"])
    await counter.till.confirm(await counter.till.sheet(buyer, prepared))
    return buyer, await counter.till.state(counter.http, buyer, placed.json()["order_id"], "paid")


async def some_of(counter: Counter, buyer: Buyer, order: Json, dice: random.Random, *, sent: bool) -> Json | None:
    """A case about some of the pieces that are left, agreed and worked off; None when nothing is left."""
    can = (await buyer.get(counter.http, f"/orders/{order['order_id']}/aftersale")).json()
    left = [line["sent_left" if sent else "unsent_left"] for line in can["lines"]]
    if not any(left):
        return None
    pieces = [dice.randint(0, count) for count in left]
    if not any(pieces):
        pieces = left
    kind = dice.choice(["refund", "return"]) if sent else "refund"
    case = await counter.opened(
        buyer, order, kind, pieces, reason="quality" if sent else "late_delivery", received_goods=sent
    )
    if kind == "refund":
        return await counter.act(case, "agree")
    await counter.act(case, "agree", {"return_address": ADDRESS})
    await counter.do(buyer, case, "parcel", PARCEL)
    counts = [dice.randint(0, line["quantity"]) for line in case["lines"]]
    if not any(counts):
        counts = [line["quantity"] for line in case["lines"]]
    inspected = [
        {"line_id": line["line_id"], "received": count, "sellable": dice.randint(0, count)}
        for line, count in zip(case["lines"], counts, strict=True)
    ]
    return await counter.act(case, "inspect", {"lines": inspected})


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_sequence_of_partial_refunds_gives_back_every_fen_and_point(counter: Counter, seed: int) -> None:
    dice = random.Random(seed)
    await set_terms(counter.shop, PointsSettings(redeem=True))
    buyer, order = await buy_with_points(counter, dice)
    before = await places(buyer)
    cases = [case for _ in range(2) if (case := await some_of(counter, buyer, order, dice, sent=False))]
    if (await counter.order(buyer, order))["state"] == "paid":
        assert (await counter.ship(order["order_id"])).status_code == 200
    while case := await some_of(counter, buyer, order, dice, sent=True):
        cases.append(case)
    after = await counter.order(buyer, order)
    assert sum(case["agreed_fen"] for case in cases) == after["refunded_fen"] == order["paid_fen"]
    used = -sum(one["amount_fen"] for one in order["adjustments"] if one["kind"] == "points")
    assert sum(case["points_fen"] for case in cases) == used > 0
    await counter.money_back()
    assert after["refund_status"] == "refunded"
    assert (await counter.till.balances()).get("refunds") == order["paid_fen"]
    assert "wechat_clearing" not in await counter.till.balances()
    available, held, redeemed = await places(buyer)
    assert (held, redeemed) == (0, 0)
    assert available >= before[0] + before[2], "all that was spent is there again"
    async with counter.till.rt.db.session() as tx:
        left = await payments.refundable_fen(tx, counter.till.merchant_id, "order", order["order_id"])
    assert left == 0
    await counter.verify()
