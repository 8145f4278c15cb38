"""Operators: merchants are added, changed and suspended by staff of the platform."""

from typing import Any

import pytest

from bihuan import identity, merchants
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

from .conftest import Desk, NewDesk

MERCHANTS = "/api/platform/merchants"


def newcomer(**changes: Any) -> dict[str, Any]:
    """A merchant to add."""
    code = f"n{new_id().hex[:24]}"
    owner = {"login": f"{code}-owner", "name": "掌柜", "password": "long enough 1"}
    return {"code": code, "name": "新来的店", "intro": "手作面包", "owner": owner, **changes}


async def test_a_new_merchant_comes_with_its_owner_and_warehouse(rt: Runtime, operator: Desk) -> None:
    body = newcomer(freight_fen=800, freight_free_from_fen=9900)
    added = await operator.post(MERCHANTS, body)
    assert (added["state"], added["freight_free_from_fen"], added["is_platform"]) == ("active", 9900, False)
    assert await operator.get(f"{MERCHANTS}/{added['merchant_id']}") == added
    owner = Desk(operator.client, operator.merchant, operator.person, body["owner"]["login"])
    said = (await owner.sign_in("long enough 1")).json()
    assert said["merchant"]["merchant_id"] == added["merchant_id"]
    async with rt.db.session() as tx:
        merchant = await merchants.get_by_code(tx, body["code"])
        assert await merchants.default_location(tx, merchant.merchant_id)
    listed = await operator.get(f"{MERCHANTS}?q={body['code'][:20]}")
    assert [one["merchant_id"] for one in listed["items"]] == [added["merchant_id"]]
    cards = await operator.get("/api/shop/merchants?limit=100")
    assert "bihuan" not in [one["code"] for one in cards["items"]]


async def test_a_refused_owner_leaves_no_merchant(rt: Runtime, operator: Desk) -> None:
    body = newcomer()
    body["owner"]["password"] = "12345678"
    answer = await operator.send("POST", MERCHANTS, body)
    assert answer.json()["code"] == "password_not_acceptable"
    assert (await operator.get(f"{MERCHANTS}?q={body['code']}"))["items"] == []


@pytest.mark.parametrize("code", ["bihuan", "session", "Qing", "1a", "a", "a_b", "x" * 33])
async def test_codes_that_cannot_be(operator: Desk, code: str) -> None:
    answer = await operator.send("POST", MERCHANTS, newcomer(code=code))
    assert answer.status_code in {400, 422}


async def test_a_code_is_taken_once(operator: Desk) -> None:
    body = newcomer()
    await operator.post(MERCHANTS, body)
    answer = await operator.send("POST", MERCHANTS, newcomer(code=body["code"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "code_taken")


async def test_a_suspended_merchant_sells_nothing_but_may_send_what_it_sold(
    rt: Runtime, operator: Desk, new_desk: NewDesk
) -> None:
    owner = await new_desk()
    path, shop = f"{MERCHANTS}/{owner.merchant.merchant_id}", f"/api/shop/{owner.merchant.code}/stores"
    assert (await operator.send("PUT", path, {"state": "suspended"})).json()["state"] == "suspended"
    answer = await operator.client.get(shop)
    assert (answer.status_code, answer.json()["code"]) == (403, "merchant_suspended")
    said = (await owner.sign_in()).json()
    assert said["merchant"]["state"] == "suspended"
    assert "orders.write" in said["permissions"]
    assert "catalog.write" not in said["permissions"]
    refused = await owner.send("POST", "/api/merchant/stores", {"code": "s1", "name": "店"})
    assert refused.status_code == 403
    assert (await operator.send("PUT", path, {"state": "active", "name": "回来了"})).json()["name"] == "回来了"
    assert (await operator.client.get(shop)).status_code == 200
    assert (await operator.client.get(f"/api/shop/{new_id().hex}/stores")).json()["code"] == "not_found"


async def test_the_platform_is_one_and_is_never_suspended(rt: Runtime, operator: Desk) -> None:
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        assert await merchants.ensure_platform(tx) == platform
    path = f"{MERCHANTS}/{platform.merchant_id}"
    answer = await operator.send("PUT", path, {"state": "suspended"})
    assert (answer.status_code, answer.json()["code"]) == (409, "platform_cannot_be_suspended")


async def test_operators_have_roles_too(operator: Desk, new_desk: NewDesk) -> None:
    clerk = await new_desk("clerk", operator.merchant)
    assert (await clerk.send("GET", MERCHANTS)).status_code == 403
    manager = await new_desk("manager", operator.merchant)
    assert (await manager.get("/api/merchant/session"))["merchant"]["is_platform"] is True
    assert (await manager.get(MERCHANTS))["items"]
    missing = await operator.send("GET", f"{MERCHANTS}/{new_id()}")
    assert missing.status_code == 404


async def test_the_invariants_hold_on_what_these_tests_left(rt: Runtime) -> None:
    from bihuan import staff
    from bihuan.kernel import verification

    async with rt.db.transaction(readonly=True) as tx:
        found = await verification.run(tx, [*identity.CHECKS, *merchants.CHECKS])
        assert [one for one in found if not one.holds] == []
        names = [one.name for one in await verification.run(tx, staff.CHECKS) if not one.holds]
    assert "staff.one_place" not in names  # tests make merchants with a clerk alone, so staff.owner may not hold
