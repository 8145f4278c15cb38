"""Merchants, their places, and how a path finds its merchant."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from bihuan import merchants
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import LocationId, MerchantId, StoreId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import lookup
from bihuan.merchants.db import insert_location
from bihuan.merchants.errors import CodeNotAcceptable
from bihuan.merchants.rules import check_code, full_address


async def newcomer(rt: Runtime, **more: Any) -> merchants.Merchant:
    """A new merchant."""
    async with rt.db.transaction() as tx:
        values: dict[str, Any] = {"code": f"m{new_id().hex[:24]}", "name": "青山", **more}
        return await merchants.create(tx, **values)


async def test_a_merchant_is_made_whole(rt: Runtime) -> None:
    made = await newcomer(rt, intro="山里的衣裳", theme_color="#AABBCC", freight_fen=800)
    async with rt.db.session() as tx:
        assert await merchants.get(tx, made.merchant_id) == made
        assert await merchants.get_by_code(tx, made.code) == made
        (warehouse,) = await merchants.list_locations(tx, made.merchant_id)
        assert warehouse.location_id == await merchants.default_location(tx, made.merchant_id)
        assert (warehouse.kind, warehouse.is_default) == ("warehouse", True)
    assert (made.theme_color, made.order_ttl_seconds, made.state) == ("#aabbcc", 900, "active")


async def test_a_code_is_taken_once_however_many_ask(rt: Runtime) -> None:
    code = f"m{new_id().hex[:24]}"
    results = await asyncio.gather(*(newcomer(rt, code=code) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, merchants.Merchant) for one in results) == 1
    assert sum(isinstance(one, merchants.CodeTaken) for one in results) == 7


async def test_the_platform_is_made_once_however_many_start(rt: Runtime) -> None:
    async def ensure() -> MerchantId:
        async with rt.db.transaction() as tx:
            return (await merchants.ensure_platform(tx)).merchant_id

    assert len(set(await asyncio.gather(*(ensure() for _ in range(8))))) == 1


async def test_stores_and_counters_are_their_merchants(rt: Runtime) -> None:
    mine, theirs = await newcomer(rt), await newcomer(rt)
    async with rt.db.transaction() as tx:
        store = await merchants.create_store(tx, mine.merchant_id, code="s1", name="湖滨店")
        counter = await merchants.create_counter(tx, mine.merchant_id, store.store_id, code="c1", name="一号柜")
        assert await merchants.find_store(tx, mine.merchant_id, store.store_id) == store
        assert await merchants.find_counter(tx, mine.merchant_id, counter.counter_id) == counter
        assert await merchants.store_location(tx, mine.merchant_id, store.store_id)
        assert await merchants.find_store(tx, theirs.merchant_id, store.store_id) is None
        assert await merchants.find_counter(tx, theirs.merchant_id, counter.counter_id) is None
        assert await merchants.list_stores(tx, theirs.merchant_id) == []
        assert await merchants.list_counters(tx, theirs.merchant_id) == []
        with pytest.raises(NotFound):
            await merchants.store_location(tx, theirs.merchant_id, store.store_id)
        with pytest.raises(NotFound):
            await merchants.create_counter(tx, theirs.merchant_id, store.store_id, code="c1", name="插柜")
        with pytest.raises(NotFound):
            await merchants.default_location(tx, MerchantId(new_id()))


async def test_the_database_keeps_one_default_location(rt: Runtime) -> None:
    made = await newcomer(rt)
    second = merchants.Location(LocationId(new_id()), "warehouse", None, "二仓", is_default=True)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with rt.db.transaction() as tx:
            await insert_location(tx, made.merchant_id, second)
    foreign = merchants.Location(LocationId(new_id()), "store", StoreId(new_id()), "别家", is_default=False)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with rt.db.transaction() as tx:
            await insert_location(tx, made.merchant_id, foreign)


async def test_a_path_finds_its_merchant_and_remembers_it_for_a_while(
    rt: Runtime, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"m{new_id().hex[:24]}"
    path = f"/api/shop/{code}/stores"
    assert (await client.get(path)).json()["code"] == "not_found"
    made = await newcomer(rt, code=code)
    assert (await client.get(path)).json()["items"] == []  # not found was not remembered
    async with rt.db.transaction() as tx:
        await merchants.update(tx, made.merchant_id, state="suspended")
    assert (await client.get(path)).status_code == 200
    monkeypatch.setattr(lookup, "KEEP_SECONDS", 0)
    assert (await client.get(path)).json()["code"] == "merchant_suspended"
    assert (await client.get(f"/api/shop/{'x' * 500}/stores")).status_code == 404


async def test_shoppers_see_who_sells(rt: Runtime, client: httpx.AsyncClient) -> None:
    made = await newcomer(rt, logo_url="/media/logo.png")
    hidden = await newcomer(rt)
    async with rt.db.transaction() as tx:
        await merchants.update(tx, hidden.merchant_id, state="suspended")
    cards: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await client.get(f"/api/shop/merchants?limit=50{cursor}")).json()
        cards += page["items"]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    codes = [card["code"] for card in cards]
    assert {"code": made.code, "name": "青山", "intro": "", "logo_url": "/media/logo.png"} in cards
    assert hidden.code not in codes
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("parts", "line"),
    [
        (("浙江省", "杭州市", "西湖区", "西湖区北山街 1 号"), "浙江省杭州市西湖区北山街 1 号"),
        (("浙江省", "杭州市", "西湖区", "北山街 1 号"), "浙江省杭州市西湖区北山街 1 号"),
        (("上海市", "上海市", "黄浦区", "南京东路 8 号"), "上海市黄浦区南京东路 8 号"),
        (("", "", "", "北山街 1 号"), "北山街 1 号"),
        (("浙江省", "杭州市", "", "浙江省杭州市北山街 1 号"), "浙江省杭州市北山街 1 号"),
    ],
)
def test_an_address_in_one_line(parts: tuple[str, str, str, str], line: str) -> None:
    assert full_address(*parts) == line


def test_codes() -> None:
    assert check_code("qing-shan2") == "qing-shan2"
    assert check_code("bihuan", is_platform=True) == "bihuan"
    for code in ("", "q", "Q1", "2q", "q_1", "session", "bihuan", "青山", "q1\n"):
        with pytest.raises(CodeNotAcceptable):
            check_code(code)
    with pytest.raises(CodeNotAcceptable):
        check_code("other", is_platform=True)
