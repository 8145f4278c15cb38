"""Carts in a rush: many put into theirs by one statement, and a shopper who presses twice gets both."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from bihuan.kernel.runtime import Runtime
from bihuan.orders import cart
from tests.shop import Buyer, new_shop


@pytest.fixture
async def rush(rt: Runtime) -> AsyncGenerator[None, None]:
    """What gathers in a web process."""
    running = asyncio.create_task(cart.PUTS.run(rt))
    await asyncio.sleep(0)
    yield
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def _put(client: httpx.AsyncClient, buyer: Buyer, sku: object, quantity: int) -> httpx.Response:
    path = f"{buyer.shop.url}/cart/items/{sku}"
    return await client.put(path, json={"quantity": quantity}, headers=buyer.headers)


async def _cart(client: httpx.AsyncClient, buyer: Buyer) -> dict[str, int]:
    return {item["sku_id"]: item["quantity"] for item in (await buyer.get(client, "/cart")).json()["items"]}


async def test_everybody_gets_her_own_cart(client: httpx.AsyncClient, rt: Runtime, rush: None) -> None:
    shop = await new_shop(rt)
    one, two = str(await shop.add_sku()), str(await shop.add_sku(price_fen=2_000))
    buyers = [await shop.new_shopper() for _ in range(12)]
    answers = await asyncio.gather(
        *(_put(client, buyer, sku, 1 + n % 5) for n, buyer in enumerate(buyers) for sku in (one, two)),
        _put(client, buyers[0], one, 9),
    )
    assert [answer.status_code for answer in answers] == [200] * 25
    kept = await _cart(client, buyers[0])  # pressed at once: either may be the later one
    assert kept in ({one: 9, two: 1}, {one: 1, two: 1})
    for n, buyer in enumerate(buyers[1:], 1):
        assert await _cart(client, buyer) == {one: 1 + n % 5, two: 1 + n % 5}


async def test_a_full_cart_refuses_only_its_own(
    client: httpx.AsyncClient, rt: Runtime, rush: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cart, "MAX_CART_ITEMS", 2)
    shop = await new_shop(rt)
    skus = [str(await shop.add_sku()) for _ in range(3)]
    full, other = await shop.new_shopper(), await shop.new_shopper()
    for sku in skus[:2]:
        assert (await _put(client, full, sku, 1)).status_code == 200
    refused, taken, again = await asyncio.gather(
        _put(client, full, skus[2], 1), _put(client, other, skus[2], 1), _put(client, full, skus[0], 3)
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "empty_order")
    assert (taken.status_code, again.status_code) == (200, 200)
    assert await _cart(client, full) == {skus[0]: 3, skus[1]: 1}
    assert [item["sku_id"] for item in taken.json()["items"]] == [skus[2]]
