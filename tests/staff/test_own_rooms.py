"""What a merchant keeps of its own: the profile and freight, counters and stores given up, records of signing in."""

from typing import Any

import httpx
import pytest

from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.staff.rules import permissions_of
from tests.shop import new_shop

from .conftest import PASSWORD, Desk, NewDesk

PROFILE = {
    "name": "青衫",
    "intro": "一件好衣",
    "logo_url": "/media/x/logo.png",
    "theme_color": "#0F7265",
    "freight_fen": 800,
    "freight_free_from_fen": 9900,
}
STORE = {"code": "west", "name": "西湖店"}


async def test_a_merchant_writes_its_own_profile_and_freight(owner: Desk) -> None:
    code = owner.merchant.code
    saved = await owner.send("PUT", "/api/merchant/profile", PROFILE)
    assert saved.status_code == 200, saved.text
    assert saved.json() == {**PROFILE, "code": code, "theme_color": "#0f7265"}
    assert await owner.get("/api/merchant/profile") == saved.json()
    head = (await owner.get(f"/api/shop/{code}/home"))["merchant"]
    assert (head["name"], head["theme_color"], head["logo_url"]) == ("青衫", "#0f7265", "/media/x/logo.png")


async def test_freight_is_what_the_merchant_wrote(rt: Runtime, client: httpx.AsyncClient, new_desk: NewDesk) -> None:
    shop = await new_shop(rt)
    sku, shopper = await shop.add_sku(price_fen=3000), await shop.new_shopper()
    owner = await new_desk(merchant=shop.merchant)

    async def freight(quantity: int) -> int:
        wish = {"lines": [{"sku_id": str(sku), "quantity": quantity}], "delivery": {"method": "ship"}}
        answer = await client.post(f"{shop.url}/quote", json=wish, headers=shopper.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["freight_fen"]

    await owner.send("PUT", "/api/merchant/profile", PROFILE)
    assert (await freight(3), await freight(4)) == (800, 0)
    await owner.send("PUT", "/api/merchant/profile", {**PROFILE, "freight_free_from_fen": None})
    assert await freight(4) == 800
    await owner.send("PUT", "/api/merchant/profile", {**PROFILE, "freight_fen": 0, "freight_free_from_fen": None})
    assert await freight(1) == 0


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"name": " "}, 400, "validation_failed"),
        ({"theme_color": "green"}, 400, "validation_failed"),
        ({"theme_color": "#0f7265\n"}, 400, "validation_failed"),
        ({"logo_url": "javascript:alert(1)"}, 400, "validation_failed"),
        ({"freight_fen": -1}, 400, "validation_failed"),
        ({"freight_fen": 0}, 422, "freight_never_free"),
    ],
)
async def test_a_profile_that_makes_no_sense_is_refused(
    owner: Desk, change: dict[str, Any], status: int, code: str
) -> None:
    before = await owner.get("/api/merchant/profile")
    refused = await owner.send("PUT", "/api/merchant/profile", {**PROFILE, **change})
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert await owner.get("/api/merchant/profile") == before


async def test_clerks_read_the_profile_and_managers_write_it(owner: Desk, new_desk: NewDesk) -> None:
    clerk, manager = await new_desk("clerk", owner.merchant), await new_desk("manager", owner.merchant)
    assert (await clerk.get("/api/merchant/profile"))["code"] == owner.merchant.code
    assert (await clerk.send("PUT", "/api/merchant/profile", PROFILE)).json()["permission"] == "merchant.write"
    assert (await manager.send("PUT", "/api/merchant/profile", PROFILE)).status_code == 200
    assert {"merchant.write", "members.write"} <= permissions_of("manager", is_platform=False)


async def test_an_operator_s_colour_in_capitals_is_a_colour(operator: Desk, owner: Desk) -> None:
    path = f"/api/platform/merchants/{owner.merchant.merchant_id}"
    changed = await operator.send("PUT", path, {"theme_color": "#ABCDEF"})
    assert (changed.status_code, changed.json()["theme_color"]) == (200, "#abcdef")


async def test_a_counter_is_renamed_retired_and_taken_back(owner: Desk) -> None:
    store = await owner.post("/api/merchant/stores", STORE)
    counters = f"/api/merchant/stores/{store['store_id']}/counters"
    counter = await owner.post(counters, {"code": "c1", "name": "一号柜"})
    assert counter["state"] == "open"
    path = f"{counters}/{counter['counter_id']}"
    renamed = await owner.send("PUT", path, {"name": "收银台"})
    assert renamed.json() == {**counter, "name": "收银台"}
    retired = await owner.send("PUT", path, {"name": "收银台", "state": "retired"})
    assert retired.json()["state"] == "retired"
    label = {"kind": "counter", "name": "柜", "counter_id": counter["counter_id"]}
    refused = await owner.send("POST", "/api/merchant/labels", label)
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_place")
    await owner.send("PUT", path, {"name": "收银台", "state": "open"})
    await owner.post("/api/merchant/labels", label)
    assert [one["name"] for one in (await owner.get(counters))["items"]] == ["收银台"]
    elsewhere = await owner.post("/api/merchant/stores", {**STORE, "code": "east"})
    wrong = f"/api/merchant/stores/{elsewhere['store_id']}/counters/{counter['counter_id']}"
    assert (await owner.send("PUT", wrong, {"name": "x"})).status_code == 404


async def test_a_store_is_given_up_with_its_counters_and_opened_again(owner: Desk) -> None:
    store = await owner.post("/api/merchant/stores", STORE)
    path = f"/api/merchant/stores/{store['store_id']}"
    counter = await owner.post(f"{path}/counters", {"code": "c1", "name": "一号柜"})
    for _ in range(2):
        assert (await owner.send("POST", f"{path}/retire")).json()["state"] == "retired"
    assert (await owner.get(f"{path}/counters"))["items"][0]["state"] == "retired"
    assert (await owner.get(f"/api/shop/{owner.merchant.code}/stores"))["items"] == []
    person = {"login": f"c-{new_id().hex}", "name": "小周", "role": "clerk", "password": PASSWORD}
    for answer in (
        await owner.send("POST", f"{path}/counters", {"code": "c2", "name": "二号柜"}),
        await owner.send("PUT", f"{path}/counters/{counter['counter_id']}", {"name": "x", "state": "open"}),
        await owner.send("POST", "/api/merchant/staff", {**person, "store_id": store["store_id"]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "store_retired")
    label = {"kind": "store", "name": "店", "store_id": store["store_id"]}
    assert (await owner.send("POST", "/api/merchant/labels", label)).status_code == 422
    assert (await owner.send("PUT", path, STORE)).json()["state"] == "open"
    await owner.post("/api/merchant/labels", label)


async def test_a_store_with_stock_or_pickups_is_not_given_up(
    rt: Runtime, client: httpx.AsyncClient, new_desk: NewDesk
) -> None:
    shop = await new_shop(rt)
    sku, shopper = await shop.add_sku(price_fen=1000, at_store=1), await shop.new_shopper()
    owner = await new_desk(merchant=shop.merchant)
    path = f"/api/merchant/stores/{shop.store_id}"
    refused = await owner.send("POST", f"{path}/retire")
    assert (refused.status_code, refused.json()["code"]) == (409, "store_has_stock")
    order = {
        "lines": [{"sku_id": str(sku), "quantity": 1, "price_fen": 1000}],
        "delivery": {"method": "pickup", "store_id": str(shop.store_id)},
        "total_fen": 1000,
    }
    headers = {**shopper.headers, "Idempotency-Key": new_id().hex}
    placed = await client.post(f"{shop.url}/orders", json=order, headers=headers)
    assert placed.status_code == 201, placed.text
    refused = await owner.send("POST", f"{path}/retire")
    assert (refused.json()["code"], refused.json()["waiting"]) == ("store_has_pickups", 1)
    await client.post(f"{shop.url}/orders/{placed.json()['order_id']}/cancel", json={}, headers=headers)
    assert (await owner.send("POST", f"{path}/retire")).json()["code"] == "store_has_stock"
    location = next(
        row["location_id"] for row in (await owner.get("/api/merchant/stock"))["items"] if row["available"] == 1
    )
    gone = {"sku_id": str(sku), "location_id": location, "delta": -1, "reason": "调回总仓"}
    await owner.post("/api/merchant/stock/adjustments", gone)
    assert (await owner.send("POST", f"{path}/retire")).json()["state"] == "retired"


async def sign_in_from(desk: Desk, address: str, password: str = PASSWORD) -> None:
    """Tries to sign in from a network address (as the reverse proxy on this machine tells it)."""
    body = {"login": desk.login, "password": password}
    await desk.client.post("/api/merchant/session", json=body, headers={"X-Forwarded-For": address})
    desk.client.cookies.clear()


async def test_odd_sign_ins_are_marked(owner: Desk) -> None:
    await sign_in_from(owner, "203.0.113.7")
    await sign_in_from(owner, "203.0.113.7")
    for _ in range(3):
        await sign_in_from(owner, "198.51.100.9", "guess")
    await sign_in_from(owner, "203.0.113.7")
    found = (await owner.get("/api/merchant/sign-ins"))["items"]
    assert [(one["outcome"], one["suspicion"]) for one in reversed(found)] == [
        ("signed_in", None),  # the fixture's own, the first ever
        ("signed_in", "new_address"),
        ("signed_in", None),
        ("wrong_password", None),
        ("wrong_password", None),
        ("wrong_password", "guessing"),
        ("signed_in", "after_failures"),
    ]


async def test_everybody_sees_her_own_sign_ins_and_managers_all(owner: Desk, new_desk: NewDesk) -> None:
    clerk = await new_desk("clerk", owner.merchant)
    assert [one["login"] for one in (await clerk.get("/api/merchant/sign-ins?own=true"))["items"]] == [clerk.login]
    refused = await clerk.send("GET", "/api/merchant/sign-ins")
    assert (refused.status_code, refused.json()["permission"]) == (403, "staff.read")
    assert {one["login"] for one in (await owner.get("/api/merchant/sign-ins"))["items"]} == {owner.login, clerk.login}
    assert [one["login"] for one in (await owner.get("/api/merchant/sign-ins?own=true"))["items"]] == [owner.login]
