"""Rows as JSON in one SQLite file, all of them in memory too."""

import sqlite3
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)


class Store:
    """A file, or memory alone."""

    def __init__(self, path: Path | None = None) -> None:
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("create table if not exists rows (kind text, id text, body blob, primary key (kind, id))")

    def load(self, kind: str) -> list[tuple[str, bytes]]:
        """Every row of a kind."""
        return list(self._db.execute("select id, body from rows where kind = ? order by rowid", (kind,)))

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Writes a row."""
        self._db.execute(
            "insert into rows values (?, ?, ?) on conflict do update set body = excluded.body", (kind, key, body)
        )

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()


class Table(Generic[Row]):
    """The rows of one kind by their keys."""

    def __init__(self, store: Store, kind: str, row: type[Row]) -> None:
        self._store = store
        self._kind = kind
        self._rows: dict[str, Row] = {key: msgspec.json.decode(body, type=row) for key, body in store.load(kind)}

    def get(self, key: str) -> Row | None:
        """A row, or None."""
        return self._rows.get(key)

    def put(self, key: str, row: Row) -> None:
        """Keeps a row, new or changed."""
        self._rows[key] = row
        self._store.put(self._kind, key, msgspec.json.encode(row))

    def values(self) -> list[Row]:
        """All rows, the oldest first."""
        return list(self._rows.values())
