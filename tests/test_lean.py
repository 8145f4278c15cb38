"""Routes that run without the framework answer as the framework does.

A query string sends the same request through the framework: each case is asked both ways.
"""

from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from bihuan import merchants, wiring
from bihuan.kernel.ids import new_id
from bihuan.kernel.lean import LeanRoutes
from bihuan.kernel.runtime import Runtime
from tests.shop import Buyer, Shop, new_shop

JSON = {"Content-Type": "application/json"}
BY_FRAMEWORK = "?by=framework"


@pytest.fixture(scope="module")
async def shop(rt: Runtime) -> Shop:
    shop = await new_shop(rt)
    await shop.add_sku(stock=50)
    return shop


@pytest.fixture(scope="module")
async def buyer(shop: Shop) -> Buyer:
    return await shop.new_shopper()


def told(answer: httpx.Response) -> tuple[int, str, Any]:
    """What must be alike: status, media type, and the body without the request's own id."""
    body: Any = answer.json() if answer.content else None
    if answer.is_error:
        body.pop("request_id", None)
        body.pop("detail", None)  # the framework's own words for a body that does not fit
        body.pop("errors", None)
    return answer.status_code, answer.headers.get("content-type", "").partition(";")[0], body


async def both(client: httpx.AsyncClient, method: str, path: str, **more: Any) -> tuple[int, str, Any]:
    lean = await client.request(method, path, **more)
    framed = await client.request(method, path + BY_FRAMEWORK, **more)
    assert told(lean) == told(framed), (method, path)
    assert lean.headers["x-request-id"] != framed.headers["x-request-id"]
    return told(lean)


async def test_the_routes_of_a_purchase_run_without_the_framework() -> None:
    found = LeanRoutes(wiring.ROUTES, wiring.LEAN_PROVIDERS, wiring.LEAN_AUTHENTICATORS)
    for method, path in (
        ("PUT", f"/api/shop/m/cart/items/{new_id()}"),
        ("POST", "/api/shop/m/quote"),
        ("POST", f"/api/shop/m/orders/{new_id()}/pay"),
        ("GET", f"/api/shop/m/orders/{new_id()}"),
        ("GET", "/api/shop/m/member"),
    ):
        assert found.find({"method": method, "path": path, "query_string": b""}), path  # type: ignore[arg-type]
    for method, path in (("GET", "/api/merchant/orders"), ("GET", "/api/shop/m/orders"), ("PATCH", "/api/shop/m/cart")):
        assert not found.find({"method": method, "path": path, "query_string": b""}), path  # type: ignore[arg-type]


async def test_answers_are_alike(client: httpx.AsyncClient, shop: Shop, buyer: Buyer) -> None:
    sku = shop.skus[0]
    wish = {"lines": [{"sku_id": str(sku), "quantity": 2}], "delivery": {"method": "ship"}}
    order = (await buyer.place(client, buyer.order(sku))).json()
    for method, path, more in (
        ("PUT", f"/cart/items/{sku}", {"json": {"quantity": 2}}),
        ("GET", "/cart", {}),
        ("POST", "/quote", {"json": wish}),
        ("GET", f"/orders/{order['order_id']}", {}),
        ("DELETE", f"/cart/items/{sku}", {}),
    ):
        status, *_ = await both(client, method, shop.url + path, headers=buyer.headers, **more)
        assert status == 200, path
    status, _, body = await both(client, "GET", shop.url + "/member", headers=buyer.headers)
    assert (status, body["code"]) == (404, "not_a_member")


async def test_refusals_are_alike(client: httpx.AsyncClient, shop: Shop, buyer: Buyer) -> None:
    signed, anybody = buyer.headers, dict[str, str]()
    quote, order = f"{shop.url}/quote", f"{shop.url}/orders/{new_id()}"
    deep = b'{"lines":' + b"[" * 5000 + b"]" * 5000 + b"}"
    for expected, method, path, more in (
        (401, "POST", quote, {"json": {}, "headers": anybody}),
        (401, "GET", order, {"headers": {"Authorization": "Bearer nonsense"}}),
        (403, "POST", quote, {"json": {}, "headers": {"Origin": "https://evil.test", "Cookie": "bihuan_shopper=x"}}),
        (404, "GET", order, {"headers": signed}),
        (404, "GET", f"{shop.url}/orders/no-uuid", {"headers": signed}),
        (404, "GET", f"/api/shop/nobody/orders/{new_id()}", {"headers": signed}),
        (404, "GET", f"{shop.url}/orders/{new_id()}%00", {"headers": signed}),
        (400, "POST", quote, {"json": {"lines": "x"}, "headers": signed}),
        (400, "POST", quote, {"content": b"", "headers": {**signed, **JSON}}),
        (400, "POST", quote, {"content": b"{", "headers": {**signed, **JSON}}),
        (400, "POST", quote, {"content": b'{"lines":"\xff"}', "headers": {**signed, **JSON}}),
        (400, "POST", quote, {"content": deep, "headers": {**signed, **JSON}}),
        (413, "POST", quote, {"content": b" " * 1_048_577, "headers": {**signed, **JSON}}),
        (400, "POST", quote, {"content": b"lines=1", "headers": signed}),
        (409, "POST", quote, {"json": _wish(new_id()), "headers": signed}),
        (405, "PATCH", quote, {"headers": signed}),
    ):
        status, kind, body = await both(client, method, path, **more)
        assert status == expected, (path, more, status, body)
        assert kind == "application/problem+json"
        assert body["code"]


def _wish(sku_id: Any) -> dict[str, Any]:
    return {"lines": [{"sku_id": str(sku_id), "quantity": 1}], "delivery": {"method": "ship"}}


async def test_what_does_not_fit_is_named(client: httpx.AsyncClient, shop: Shop, buyer: Buyer) -> None:
    wish = {"lines": [{"sku_id": str(shop.skus[0]), "quantity": "two"}], "delivery": {"method": "ship"}}
    for by in ("", BY_FRAMEWORK):
        (error,) = (await client.post(f"{shop.url}/quote{by}", json=wish, headers=buyer.headers)).json()["errors"]
        assert error["key"].endswith("quantity")
        assert "int" in error["message"]


async def test_errors_speak_the_reader_s_language(client: httpx.AsyncClient, shop: Shop) -> None:
    english = await client.get(f"{shop.url}/cart", headers={"Accept-Language": "en"})
    chinese = await client.get(f"{shop.url}/cart", headers={"Accept-Language": "zh-CN"})
    assert english.json()["title"] != chinese.json()["title"]


async def test_a_suspended_merchant_sells_nothing_but_shows_what_was_sold(
    client: httpx.AsyncClient, rt: Runtime
) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku()
    buyer = await shop.new_shopper()
    order = (await buyer.place(client, buyer.order(sku))).json()
    async with rt.db.transaction() as tx:
        suspended = await merchants.update(tx, shop.merchant.merchant_id, state="suspended")
    merchants.remember(suspended)
    status, _, body = await both(client, "POST", f"{shop.url}/quote", json=_wish(sku), headers=buyer.headers)
    assert status >= 400
    assert body["code"] == "merchant_suspended"
    status, *_ = await both(client, "GET", f"{shop.url}/orders/{order['order_id']}", headers=buyer.headers)
    assert status == 200


async def test_long_answers_are_compressed(client: httpx.AsyncClient, shop: Shop, buyer: Buyer) -> None:
    sku = shop.skus[0]
    order = (await buyer.place(client, buyer.order(sku))).json()
    path = f"{shop.url}/orders/{order['order_id']}"
    answers = [
        await client.get(path, headers={**buyer.headers, "Accept-Encoding": encoding})
        for encoding in ("br", "identity")
    ]
    assert [answer.headers.get("content-encoding") for answer in answers] == ["br", None]
    assert answers[0].json() == answers[1].json()


async def test_a_body_in_pieces_is_read_whole(client: httpx.AsyncClient, shop: Shop, buyer: Buyer) -> None:
    async def pieces() -> AsyncGenerator[bytes, None]:
        yield b'{"quan'
        yield b'tity": 3}'

    path = f"{shop.url}/cart/items/{shop.skus[0]}"
    answer = await client.put(path, content=pieces(), headers={**buyer.headers, **JSON})
    assert answer.json()["items"][0]["quantity"] == 3
