"""The console's rooms about people and places, and who may do what in them."""

import asyncio
from typing import Any

import pytest

from bihuan import merchants
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.staff.rules import PERMISSIONS, ROLES, Role, may_manage, permissions_of

from .conftest import PASSWORD, Desk, NewDesk

STORE = {"code": "west-lake", "name": "西湖店", "address": "北山街 1 号", "phone": "0571-8888", "hours": "10:00-22:00"}


def person(**changes: Any) -> dict[str, Any]:
    """A colleague to add."""
    return {"login": f"c-{new_id().hex}", "name": "小周", "role": "clerk", "password": "long enough 1", **changes}


async def test_a_store_comes_with_the_place_where_its_stock_lies(rt: Runtime, owner: Desk) -> None:
    store = await owner.post("/api/merchant/stores", {**STORE, "province": "浙江省", "city": "杭州市"})
    assert store["state"] == "open"
    assert (await owner.get("/api/merchant/stores"))["items"] == [store]
    (card,) = (await owner.get(f"/api/shop/{owner.merchant.code}/stores"))["items"]
    assert card["address"] == "浙江省杭州市北山街 1 号"
    async with rt.db.session() as tx:
        places = await merchants.list_locations(tx, owner.merchant.merchant_id)
    assert [(place.kind, place.name, place.is_default) for place in places] == [
        ("warehouse", "总仓", True),
        ("store", "西湖店", False),
    ]
    path = f"/api/merchant/stores/{store['store_id']}"
    closed = await owner.send("PUT", path, {**STORE, "name": "西湖旗舰店", "state": "closed"})
    assert closed.json()["name"] == "西湖旗舰店"
    assert (await owner.get(f"/api/shop/{owner.merchant.code}/stores"))["items"] == []
    async with rt.db.session() as tx:
        assert (await merchants.list_locations(tx, owner.merchant.merchant_id))[1].name == "西湖旗舰店"


async def test_codes_are_unique_within_their_owner(owner: Desk, new_desk: NewDesk) -> None:
    first = await owner.post("/api/merchant/stores", STORE)
    second = await owner.post("/api/merchant/stores", {**STORE, "code": "second"})
    again = await owner.send("POST", "/api/merchant/stores", STORE)
    renamed = await owner.send("PUT", f"/api/merchant/stores/{second['store_id']}", STORE)
    for answer in (again, renamed):
        assert (answer.status_code, answer.json()["code"]) == (409, "code_taken")
    for store in (first, second):
        await owner.post(f"/api/merchant/stores/{store['store_id']}/counters", {"code": "c1", "name": "一号柜"})
    path = f"/api/merchant/stores/{first['store_id']}/counters"
    assert (await owner.send("POST", path, {"code": "c1", "name": "又一个"})).json()["code"] == "code_taken"
    assert [one["name"] for one in (await owner.get(path))["items"]] == ["一号柜"]
    other = await new_desk()
    await other.post("/api/merchant/stores", STORE)


async def test_lists_page_by_cursor(owner: Desk) -> None:
    for n in range(5):
        await owner.post("/api/merchant/stores", {**STORE, "code": f"s{n}"})
    for path in ("/api/merchant/stores", f"/api/shop/{owner.merchant.code}/stores"):
        codes: list[str] = []
        cursor = ""
        while True:
            page = await owner.get(f"{path}?limit=2{cursor}")
            codes += [store["code"] for store in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert codes == [f"s{n}" for n in range(5)]
    assert (await owner.send("GET", "/api/merchant/stores?cursor=nonsense")).json()["code"] == "bad_cursor"
    assert (await owner.send("GET", "/api/merchant/stores?limit=101")).status_code == 400


@pytest.mark.parametrize(
    "change", [{"code": "a b"}, {"code": "a\n"}, {"code": ""}, {"name": " "}, {"state": "gone"}, {"pickup": "x"}]
)
async def test_what_is_no_store_is_refused(owner: Desk, change: dict[str, Any]) -> None:
    answer = await owner.send("POST", "/api/merchant/stores", {**STORE, **change})
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")


async def test_a_new_colleague_signs_in_and_may_what_her_role_may(owner: Desk) -> None:
    store = await owner.post("/api/merchant/stores", STORE)
    body = person(store_id=store["store_id"])
    added = await owner.post("/api/merchant/staff", body)
    assert added == {
        "staff_id": added["staff_id"],
        "login": body["login"],
        "name": "小周",
        "role": "clerk",
        "store_id": store["store_id"],
        "active": True,
    }
    clerk = Desk(owner.client, owner.merchant, owner.person, body["login"])
    said = (await clerk.sign_in(body["password"])).json()
    assert said["staff"]["store_id"] == store["store_id"]
    assert set(said["permissions"]) == permissions_of("clerk", is_platform=False)
    refused = await clerk.send("POST", "/api/merchant/stores", {**STORE, "code": "x1"})
    assert (refused.status_code, refused.json()["permission"]) == (403, "stores.write")
    assert (await clerk.send("GET", "/api/merchant/staff")).status_code == 403
    assert [one["role"] for one in (await owner.get("/api/merchant/staff"))["items"]] == ["owner", "clerk"]


async def test_a_repeated_key_adds_one_colleague_and_keeps_no_password(rt: Runtime, owner: Desk) -> None:
    body, key = person(), new_id().hex
    first = await owner.send("POST", "/api/merchant/staff", body, key)
    again = await owner.send("POST", "/api/merchant/staff", {**body, "password": "another 12345"}, key)
    assert first.json() == again.json()
    assert len((await owner.get("/api/merchant/staff"))["items"]) == 2


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"login": "ab"}, 422, "login_not_acceptable"),
        ({"login": "有空 格"}, 422, "login_not_acceptable"),
        ({"login": None}, 422, "login_not_acceptable"),
        ({"password": "1234"}, 422, "password_not_acceptable"),
        ({"password": None}, 422, "password_not_acceptable"),
        ({"role": "king"}, 400, "validation_failed"),
        ({"store_id": "00000000-0000-0000-0000-000000000001"}, 404, "not_found"),
    ],
)
async def test_a_colleague_who_cannot_be(owner: Desk, change: dict[str, Any], status: int, code: str) -> None:
    answer = await owner.send("POST", "/api/merchant/staff", person(**change))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len((await owner.get("/api/merchant/staff"))["items"]) == 1


async def test_a_login_is_taken_everywhere(owner: Desk, new_desk: NewDesk) -> None:
    other = await new_desk()
    answer = await owner.send("POST", "/api/merchant/staff", person(login=other.login.upper()))
    assert (answer.status_code, answer.json()["code"]) == (409, "login_taken")


async def test_disabling_and_a_new_password_sign_a_colleague_out_at_once(owner: Desk, new_desk: NewDesk) -> None:
    clerk = await new_desk("clerk", owner.merchant)
    path = f"/api/merchant/staff/{clerk.person.staff_id}"
    known = {"name": "小周", "role": "clerk", "login": clerk.login}
    assert (await owner.send("PUT", path, {**known, "password": "fresh password"})).status_code == 200
    assert (await clerk.send("GET", "/api/merchant/session")).status_code == 401
    assert (await clerk.sign_in("fresh password")).status_code == 200
    disabled = await owner.send("PUT", path, {**known, "active": False})
    assert disabled.json()["active"] is False
    assert (await clerk.send("GET", "/api/merchant/session")).status_code == 401
    refused = await clerk.sign_in("fresh password")
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")
    outcomes = [one["outcome"] for one in (await owner.get("/api/merchant/sign-ins"))["items"]]
    assert outcomes[0] == "not_admitted"
    assert (await owner.send("PUT", path, known)).json()["active"] is True
    assert (await clerk.sign_in("fresh password")).status_code == 200


async def test_a_new_password_unlocks(owner: Desk, new_desk: NewDesk) -> None:
    clerk = await new_desk("clerk", owner.merchant)
    for _ in range(6):
        await clerk.sign_in("wrong")
    path = f"/api/merchant/staff/{clerk.person.staff_id}"
    await owner.send("PUT", path, {"name": "小周", "role": "clerk", "password": "fresh password"})
    assert (await clerk.sign_in("fresh password")).status_code == 200


async def test_a_manager_manages_those_below_her_only(owner: Desk, new_desk: NewDesk) -> None:
    manager = await new_desk("manager", owner.merchant)
    clerk = await new_desk("clerk", owner.merchant)
    peer = await new_desk("manager", owner.merchant)
    await manager.post("/api/merchant/staff", person(role="finance"))
    tries = [
        ("POST", "", person(role="manager")),
        ("POST", "", person(role="owner")),
        ("PUT", f"/{clerk.person.staff_id}", {"name": "小周", "role": "owner"}),
        ("PUT", f"/{peer.person.staff_id}", {"name": "小周", "role": "clerk"}),
        ("PUT", f"/{owner.person.staff_id}", {"name": "小店", "role": "owner", "password": "taken over 1"}),
    ]
    for method, path, body in tries:
        answer = await manager.send(method, f"/api/merchant/staff{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_out_of_reach"), path
    assert (await owner.sign_in(PASSWORD)).status_code == 200


async def test_nobody_changes_her_own_role_and_an_owner_remains(owner: Desk, new_desk: NewDesk) -> None:
    own = f"/api/merchant/staff/{owner.person.staff_id}"
    for change in ({"role": "clerk"}, {"active": False}, {"password": "another 12345"}):
        answer = await owner.send("PUT", own, {"name": "小店", "role": "owner", **change})
        assert (answer.status_code, answer.json()["code"]) == (409, "own_account")
    assert (await owner.send("PUT", own, {"name": "新名", "role": "owner"})).json()["name"] == "新名"
    second = await new_desk("owner", owner.merchant)
    demoted = await owner.send(
        "PUT", f"/api/merchant/staff/{second.person.staff_id}", {"name": "退居二线", "role": "finance"}
    )
    assert demoted.json()["role"] == "finance"
    assert (await second.send("GET", "/api/merchant/staff")).status_code == 403


async def test_two_owners_who_demote_each_other_at_once_leave_one(owner: Desk, new_desk: NewDesk) -> None:
    second = await new_desk("owner", owner.merchant)
    demoted = {"name": "小店", "role": "clerk"}
    answers = await asyncio.gather(
        owner.send("PUT", f"/api/merchant/staff/{second.person.staff_id}", demoted),
        second.send("PUT", f"/api/merchant/staff/{owner.person.staff_id}", demoted),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    who = owner if answers[0].status_code == 200 else second
    assert sorted(one["role"] for one in (await who.get("/api/merchant/staff"))["items"]) == ["clerk", "owner"]


async def test_a_login_does_not_change(owner: Desk, new_desk: NewDesk) -> None:
    clerk = await new_desk("clerk", owner.merchant)
    path = f"/api/merchant/staff/{clerk.person.staff_id}"
    answer = await owner.send("PUT", path, {"name": "小周", "role": "clerk", "login": "somebody-else"})
    assert (answer.status_code, answer.json()["code"]) == (422, "login_fixed")


def test_roles_hold_only_known_permissions_and_operators_alone_the_platforms() -> None:
    for role in ROLES:
        for is_platform in (True, False):
            allowed = permissions_of(role, is_platform=is_platform)
            assert allowed <= PERMISSIONS | {"*"}
            if not is_platform:
                assert not any(one.startswith("platform.") for one in allowed)
            suspended = permissions_of(role, is_platform=is_platform, suspended=True)
            assert all(one.endswith(".read") or one in {"orders.write", "aftersale.write"} for one in suspended)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_manages_above_herself(role: Role) -> None:
    rank: dict[Role, int] = {"owner": 3, "manager": 2, "clerk": 1, "finance": 1}
    assert all(rank[other] < rank[role] or role == "owner" for other in ROLES if may_manage(role, other))
