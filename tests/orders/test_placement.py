"""Placing orders: stock is held, never oversold, and a key places once."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from bihuan import catalog, inventory
from bihuan.catalog.memory import SellableMemory
from bihuan.inventory.memory import PoolMemory
from bihuan.kernel.ids import SkuId, new_id
from bihuan.kernel.runtime import Runtime
from tests.shop import Shop, new_shop


async def test_an_order_holds_its_stock_and_waits_for_payment(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(price_fen=2590, stock=3)
    buyer = await shop.new_shopper()

    answer = await buyer.place(client, buyer.order(sku, 2590, 2, remark="请尽快"))

    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["state"], order["total_fen"], order["remark"]) == ("unpaid", 5180, "请尽快")
    assert order["delivery"]["address"]["city"] == "深圳市"
    assert await shop.stock(sku) == (1, 2, 0)
    again = (await buyer.get(client, f"/orders/{order['order_id']}")).json()
    assert again == order


async def test_a_repeat_of_the_key_is_the_same_order_and_another_body_is_refused(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=5)
    buyer = await shop.new_shopper()
    key = new_id().hex

    together = await asyncio.gather(*(buyer.place(client, buyer.order(sku), key) for _ in range(4)))
    later = await buyer.place(client, buyer.order(sku), key)
    other = await buyer.place(client, buyer.order(sku, quantity=2), key)

    assert {a.json()["order_id"] for a in (*together, later)} == {together[0].json()["order_id"]}
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert await shop.stock(sku) == (4, 1, 0)


_SINCE: dict[str, Callable[[Shop, SkuId], Awaitable[None]]] = {
    "not_on_sale": lambda shop, sku: shop.show(sku, "unpublished"),
    "price_changed": lambda shop, sku: shop.reprice(sku, 1001),
}


@pytest.mark.parametrize("since", _SINCE)
async def test_a_repeat_is_the_same_order_whatever_became_of_its_goods_since(
    client: httpx.AsyncClient, rt: Runtime, since: str
) -> None:
    """Her phone lost the answer; told that the item is off sale, she would not know that she has it."""
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=5)
    buyer, key = await shop.new_shopper(), new_id().hex
    placed = await buyer.place(client, buyer.order(sku), key)

    await _SINCE[since](shop, sku)
    again = await buyer.place(client, buyer.order(sku), key)
    other = await buyer.place(client, buyer.order(sku, quantity=2), key)
    fresh = await buyer.place(client, buyer.order(sku))

    assert (again.status_code, again.json()["order_id"]) == (201, placed.json()["order_id"]), again.text
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert (fresh.status_code, fresh.json()["code"]) == (409, since)
    assert await shop.stock(sku) == (4, 1, 0)


async def test_two_hundred_buyers_of_fifty_items_get_fifty(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=50)
    buyers = [await shop.new_shopper() for _ in range(200)]

    answers = await asyncio.gather(*(buyer.place(client, buyer.order(sku)) for buyer in buyers))

    assert sorted(a.status_code for a in answers) == [201] * 50 + [409] * 150
    refusals = [a.json() for a in answers if a.status_code == 409]
    assert {(r["code"], *r["sku_ids"]) for r in refusals} == {("out_of_stock", str(sku))}
    assert await shop.stock(sku) == (0, 50, 0)


async def test_orders_of_several_items_are_served_whole_or_not_at_all(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    plenty, scarce = await shop.add_sku(stock=100), await shop.add_sku(stock=7)
    buyers = [await shop.new_shopper() for _ in range(30)]
    lines = [{"sku_id": str(sku), "quantity": 1, "price_fen": 1000} for sku in (plenty, scarce)]

    answers = await asyncio.gather(
        *(buyer.place(client, {**buyer.order(plenty), "lines": lines, "total_fen": 2000}) for buyer in buyers)
    )

    assert sum(a.status_code == 201 for a in answers) == 7
    assert await shop.stock(scarce) == (0, 7, 0)
    assert await shop.stock(plenty) == (93, 7, 0)


async def test_one_too_greedy_order_does_not_starve_its_neighbours(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=10)
    greedy, *modest = [await shop.new_shopper() for _ in range(11)]

    answers = await asyncio.gather(
        greedy.place(client, greedy.order(sku, quantity=11)),
        *(buyer.place(client, buyer.order(sku)) for buyer in modest),
    )

    assert answers[0].json()["code"] == "out_of_stock"
    assert all(a.status_code == 201 for a in answers[1:])


async def test_two_lines_of_one_item_count_together(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=3)
    buyer = await shop.new_shopper()
    line = {"sku_id": str(sku), "quantity": 2, "price_fen": 1000}

    answer = await buyer.place(client, {**buyer.order(sku), "lines": [line, line], "total_fen": 4000})

    assert answer.json()["code"] == "out_of_stock"
    assert await shop.stock(sku) == (3, 0, 0)


async def test_what_changed_since_the_shopper_looked_is_refused_with_what_it_is_now(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt, freight_fen=800, freight_free_from_fen=5000)
    sku = await shop.add_sku(price_fen=1000)
    buyer = await shop.new_shopper()

    dearer = (await buyer.place(client, buyer.order(sku, 900))).json()
    no_freight = (await buyer.place(client, buyer.order(sku, 1000))).json()
    free = await buyer.place(client, buyer.order(sku, 1000, 5))

    assert (dearer["code"], dearer["lines"], dearer["total_fen"]) == (
        "price_changed",
        [{"sku_id": str(sku), "price_fen": 1000}],
        1800,
    )
    assert (no_freight["code"], no_freight["lines"], no_freight["total_fen"]) == ("price_changed", [], 1800)
    assert free.status_code == 201
    assert [a["amount_fen"] for a in free.json()["adjustments"]] == [0]


async def test_every_change_of_the_catalogue_counts_from_its_commit_on(client: httpx.AsyncClient, rt: Runtime) -> None:
    """Placement remembers goods by the catalogue's version: what follows a change must not be priced by memory."""
    shop = await new_shop(rt)
    sku, beside = await shop.add_sku(price_fen=1000), await shop.add_sku(price_fen=500)
    buyer = await shop.new_shopper()

    async def place(price_fen: int, of: SkuId = sku) -> tuple[int, str]:
        answer = await buyer.place(client, buyer.order(of, price_fen))
        return answer.status_code, answer.json().get("code", "")

    assert await place(1000) == (201, "")
    await shop.reprice(sku, 1200)
    assert await place(1000) == (409, "price_changed")
    assert (await place(1200), await place(500, beside)) == ((201, ""), (201, ""))

    async def change_and_fail() -> None:
        async with rt.db.transaction() as tx:
            product_id = (await catalog.list_sellable(tx, shop.merchant.merchant_id, [sku]))[sku].product_id
            await catalog.change_state(tx, shop.merchant.merchant_id, product_id, "unpublished")
            assert await place(1200) == (201, ""), "what is not committed is not so"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await change_and_fail()
    assert await place(1200) == (201, "")
    await shop.show(sku, "unpublished")
    assert await place(1200) == (409, "not_on_sale")
    assert await place(500, beside) == (201, "")
    await shop.show(sku, "published")
    assert await place(1200) == (201, "")


async def test_memories_that_are_full_begin_anew(rt: Runtime) -> None:
    shop = await new_shop(rt)
    mid = shop.merchant.merchant_id
    skus = [await shop.add_sku(price_fen=100 + n) for n in range(4)]
    goods, pools = SellableMemory(most=2), PoolMemory(most=2)
    async with rt.db.session() as tx:
        wanted = await inventory.find_pools(tx, mid, skus, [shop.warehouse] * 4)
        for asked in (skus[:1], [skus[1], SkuId(new_id())], skus, [skus[3], skus[0]], skus):
            found = (await goods.recall(tx, mid, asked)).sellables
            held = await pools.find(tx, mid, [(sku, shop.warehouse) for sku in asked])
            own = [sku for sku in asked if sku in skus]
            assert [found[sku].price_fen for sku in own] == [100 + skus.index(sku) for sku in own]
            assert [held[sku, shop.warehouse] for sku in own] == [wanted[sku, shop.warehouse] for sku in own]
            assert set(found) <= set(skus)


async def test_what_is_not_on_sale_is_refused(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop, other = await new_shop(rt), await new_shop(rt)
    foreign = await other.add_sku()
    buyer = await shop.new_shopper()

    answer = await buyer.place(client, buyer.order(foreign))

    assert (answer.status_code, answer.json()["code"]) == (409, "not_on_sale")
    assert await other.stock(foreign) == (10, 0, 0)


async def test_bad_requests_are_told_what_is_wrong(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku()
    buyer, neighbour = await shop.new_shopper(), await shop.new_shopper()
    order = buyer.order(sku)
    url = f"{shop.url}/orders"

    async def code(body: object, **headers: str) -> tuple[int, str]:
        answer = await client.post(url, json=body, headers={"Idempotency-Key": new_id().hex, **headers})
        return answer.status_code, answer.json()["code"]

    assert await code(order) == (401, "sign_in_required")
    assert await code(order, **buyer.headers, **{"Idempotency-Key": "short"}) == (400, "idempotency_key_required")
    assert await code({**order, "lines": []}, **buyer.headers) == (400, "validation_failed")
    wrong = {**order, "lines": [{**order["lines"][0], "quantity": 0}]}
    assert await code(wrong, **buyer.headers) == (400, "validation_failed")
    assert await code({**order, "delivery": {"method": "ship"}}, **buyer.headers) == (422, "delivery_incomplete")
    elsewhere = {"method": "ship", "address_id": str(neighbour.address_id)}
    assert await code({**order, "delivery": elsewhere}, **buyer.headers) == (422, "delivery_incomplete")
    assert await code({**order, "remark": "x" * 40000}, **buyer.headers) == (413, "body_too_large")
    answer = await client.post(
        "/api/shop/nobody/orders", json=order, headers={"Idempotency-Key": new_id().hex, **buyer.headers}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await shop.stock(sku) == (10, 0, 0)


async def test_an_order_is_seen_by_its_shopper_and_merchant_alone(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop, other = await new_shop(rt), await new_shop(rt)
    sku = await shop.add_sku()
    buyer, neighbour = await shop.new_shopper(), await shop.new_shopper()
    order_id = (await buyer.place(client, buyer.order(sku))).json()["order_id"]

    assert (await neighbour.get(client, f"/orders/{order_id}")).status_code == 404
    assert (await neighbour.post(client, f"/orders/{order_id}/cancel")).status_code == 404
    answer = await client.get(f"{other.url}/orders/{order_id}", headers=buyer.headers)
    assert answer.status_code == 404
    assert (await buyer.get(client, "/orders")).json()["items"][0]["order_id"] == order_id
    assert (await neighbour.get(client, "/orders")).json()["items"] == []


async def test_cancelling_gives_the_stock_back_once(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=1)
    buyer = await shop.new_shopper()
    order_id = (await buyer.place(client, buyer.order(sku))).json()["order_id"]

    first, second = [await buyer.post(client, f"/orders/{order_id}/cancel") for _ in range(2)]

    assert (first.json()["state"], second.json()["code"]) == ("cancelled", "wrong_state")
    assert await shop.stock(sku) == (1, 0, 0)
