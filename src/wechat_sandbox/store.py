"""Where the state lives: rows of JSON in one SQLite file, or in memory.

Every write is its own transaction in WAL mode, so a killed process loses nothing that was
answered; of the reads only those of the journal of money come here after the start.
"""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)


class StateInUseError(Exception):
    """Another sandbox holds the state file."""


class Store:
    """One table of `(kind, key) -> JSON`."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(
            str(path) if path else ":memory:", isolation_level=None, check_same_thread=False, timeout=0.5
        )
        try:
            # Exclusive: two sandboxes on one file would each trust their own memory.
            self._db.execute("pragma locking_mode = exclusive")
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            self._db.execute(
                "create table if not exists rows "
                "(id integer primary key, kind text not null, key text not null, body blob not null, "
                "unique (kind, key))"
            )
            self._db.execute("begin immediate")
            self._db.execute("commit")
        except sqlite3.OperationalError as error:
            raise StateInUseError(f"{path}: {error}") from error
        self._depth = 0

    @property
    def database(self) -> sqlite3.Connection:
        """For tables that are too long to be held in memory."""
        return self._db

    def load(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Every row of a kind, in the order of making."""
        yield from self._db.execute("select key, body from rows where kind = ? order by id", (kind,))

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Insert or replace one row, committed when this returns."""
        self._db.execute(
            "insert into rows (kind, key, body) values (?, ?, ?) "
            "on conflict (kind, key) do update set body = excluded.body",
            (kind, key, body),
        )

    def delete(self, kind: str, key: str) -> None:
        """Remove one row, if it is there."""
        self._db.execute("delete from rows where kind = ? and key = ?", (kind, key))

    @contextmanager
    def together(self) -> Generator[None]:
        """Writes that a kill must not tear apart; one within another belongs to the outer one."""
        if self._depth == 0:
            self._db.execute("begin")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            # Memory already holds the changes, so the file follows even when a later step failed.
            if self._depth == 0:
                self._db.execute("commit")

    def close(self) -> None:
        """Checkpoint and let go of the file."""
        self._db.close()


class Table(Generic[Row]):
    """One kind of row, held in memory and written through to the store."""

    def __init__(self, store: Store, kind: str, row_type: type[Row]) -> None:
        self._store = store
        self._kind = kind
        self._encode = msgspec.json.Encoder().encode
        decode = msgspec.json.Decoder(row_type).decode
        self._rows: dict[str, Row] = {key: decode(body) for key, body in store.load(kind)}

    def get(self, key: str) -> Row | None:
        """The row, or None."""
        return self._rows.get(key)

    def put(self, key: str, row: Row) -> Row:
        """Keep a new or changed row."""
        self._rows[key] = row
        self._store.put(self._kind, key, self._encode(row))
        return row

    def delete(self, key: str) -> None:
        """Forget a row."""
        if self._rows.pop(key, None) is not None:
            self._store.delete(self._kind, key)

    def values(self) -> list[Row]:
        """All rows, oldest first."""
        return list(self._rows.values())

    def latest(self) -> Iterator[Row]:
        """All rows, newest first; stop early, and before the next change."""
        return reversed(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: str) -> bool:
        return key in self._rows
