"""Points that pay for a part of an order: quoted, held with it, redeemed with its payment, back without it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bihuan import orders
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.ids import SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.membership import PointsSettings, aging
from bihuan.orders import handlers
from tests.orders.cards import balances, fill_wallet, found_after, give, holds, places, set_terms
from tests.shop import Buyer, new_shop

Json = dict[str, Any]


async def quote(client: httpx.AsyncClient, buyer: Buyer, lines: list[tuple[SkuId, int]], use: object = True) -> Json:
    body = {
        "lines": [{"sku_id": str(sku), "quantity": quantity} for sku, quantity in lines],
        "delivery": {"method": "ship", "address_id": str(buyer.address_id)},
        "use_points": use,
    }
    answer = await buyer.post(client, "/quote", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def agreed(buyer: Buyer, quoted: Json) -> Json:
    """The order that a checkout page sends for a quote."""
    return {
        "lines": [
            {"sku_id": line["sku_id"], "quantity": line["quantity"], "price_fen": line["unit_price_fen"]}
            for line in quoted["lines"]
        ],
        "delivery": {"method": "ship", "address_id": str(buyer.address_id)},
        "total_fen": quoted["total_fen"],
        "use_points": quoted["points"]["used"],
    }


async def test_a_quote_says_what_points_could_do_and_spreads_what_they_do(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt, freight_fen=600)
    await set_terms(shop)
    cheap, dear = await shop.add_sku(price_fen=999), await shop.add_sku(price_fen=1501)
    buyer, stranger = await shop.new_shopper(), await shop.new_shopper()
    await give(buyer, 5_050)
    lines = [(cheap, 1), (dear, 2)]

    plain = await quote(client, buyer, lines, None)
    offered = await quote(client, buyer, lines, False)
    assert plain["points"] is None
    assert offered["points"] == {
        "available": 5050, "most": 2000, "most_fen": 2000, "used": 0, "used_fen": 0, "left": 5050,
        "step": 100, "points_per_yuan": 100, "most_percent": 50,
    }  # fmt: skip
    assert offered["total_fen"] == plain["total_fen"] == 4601

    used = await quote(client, buyer, lines)
    assert (used["goods_fen"], used["freight_fen"], used["discount_fen"], used["total_fen"]) == (4001, 600, 2000, 2601)
    assert [a["amount_fen"] for a in used["adjustments"] if a["kind"] == "points"] == [-2000]
    assert (used["points"]["used"], used["points"]["left"]) == (2000, 3050)
    assert [line["adjustments"][0]["amount_fen"] for line in used["lines"]] == [-499, -1501]
    assert [line["total_fen"] for line in used["lines"]] == [500, 1501]
    some = [(await quote(client, buyer, lines, wish))["points"]["used"] for wish in (0, 99, 150, 1999, 10**9)]
    assert some == [0, 0, 100, 1900, 2000]
    assert (await quote(client, stranger, lines))["points"]["most"] == 0

    await set_terms(shop, PointsSettings())
    assert (await quote(client, buyer, lines))["points"] is None, "points do not pay here"


async def test_at_least_a_fen_is_left_to_be_paid(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    await set_terms(shop, PointsSettings(redeem=True, most_percent=100, step=1))
    buyer = await shop.new_shopper()
    await give(buyer, 5_000)
    assert (await quote(client, buyer, [(await shop.add_sku(price_fen=1000), 1)]))["total_fen"] == 1
    assert (await quote(client, buyer, [(await shop.add_sku(price_fen=1), 1)]))["points"]["most"] == 0


async def place(client: httpx.AsyncClient, buyer: Buyer, sku: SkuId, quantity: int = 1) -> str:
    body = agreed(buyer, await quote(client, buyer, [(sku, quantity)]))
    assert body["use_points"] > 0
    answer = await buyer.place(client, body)
    assert answer.status_code == 201, answer.text
    return answer.json()["order_id"]


async def test_points_are_held_then_redeemed_with_the_payment(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku, buyer = await shop.add_sku(price_fen=1000), await shop.new_shopper()
    await give(buyer, 700)
    await fill_wallet(buyer, 5_000)

    order_id = await place(client, buyer, sku)
    assert await places(buyer) == (200, 500, 0)
    order = (await buyer.get(client, f"/orders/{order_id}")).json()
    assert (order["goods_fen"], order["discount_fen"], order["total_fen"]) == (1000, 500, 500)
    summary = (await buyer.get(client, "/member/points-summary")).json()
    assert (summary["available"], summary["held"], summary["worth_fen"]) == (200, 500, 200)
    await holds(rt, shop)

    paid = await buyer.post(client, f"/orders/{order_id}/pay", {"method": "wallet"})
    assert paid.json()["paid"] is True, paid.text
    assert await places(buyer) == (200, 0, 500)
    assert await balances(shop) == {
        "external_clearing": 5000, "wallet_liability": -4500, "sales": -1000, "points_discounts": 500,
    }  # fmt: skip
    entries = (await buyer.get(client, "/member/points")).json()["items"]
    assert [(e["points"], e["source"], e["source_id"]) for e in entries][:1] == [(-500, "redeem", order_id)]
    again = await buyer.post(client, f"/orders/{order_id}/pay", {"method": "wallet"})
    assert again.status_code == 409
    assert await places(buyer) == (200, 0, 500)
    await holds(rt, shop)


async def test_what_is_not_paid_for_gives_its_points_back(
    client: httpx.AsyncClient, rt: Runtime, clock: OffsetClock
) -> None:
    shop = await new_shop(rt, order_ttl_seconds=60)
    await set_terms(shop)
    sku, buyer = await shop.add_sku(price_fen=1000), await shop.new_shopper()
    await give(buyer, 1_000)
    cancelled, expired = await place(client, buyer, sku), await place(client, buyer, sku)
    assert await places(buyer) == (0, 1000, 0)
    for _ in range(2):
        await buyer.post(client, f"/orders/{cancelled}/cancel")
    assert await places(buyer) == (500, 500, 0)
    clock.advance(timedelta(seconds=61))
    try:
        await handlers.expire(rt)
    finally:
        clock.advance(timedelta(seconds=-61))
    assert (await buyer.get(client, f"/orders/{expired}")).json()["state"] == "cancelled"
    assert await places(buyer) == (1000, 0, 0)
    assert len((await buyer.get(client, "/member/points")).json()["items"]) == 1, "nothing came and nothing went"
    await holds(rt, shop)


async def test_two_tabs_cannot_spend_the_same_points(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku = await shop.add_sku(price_fen=1000, stock=50)
    buyers = [await shop.new_shopper() for _ in range(3)]
    for buyer in buyers:
        await give(buyer, 1_200)  # for two orders of three
    bodies = [agreed(buyer, await quote(client, buyer, [(sku, 1)])) for buyer in buyers]
    plain = buyers[0].order(sku)
    answers = await asyncio.gather(
        *(buyer.place(client, body) for _ in range(3) for buyer, body in zip(buyers, bodies, strict=True)),
        *(buyers[0].place(client, plain) for _ in range(2)),
    )
    codes = [answer.status_code for answer in answers]
    assert (codes.count(201), codes.count(409)) == (8, 3)
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(r["code"], r["available"]) for r in refused} == {("points_insufficient", 200)}
    assert [await places(buyer) for buyer in buyers] == [(200, 1000, 0)] * 3
    assert await shop.stock(sku) == (42, 8, 0), "who lacks points takes no stock"
    await holds(rt, shop)


async def test_the_same_key_again_is_the_same_order_though_its_points_are_gone(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku, buyer = await shop.add_sku(price_fen=1000), await shop.new_shopper()
    await give(buyer, 500)
    body, key = agreed(buyer, await quote(client, buyer, [(sku, 1)])), new_id().hex
    answers = await asyncio.gather(*(buyer.place(client, body, key) for _ in range(4)))
    answers.append(await buyer.place(client, body, key))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["order_id"] for answer in answers}) == 1
    assert await places(buyer) == (0, 500, 0)
    other = await buyer.place(client, body)
    assert (other.status_code, other.json()["code"]) == (409, "points_insufficient")


async def test_what_changed_since_the_quote_is_refused(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku, gone, buyer = await shop.add_sku(1000), await shop.add_sku(1000, stock=1), await shop.new_shopper()
    await give(buyer, 5_000)
    body = agreed(buyer, await quote(client, buyer, [(sku, 1)]))
    last = agreed(buyer, await quote(client, buyer, [(gone, 1)]))
    assert (await buyer.place(client, buyer.order(gone))).status_code == 201
    assert (await buyer.place(client, last)).json()["code"] == "out_of_stock"
    for more, code in (
        ({"total_fen": 499}, "price_changed"),
        ({"use_points": 400}, "price_changed"),
        ({"use_points": 450, "total_fen": 550}, "points_not_usable"),
        ({"use_points": 600, "total_fen": 400}, "points_not_usable"),
    ):
        refused = await buyer.place(client, {**body, **more})
        assert (refused.status_code, refused.json()["code"]) == (409, code), more
    await set_terms(shop, PointsSettings(redeem=True, most_percent=20))
    cut = await buyer.place(client, body)
    assert (cut.json()["code"], cut.json()["most"]) == ("points_not_usable", 200)
    await set_terms(shop, PointsSettings())
    assert (await buyer.place(client, body)).json()["code"] == "points_not_usable"
    assert await places(buyer) == (5000, 0, 0)
    assert await shop.stock(sku) == (10, 0, 0)
    await holds(rt, shop)


@pytest.mark.parametrize("use", [-1, -100, 1.5, 100.5, "100", 10**13, 10**30, [], {}])
async def test_hostile_numbers_of_points_are_refused(client: httpx.AsyncClient, rt: Runtime, use: object) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku, buyer = await shop.add_sku(), await shop.new_shopper()
    body = buyer.order(sku, use_points=use)
    assert (await buyer.place(client, body)).status_code == 400
    lines = [{"sku_id": str(sku), "quantity": 1}]
    asked = {"lines": lines, "delivery": {"method": "ship"}, "use_points": use}
    assert (await buyer.post(client, "/quote", asked)).status_code == 400


async def test_held_points_do_not_grow_old_and_old_ones_go_when_they_come_back(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku, buyer = await shop.add_sku(price_fen=1000), await shop.new_shopper()
    await give(buyer, 600, days_ago=400)
    await give(buyer, 300, days_ago=10)
    order_id = await place(client, buyer, sku)  # takes of the oldest
    assert await places(buyer) == (400, 500, 0)
    await set_terms(shop, PointsSettings(redeem=True, life_months=12))
    await give(buyer, 100, days_ago=380)
    offered = await quote(client, buyer, [(sku, 1)], False)
    assert offered["points"]["available"] == 300, "too old to be spent, though the job was not there yet"
    await aging.expire(rt)
    assert await places(buyer) == (300, 500, 0)
    await buyer.post(client, f"/orders/{order_id}/cancel")
    assert await places(buyer) == (800, 0, 0)
    summary = (await buyer.get(client, "/member/points-summary")).json()
    assert (summary["available"], summary["expired"], summary["next_to_expire"]["points"]) == (300, 200, 300)
    await aging.expire(rt)
    assert await places(buyer) == (300, 0, 0)
    await holds(rt, shop)


async def test_an_order_of_a_shop_is_not_paid_with_another_s_points(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop, other = await new_shop(rt), await new_shop(rt)
    for one in (shop, other):
        await set_terms(one)
    sku, buyer = await shop.add_sku(price_fen=1000), await shop.new_shopper()
    elsewhere = Buyer(other, buyer.shopper_id, buyer.address_id, "")
    await give(elsewhere, 5_000)
    body = buyer.order(sku, total_fen=500, use_points=500)
    refused = await buyer.place(client, body)
    assert (refused.status_code, refused.json()["code"], refused.json()["available"]) == (
        409, "points_insufficient", 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("check", "sql"),
    [
        (
            "orders.points_held_until_paid",
            "update points_holds set state = 'released', ended_at = held_at where merchant_id = $1 and state = 'held'",
        ),
        ("orders.points_posted", "update points_holds set worth_fen = worth_fen + 1 where merchant_id = $1"),
        ("orders.have_their_lines", "delete from order_lines where merchant_id = $1"),
        ("orders.have_their_lines", "update order_lines set order_id = gen_random_uuid() where merchant_id = $1"),
        ("orders.lines_make_the_total", "update order_lines set total_fen = subtotal_fen where merchant_id = $1"),
    ],
)
async def test_each_proof_finds_what_it_is_for(client: httpx.AsyncClient, rt: Runtime, check: str, sql: str) -> None:
    shop = await new_shop(rt)
    await set_terms(shop)
    sku, buyer = await shop.add_sku(price_fen=1000), await shop.new_shopper()
    await give(buyer, 1_000)
    await fill_wallet(buyer, 5_000)
    paid = await place(client, buyer, sku)
    assert (await buyer.post(client, f"/orders/{paid}/pay", {"method": "wallet"})).status_code == 200
    await place(client, buyer, sku)
    (proof,) = [one for one in orders.CHECKS if one.name == check]
    assert await found_after(rt, proof, sql, shop.merchant.merchant_id)
    await holds(rt, shop)


async def test_many_at_once_neither_lose_a_point_nor_wait_for_each_other_for_ever(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt, order_ttl_seconds=3600)
    await set_terms(shop, PointsSettings(redeem=True, life_months=12))
    skus = [await shop.add_sku(price_fen=1000, stock=60) for _ in range(2)]
    buyers = [await shop.new_shopper() for _ in range(3)]
    for buyer in buyers:
        for days in (1, 30, 300):
            await give(buyer, 900, days)
        await fill_wallet(buyer, 50_000)
    seen: list[int] = []

    async def tab(buyer: Buyer, turn: int) -> None:
        body = agreed(buyer, await quote(client, buyer, [(skus[turn % 2], 1), (skus[(turn + 1) % 2], 1)]))
        placed = await buyer.place(client, body)
        seen.append(placed.status_code)
        if placed.status_code == 201:
            order_id = placed.json()["order_id"]
            path = f"/orders/{order_id}/{'pay' if turn % 2 else 'cancel'}"
            both = await asyncio.gather(*(buyer.post(client, path, {"method": "wallet"}) for _ in "ab"))
            seen.extend(answer.status_code for answer in both)

    await asyncio.gather(*(tab(b, turn) for turn in range(6) for b in buyers), *(aging.expire(rt) for _ in range(3)))
    assert set(seen) <= {200, 201, 409}
    assert seen.count(201) >= 6
    for buyer in buyers:
        available, held, redeemed = await places(buyer)
        assert (available + redeemed, held) == (2_700, 0)
    await holds(rt, shop)
