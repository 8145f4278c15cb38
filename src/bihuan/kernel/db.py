"""PostgreSQL: a pool, transactions, and rows as frozen structs.

Services take a `Tx` as their first argument and never commit; the route, callback, handler or job that
called them opened it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar, cast

import asyncpg
import msgspec

from bihuan.kernel.clock import Clock
from bihuan.kernel.errors import Unavailable
from bihuan.kernel.ids import MerchantId

Row = asyncpg.Record
T = TypeVar("T", bound=msgspec.Struct)

Reaction = Callable[["Tx", MerchantId, Sequence[Any]], Awaitable[None]]


class Routes(msgspec.Struct, frozen=True):
    """Where the facts of a kind go: handlers that get them later, by name, and what runs in their own transaction."""

    deliveries: Mapping[str, tuple[str, ...]]
    at_once: Mapping[str, tuple[Reaction, ...]]


_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder().decode


_OUTAGES = (
    OSError,  # no socket, nobody listens, reset
    asyncpg.PostgresConnectionError,  # the connection broke
    asyncpg.CannotConnectNowError,  # starting, stopping or recovering
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,  # a neighbour backend died: the server starts over
    asyncpg.TooManyConnectionsError,
)


class DatabaseUnavailable(Unavailable):
    """The database went away or is coming back. Whether what was under way is done is not known: ask or repeat."""

    code = "database_unavailable"
    zh = "系统正在恢复，请稍后再试。"
    en = "The system is recovering; try again in a moment."


class Tx:
    """An open transaction: SQL in, rows out.

    `now` is one moment for the whole transaction; `routes` is what `events.emit` needs to know.
    """

    __slots__ = ("_connection", "now", "routes")

    def __init__(self, connection: "asyncpg.Connection[Row]", now: datetime, routes: Routes) -> None:
        self._connection = connection
        self.now = now
        self.routes = routes

    async def fetch(self, sql: str, *args: object, timeout: float | None = None) -> list[Row]:  # noqa: ASYNC109
        """All rows; `timeout` in seconds is for what may take longer than a request."""
        return await self._connection.fetch(sql, *args, timeout=timeout)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Runs a statement; returns how many rows it touched (0 where that means nothing)."""
        tag = await self._connection.execute(sql, *args)
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs one statement for many rows in one round trip."""
        await self._connection.executemany(sql, rows)

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
        """Bulk-loads rows by COPY; returns how many."""
        tag = await self._connection.copy_records_to_table(table, columns=list(columns), records=list(rows))
        return int(tag.rsplit(" ", 1)[-1])

    async def copy_text(
        self,
        table: str,
        columns: Sequence[str],
        pieces: AsyncIterable[bytes],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> int:
        """Bulk-loads what is in COPY's text format already, piece by piece, in `timeout` seconds; returns how many.

        What `pieces` raises ends the COPY, and with it the transaction.
        """
        tag = await self._connection.copy_to_table(table, source=pieces, columns=list(columns), timeout=timeout)
        return int(tag.rsplit(" ", 1)[-1])

    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None, None]:
        """A part that can fail alone: an exception rolls back to here and goes on upwards."""
        async with self._connection.transaction():
            yield


class Database:
    """The pool of connections of one process, acting as the role that may do least."""

    def __init__(self, pool: "asyncpg.Pool[Row]", clock: Clock, routes: Routes) -> None:
        self._pool = pool
        self._clock = clock
        self._routes = routes

    @classmethod
    async def connect(
        cls,
        url: str,
        clock: Clock,
        routes: Routes,
        *,
        max_size: int = 10,
        min_size: int = 1,
        patience_seconds: float = 0,
    ) -> "Database":
        """Opens the pool, trying again for `patience_seconds` while the server starts or recovers.

        Raises OSError or asyncpg.PostgresError when the server cannot be reached.
        """
        end = asyncio.get_running_loop().time() + patience_seconds
        while True:
            try:
                return cls(await _open_pool(url, min_size, max_size), clock, routes)
            except _OUTAGES:
                if asyncio.get_running_loop().time() >= end:
                    raise
            await asyncio.sleep(0.2)

    @asynccontextmanager
    async def _acquire(self) -> AsyncGenerator["asyncpg.Connection[Row]", None]:
        """A connection; raises DatabaseUnavailable for whatever the loss of the server makes fail under it.

        An OSError while the connection is whole is the caller's own: of a file, or of another server.
        """
        own: OSError | None = None
        try:
            async with self._pool.acquire() as acquired:
                connection = cast("asyncpg.Connection[Row]", acquired)
                try:
                    yield connection
                except OSError as error:
                    own = None if _is_lost(connection) else error
                    raise
                except asyncpg.InternalClientError:  # the server said its last word, and has not hung up yet
                    connection.terminate()
                    raise
        except asyncpg.InternalClientError as error:
            if "cannot switch to state" not in str(error):
                raise
            raise DatabaseUnavailable from error
        except TimeoutError:  # an OSError too, and always the caller's own
            raise
        except _OUTAGES as error:
            if error is own:
                raise
            raise DatabaseUnavailable from error
        except asyncpg.InterfaceError as error:
            # A lost connection says "is closed", or that it has been "released back to the pool".
            if "closed" not in str(error) and "released" not in str(error):
                raise
            raise DatabaseUnavailable from error

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = False) -> AsyncGenerator[Tx, None]:
        """Opens a transaction (read committed); commits at the end, rolls back on an exception."""
        async with self._acquire() as connection, connection.transaction(readonly=readonly):
            yield Tx(connection, self._clock.now(), self._routes)

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Tx, None]:
        """A connection without a transaction: each statement commits by itself.

        For single-statement reads (saves two round trips) and for advisory locks.
        """
        async with self._acquire() as connection:
            yield Tx(connection, self._clock.now(), self._routes)

    @asynccontextmanager
    async def raw(self) -> AsyncGenerator["asyncpg.Connection[Row]", None]:
        """The driver's own connection, for LISTEN."""
        async with self._acquire() as connection:
            yield connection

    async def ping(self) -> None:
        """Raises when the server does not answer."""
        await self._pool.fetchval("select 1", timeout=3)

    async def recycle(self) -> None:
        """Replaces the connections: after a bulk load, since plans made on empty tables stay slow."""
        await self._pool.expire_connections()

    async def close(self) -> None:
        """Closes the pool, waiting for what runs."""
        await self._pool.close()


def _is_lost(connection: "asyncpg.Connection[Row]") -> bool:
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # taken away from us already
        return True


async def _open_pool(url: str, min_size: int, max_size: int) -> "asyncpg.Pool[Row]":
    return await asyncpg.create_pool(
        url,
        min_size=min_size,
        max_size=max_size,
        init=_prepare_connection,
        reset=_keep,
        command_timeout=60,
        max_inactive_connection_lifetime=300,
        server_settings={
            "role": "bihuan_app",
            "application_name": "bihuan",
            "timezone": "UTC",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "60s",
        },
    )


async def _keep(connection: object) -> None:
    """Nothing to reset when a connection goes back: we set no session state, and asking costs a round trip each time.

    Whoever does (LISTEN, session advisory locks) undoes it before giving the connection back.
    """


async def _prepare_connection(connection: "asyncpg.Connection[Row]") -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + _encode_json(value),
        decoder=lambda data: _decode_json(data[1:]),
        format="binary",
    )


def one(struct: type[T], row: Row) -> T:
    """A row as a struct; columns and fields bear the same names. jsonb columns fit any typed field."""
    return msgspec.convert(dict(row), struct, strict=False) if _nested(struct) else struct(**dict(row))


def one_or_none(struct: type[T], row: Row | None) -> T | None:
    """Like `one`; None stays None."""
    return None if row is None else one(struct, row)


def many(struct: type[T], rows: Iterable[Row]) -> list[T]:
    """Rows as structs."""
    return [one(struct, row) for row in rows]


_nested_structs: dict[type[msgspec.Struct], bool] = {}


def _nested(struct: type[msgspec.Struct]) -> bool:
    """Whether a field holds structs (from jsonb), so that the row must be converted and not just filled in."""
    known = _nested_structs.get(struct)
    if known is None:
        known = any("Struct" in repr(msgspec.inspect.type_info(f.type)) for f in msgspec.structs.fields(struct))
        _nested_structs[struct] = known
    return known
