"""Parked deliveries: pages, by handler, and replayed together."""

from collections import Counter
from typing import Any

import httpx
import pytest

from bihuan.kernel.runtime import Runtime
from tests.business import Business, open_business

PARKED = "/api/merchant/deliveries"


@pytest.fixture
async def business(rt: Runtime, client: httpx.AsyncClient) -> Business:
    """A merchant whose facts are all parked."""
    return await open_business(rt, client)


async def get(business: Business, client: httpx.AsyncClient, path: str) -> Any:
    """The JSON of a GET that must succeed."""
    answer = await business.send(client, "GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_pages_show_each_delivery_once(business: Business, client: httpx.AsyncClient) -> None:
    seen: list[tuple[str, str]] = []
    path = f"{PARKED}?limit=2"
    while True:
        page = await get(business, client, path)
        assert len(page["items"]) <= 2
        seen += [(one["fact_id"], one["handler"]) for one in page["items"]]
        if page["next_cursor"] is None:
            break
        path = f"{PARKED}?limit=2&cursor={page['next_cursor']}"
    assert sorted(seen) == business.parked
    assert (await business.send(client, "GET", f"{PARKED}?cursor=bad")).json()["code"] == "bad_cursor"


async def test_one_handler_s_deliveries_are_shown_counted_and_replayed(
    business: Business, client: httpx.AsyncClient
) -> None:
    counts = Counter(handler for _, handler in business.parked)
    shown = (await get(business, client, f"{PARKED}/handlers"))["items"]
    assert {one["handler"]: one["parked"] for one in shown} == counts
    handler, count = counts.most_common(1)[0]
    page = await get(business, client, f"{PARKED}?handler={handler}&limit=100")
    assert {one["handler"] for one in page["items"]} == {handler}
    assert len(page["items"]) == count
    replayed = await business.send(client, "POST", f"{PARKED}/replay", {"handler": handler})
    assert replayed.json() == {"replayed": count}
    left = (await get(business, client, f"{PARKED}/handlers"))["items"]
    assert {one["handler"]: one["parked"] for one in left} == {h: n for h, n in counts.items() if h != handler}
    again = await business.send(client, "POST", f"{PARKED}/replay", {"handler": handler})
    assert again.json() == {"replayed": 0}


async def test_all_are_replayed_and_nobody_else_s(rt: Runtime, business: Business, client: httpx.AsyncClient) -> None:
    other = await open_business(rt, client)
    replayed = await business.send(client, "POST", f"{PARKED}/replay", {})
    assert replayed.json() == {"replayed": len(business.parked)}
    assert (await get(business, client, PARKED))["items"] == []
    assert len((await get(other, client, f"{PARKED}?limit=100"))["items"]) == len(other.parked)
    clerk = await client.post("/api/merchant/session", json={"login": business.clerk_login, "password": "x"})
    assert clerk.status_code == 401


async def test_parked_money_pages_and_is_chosen_by_kind(
    rt: Runtime, business: Business, client: httpx.AsyncClient
) -> None:
    async with rt.db.transaction() as tx:
        for n in range(3):
            await tx.execute(
                """insert into payment_notifications (merchant_id, notification_id, event_type, reference, outcome,
                     content, received_at) values ($1, $2, 'X.Y', $2, 'parked', '{}', $3)""",
                business.merchant_id,
                f"EV-{n}",
                tx.now,
            )
    path, seen = "/api/merchant/payments/parked?limit=1", list[str]()
    cursor = ""
    while True:
        page = await get(business, client, f"{path}{cursor}")
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen[1:] == ["EV-0", "EV-1", "EV-2"]
    assert len(seen) == 4
    assert len((await get(business, client, f"{path}0&kind=notification"))["items"]) == 4
    assert (await get(business, client, f"{path}&kind=refund"))["items"] == []
    assert (await business.send(client, "GET", f"{path}&kind=odd")).status_code == 400
