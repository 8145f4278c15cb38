"""The sandbox as a process, the application behind a door that the sandbox can reach."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from datetime import timedelta
from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar

from bihuan.app import create_app
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.runtime import Runtime
from bihuan.settings import WeChatUrls
from tests.channels.desk import Sandbox
from tests.payments.desk import Door, Till, open_till
from tests.shop import new_shop


@pytest.fixture(scope="session")
async def sandbox() -> AsyncGenerator[Sandbox, None]:
    """WeChat."""
    running = Sandbox()
    yield running
    await running.stop()


@pytest.fixture(autouse=True)
def real_time(clock: OffsetClock) -> Generator[None, None, None]:
    """The sandbox signs with the machine's time; other tests may have moved ours."""
    before = clock.offset
    clock.offset = timedelta()
    yield
    clock.offset = before


@pytest.fixture(scope="session")
async def served(rt: Runtime, sandbox: Sandbox, app: Litestar) -> AsyncGenerator[tuple[Runtime, Door], None]:
    """A runtime whose WeChat is the sandbox, and the door.

    The application shares the state of the run's own `app`, whose background tasks settle for both.
    """
    door = Door()
    await door.open()
    settings = msgspec.structs.replace(
        rt.settings, public_url=door.url, wechat=WeChatUrls.of_sandbox(sandbox.url), sandbox_url=sandbox.url
    )
    runtime = msgspec.structs.replace(rt, settings=settings)
    door.app = create_app(runtime)
    door.app.state.runtime = runtime
    yield runtime, door
    door.close()


@pytest.fixture
async def till(served: tuple[Runtime, Door], sandbox: Sandbox) -> AsyncGenerator[Till, None]:
    """A shop of the test's own that takes payments."""
    rt, door = served
    yield await open_till(rt, sandbox, door, await new_shop(rt))
    door.deaf = False


@pytest.fixture
async def http(served: tuple[Runtime, Door]) -> AsyncGenerator[httpx.AsyncClient, None]:
    """An HTTP client of the application that talks to the sandbox."""
    _, door = served
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", door.app)), base_url=door.url) as client:
        yield client


Deliver = Callable[[], Awaitable[int]]
