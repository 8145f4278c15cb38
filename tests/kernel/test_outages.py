"""What counts as the database being away, and what does not."""

import asyncpg
import pytest

from bihuan.kernel.db import DatabaseUnavailable, Tx
from bihuan.kernel.http import problem_of
from bihuan.kernel.runtime import Runtime


async def write_and_fail(rt: Runtime, error: OSError) -> None:
    """A transaction in which something fails that is not the database."""
    async with rt.db.transaction() as tx:
        await tx.execute("insert into heartbeats (name, beat_at) values ('own failure', now())")
        raise error


@pytest.mark.parametrize(
    "error", [FileNotFoundError("no such picture"), ConnectionResetError("another server"), PermissionError("disk")]
)
async def test_a_failure_of_the_caller_s_own_stays_what_it_is_and_rolls_back(rt: Runtime, error: OSError) -> None:
    with pytest.raises(type(error)):
        await write_and_fail(rt, error)
    async with rt.db.session() as tx:
        assert await tx.fetchval("select 1 from heartbeats where name = 'own failure'") is None


async def lose(tx: Tx, killer: "asyncpg.Connection[asyncpg.Record]") -> None:
    """The server ends this connection; the next statement fails."""
    await killer.execute("select pg_terminate_backend($1)", await tx.fetchval("select pg_backend_pid()"))
    await tx.fetchval("select 1")


async def lose_as_a_broken_pipe(rt: Runtime, killer: "asyncpg.Connection[asyncpg.Record]") -> None:
    """The same, as it looks where the socket tells it first."""
    async with rt.db.session() as tx:
        try:
            await lose(tx, killer)
        except asyncpg.PostgresError as error:
            raise BrokenPipeError from error


async def lose_before_it_is_closed(rt: Runtime, _killer: "asyncpg.Connection[asyncpg.Record]") -> None:
    """The same, where the server's farewell has come and its connection still stands: the driver is confused."""
    async with rt.db.session():
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def lose_in_a_transaction(rt: Runtime, killer: "asyncpg.Connection[asyncpg.Record]") -> None:
    """The same, with a transaction to roll back."""
    async with rt.db.transaction() as tx:
        await lose(tx, killer)


async def test_a_lost_connection_is_the_database_being_away(rt: Runtime, database_url: str) -> None:
    killer = await asyncpg.connect(database_url)
    for way in (lose_in_a_transaction, lose_as_a_broken_pipe, lose_before_it_is_closed):
        with pytest.raises(DatabaseUnavailable):
            await way(rt, killer)
    await killer.close()
    async with rt.db.session() as tx:
        assert await tx.fetchval("select 1") == 1


@pytest.mark.parametrize("kind", [asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError])
def test_a_deadlock_or_a_lock_that_is_not_to_be_had_is_no_mishap_but_not_now(kind: type[Exception]) -> None:
    problem = problem_of(kind("said by the server"), "/api/shop")
    assert (problem.status, problem.code, problem.headers["Retry-After"]) == (503, "unavailable", "2")
