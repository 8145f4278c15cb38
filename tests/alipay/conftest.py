"""The sandbox as a process, the application behind a door that the sandbox can reach."""

from collections.abc import AsyncGenerator

import httpx
import pytest
from litestar import Litestar

from bihuan.kernel.runtime import Runtime
from tests.alipay.desk import AlipaySandbox, SpeakingDoor, Stall, open_stall
from tests.payments.conftest import real_time as real_time
from tests.payments.desk import behind, client_of
from tests.shop import new_shop


@pytest.fixture(scope="session")
async def alipay_sandbox() -> AsyncGenerator[AlipaySandbox, None]:
    """Alipay."""
    running = AlipaySandbox()
    yield running
    await running.stop()


@pytest.fixture(scope="session")
async def at_alipay(
    rt: Runtime, alipay_sandbox: AlipaySandbox, app: Litestar
) -> AsyncGenerator[tuple[Runtime, SpeakingDoor], None]:
    """A runtime whose Alipay is the sandbox, and the door."""
    door = SpeakingDoor()
    async with behind(door, rt, alipay_gateway=f"{alipay_sandbox.url}/alipay/gateway.do") as runtime:
        yield runtime, door


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
    async with client_of(door) as client:
        yield client
