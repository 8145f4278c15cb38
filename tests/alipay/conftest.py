"""The sandbox as a process, the application behind a door that the sandbox can reach."""

from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from typing import Any, cast

import httpx
import msgspec
import pytest
from litestar import Litestar

from bihuan.app import create_app
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.runtime import Runtime
from tests.alipay.desk import AlipaySandbox, SpeakingDoor, Stall, open_stall
from tests.shop import new_shop


@pytest.fixture(scope="session")
async def alipay_sandbox() -> AsyncGenerator[AlipaySandbox, None]:
    """Alipay."""
    running = AlipaySandbox()
    yield running
    await running.stop()


@pytest.fixture(autouse=True)
def real_time(clock: OffsetClock) -> Generator[None, None, None]:
    """Other tests may have moved our time."""
    before = clock.offset
    clock.offset = timedelta()
    yield
    clock.offset = before


@pytest.fixture(scope="session")
async def at_alipay(
    rt: Runtime, alipay_sandbox: AlipaySandbox, app: Litestar
) -> AsyncGenerator[tuple[Runtime, SpeakingDoor], None]:
    """A runtime whose Alipay is the sandbox, and the door."""
    door = SpeakingDoor()
    await door.open()
    settings = msgspec.structs.replace(
        rt.settings, public_url=door.url, alipay_gateway=f"{alipay_sandbox.url}/alipay/gateway.do"
    )
    runtime = msgspec.structs.replace(rt, settings=settings)
    door.app = create_app(runtime)
    door.app.state.runtime = runtime
    yield runtime, door
    door.close()


@pytest.fixture
async def stall(at_alipay: tuple[Runtime, SpeakingDoor], alipay_sandbox: AlipaySandbox) -> AsyncGenerator[Stall, None]:
    """A shop of the test's own that takes Alipay."""
    rt, door = at_alipay
    yield await open_stall(rt, alipay_sandbox, door, await new_shop(rt))
    door.deaf = False


@pytest.fixture
async def http(at_alipay: tuple[Runtime, SpeakingDoor]) -> AsyncGenerator[httpx.AsyncClient, None]:
    """An HTTP client of the application that talks to the sandbox."""
    _, door = at_alipay
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", door.app)), base_url=door.url) as client:
        yield client
