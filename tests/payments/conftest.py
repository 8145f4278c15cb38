"""The sandbox as a process, the application behind a door that the sandbox can reach."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.runtime import Runtime
from bihuan.settings import WeChatUrls
from tests.channels.desk import Sandbox
from tests.payments.desk import Door, Till, behind, client_of, open_till
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
    """A runtime whose WeChat is the sandbox, and the door; `app` runs what settles."""
    door = Door()
    async with behind(door, rt, wechat=WeChatUrls.of_sandbox(sandbox.url), sandbox_url=sandbox.url) as runtime:
        yield runtime, door


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
    async with client_of(door) as client:
        yield client


Deliver = Callable[[], Awaitable[int]]
