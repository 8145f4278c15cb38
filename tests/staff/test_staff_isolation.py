"""A session of one merchant neither sees nor touches another's."""

from typing import Any

import httpx
import pytest

from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

from .conftest import Desk, NewDesk

TABLES = ("stores", "counters", "locations", "staff", "staff_users")


class Neighbours:
    """Two merchants, each with a store, a counter and a clerk."""

    def __init__(self, mine: Desk, theirs: Desk, ids: dict[str, str]) -> None:
        self.mine = mine
        self.theirs = theirs
        self.ids = ids


@pytest.fixture
async def neighbours(new_desk: NewDesk) -> Neighbours:
    """Me, my neighbour, and the ids of what is hers."""
    mine, theirs = await new_desk(), await new_desk()
    ids: dict[str, str] = {}
    for desk in (mine, theirs):
        store = await desk.post("/api/merchant/stores", {"code": "s1", "name": f"{desk.merchant.code} 的店"})
        path = f"/api/merchant/stores/{store['store_id']}/counters"
        counter = await desk.post(path, {"code": "c1", "name": "柜台"})
        clerk = await new_desk("clerk", desk.merchant)
        ids = {
            "store_id": store["store_id"],
            "counter_id": counter["counter_id"],
            "staff_id": str(clerk.person.staff_id),
        }
    return Neighbours(mine, theirs, ids)


async def snapshot(rt: Runtime, desk: Desk) -> list[Any]:
    """All rows of a merchant in the tables of these rooms."""
    async with rt.db.session() as tx:
        return [
            await tx.fetch(f"select * from {table} where merchant_id = $1 order by 1, 2", desk.merchant.merchant_id)
            for table in TABLES
        ]


async def test_lists_hold_ones_own_only(neighbours: Neighbours) -> None:
    for path in ("stores", "staff", "sign-ins"):
        page = await neighbours.mine.get(f"/api/merchant/{path}?limit=100")
        said = str(page)
        assert page["items"]
        assert not any(value in said for value in neighbours.ids.values())
        assert neighbours.theirs.login not in said


async def test_anothers_things_are_not_found_and_stay_as_they_are(rt: Runtime, neighbours: Neighbours) -> None:
    mine, ids = neighbours.mine, neighbours.ids
    before = await snapshot(rt, neighbours.theirs)
    own = (await mine.get("/api/merchant/staff"))["items"][1]
    clerk = {"name": "借调", "role": "clerk", "login": None}
    tries: list[tuple[str, str, dict[str, Any] | None]] = [
        ("PUT", f"stores/{ids['store_id']}", {"code": "s9", "name": "我的了"}),
        ("GET", f"stores/{ids['store_id']}/counters", None),
        ("POST", f"stores/{ids['store_id']}/counters", {"code": "c9", "name": "插柜"}),
        ("PUT", f"staff/{ids['staff_id']}", {**clerk, "password": "taken over 1"}),
        ("PUT", f"staff/{ids['staff_id']}", {**clerk, "active": False}),
        ("PUT", f"staff/{own['staff_id']}", {**clerk, "store_id": ids["store_id"]}),
        ("POST", "staff", {**clerk, "login": new_id().hex, "password": "long enough 1", "store_id": ids["store_id"]}),
    ]
    for method, path, body in tries:
        answer = await mine.send(method, f"/api/merchant/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path)
    assert await snapshot(rt, neighbours.theirs) == before


async def test_a_staff_session_is_no_shoppers_and_no_operators(neighbours: Neighbours) -> None:
    mine = neighbours.mine
    assert (await mine.send("GET", "/api/shop/addresses")).status_code == 401
    answer = await mine.send("GET", "/api/platform/merchants")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    body = {"code": "mine", "name": "自立门户", "owner": {"login": "x-1", "name": "我", "password": "long enough 1"}}
    assert (await mine.send("POST", "/api/platform/merchants", body)).status_code == 403


async def test_an_idempotency_key_is_ones_own(neighbours: Neighbours) -> None:
    key, store = new_id().hex, {"code": "s2", "name": "二店"}
    first = await neighbours.mine.send("POST", "/api/merchant/stores", store, key)
    second = await neighbours.theirs.send("POST", "/api/merchant/stores", store, key)
    assert first.status_code == second.status_code == 201
    assert first.json()["store_id"] != second.json()["store_id"]


async def test_a_shoppers_token_opens_no_console(rt: Runtime, client: httpx.AsyncClient) -> None:
    from bihuan import identity

    async with rt.db.transaction() as tx:
        shopper = await identity.shopper_of_wechat(tx, "app", new_id().hex)
    token, _ = identity.issue_shopper_token(rt, shopper.shopper_id)
    answer = await client.get("/api/merchant/stores", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
