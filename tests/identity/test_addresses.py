"""A shopper's addresses: hers alone, one of them the default."""

from typing import Any

import httpx
import pytest

from bihuan import identity
from bihuan.identity.rules import MAX_ADDRESSES
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime

HOME: dict[str, Any] = {
    "name": "林小满",
    "phone": "13800138000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "北山街 1 号",
}


class Buyer:
    """A signed-in shopper with her address book."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self._auth = {"Authorization": f"Bearer {token}"}

    async def send(
        self, method: str, path: str = "", body: dict[str, Any] | None = None, key: str | None = None
    ) -> httpx.Response:
        """One request about addresses."""
        headers = {**self._auth, **({"Idempotency-Key": key} if key else {})}
        return await self._client.request(method, f"/api/shop/addresses{path}", headers=headers, json=body)

    async def add(self, **changes: Any) -> dict[str, Any]:
        """Adds an address."""
        answer = await self.send("POST", "", {**HOME, **changes}, new_id().hex)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def book(self) -> list[tuple[str, bool]]:
        """Streets, and which is the default one."""
        page = (await self.send("GET")).json()
        assert page["next_cursor"] is None
        return [(one["street"], one["is_default"]) for one in page["items"]]


@pytest.fixture
async def buyer(rt: Runtime, client: httpx.AsyncClient) -> Buyer:
    """A new shopper."""
    return await new_buyer(rt, client)


async def new_buyer(rt: Runtime, client: httpx.AsyncClient) -> Buyer:
    """A new shopper."""
    async with rt.db.transaction() as tx:
        shopper = await identity.shopper_of_wechat(tx, "app", new_id().hex)
    return Buyer(client, identity.issue_shopper_token(rt, shopper.shopper_id)[0])


async def test_the_first_address_is_the_default_and_a_new_default_takes_over(buyer: Buyer) -> None:
    first = await buyer.add(street="一")
    assert first["is_default"] is True
    assert {**HOME, "street": "一", "is_default": True, "address_id": first["address_id"]} == first
    second = await buyer.add(street="二")
    assert await buyer.book() == [("一", True), ("二", False)]
    third = await buyer.add(street="三", is_default=True)
    assert await buyer.book() == [("三", True), ("二", False), ("一", False)]
    changed = await buyer.send("PUT", f"/{second['address_id']}", {**HOME, "street": "二号", "is_default": True})
    assert changed.json()["street"] == "二号"
    assert await buyer.book() == [("二号", True), ("三", False), ("一", False)]
    assert (await buyer.send("DELETE", f"/{second['address_id']}")).status_code == 204
    assert await buyer.book() == [("三", True), ("一", False)]
    assert (await buyer.send("DELETE", f"/{third['address_id']}")).status_code == 204
    assert (await buyer.send("DELETE", f"/{first['address_id']}")).status_code == 204
    assert await buyer.book() == []


async def test_the_default_address_stays_it_when_a_change_does_not_say_so(buyer: Buyer) -> None:
    only = await buyer.add()
    answer = await buyer.send("PUT", f"/{only['address_id']}", {**HOME, "is_default": False})
    assert answer.json()["is_default"] is True


async def test_anothers_address_is_not_found_and_not_changed(
    rt: Runtime, client: httpx.AsyncClient, buyer: Buyer
) -> None:
    mine = await buyer.add(street="我家")
    thief = await new_buyer(rt, client)
    path = f"/{mine['address_id']}"
    for answer in (await thief.send("PUT", path, HOME), await thief.send("DELETE", path)):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await thief.book() == []
    assert await buyer.book() == [("我家", True)]


async def test_a_repeated_key_adds_once(buyer: Buyer) -> None:
    key = new_id().hex
    first = await buyer.send("POST", "", HOME, key)
    again = await buyer.send("POST", "", HOME, key)
    assert again.json() == first.json()
    assert len(await buyer.book()) == 1
    other = await buyer.send("POST", "", {**HOME, "street": "别处"}, key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    missing = await buyer.send("POST", "", HOME)
    assert (missing.status_code, missing.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("name", "名" * 51), ("phone", "电话"), ("phone", "12"), ("street", ""), ("province", "")],
)
async def test_what_is_no_address_is_refused(buyer: Buyer, field: str, value: str) -> None:
    answer = await buyer.send("POST", "", {**HOME, field: value}, new_id().hex)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")
    assert field in answer.json()["detail"]
    assert await buyer.book() == []


async def test_the_book_has_an_end(buyer: Buyer) -> None:
    for _ in range(MAX_ADDRESSES):
        await buyer.add()
    answer = await buyer.send("POST", "", HOME, new_id().hex)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")


async def test_nobody_signed_in_has_no_addresses(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/shop/addresses")).status_code == 401
    assert (await client.post("/api/shop/addresses", json=HOME)).status_code == 401
