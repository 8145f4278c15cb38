"""What happens to an order after it is placed: expiry, the cart, quotes, merged shoppers, deliveries that fail."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from bihuan.facts.identity import ShoppersMerged
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.events import emit
from bihuan.kernel.runtime import Runtime
from bihuan.orders import handlers
from tests.shop import new_shop


async def test_what_nobody_pays_expires_and_gives_its_stock_back(
    client: httpx.AsyncClient, rt: Runtime, clock: OffsetClock
) -> None:
    shop = await new_shop(rt, order_ttl_seconds=60)
    sku = await shop.add_sku(stock=2)
    buyer = await shop.new_shopper()
    order_id = (await buyer.place(client, buyer.order(sku))).json()["order_id"]
    await handlers.expire(rt)
    assert (await buyer.get(client, f"/orders/{order_id}")).json()["state"] == "unpaid"

    clock.advance(timedelta(seconds=61))
    try:
        late = await buyer.post(client, f"/orders/{order_id}/pay", {"method": "wechat_native"})
        await handlers.expire(rt)
        order = (await buyer.get(client, f"/orders/{order_id}")).json()
    finally:
        clock.advance(timedelta(seconds=-61))

    assert late.json()["code"] == "wrong_state"
    assert (order["state"], order["cancel_reason"], order["terminal"]) == ("cancelled", "expired", True)
    assert await shop.stock(sku) == (2, 0, 0)


async def test_the_cart_shows_what_became_of_its_items(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    plenty, scarce, gone = await shop.add_sku(stock=9), await shop.add_sku(stock=2), await shop.add_sku(stock=1)
    buyer, other = await shop.new_shopper(), await shop.new_shopper()

    async def put(sku: object, quantity: int) -> dict[str, object]:
        answer = await client.put(f"{shop.url}/cart/items/{sku}", json={"quantity": quantity}, headers=buyer.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    await put(plenty, 2)
    await put(scarce, 3)
    await put(gone, 1)
    assert (await other.place(client, other.order(gone))).status_code == 201

    cart = (await buyer.get(client, "/cart")).json()
    states = {item["sku_id"]: item["state"] for item in cart["items"]}
    assert states == {str(plenty): "ok", str(scarce): "insufficient", str(gone): "sold_out"}
    assert cart["total_fen"] == 2000
    assert (await other.get(client, "/cart")).json()["items"] == []
    cart = await put(gone, 0)
    assert len(cart["items"]) == 2  # type: ignore[arg-type]


async def test_an_order_from_the_cart_empties_it_of_what_was_ordered(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt)
    ordered, kept = await shop.add_sku(), await shop.add_sku()
    buyer = await shop.new_shopper()
    for sku in (ordered, kept):
        await client.put(f"{shop.url}/cart/items/{sku}", json={"quantity": 1}, headers=buyer.headers)

    await buyer.place(client, buyer.order(ordered, from_cart=True))

    assert [item["sku_id"] for item in (await buyer.get(client, "/cart")).json()["items"]] == [str(kept)]


async def test_a_quote_tells_every_part_of_the_price(client: httpx.AsyncClient, rt: Runtime) -> None:
    shop = await new_shop(rt, freight_fen=600, freight_free_from_fen=10_000)
    sku = await shop.add_sku(price_fen=3000, stock=4)
    buyer = await shop.new_shopper()

    async def quote(quantity: int, delivery: dict[str, str]) -> dict[str, object]:
        body = {"lines": [{"sku_id": str(sku), "quantity": quantity}], "delivery": delivery}
        return (await buyer.post(client, "/quote", body)).json()

    shipped = await quote(2, {"method": "ship"})
    fetched = await quote(2, {"method": "pickup", "store_id": str(shop.store_id)})
    free = await quote(4, {"method": "ship"})

    assert (shipped["goods_fen"], shipped["freight_fen"], shipped["total_fen"]) == (6000, 600, 6600)
    assert fetched["code"] == "out_of_stock", "the goods lie in the warehouse, not in the store"
    assert (free["freight_fen"], free["total_fen"]) == (0, 12_000)


async def test_orders_and_cart_follow_a_shopper_who_turned_out_to_be_another(
    client: httpx.AsyncClient, rt: Runtime, deliver: Callable[[], Awaitable[int]]
) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku()
    former, remaining = await shop.new_shopper(), await shop.new_shopper()
    order_id = (await former.place(client, former.order(sku))).json()["order_id"]
    for buyer, quantity in ((former, 3), (remaining, 1)):
        await client.put(f"{shop.url}/cart/items/{sku}", json={"quantity": quantity}, headers=buyer.headers)

    async with rt.db.transaction() as tx:
        await emit(
            tx,
            ShoppersMerged(
                merchant_id=shop.merchant.merchant_id,
                occurred_at=tx.now,
                shopper_id=remaining.shopper_id,
                former_id=former.shopper_id,
            ),
        )
    await deliver()

    assert (await remaining.get(client, f"/orders/{order_id}")).status_code == 200
    assert [item["quantity"] for item in (await remaining.get(client, "/cart")).json()["items"]] == [3]
    assert (await former.get(client, "/cart")).json()["items"] == []
