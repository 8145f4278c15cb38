"""The sandbox and the mall, each on a port of its own, once a run."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from bihuan import wiring
from bihuan.app import create_app
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.events import Dispatcher
from bihuan.kernel.runtime import Runtime
from bihuan.settings import WeChatUrls
from tests.channels.desk import Mall, Sandbox, free_port


@pytest.fixture(scope="session")
async def sandbox() -> AsyncGenerator[Sandbox, None]:
    """WeChat."""
    running = Sandbox()
    yield running
    await running.stop()


@pytest.fixture(autouse=True, scope="module")
def real_time_of_the_file(clock: OffsetClock) -> None:
    """The same for what a file sets up once, before its first test."""
    clock.offset = timedelta()


@pytest.fixture(autouse=True)
def real_time(clock: OffsetClock) -> Generator[None, None, None]:
    """The sandbox signs with the machine's time; other tests may have moved ours."""
    before = clock.offset
    clock.offset = timedelta()
    yield
    clock.offset = before


@pytest.fixture(scope="session")
async def mall(rt: Runtime, sandbox: Sandbox) -> AsyncGenerator[Mall, None]:
    """The application where the sandbox can reach it."""
    port = free_port()
    settings = msgspec.structs.replace(
        rt.settings, public_url=f"http://127.0.0.1:{port}", wechat=WeChatUrls.of_sandbox(sandbox.url)
    )
    runtime = msgspec.structs.replace(rt, settings=settings)
    application = create_app(runtime)
    server = Server(
        cast(Any, application), address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    deliver: Callable[[], Awaitable[int]] = Dispatcher(rt.db, wiring.HANDLERS).drain
    running = Mall(runtime, sandbox, deliver)
    for _ in range(100):
        try:
            if (await running.http.get("/readyz")).status_code == 200:
                break
        except Exception:
            await asyncio.sleep(0.1)
    yield running
    await running.http.aclose()
    server.stop()
    await serving
