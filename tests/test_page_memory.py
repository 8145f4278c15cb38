"""Public pages are made once for all who ask within a moment."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import httpx
import msgspec
import pytest

from bihuan import catalog
from bihuan.app import create_app
from bihuan.kernel.runtime import Runtime
from tests.shop import Shop, new_shop

SECONDS = 0.5


@pytest.fixture(scope="module")
async def shop(rt: Runtime) -> Shop:
    shop = await new_shop(rt)
    await shop.add_sku()
    return shop


@pytest.fixture(scope="module")
async def remembering(rt: Runtime) -> AsyncGenerator[httpx.AsyncClient, None]:
    """The application with a memory for pages, as an installation has it."""
    app = create_app(
        msgspec.structs.replace(rt, settings=msgspec.structs.replace(rt.settings, page_memory_seconds=SECONDS))
    )
    app.state.runtime = rt
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://mall.test") as http:
        yield http


async def rename(shop: Shop, title: str) -> str:
    """Gives the shop's one product another title; returns its id."""
    async with shop.rt.db.transaction() as tx:
        (page,) = (await catalog.list_products(tx, shop.merchant.merchant_id, limit=1)).items
        await tx.execute(
            "update products set title = $3 where merchant_id = $1 and product_id = $2",
            shop.merchant.merchant_id, page.product_id, title,
        )  # fmt: skip
    return str(page.product_id)


async def test_a_page_is_remembered_for_a_moment_only(remembering: httpx.AsyncClient, shop: Shop) -> None:
    product_id = await rename(shop, "旧名")
    path = f"{shop.url}/products/{product_id}"
    assert (await remembering.get(path)).json()["title"] == "旧名"
    await rename(shop, "新名")
    assert (await remembering.get(path)).json()["title"] == "旧名"
    await asyncio.sleep(SECONDS)
    assert (await remembering.get(path)).json()["title"] == "新名"


async def test_a_reader_who_has_it_is_told_so(remembering: httpx.AsyncClient, shop: Shop) -> None:
    path = f"{shop.url}/products"
    first = await remembering.get(path)
    again = await remembering.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


async def test_every_encoding_and_query_is_a_page_of_its_own(remembering: httpx.AsyncClient, shop: Shop) -> None:
    path = f"{shop.url}/home"
    plain = await remembering.get(path, headers={"Accept-Encoding": "identity"})
    packed = await remembering.get(path, headers={"Accept-Encoding": "br"})
    assert plain.json() == packed.json()
    assert "content-encoding" not in plain.headers
    few = await remembering.get(f"{shop.url}/products?limit=1")
    none = await remembering.get(f"{shop.url}/products?q=zzzz")
    assert (len(few.json()["items"]), len(none.json()["items"])) == (1, 0)


async def test_errors_are_not_remembered(remembering: httpx.AsyncClient, shop: Shop) -> None:
    path = f"{shop.url}/products?limit=1000"
    answers = await asyncio.gather(*(remembering.get(path) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.json()["request_id"] for answer in answers}) == 5


async def test_a_crowd_waits_for_one(remembering: httpx.AsyncClient, shop: Shop) -> None:
    answers = await asyncio.gather(*(remembering.get(f"{shop.url}/products?sort=newest") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["x-request-id"] for answer in answers}) == 50
    assert len({answer.content for answer in answers}) == 1
