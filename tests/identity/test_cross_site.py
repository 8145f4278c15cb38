"""A page of another site cannot act with our cookie."""

from collections.abc import Mapping

import httpx
import pytest

from bihuan import identity
from bihuan.identity.errors import CrossSite
from bihuan.kernel.errors import Unauthorized
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

JSON = {"content-type": "application/json; charset=utf-8"}

PASSES: list[tuple[str, Mapping[str, str]]] = [
    ("GET", {"sec-fetch-site": "cross-site"}),
    ("POST", {"sec-fetch-site": "same-origin"}),
    ("POST", {"host": "shop.test:8000", "origin": "http://shop.test:8000"}),
    ("POST", {"host": "inner:8000", "origin": "http://mall.test"}),  # behind a proxy: BIHUAN_PUBLIC_URL
    ("POST", JSON),
    ("POST", {"idempotency-key": "12345678", "content-type": "multipart/form-data; boundary=x"}),
    ("DELETE", {}),
    ("PUT", {}),
]
REFUSED: list[tuple[str, Mapping[str, str]]] = [
    ("POST", {"sec-fetch-site": "cross-site", **JSON}),
    ("POST", {"sec-fetch-site": "same-site", **JSON}),
    ("DELETE", {"sec-fetch-site": "none"}),
    ("POST", {"host": "mall.test", "origin": "https://evil.test", **JSON}),
    ("POST", {"host": "mall.test", "origin": "http://mall.test.evil.test", **JSON}),
    ("POST", {"host": "mall.test", "origin": "null", **JSON}),
    ("POST", {"host": "mall.test", "origin": "http://mall.test:81", **JSON}),
    ("POST", {}),
    ("POST", {"content-type": "text/plain"}),
    ("POST", {"content-type": "application/x-www-form-urlencoded"}),
    ("POST", {"content-type": "text/plain; application/json"}),
]


@pytest.mark.parametrize(("method", "headers"), PASSES)
def test_our_own_pages_and_scripts_pass(rt: Runtime, method: str, headers: Mapping[str, str]) -> None:
    identity.refuse_cross_site(rt, headers, method)


@pytest.mark.parametrize(("method", "headers"), REFUSED)
def test_others_are_refused(rt: Runtime, method: str, headers: Mapping[str, str]) -> None:
    with pytest.raises(CrossSite):
        identity.refuse_cross_site(rt, headers, method)


async def test_over_http_only_the_cookie_needs_it(rt: Runtime, client: httpx.AsyncClient) -> None:
    async with rt.db.transaction() as tx:
        shopper = await identity.shopper_of_wechat(tx, "app", new_id().hex)
    token, _ = identity.issue_shopper_token(rt, shopper.shopper_id)
    path, foreign = f"/api/shop/addresses/{new_id()}", {"Sec-Fetch-Site": "cross-site"}
    by_token = await client.delete(path, headers={"Authorization": f"Bearer {token}", **foreign})
    assert by_token.json()["code"] == "not_found"
    client.cookies.set("bihuan_shopper", token, domain="mall.test", path="/api")
    by_cookie = await client.delete(path, headers=foreign)
    assert (by_cookie.status_code, by_cookie.json()["code"]) == (403, "cross_site")
    assert (await client.get("/api/shop/addresses", headers=foreign)).status_code == 200


async def test_the_hot_routes_read_the_same_from_headers_alone(rt: Runtime) -> None:
    async with rt.db.transaction() as tx:
        shopper = await identity.shopper_of_wechat(tx, "app", new_id().hex)
    token, _ = identity.issue_shopper_token(rt, shopper.shopper_id)
    cookie = {"cookie": f"a=b; bihuan_shopper={token}; c=d"}
    for headers in ({"authorization": f"Bearer {token}"}, {**cookie, **JSON}):
        assert identity.shopper_from_headers(rt, headers).shopper_id == shopper.shopper_id
    with pytest.raises(CrossSite):
        identity.shopper_from_headers(rt, {**cookie, "sec-fetch-site": "cross-site"})
    nothing: list[dict[str, str]] = [{}, {"cookie": "x_bihuan_shopper=1"}, {"authorization": "Basic x"}]
    for headers in nothing:
        with pytest.raises(Unauthorized):
            identity.shopper_from_headers(rt, headers)
