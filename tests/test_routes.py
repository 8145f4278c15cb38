"""Every route says who may call it, and keeps to it: walks all routes of the application."""

import re
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from bihuan import identity, merchants, staff, wiring
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

PUBLIC = {
    # the installation
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /api/openapi.json",
    # pages, and what they are made of
    "GET /",
    "GET /docs",
    "GET /shop",
    "GET /shop/{m:str}",
    "GET /shop/{m:str}/{rest:path}",
    "GET /shop-assets/{file_path:path}",
    "HEAD /shop-assets/{file_path:path}",
    "GET /console",
    "GET /console/{rest:path}",
    "GET /console/assets/{file_path:path}",
    "HEAD /console/assets/{file_path:path}",
    "GET /media/{merchant_id:uuid}/{name:str}",
    # what a shopper may look at before she signs in
    "GET /api/shop/merchants",
    "GET /api/shop/{m:str}/home",
    "GET /api/shop/{m:str}/categories",
    "GET /api/shop/{m:str}/products",
    "GET /api/shop/{m:str}/products/{product_id:uuid}",
    "GET /api/shop/{m:str}/stores",
    "GET /api/shop/{m:str}/notices",
    "GET /api/shop/{m:str}/payment-methods",
    # back from Alipay's page: leads on to the storefront, whatever it is told
    "GET /alipay/{m:str}/return/{purpose:str}/{reference_id:uuid}",
    # signing in and out
    "GET /api/shop/{m:str}/wechat/authorize",
    "GET /api/shop/{m:str}/wechat/callback",
    # back from WeChat's authorization page: signed for the merchant and bound to the browser that began
    "GET /api/merchant/wechat/authorization-return",
    "POST /api/shop/{m:str}/wechat/login",
    "GET /api/shop/{m:str}/wechat/jssdk",
    "POST /api/shop/{m:str}/wechat/desktop-sign-ins",
    "GET /api/shop/{m:str}/wechat/desktop-sign-ins/{sign_in_id:uuid}",
    "POST /api/shop/{m:str}/wechat/desktop-sign-ins/{sign_in_id:uuid}/session",
    "DELETE /api/shop/session",
    "POST /api/merchant/session",
}
"""Whoever adds a route that anybody may call adds it here, on purpose."""

KINDS_OF_PREFIX = {
    "/api/shop/": {"public", "shopper"},
    "/api/merchant/": {"staff"},
    "/api/platform/": {"operator"},
    "/wechat/": {"callback"},
    "/alipay/": {"callback"},
}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


class Route(msgspec.Struct, frozen=True):
    """One method on one path, and who may call it."""

    method: str
    path: str
    access: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def kind(self) -> str:
        """public, callback, shopper, staff or operator."""
        return (self.access or "").partition(":")[0]

    @property
    def permission(self) -> str:
        """What the caller must be allowed to do; empty for nothing in particular."""
        return (self.access or "").partition(":")[2]

    def url(self, merchant_code: str) -> str:
        """A path of this route, with an id that nothing has."""
        filled = self.path.replace("{m:str}", merchant_code)
        filled = re.sub(r"\{\w+:uuid\}", lambda _: str(new_id()), filled)
        filled = re.sub(r"\{\w+:date\}", "2026-01-02", filled)
        return re.sub(r"\{\w+:\w+\}", "x", filled)


def routes_of(app: Litestar) -> Iterator[Route]:
    """All of them but the framework's own: its answers to OPTIONS and its /_openapi, which the guard refuses."""
    for route in app.routes:
        assert isinstance(route, HTTPRoute), f"{route.path} is no HTTP route: teach this test about it"
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS"}:
                if not route.path.startswith("/_openapi"):
                    yield Route(method, route.path, handler.opt.get("access"))


@pytest.fixture
def routes(app: Litestar) -> list[Route]:
    """Every route of the application."""
    found = sorted(routes_of(app), key=str)
    assert len(found) > 40
    return found


@pytest.fixture
async def merchant(rt: Runtime) -> merchants.Merchant:
    """A merchant for the paths."""
    async with rt.db.transaction() as tx:
        return await merchants.create(tx, code=f"r{new_id().hex[:24]}", name="路线")


async def staff_token(rt: Runtime, merchant: merchants.Merchant, role: staff.Role) -> str:
    """A session of a person of this role."""
    async with rt.db.transaction() as tx:
        person = await staff.create(
            tx,
            merchant.merchant_id,
            login=f"r-{new_id().hex}",
            password="correct horse battery",
            name="店员",
            role=role,
            store_id=None,
        )
        token, _ = await identity.open_session(tx, person.user_id, identity.Client())
    return token


async def shopper_token(rt: Runtime) -> str:
    """A token of a new shopper."""
    async with rt.db.transaction() as tx:
        shopper = await identity.shopper_of_wechat(tx, "routes", new_id().hex)
    return identity.issue_shopper_token(rt, shopper.shopper_id)[0]


def test_every_route_states_its_access(routes: list[Route]) -> None:
    kinds = {"public", "callback", *wiring.AUTHENTICATORS}
    assert [str(route) for route in routes if route.kind not in kinds] == []
    unknown = {str(route): route.permission for route in routes if route.permission not in {"", *staff.PERMISSIONS}}
    assert unknown == {}, "permissions that no role can have; see staff/rules.py"


def test_public_routes_are_public_on_purpose(routes: list[Route]) -> None:
    public = {str(route) for route in routes if route.kind == "public"}
    assert public - PUBLIC == set(), "routes that anybody may call, not on the list"
    assert PUBLIC - public == set(), "on the list, but no such public route"


def test_each_part_of_the_api_is_for_its_kind_of_caller(routes: list[Route]) -> None:
    for route in routes:
        for prefix, kinds in KINDS_OF_PREFIX.items():
            if route.path.startswith(prefix) and str(route) not in PUBLIC:
                assert route.kind in kinds, str(route)


def test_reads_and_writes_ask_for_fitting_permissions(routes: list[Route]) -> None:
    for route in routes:
        if route.method in UNSAFE and route.permission:
            assert route.permission.endswith((".write", ".close")), str(route)


async def test_whoever_is_not_signed_in_is_told_so(
    routes: list[Route], client: httpx.AsyncClient, merchant: merchants.Merchant
) -> None:
    closed = [route for route in routes if route.kind in wiring.AUTHENTICATORS]
    assert any(route.path.startswith("/api/merchant/") for route in closed)
    for route in closed:
        for headers in ({}, {"Authorization": f"Bearer {'x' * 43}"}):
            answer = await client.request(route.method, route.url(merchant.code), headers=headers)
            assert answer.status_code == 401, str(route)
            if route.method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.json()["code"] == "sign_in_required", str(route)


async def test_a_page_of_another_site_can_command_nothing(
    rt: Runtime, routes: list[Route], client: httpx.AsyncClient, merchant: merchants.Merchant
) -> None:
    for name, token in {
        "bihuan_shopper": await shopper_token(rt),
        "bihuan_staff": await staff_token(rt, merchant, "owner"),
    }.items():
        client.cookies.set(name, token, domain="mall.test", path="/api")
    for route in routes:
        if route.method not in UNSAFE or route.kind not in {"shopper", "staff"}:
            continue
        answer = await client.request(
            route.method, route.url(merchant.code), headers={"Sec-Fetch-Site": "cross-site"}, json={}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site"), str(route)


@pytest.mark.parametrize("role", ["manager", "clerk", "finance"])
async def test_a_role_opens_no_more_than_its_permissions(
    rt: Runtime, routes: list[Route], client: httpx.AsyncClient, merchant: merchants.Merchant, role: staff.Role
) -> None:
    allowed = staff.permissions_of(role, is_platform=False)
    headers = {"Authorization": f"Bearer {await staff_token(rt, merchant, role)}"}
    tried = 0
    for route in routes:
        if (route.kind == "staff" and route.permission and route.permission not in allowed) or route.kind == "operator":
            answer = await client.request(route.method, route.url(merchant.code), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), str(route)
            tried += 1
    assert tried > 0


async def test_a_thing_that_is_not_there_is_not_found(
    rt: Runtime, routes: list[Route], client: httpx.AsyncClient, merchant: merchants.Merchant
) -> None:
    tokens = {"staff": await staff_token(rt, merchant, "owner"), "shopper": await shopper_token(rt)}
    for route in routes:
        if route.method == "GET" and ":uuid}" in route.path and route.kind in tokens:
            headers = {"Authorization": f"Bearer {tokens[route.kind]}"}
            answer = await client.get(route.url(merchant.code), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), str(route)


async def test_nobody_may_ask_from_another_origin(client: httpx.AsyncClient) -> None:
    headers = {"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"}
    answer = await client.options("/api/shop/addresses", headers=headers)
    assert "access-control-allow-origin" not in answer.headers
    assert (await client.get("/_openapi/openapi.json")).status_code == 403


async def test_the_description_lists_every_route_of_the_api(routes: list[Route], client: httpx.AsyncClient) -> None:
    described: dict[str, dict[str, object]] = (await client.get("/api/openapi.json")).json()["paths"]
    for route in routes:
        if route.path.startswith(("/api/", "/wechat/")) and route.path != "/api/openapi.json":
            path = re.sub(r":\w+\}", "}", route.path)
            assert route.method.lower() in described.get(path, {}), str(route)


def test_the_hottest_routes_stand_in_the_table_of_routes_too(routes: list[Route]) -> None:
    for method, pattern, _ in wiring.HOT_ROUTES:
        assert any(route.method == method and pattern.match(route.url("m")) for route in routes), pattern.pattern
