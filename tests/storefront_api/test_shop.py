"""What a shopper reads before she buys."""

from uuid import uuid4

import httpx

from bihuan import catalog
from bihuan.kernel.runtime import Runtime

from .conftest import Shop


async def test_home_shows_the_mall(client: httpx.AsyncClient, shop: Shop) -> None:
    home = (await client.get(f"{shop.path}/home")).json()
    assert home["merchant"] == {
        "code": shop.merchant.code,
        "name": "试衣间",
        "intro": "",
        "logo_url": None,
        "theme_color": "#123456",
    }
    assert [card["title"] for card in home["featured"]] == ["亚麻衬衫"]
    assert home["featured"][0]["sold_out"] is False
    assert home["stores"][0]["name"] == "中街店"


async def test_a_product_shows_prices_options_and_what_is_left(client: httpx.AsyncClient, shop: Shop) -> None:
    body = (await client.get(f"{shop.path}/products/{shop.product.product_id}")).json()
    assert (body["title"], body["price_fen"], body["market_price_fen"]) == ("亚麻衬衫", 200, 300)
    assert body["options"] == [{"name": "尺码", "values": ["S", "M"]}]
    assert [(sku["code"], sku["available"], sku["option_values"]) for sku in body["skus"]] == [
        ("S", 7, ["S"]),
        ("M", 0, ["M"]),
    ]
    assert "search" not in body


async def test_lists_search_and_page(client: httpx.AsyncClient, shop: Shop) -> None:
    path = f"{shop.path}/products"
    assert len((await client.get(path, params={"q": "衬衫"})).json()["items"]) == 1
    assert (await client.get(path, params={"q": "皮鞋"})).json() == {"items": [], "next_cursor": None}
    assert (await client.get(path, params={"category_id": str(uuid4())})).json()["items"] == []
    for bad in (
        {"sort": "best"},
        {"limit": "0"},
        {"limit": "101"},
        {"category_id": "x"},
        {"cursor": "x"},
        {"q": "长" * 101},
    ):
        answer = await client.get(path, params=bad)
        assert answer.status_code == 400, bad
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_what_is_not_on_sale_is_not_there(
    rt: Runtime, client: httpx.AsyncClient, shop: Shop, other: Shop
) -> None:
    foreign = await client.get(f"{shop.path}/products/{other.product.product_id}")
    async with rt.db.transaction() as tx:
        await catalog.change_state(tx, shop.merchant.merchant_id, shop.product.product_id, "unpublished")
    gone = await client.get(f"{shop.path}/products/{shop.product.product_id}")
    for answer in (foreign, gone, await client.get(f"{shop.path}/products/{uuid4()}")):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await client.get(f"{shop.path}/products")).json()["items"] == []
    unknown = await client.get("/api/shop/nobody-here/home")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


async def test_what_did_not_change_is_not_sent_again(rt: Runtime, client: httpx.AsyncClient, shop: Shop) -> None:
    for path in ("home", "categories", "products", f"products/{shop.product.product_id}"):
        first = await client.get(f"{shop.path}/{path}")
        assert first.headers["cache-control"] in ("public, max-age=5", "public, max-age=15", "no-cache")
        headers = {"If-None-Match": f'"x", {first.headers["etag"]}'}
        second = await client.get(f"{shop.path}/{path}", headers=headers)
        assert (second.status_code, second.content) == (304, b"")
    async with rt.db.transaction() as tx:
        await catalog.add_sold(tx, shop.merchant.merchant_id, {shop.product.skus[0].sku_id: 1})
    assert (await client.get(f"{shop.path}/{path}", headers=headers)).json()["sold_count"] == 1


async def test_the_description_of_the_api_names_the_types(client: httpx.AsyncClient) -> None:
    spec = (await client.get("/api/openapi.json")).json()
    answer = spec["paths"]["/api/shop/{m}/products/{product_id}"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"]["$ref"].endswith("ProductPage")
