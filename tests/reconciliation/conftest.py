"""The mall and WeChat on a calendar of their own: their time moves on together."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, cast

import httpx
import msgspec
import pytest

from bihuan import wiring
from bihuan.app import create_app
from bihuan.kernel.db import Database
from bihuan.kernel.events import routes_of
from bihuan.kernel.runtime import Runtime
from bihuan.settings import WeChatUrls
from tests.channels.desk import Sandbox
from tests.payments.desk import Door, Till, open_till
from tests.reconciliation.desk import Calendar, Travel
from tests.shop import new_shop


@pytest.fixture(scope="session")
async def later_wechat() -> AsyncGenerator[Sandbox, None]:
    """WeChat, whose time moves."""
    running = Sandbox()
    yield running
    await running.stop()


@pytest.fixture(scope="session")
async def calendar(later_wechat: Sandbox) -> Calendar:
    """What moves it."""
    return Calendar(Travel(), later_wechat)


@pytest.fixture(scope="session")
async def later(rt: Runtime, database_url: str, calendar: Calendar) -> AsyncGenerator[tuple[Runtime, Door], None]:
    """A runtime at the calendar's time, its application at work, and the door."""
    door = Door()
    await door.open()
    wechat = calendar.sandbox
    settings = msgspec.structs.replace(
        rt.settings, public_url=door.url, wechat=WeChatUrls.of_sandbox(wechat.url), sandbox_url=wechat.url
    )
    database = await Database.connect(database_url, calendar.clock, routes_of(wiring.HANDLERS))
    runtime = msgspec.structs.replace(rt, settings=settings, db=database, clock=calendar.clock)
    door.app = create_app(runtime)
    door.app.state.runtime = runtime
    background = [asyncio.create_task(start(runtime)) for start in wiring.BACKGROUND]
    yield runtime, door
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    door.close()
    await database.close()


@pytest.fixture
async def till(later: tuple[Runtime, Door], later_wechat: Sandbox) -> AsyncGenerator[Till, None]:
    """A shop of the test's own that takes payments."""
    rt, door = later
    yield await open_till(rt, later_wechat, door, await new_shop(rt))
    door.deaf = False


@pytest.fixture
async def http(later: tuple[Runtime, Door]) -> AsyncGenerator[httpx.AsyncClient, None]:
    """An HTTP client of the application."""
    _, door = later
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", door.app)), base_url=door.url) as client:
        yield client
