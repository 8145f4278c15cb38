"""A database of its own for each import: a marketplace has thousands of merchants, which others need not see."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from bihuan import wiring
from bihuan.app import open_runtime
from bihuan.kernel import verification
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import new_id
from bihuan.kernel.migrate import migrate
from bihuan.kernel.runtime import Runtime
from bihuan.settings import Settings

NewDatabase = Callable[[], Awaitable[Runtime]]


@pytest.fixture(scope="module")
async def new_database(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[NewDatabase, None]:
    """Makes migrated databases on the server of this run; gone in the end."""
    names: list[str] = []
    async with AsyncExitStack() as stack:

        async def make() -> Runtime:
            name = f"import_{new_id().hex}"
            connection = await asyncpg.connect(database_url)
            await connection.execute(f"create database {name}")
            await connection.close()
            names.append(name)
            url = urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
            await migrate(url)
            home = tmp_path_factory.mktemp("home")
            rt = await open_runtime(Settings(home=home, database_url=url, public_url="http://mall.test"))
            stack.push_async_callback(rt.close)
            return rt

        yield make
    connection = await asyncpg.connect(database_url)
    for name in names:
        await connection.execute(f"drop database {name} with (force)")
    await connection.close()


async def check_invariants(tx: Tx) -> None:
    """What `bihuan verify` proves."""
    findings = await verification.run(tx, wiring.CHECKS)
    assert {"orders.paid_has_posting", "payments.receipts_posted"} <= {finding.name for finding in findings}
    for finding in findings:
        assert finding.holds, finding


def no_report(stage: str, done: int, total: int) -> None:
    """Progress that nobody watches; it must make sense all the same."""
    assert 0 < done <= total, stage
