"""The loop's numbers come from facts, by day in China and by store."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bihuan import identity, insight, merchants, staff
from bihuan.facts.attribution import PageVisited
from bihuan.facts.channels import LabelScanned, ShopperFollowed
from bihuan.facts.orders import OrderPaid, OrderPlaced
from bihuan.insight.handlers import count
from bihuan.insight.rules import day_of
from bihuan.kernel import verification
from bihuan.kernel.events import Envelope, emit
from bihuan.kernel.ids import FactId, LabelId, MerchantId, OrderId, ShopperId, StoreId, TouchpointId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

Deliver = Callable[[], Awaitable[int]]

ZERO = {"scans": 0, "follows": 0, "orders": 0, "paid_orders": 0, "paid_fen": 0, "members": 0}


@pytest.fixture
async def merchant(rt: Runtime) -> Merchant:
    """A new merchant."""
    async with rt.db.transaction() as tx:
        return await merchants.create(tx, code=f"i{new_id().hex[-12:]}", name="青衫")


async def sign_in(rt: Runtime, merchant_id: MerchantId, role: staff.Role = "owner") -> dict[str, str]:
    """Headers of somebody who works there."""
    async with rt.db.transaction() as tx:
        login = f"i{new_id().hex[-12:]}"
        person = await staff.create(
            tx, merchant_id, login=login, password="correct horse", name="店长", role=role, store_id=None
        )
        token, _ = await identity.open_session(tx, person.user_id, identity.Client())
    return {"Authorization": f"Bearer {token}"}


def purchase(merchant: Merchant, at: datetime, store_id: StoreId | None, fen: int) -> list[Any]:
    """The facts of an order and its payment by somebody new, who joins."""
    about: dict[str, Any] = {
        "merchant_id": merchant.merchant_id,
        "occurred_at": at,
        "order_id": OrderId(new_id()),
        "order_no": new_id().hex,
        "shopper_id": ShopperId(new_id()),
        "total_fen": fen,
        "store_id": store_id,
    }
    return [OrderPlaced(**about, expires_at=at + timedelta(minutes=15)), OrderPaid(**about, paid_fen=fen)]


async def test_the_dashboard_adds_up_by_store_and_day(
    rt: Runtime, client: httpx.AsyncClient, deliver: Deliver, merchant: Merchant
) -> None:
    async with rt.db.transaction() as tx:
        store = await merchants.create_store(tx, merchant.merchant_id, code="s1", name="湖滨店")
        empty = await merchants.create_store(tx, merchant.merchant_id, code="s2", name="西溪店")
        now, old = tx.now, tx.now - timedelta(days=2)
        base: dict[str, Any] = {"merchant_id": merchant.merchant_id, "shopper_id": ShopperId(new_id())}
        label: dict[str, Any] = {"label_id": LabelId(new_id()), "store_id": store.store_id}
        facts = [
            ShopperFollowed(**base, occurred_at=old),
            PageVisited(**base, occurred_at=now, touchpoint_id=TouchpointId(new_id()), sharer_id=ShopperId(new_id())),
            *purchase(merchant, now, store.store_id, 12_345),
            *purchase(merchant, now, store.store_id, 55),
            *purchase(merchant, old, None, 5_000),
            *purchase(merchant, now - timedelta(days=40), None, 99_900),
            OrderPlaced(
                **base,
                occurred_at=now,
                order_id=OrderId(new_id()),
                order_no="x",
                total_fen=1,
                expires_at=now,
            ),
        ]
        await emit(tx, *facts)
    await deliver()
    async with rt.db.transaction() as tx:
        # Counted directly: labels of facts that channels did not emit would fail attribution's keys.
        seen = [
            ShopperFollowed(**base, **label, occurred_at=now),
            LabelScanned(**base, **label, occurred_at=now),
            PageVisited(**base, **label, occurred_at=now, touchpoint_id=TouchpointId(new_id())),
        ]
        await count(tx, merchant.merchant_id, [Envelope(FactId(new_id()), fact) for fact in seen])
    owner = await sign_in(rt, merchant.merchant_id)
    board = (await client.get("/api/merchant/dashboard?days=3", headers=owner)).json()
    assert board["totals"] == {
        "scans": 3, "follows": 2, "orders": 4, "paid_orders": 3, "paid_fen": 17_400, "members": 3,
    }  # fmt: skip
    rows = {row["store_name"]: row for row in board["by_store"]}
    assert list(rows) == ["湖滨店", None, "西溪店"]
    assert {k: rows["湖滨店"][k] for k in ZERO} == {
        "scans": 3, "follows": 1, "orders": 2, "paid_orders": 2, "paid_fen": 12_400, "members": 2,
    }  # fmt: skip
    assert rows["西溪店"] == {**ZERO, "store_id": str(empty.store_id), "store_name": "西溪店"}
    assert rows[None]["store_id"] is None
    today = day_of(now)
    assert [day["date"] for day in board["trend"]] == [(today - timedelta(days=n)).isoformat() for n in (2, 1, 0)]
    assert [day["paid_fen"] for day in board["trend"]] == [5_000, 0, 12_400]
    assert {k: board["trend"][1][k] for k in ZERO} == ZERO
    async with rt.db.transaction() as tx:
        findings = await verification.run(tx, insight.CHECKS)
    assert [o for f in findings for o in f.offenders if str(merchant.merchant_id) in o] == []


def test_the_day_is_that_of_china() -> None:
    late = datetime(2026, 5, 20, 15, 59, 59, tzinfo=UTC)
    assert day_of(late).isoformat() == "2026-05-20"
    assert day_of(late + timedelta(seconds=1)).isoformat() == "2026-05-21"


async def test_a_new_merchants_dashboard_is_empty_and_whole(
    rt: Runtime, client: httpx.AsyncClient, merchant: Merchant
) -> None:
    owner = await sign_in(rt, merchant.merchant_id)
    board = (await client.get("/api/merchant/dashboard", headers=owner)).json()
    assert (board["totals"], board["by_store"], len(board["trend"])) == (ZERO, [], 7)
    for days in ("0", "91", "x"):
        assert (await client.get(f"/api/merchant/dashboard?days={days}", headers=owner)).status_code == 400
    clerk = await sign_in(rt, merchant.merchant_id, "clerk")
    assert (await client.get("/api/merchant/dashboard", headers=clerk)).status_code == 403


async def test_operators_see_all_merchants_and_nobody_else_does(
    rt: Runtime, client: httpx.AsyncClient, deliver: Deliver, merchant: Merchant
) -> None:
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await emit(tx, *purchase(merchant, tx.now, None, 7_000))
    await deliver()
    operator = await sign_in(rt, platform.merchant_id)
    seen = (await client.get("/api/platform/overview", headers=operator)).json()
    (mine,) = [row for row in seen["by_merchant"] if row["code"] == merchant.code]
    assert (mine["orders"], mine["paid_orders"], mine["paid_fen"], mine["members"], mine["shoppers"]) == (
        1, 1, 7_000, 1, 1,
    )  # fmt: skip
    assert seen["paid_fen"] >= 7_000
    assert seen["shoppers"] >= 1
    recent = (await client.get("/api/platform/overview?days=1", headers=operator)).json()
    assert recent["paid_fen"] >= 7_000
    owner = await sign_in(rt, merchant.merchant_id)
    assert (await client.get("/api/platform/overview", headers=owner)).status_code == 403
