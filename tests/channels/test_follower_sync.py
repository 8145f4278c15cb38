"""Followers of an account that had some before: taken over once, from where a run ended, told as nothing new."""

from typing import Any

import httpx
import pytest

from bihuan.channels import follower_sync
from tests.channels.desk import Brand, Mall


async def work(mall: Mall, owner: httpx.AsyncClient) -> dict[str, Any]:
    """Lets the job work to its end; what the console shows."""
    shown: dict[str, Any] = {}
    for _ in range(50):
        await follower_sync.run_due(mall.rt)
        shown = (await owner.get("/api/merchant/followers/sync")).json()
        if shown["state"] != "running":
            return shown
    raise AssertionError(shown)


async def with_followers(mall: Mall, count: int) -> tuple[Brand, httpx.AsyncClient]:
    brand = await mall.brand()
    await mall.sandbox.call("POST", f"/official-accounts/{brand.appid}/followers", {"count": count})
    return brand, await mall.sign_in_staff(brand)


async def test_who_followed_before_is_taken_over_once(mall: Mall) -> None:
    brand, owner = await with_followers(mall, 230)
    person = await mall.person()
    label = await brand.label()
    scanned = await person.act("scan", content=label.qr_url)
    await person.act("follow", appid=brand.appid, ticket=scanned["ticket"])

    async def known() -> bool:
        return len(await brand.rows("select 1 from followers where merchant_id = $1 and shopper_id is not null")) == 1

    await mall.settle(known)
    await mall.deliver()
    touches = await brand.touches()
    assert len(touches) == 1
    assert (await owner.get("/api/merchant/followers/sync")).json()["state"] is None
    begun = await owner.post("/api/merchant/followers/sync")
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    again = await owner.post("/api/merchant/followers/sync")
    assert (again.status_code, again.json()["code"]) == (409, "sync_running")
    shown = await work(mall, owner)
    assert (shown["state"], shown["total"], shown["seen"], shown["added"]) == ("done", 231, 231, 230)
    assert shown["following"] == 231
    known_now = await brand.rows("select count(distinct shopper_id) as n from followers where merchant_id = $1")
    assert known_now == [{"n": 231}]
    await mall.deliver()
    assert await brand.touches() == touches  # nobody followed just now
    (own,) = await brand.rows(
        "select follows, label_id from followers where merchant_id = $1 and openid = $2",
        await person.openid(brand.appid),
    )
    assert (own["follows"], own["label_id"]) == (1, label.label_id)

    await owner.post("/api/merchant/followers/sync")
    shown = await work(mall, owner)
    assert (shown["state"], shown["added"], shown["following"]) == ("done", 0, 231)


async def test_a_run_that_is_killed_goes_on(mall: Mall, monkeypatch: pytest.MonkeyPatch) -> None:
    brand, owner = await with_followers(mall, 350)
    await owner.post("/api/merchant/followers/sync")
    with monkeypatch.context() as patch:
        patch.setattr(follower_sync, "SLICE_SECONDS", 0.0)
        await follower_sync.run_due(mall.rt)
    shown = (await owner.get("/api/merchant/followers/sync")).json()
    assert (shown["state"], shown["seen"], shown["added"]) == ("running", 100, 100)
    # killed with the lease in its hands
    await brand.rows("update follower_syncs set lease_until = now() + interval '1 hour' where merchant_id = $1")
    await follower_sync.run_due(mall.rt)
    assert (await owner.get("/api/merchant/followers/sync")).json()["seen"] == 100
    await brand.rows("update follower_syncs set lease_until = now() - interval '1 second' where merchant_id = $1")
    shown = await work(mall, owner)
    assert (shown["state"], shown["seen"], shown["added"]) == ("done", 350, 350)


async def test_what_wechat_refuses_is_shown(mall: Mall) -> None:
    brand, owner = await with_followers(mall, 5)
    await mall.sandbox.call("PUT", f"/apps/{brand.appid}/settings", {"quotas": {"/cgi-bin/user/get": 0}})
    await owner.post("/api/merchant/followers/sync")
    shown = await work(mall, owner)
    assert shown["state"] == "failed"
    assert "45009" in shown["error"]
    await mall.sandbox.call("PUT", f"/apps/{brand.appid}/settings", {"quotas": {}})
    await owner.post("/api/merchant/followers/sync")
    assert (await work(mall, owner))["state"] == "done"


async def test_a_merchant_without_an_account_has_nobody_to_take_over(mall: Mall) -> None:
    shop = await mall.bare_merchant()
    brand = Brand(mall, shop, None, {"appid": ""}, {})  # pyright: ignore[reportArgumentType]
    owner = await mall.sign_in_staff(brand)
    refused = await owner.post("/api/merchant/followers/sync")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_official_account")
