"""Pages opened by a label's link or a friend's share become touchpoints; what makes no sense does not."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from bihuan import attribution, channels, identity, merchants
from bihuan.channels import Label, NewLabel
from bihuan.kernel import verification
from bihuan.kernel.ids import ShopperId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant, Store


class Desk:
    """A merchant with a store's label, and shoppers who open pages."""

    def __init__(self, rt: Runtime, client: httpx.AsyncClient, merchant: Merchant, store: Store, label: Label) -> None:
        self.rt = rt
        self.client = client
        self.merchant = merchant
        self.store = store
        self.label = label

    async def shopper(self) -> ShopperId:
        """Somebody new."""
        async with self.rt.db.transaction() as tx:
            return (await identity.shopper_of_wechat(tx, "wx-touch", new_id().hex)).shopper_id

    async def open(self, shopper_id: ShopperId, **how: object) -> httpx.Response:
        """Opens a page."""
        token, _ = identity.issue_shopper_token(self.rt, shopper_id)
        path = f"/api/shop/{self.merchant.code}/touchpoints"
        return await self.client.post(path, json=how, headers={"Authorization": f"Bearer {token}"})

    async def touches(self) -> list[dict[str, Any]]:
        """What was recorded."""
        sql = "select * from touchpoints where merchant_id = $1 order by touchpoint_id"
        async with self.rt.db.session() as tx:
            return [dict(row) for row in await tx.fetch(sql, self.merchant.merchant_id)]


@pytest.fixture
async def desk(rt: Runtime, client: httpx.AsyncClient) -> Desk:
    """A new merchant."""
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(tx, code=f"a{new_id().hex[-12:]}", name="青衫")
        store = await merchants.create_store(tx, merchant.merchant_id, code="s1", name="湖滨店")
        new = NewLabel(kind="store", name="入口", store_id=store.store_id)
        label = await channels.create_label(tx, merchant.merchant_id, new)
    return Desk(rt, client, merchant, store, label)


async def test_a_labels_link_is_a_visit_and_counts_as_a_scan(desk: Desk, deliver: Callable[[], Awaitable[int]]) -> None:
    shopper = await desk.shopper()
    assert (await desk.open(shopper, label=desk.label.code.lower(), page="pages/home/home")).status_code == 204
    assert (await desk.open(shopper, label=desk.label.code)).status_code == 204
    await deliver()
    (touch,) = await desk.touches()
    assert (touch["kind"], touch["label_code"], touch["store_id"]) == ("visit", desk.label.code, desk.store.store_id)
    async with desk.rt.db.transaction() as tx:
        won = await attribution.resolve(tx, desk.merchant.merchant_id, [shopper], tx.now)
        (read,) = await attribution.list_touchpoints(tx, desk.merchant.merchant_id, won[shopper].touchpoint_ids)
        scans = await tx.fetchval("select scans from labels where label_id = $1", desk.label.label_id)
        findings = await verification.run(tx, attribution.CHECKS)
    assert (won[shopper].store_id, won[shopper].rule) == (desk.store.store_id, "last_touch")
    assert (read.kind, read.label_code) == ("visit", desk.label.code)
    assert scans == 1
    assert str(touch["touchpoint_id"]) not in str(findings)


async def test_a_friends_share_wins_the_sharer_beside_the_place(desk: Desk) -> None:
    shopper, friend = await desk.shopper(), await desk.shopper()
    await desk.open(shopper, label=desk.label.code)
    assert (await desk.open(shopper, sharer_id=str(friend))).status_code == 204
    async with desk.rt.db.transaction() as tx:
        won = (await attribution.resolve(tx, desk.merchant.merchant_id, [shopper], tx.now))[shopper]
    assert (won.store_id, won.sharer_id, won.rule) == (desk.store.store_id, friend, "last_touch")
    assert len(won.touchpoint_ids) == 2
    both = await desk.shopper()
    await desk.open(both, label=desk.label.code, sharer_id=str(friend))
    async with desk.rt.db.transaction() as tx:
        won = (await attribution.resolve(tx, desk.merchant.merchant_id, [both], tx.now))[both]
    assert (won.store_id, won.sharer_id, len(won.touchpoint_ids)) == (desk.store.store_id, friend, 1)


async def test_ones_own_share_and_an_empty_report_count_for_nothing(desk: Desk) -> None:
    shopper = await desk.shopper()
    assert (await desk.open(shopper, sharer_id=str(shopper))).status_code == 204
    assert (await desk.open(shopper)).status_code == 204
    assert await desk.touches() == []
    assert (await desk.open(shopper, sharer_id=str(shopper), label=desk.label.code)).status_code == 204
    assert [t["kind"] for t in await desk.touches()] == ["visit"]


async def test_labels_and_sharers_that_are_not_here_are_not_found(desk: Desk, rt: Runtime) -> None:
    async with rt.db.transaction() as tx:
        other = await merchants.create(tx, code=f"z{new_id().hex[-12:]}", name="麦香")
        theirs = await channels.create_label(tx, other.merchant_id, NewLabel(kind="campaign", name="开业"))
    shopper = await desk.shopper()
    for how in (
        {"label": theirs.code},
        {"label": "NOSUCH1"},
        {"label": "' or 1=1"},
        {"sharer_id": str(new_id())},
        {"label": desk.label.code, "sharer_id": str(new_id())},
    ):
        answer = await desk.open(shopper, **how)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), how
    for how in ({"sharer_id": "me"}, {"label": "x" * 33}, {"page": "x" * 201}, {"label": 7}):
        assert (await desk.open(shopper, **how)).status_code == 400, how
    assert await desk.touches() == []
    nobody = await desk.client.post(f"/api/shop/{desk.merchant.code}/touchpoints", json={"label": desk.label.code})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "sign_in_required")


async def test_touchpoints_are_closed_to_change(desk: Desk) -> None:
    await desk.open(await desk.shopper(), label=desk.label.code)
    for sql in ("update touchpoints set store_id = null", "delete from touchpoints"):
        with pytest.raises(Exception, match="permission denied"):
            async with desk.rt.db.transaction() as tx:
                await tx.execute(sql)
