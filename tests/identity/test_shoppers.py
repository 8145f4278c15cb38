"""Shoppers by their WeChat identities: one person, one shopper, also when calls race."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from bihuan import identity, merchants
from bihuan.identity.db import Address, list_addresses
from bihuan.identity.shoppers import save_address
from bihuan.kernel.ids import AddressId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime


def fresh(name: str) -> str:
    """A name that no other test uses."""
    return f"{name}-{new_id().hex}"


async def seen(rt: Runtime, appid: str, openid: str, **more: Any) -> identity.Shopper:
    """The shopper of an identity, in a transaction of its own."""
    async with rt.db.transaction() as tx:
        return await identity.shopper_of_wechat(tx, appid, openid, **more)


def bearer(rt: Runtime, shopper_id: ShopperId) -> dict[str, str]:
    """The header that signs a shopper in."""
    return {"Authorization": f"Bearer {identity.issue_shopper_token(rt, shopper_id)[0]}"}


async def test_the_same_identity_is_the_same_shopper(rt: Runtime) -> None:
    openid = fresh("o")
    first = await seen(rt, "app", openid)
    assert await seen(rt, "app", openid) == first
    assert (await seen(rt, "other-app", openid)).shopper_id != first.shopper_id


async def test_one_unionid_is_one_shopper_over_apps(rt: Runtime) -> None:
    openid, unionid = fresh("o"), fresh("u")
    account = await seen(rt, "account", openid, unionid=unionid, nickname="林小满")
    program = await seen(rt, "program", fresh("o"), unionid=unionid)
    assert program == account
    async with rt.db.session() as tx:
        assert await identity.find_openid(tx, account.shopper_id, "account") == openid
        assert await identity.find_openid(tx, account.shopper_id, "nowhere") is None
        assert await identity.list_shoppers(tx, [account.shopper_id, ShopperId(new_id())]) == {
            account.shopper_id: account
        }


async def test_a_unionid_told_later_joins_the_next_app(rt: Runtime) -> None:
    openid, unionid = fresh("o"), fresh("u")
    first = await seen(rt, "account", openid)
    assert (await seen(rt, "account", openid, unionid=unionid)).shopper_id == first.shopper_id
    assert (await seen(rt, "program", fresh("o"), unionid=unionid)).shopper_id == first.shopper_id


async def test_twenty_first_calls_at_once_make_one_shopper(rt: Runtime) -> None:
    unionid, openids = fresh("u"), [fresh("o"), fresh("o")]
    found = await asyncio.gather(
        *(seen(rt, f"app{n % 2}", openids[n % 2], unionid=unionid, nickname="同一人") for n in range(20))
    )
    assert len({shopper.shopper_id for shopper in found}) == 1
    openid = fresh("o")
    without = await asyncio.gather(*(seen(rt, "app", openid) for _ in range(20)))
    assert len({shopper.shopper_id for shopper in without}) == 1


async def test_name_and_picture_follow_wechat_and_are_not_forgotten(rt: Runtime) -> None:
    openid = fresh("o")
    await seen(rt, "app", openid, nickname="旧名", avatar_url="https://img.test/1")
    await seen(rt, "app", openid, nickname="新名")
    shopper = await seen(rt, "app", openid)
    assert (shopper.nickname, shopper.avatar_url) == ("新名", "https://img.test/1")


async def test_two_who_turn_out_to_be_one_person_are_merged_and_it_is_told(rt: Runtime) -> None:
    unionid, openid = fresh("u"), fresh("o")
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(tx, code=f"m{new_id().hex[:20]}", name="合并")
    known = await seen(rt, "first-app", fresh("o"), unionid=unionid, nickname="阿青")
    stranger = await seen(rt, "second-app", openid)
    async with rt.db.transaction() as tx:
        address = Address(AddressId(new_id()), "阿青", "13800138000", "浙江省", "杭州市", "西湖区", "北山街 1 号", True)
        await save_address(tx, stranger.shopper_id, address, new=True)
    merged = await seen(rt, "second-app", openid, unionid=unionid, merchant_id=merchant.merchant_id)
    assert merged == known
    async with rt.db.session() as tx:
        assert await identity.find_openid(tx, known.shopper_id, "second-app") == openid
        assert [one.address_id for one in await list_addresses(tx, known.shopper_id)] == [address.address_id]
        assert (await list_addresses(tx, known.shopper_id))[0].is_default
        facts = await tx.fetch(
            "select payload::text as payload from facts where merchant_id = $1 and kind = 'identity.shoppers_merged'",
            merchant.merchant_id,
        )
    told = [msgspec.json.decode(row["payload"]) for row in facts]
    assert [(fact["shopper_id"], fact["former_id"]) for fact in told] == [
        (str(known.shopper_id), str(stranger.shopper_id))
    ]


async def test_an_identity_with_a_unionid_is_not_torn_away_by_another_unionid(rt: Runtime) -> None:
    openid = fresh("o")
    other = await seen(rt, "app1", fresh("o"), unionid=(theirs := fresh("u")))
    own = await seen(rt, "app2", openid, unionid=fresh("u"))
    assert (await seen(rt, "app2", openid, unionid=theirs)).shopper_id == own.shopper_id != other.shopper_id


async def test_the_session_tells_who_is_signed_in(rt: Runtime, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/shop/session")).json()["code"] == "sign_in_required"
    shopper = await seen(rt, "app", fresh("o"), nickname="林小满", avatar_url="https://img.test/1")
    answer = await client.get("/api/shop/session", headers=bearer(rt, shopper.shopper_id))
    assert answer.json() == {
        "shopper": {
            "shopper_id": str(shopper.shopper_id),
            "nickname": "林小满",
            "avatar_url": "https://img.test/1",
        }
    }
    nobody = await client.get("/api/shop/session", headers=bearer(rt, ShopperId(new_id())))
    assert nobody.status_code == 401


async def test_signing_out_makes_the_browser_forget(rt: Runtime, client: httpx.AsyncClient) -> None:
    shopper = await seen(rt, "app", fresh("o"))
    token, _ = identity.issue_shopper_token(rt, shopper.shopper_id)
    said = identity.shopper_cookie(rt, token).to_header(header="")
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert f"Max-Age={int(timedelta(days=30).total_seconds())}" in said
    client.cookies.set("bihuan_shopper", token, domain="mall.test", path="/api")
    assert (await client.get("/api/shop/session")).status_code == 200
    assert (await client.delete("/api/shop/session")).status_code == 204
    assert (await client.get("/api/shop/session")).status_code == 401


async def test_cookies_travel_over_https_only_where_the_mall_does(rt: Runtime) -> None:
    assert "Secure" not in identity.shopper_cookie(rt, "t").to_header(header="")
    settings = msgspec.structs.replace(rt.settings, public_url="https://mall.test")
    secure = msgspec.structs.replace(rt, settings=settings)
    assert "Secure" in identity.shopper_cookie(secure, "t").to_header(header="")
