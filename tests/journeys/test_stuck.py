"""A postmaster that lives but does nothing is found out and started again, and what was committed is there."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import asyncpg
import pytest

from bihuan.kernel.postmaster_watch import PostmasterWatch
from bihuan.settings import Settings
from bihuan.up import Supervisor


@pytest.fixture
def supervisor() -> Generator[Supervisor, None, None]:
    """One with nothing but PostgreSQL, and a watch that loses patience soon."""
    with tempfile.TemporaryDirectory(prefix="bihuan-stuck-") as folder:
        made = Supervisor(Settings(home=Path(folder)), demo=False)
        assert made.postgres
        made.watch = PostmasterWatch(made.postgres.sockets, every_seconds=0.1, patience_seconds=0.4, most_unanswered=2)
        made._start_postgres()  # pyright: ignore[reportPrivateUsage] - what `start` does before the web processes
        yield made
        made.stop()


async def query(url: str, sql: str) -> object:
    """One value."""
    connection = await asyncpg.connect(url, timeout=20)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_a_stuck_postmaster_is_started_again(supervisor: Supervisor) -> None:
    assert supervisor.postgres
    assert supervisor.watch
    asyncio.run(query(supervisor.postgres.url, "create table kept as select 7 as n"))
    before = supervisor.postgres.pid
    assert before
    supervisor.tend()
    assert supervisor.watch.answers()
    assert supervisor.postgres.pid == before  # a healthy one is left alone
    os.kill(before, signal.SIGSTOP)
    assert supervisor.postgres.alive()
    end = time.monotonic() + 30
    while supervisor.postgres.pid == before:
        assert time.monotonic() < end, "nobody noticed"
        supervisor.tend()
        time.sleep(0.05)
    assert not supervisor.watch.stuck
    assert asyncio.run(query(supervisor.postgres.url, "select n from kept")) == 7
