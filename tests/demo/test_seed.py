"""The demo without WeChat: all of it is made once, and mended when its files got lost."""

import io
import shutil
import stat
from pathlib import Path

import httpx
import msgspec
import pytest
from PIL import Image

from bihuan import catalog, demo, inventory, merchants
from bihuan.demo import pictures, plan, signins
from bihuan.demo.gallery import DRAWINGS
from bihuan.kernel import verification
from bihuan.kernel.runtime import Runtime

GOODS = {"qingshan": 24, "maixiang": 12, "xiaoman": 6}


@pytest.fixture(scope="module")
async def seeded(rt: Runtime) -> demo.DemoSummary:
    """The demo's merchants, made once for this file."""
    return await demo.seed(rt, "")


async def test_merchants_goods_and_stock_are_there(
    rt: Runtime, seeded: demo.DemoSummary, client: httpx.AsyncClient
) -> None:
    assert set(seeded.created) - {"bihuan"} == set(GOODS)  # the platform may be there before
    for code, count in GOODS.items():
        home = (await client.get(f"/api/shop/{code}/home")).json()
        assert len(home["categories"]) >= 4
        assert all(category["icon_url"] for category in home["categories"])
        cards = (await client.get(f"/api/shop/{code}/products", params={"limit": 100})).json()["items"]
        assert len(cards) == count
        assert sum(card["sold_out"] for card in cards) <= 1
        assert len({card["cover_url"] for card in cards}) == count
        for url in (home["merchant"]["logo_url"], cards[0]["cover_url"]):
            picture = await client.get(url)
            assert picture.headers["content-type"] == "image/webp"
            assert len(picture.content) < 30_000
    async with rt.db.session() as tx:
        findings = await verification.run(tx, [*catalog.CHECKS, *inventory.CHECKS, *merchants.CHECKS])
    assert [(finding.name, finding.offenders) for finding in findings if not finding.holds] == []


async def test_everybody_can_sign_in(rt: Runtime, seeded: demo.DemoSummary, client: httpx.AsyncClient) -> None:
    path = Path(seeded.sign_ins)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    known = signins.read(rt.settings.home)
    assert [one.login for one in known.sign_ins] == ["qingshan", "maixiang", "xiaoman", "operator"]
    assert len(known.staff) == 10
    for one in [*known.sign_ins, known.staff[0]]:
        answer = await client.post("/api/merchant/session", json={"login": one.login, "password": one.password})
        assert answer.status_code == 200, one.login
        assert answer.json()["merchant"]["code"] == one.code
        assert answer.json()["merchant"]["is_platform"] is (one.login == "operator")


async def test_each_store_counter_and_person_has_a_label(
    rt: Runtime, seeded: demo.DemoSummary, client: httpx.AsyncClient
) -> None:
    one = signins.read(rt.settings.home).get("qingshan")
    answer = await client.post("/api/merchant/session", json={"login": one.login, "password": one.password})
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    labels = (await client.get("/api/merchant/labels", params={"limit": 100}, headers=headers)).json()["items"]
    kinds = [label["kind"] for label in labels]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"store": 3, "counter": 6, "staff": 7, "campaign": 1}


async def test_seeding_twice_changes_nothing(rt: Runtime, seeded: demo.DemoSummary) -> None:
    async def counted() -> list[tuple[str, int]]:
        tables = ("merchants", "stores", "counters", "staff", "users", "products", "skus", "media", "labels", "pools")
        async with rt.db.session() as tx:
            return [(table, await tx.fetchval(f"select count(*) from {table}")) for table in tables]

    before, file = await counted(), Path(seeded.sign_ins).read_bytes()
    again = await demo.seed(rt, "")
    assert (again.created, again.connected) == ([], [])
    assert await counted() == before
    assert Path(seeded.sign_ins).read_bytes() == file


async def test_what_lies_outside_the_database_is_mended(
    rt: Runtime, seeded: demo.DemoSummary, client: httpx.AsyncClient
) -> None:
    old = signins.read(rt.settings.home).get("xiaoman")
    Path(seeded.sign_ins).unlink()
    card = (await client.get("/api/shop/xiaoman/products")).json()["items"][0]
    shutil.rmtree((rt.settings.home / card["cover_url"].lstrip("/")).parent)
    assert (await client.get(card["cover_url"])).status_code == 404
    await demo.seed(rt, "")
    new = signins.read(rt.settings.home).get("xiaoman")
    assert new.password != old.password
    for one, status in ((old, 401), (new, 200)):
        answer = await client.post("/api/merchant/session", json={"login": one.login, "password": one.password})
        assert answer.status_code == status
    assert (await client.get(card["cover_url"])).status_code == 200


def test_the_plans_fit_the_catalogues_rules() -> None:
    for code in plan.CODES:
        shop = plan.load(code)
        assert {item.draw for item in shop.items} <= set(DRAWINGS)
        assert {item.category for item in shop.items} == set(shop.categories)
        assert len({item.code for item in shop.items}) == len(shop.items)


def test_covers_are_of_one_size() -> None:
    shop = plan.load("xiaoman")
    drawn = pictures.draw(msgspec.structs.replace(shop, items=shop.items[:2], categories=["香气", "布与线"]))
    with Image.open(io.BytesIO(drawn.items[0][0].data)) as image:
        assert image.size == (600, 600)
