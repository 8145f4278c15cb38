"""What a merchant does with goods, stock, categories and pictures over HTTP."""

import io
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from bihuan.kernel.runtime import Runtime

from .conftest import Shop, open_shop

WRITE: dict[str, Any] = {
    "title": "帆布袋",
    "subtitle": "",
    "description": "",
    "category_ids": [],
    "media": [],
    "options": [],
    "skus": [{"code": "BAG", "option_values": [], "price_fen": 5900, "market_price_fen": None, "image_url": None}],
}


def _png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def _key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


async def test_a_product_from_draft_to_sale(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    picture = (await client.post("/api/merchant/media", files={"file": ("a.png", _png(), "image/png")})).json()
    served = await client.get(picture["url"])
    assert served.headers["content-type"] == "image/webp"
    assert "immutable" in served.headers["cache-control"]
    assert (await client.get(picture["url"], headers={"If-None-Match": served.headers["etag"]})).status_code == 304
    write = {**WRITE, "media": [{"kind": "image", "url": picture["url"]}]}
    created = await client.post("/api/merchant/products", json=write, headers=_key())
    assert created.status_code == 201, created.text
    product = created.json()
    path = f"/api/merchant/products/{product['product_id']}"
    assert (product["state"], product["cover_url"]) == ("draft", picture["url"])
    assert (await client.get(f"{shop.path}/products/{product['product_id']}")).status_code == 404
    assert (await client.post(f"{path}/unpublish")).json()["code"] == "wrong_state"
    assert (await client.post(f"{path}/publish")).json()["state"] == "published"
    assert (await client.get(f"{shop.path}/products/{product['product_id']}")).status_code == 200
    changed = await client.put(path, json={**write, "title": "大帆布袋"})
    assert changed.json()["title"] == "大帆布袋"
    assert changed.json()["skus"][0]["sku_id"] == product["skus"][0]["sku_id"]
    listed = (await client.get("/api/merchant/products", params={"state": "published", "q": "帆布"})).json()
    assert [item["title"] for item in listed["items"]] == ["大帆布袋"]


async def test_a_repeated_key_makes_one_product(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    key = _key()
    first = await client.post("/api/merchant/products", json=WRITE, headers=key)
    again = await client.post("/api/merchant/products", json=WRITE, headers=key)
    assert first.json() == again.json()
    other = await client.post("/api/merchant/products", json={**WRITE, "title": "别的"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    none = await client.post("/api/merchant/products", json=WRITE)
    assert (none.status_code, none.json()["code"]) == (400, "idempotency_key_required")


async def test_faults_are_told_in_the_readers_language(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    bad = {**WRITE, "title": "", "skus": [{"code": "BAG", "price_fen": 0}, {"code": "BAG", "price_fen": 1}]}
    for language, said in (("zh-CN", "重复"), ("en", "twice")):
        answer = await client.post("/api/merchant/products", json=bad, headers={**_key(), "Accept-Language": language})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_product")
        errors = answer.json()["errors"]
        assert {"title", "skus[0].price_fen", "skus[1].code"} <= {error["field"] for error in errors}
        assert any(said in error["message"] for error in errors)
    await client.post("/api/merchant/products", json=WRITE, headers=_key())
    taken = await client.post("/api/merchant/products", json=WRITE, headers=_key())
    assert (taken.status_code, taken.json()["code"], taken.json()["codes"]) == (409, "sku_code_taken", ["BAG"])


async def test_stock_is_shown_and_corrected(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    rows = (await client.get("/api/merchant/stock", params={"q": "衬衫"})).json()["items"]
    small = [row for row in rows if row["code"] == "S"]
    assert [(row["location_name"], row["available"]) for row in small] == [("总仓", 5), ("中街店", 2)]
    wish = {"sku_id": small[0]["sku_id"], "location_id": str(shop.warehouse), "delta": -2, "reason": "破损"}
    key = _key()
    for _ in range(2):  # a repeat changes nothing
        answer = await client.post("/api/merchant/stock/adjustments", json=wish, headers=key)
        assert (answer.status_code, answer.json()["available"]) == (201, 3)
    too_much = await client.post("/api/merchant/stock/adjustments", json={**wish, "delta": -9}, headers=_key())
    assert too_much.status_code == 409
    for bad in ({"delta": 2_000_000}, {"reason": " "}):
        refused = await client.post("/api/merchant/stock/adjustments", json={**wish, **bad}, headers=_key())
        assert refused.status_code == 400
    product = (await client.get(f"/api/merchant/products/{shop.product.product_id}")).json()
    assert product["skus"][0]["available"] == 5
    assert [level["available"] for level in product["skus"][0]["stock"]] == [3, 2]
    listed = (await client.get("/api/merchant/products")).json()["items"]
    assert listed[0]["available"] == 5


async def test_the_stock_list_pages_by_sku(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    seen: list[tuple[str, str]] = []
    cursor: str | None = None
    while True:
        params = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/api/merchant/stock", params=params)).json()
        seen += [(row["code"], row["location_id"]) for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 4


async def test_another_merchants_goods_are_not_there(client: httpx.AsyncClient, shop: Shop, other: Shop) -> None:
    client.headers.update(shop.owner)
    path = f"/api/merchant/products/{other.product.product_id}"
    sku = str(other.product.skus[0].sku_id)
    wish = {"sku_id": sku, "location_id": str(other.warehouse), "delta": 1, "reason": "x"}
    for answer in (
        await client.get(path),
        await client.put(path, json=WRITE),
        await client.post(f"{path}/unpublish"),
        await client.post("/api/merchant/stock/adjustments", json=wish, headers=_key()),
        await client.post(
            "/api/merchant/stock/adjustments", json={**wish, "location_id": str(shop.warehouse)}, headers=_key()
        ),
        await client.delete(f"/api/merchant/categories/{uuid4()}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await client.get(f"{other.path}/products/{other.product.product_id}")).json()["skus"][0]["available"] == 7


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/merchant/products"),
        ("POST", "/api/merchant/categories"),
        ("POST", "/api/merchant/stock/adjustments"),
    ],
)
async def test_who_may_not_write_is_told_so(rt: Runtime, client: httpx.AsyncClient, method: str, path: str) -> None:
    assert (await client.request(method, path, json={})).status_code == 401
    clerk = await open_shop(rt, role="clerk")
    answer = await client.request(method, path, json={}, headers=clerk.owner)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_categories_over_http(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    created = await client.post("/api/merchant/categories", json={"name": "包袋"}, headers=_key())
    category = created.json()
    assert created.status_code == 201
    assert category | {"name": "包袋", "parent_id": None, "icon_url": "", "position": 0} == category
    path = f"/api/merchant/categories/{category['category_id']}"
    assert (await client.put(path, json={"name": "袋", "position": 3})).json()["position"] == 3
    shown = (await client.get(f"{shop.path}/categories")).json()["items"]
    assert [shelf["name"] for shelf in shown] == ["袋"]
    assert (await client.delete(path)).status_code == 204
    assert (await client.get("/api/merchant/categories")).json()["items"] == []
    assert (await client.post("/api/merchant/categories", json={"name": ""}, headers=_key())).status_code == 422


async def test_uploads_that_are_no_pictures(client: httpx.AsyncClient, shop: Shop) -> None:
    client.headers.update(shop.owner)
    for content, status in ((b"hello", 422), (b"", 422), (bytes(9 * 1024 * 1024), 413)):
        answer = await client.post("/api/merchant/media", files={"file": ("a.png", content, "image/png")})
        assert answer.status_code == status, answer.text
    assert (await client.post("/api/merchant/media", data={"file": "text"})).status_code == 400
    for path in (f"/media/{uuid4()}/{'0' * 32}.webp", f"/media/{shop.merchant.merchant_id}/..%2F..%2Fx.webp"):
        assert (await client.get(path)).status_code == 404
