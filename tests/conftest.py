"""Fixtures of all tests: one embedded PostgreSQL a run, a runtime, the application over HTTP.

Tests share the database; each makes merchants of its own, and tenancy keeps them apart.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any, cast

import httpx
import hypothesis
import pytest
from argon2 import PasswordHasher
from litestar import Litestar

from bihuan import wiring
from bihuan.app import create_app
from bihuan.identity import passwords
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.db import Database
from bihuan.kernel.embedded import EmbeddedServer
from bihuan.kernel.events import Dispatcher, routes_of
from bihuan.kernel.migrate import migrate
from bihuan.kernel.outbound import new_http_client
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import Vault
from bihuan.settings import Settings

hypothesis.settings.register_profile("suite", deadline=None)  # no test asserts a time
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are run side by side, and what takes long starts first."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Generator[None, None, None]:
    """The same hashes at a fraction of the work: tests sign in hundreds of times. One test puts the real ones back."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", quick)
        patch.setattr(passwords, "_nobodys", lambda: quick.hash("nobody"))
        yield


@pytest.fixture(scope="session")
def home() -> Generator[Path, None, None]:
    """A BIHUAN_HOME for this run."""
    with tempfile.TemporaryDirectory(prefix="bihuan-test-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def database_url(home: Path) -> Generator[str, None, None]:
    """A PostgreSQL of this run: BIHUAN_TEST_DATABASE_URL, or the embedded one."""
    if given := os.environ.get("BIHUAN_TEST_DATABASE_URL"):
        yield given
        return
    server = EmbeddedServer(home)
    server.start()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
async def clock() -> OffsetClock:
    """The clock of the runtime under test; move it with `advance`."""
    return OffsetClock()


@pytest.fixture(scope="session")
async def rt(home: Path, database_url: str, clock: OffsetClock) -> AsyncGenerator[Runtime, None]:
    """A runtime on a migrated database."""
    await migrate(database_url)
    settings = Settings(home=home, database_url=database_url, public_url="http://mall.test", page_memory_seconds=0)
    runtime = Runtime(
        settings=settings,
        db=await Database.connect(database_url, clock, routes_of(wiring.HANDLERS)),
        clock=clock,
        http=new_http_client(),
        vault=Vault.load(home, None),
    )
    yield runtime
    await runtime.close()


@pytest.fixture(scope="session")
async def app(rt: Runtime) -> AsyncGenerator[Litestar, None]:
    """The application, started."""
    application = create_app(rt)
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:  # one task enters and leaves: a fixture may be torn down in another one
        async with application.lifespan():
            started.set()
            await stop.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(started.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if not started.is_set():
        task.result()
    yield application
    stop.set()
    await task


@pytest.fixture
async def client(app: Litestar) -> AsyncGenerator[httpx.AsyncClient, None]:
    """An HTTP client of the application, without cookies of other tests."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(cast(Any, app)), base_url="http://mall.test") as http:
        yield http


@pytest.fixture
async def deliver(rt: Runtime) -> Callable[[], Awaitable[int]]:
    """Delivers all due facts, as the worker would; returns how many."""
    dispatcher = Dispatcher(rt.db, wiring.HANDLERS)
    return dispatcher.drain
