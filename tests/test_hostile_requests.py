"""What an attacker sends: bodies without end or form, values of another kind, merchants that are not there."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar

from bihuan.app import MAX_BODY_BYTES
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.orders.placing import MAX_BODY_BYTES as MAX_ORDER_BYTES
from tests.business import Business, filled, open_business, readable
from tests.test_neighbours import attempts
from tests.test_routes import routes_of


@pytest.fixture(scope="module")
async def business(rt: Runtime, app: Litestar) -> Business:
    """A business without an account at WeChat, so that nothing is asked there."""
    transport = httpx.ASGITransport(cast(Any, app))
    async with httpx.AsyncClient(transport=transport, base_url="http://mall.test") as http:
        return await open_business(rt, http)


async def in_pieces(total: int) -> AsyncGenerator[bytes, None]:
    """A body without a Content-Length."""
    for _ in range(total // 65536 + 1):
        yield b" " * 65536


async def test_bodies_have_a_limit(client: httpx.AsyncClient, business: Business) -> None:
    key = {"Idempotency-Key": new_id().hex, "Content-Type": "application/json"}
    for path, limit, who in (
        ("/api/merchant/products", MAX_BODY_BYTES, business.headers),
        ("/api/merchant/session", MAX_BODY_BYTES, {}),
        (f"/api/shop/{business.code}/quote", MAX_BODY_BYTES, business.buyer.headers),
        (f"/api/shop/{business.code}/orders", MAX_ORDER_BYTES, business.buyer.headers),
        (f"/wechat/{business.code}/pay/notify", MAX_BODY_BYTES, {}),
        (f"/wechat/{business.code}/official-account", MAX_BODY_BYTES, {}),
    ):
        for content in (b" " * (limit + 1), in_pieces(limit + 1)):
            answer = await client.post(path, content=content, headers={**who, **key})
            assert answer.status_code in {400, 401, 413}, (path, answer.status_code)
            if path.startswith("/api/"):
                assert answer.json()["code"] == "body_too_large", path


async def test_whoever_may_not_upload_sends_nothing(client: httpx.AsyncClient) -> None:
    async def never() -> AsyncGenerator[bytes, None]:
        raise AssertionError("the body was read before the caller was known")
        yield b""

    for path in ("/api/merchant/media", "/api/merchant/products", "/api/shop/nobody/orders"):
        answer = await client.post(path, content=never(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 401, path


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"0", b'"x"', b"{", b"\xff\xfe", b"\x00", b"[" * 20_000, b'{"a":' * 20_000, b"1" * 9_000],
    ids=["empty", "null", "list", "number", "text", "half", "utf-16", "nul", "deep list", "deep object", "long number"],
)
async def test_bodies_of_another_shape(
    app: Litestar, client: httpx.AsyncClient, business: Business, body: bytes
) -> None:
    for route in routes_of(app):
        if route.method not in {"POST", "PUT"} or route.kind == "operator" or route.path.endswith("menu/publish"):
            continue
        who = business.buyer.headers if route.kind == "shopper" else business.headers
        headers = {**who, "Idempotency-Key": new_id().hex, "Content-Type": "application/json"}
        path = filled(route, business)
        if path.endswith(("/pay", "/sync-payment")):
            continue  # asks WeChat
        answer = await client.request(route.method, path, content=body, headers=headers)
        assert answer.status_code < 500, (str(route), answer.text)


HOSTILE: list[Any] = [
    *("a\x00b", "\ud800", "' or 1=1 --", "%s%d{0}", "x" * 5000, ""),
    *(None, True, -1, 0, 2**31, 2**63, 10**400, 1e308, [], {}),
]


def bent(body: object, value: object) -> list[object]:
    """Copies of a body with one value after the other replaced."""
    if isinstance(body, dict):
        known: dict[str, object] = body  # pyright: ignore[reportUnknownVariableType]
        return [{**known, name: other} for name in known for other in (value, *bent(known[name], value))]
    if isinstance(body, list):
        items: list[object] = body  # pyright: ignore[reportUnknownVariableType]
        return [value, *([other] for item in items[:1] for other in bent(item, value))]
    return [value]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:16])
async def test_no_value_breaks_a_command(client: httpx.AsyncClient, business: Business, value: object) -> None:
    for attempt in attempts(business, business):
        if attempt.body is None:
            continue
        for body in bent(attempt.body, value):
            headers = {**business.headers, "Idempotency-Key": new_id().hex, "Content-Type": "application/json"}
            content = json.dumps(body).encode()
            answer = await client.request(attempt.method, attempt.url, content=content, headers=headers)
            assert answer.status_code < 500, (attempt.route, body if len(content) < 500 else "...", answer.text)


QUESTIONS = ("a\x00b", "'; drop table orders; --", "%", "_", "\\", "x" * 3000, "💥", "\u202e", "-1")


@pytest.mark.parametrize("value", QUESTIONS)
async def test_no_question_breaks_a_list(
    app: Litestar, client: httpx.AsyncClient, business: Business, value: str
) -> None:
    paths = (await client.get("/api/openapi.json")).json()["paths"]
    asked = {
        path: [parameter["name"] for parameter in methods["get"].get("parameters", []) if parameter["in"] == "query"]
        for path, methods in paths.items()
        if "get" in methods
    }
    assert sum(len(names) for names in asked.values()) > 40
    for route in readable(app):
        if not route.path.startswith("/api/"):
            continue
        who = business.buyer.headers if route.kind == "shopper" else business.headers
        for name in asked.get(re.sub(r":\w+}", "}", route.path), []):
            answer = await client.get(filled(route, business), params={name: value}, headers=who)
            assert answer.status_code < 500, (str(route), name, answer.text)


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value)[:16])
async def test_no_order_breaks_those_that_are_placed_with_it(
    client: httpx.AsyncClient, business: Business, value: object
) -> None:
    """Orders that come at once are placed in one statement: a poisoned one fails alone."""
    sku = await business.shop.add_sku(stock=3)
    buyer, path = business.buyer, f"{business.shop.url}/orders"
    poisoned = bent(buyer.order(sku, remark="轻放"), value)

    async def send(body: object) -> httpx.Response:
        headers = {**buyer.headers, "Idempotency-Key": new_id().hex, "Content-Type": "application/json"}
        return await client.post(path, content=json.dumps(body).encode(), headers=headers)

    good, *others = await asyncio.gather(*(send(body) for body in (buyer.order(sku), *poisoned)))
    assert good.status_code == 201, good.text
    for body, answer in zip(poisoned, others, strict=True):
        assert answer.status_code < 500, (body, answer.text)


# --- merchants that are not there ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["nobody", "NOBODY", "x" * 300, "青衫", "a%00b", "%27%20or%201=1", "..%2f..", "-", "%ff"]
)
async def test_an_unknown_merchant_is_not_found_by_any_path(
    app: Litestar, client: httpx.AsyncClient, business: Business, code: str
) -> None:
    order = business.buyer.order(business.shop.skus[0])
    bodies: dict[str, object] = {
        "orders": order,
        "quote": {"lines": [{"sku_id": business.sku, "quantity": 1}], "delivery": {"method": "ship"}},
        "pay": {"method": "wechat_native"},
        "login": {"code": "c"},
        "{sku_id:uuid}": {"quantity": 1},
        "cancel": {},
        "touchpoints": {},
    }
    tried = 0
    for route in routes_of(app):
        if "{m:str}" not in route.path:
            continue
        path = filled(route, business).replace(f"/{business.code}", f"/{code}", 1)
        body = bodies.get(route.path.rsplit("/", 1)[-1])
        headers = {**business.buyer.headers, "Idempotency-Key": new_id().hex}
        answer = await client.request(
            route.method,
            path,
            json=body,
            headers=headers,
            params={"url": "http://mall.test/"} if "jssdk" in path else {},
        )
        expected = {404} if route.kind != "callback" else {400, 401, 403, 404, 415}
        assert answer.status_code in expected, (str(route), answer.status_code, answer.text)
        tried += 1
    assert tried > 20
