"""Migrations: plain numbered SQL files, forward only, one transaction each, under an advisory lock."""

import hashlib
import re
from importlib import resources
from pathlib import Path

import asyncpg
import structlog

log = structlog.get_logger(__name__)

_LOCK = 0x62696875  # "bihu"
_NAME = re.compile(r"^(\d{4})_[a-z0-9_]+\.sql$")


class MigrationError(Exception):
    """The files and the database do not fit; the message says how."""


def folder() -> Path:
    """Where the SQL lies: beside the sources in a checkout, inside the package in a wheel."""
    packaged = Path(str(resources.files("bihuan"))) / "migrations"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "migrations"


def files() -> list[Path]:
    """The migrations in order. Raises MigrationError for a bad or doubled number."""
    paths = sorted(folder().glob("*.sql"))
    numbers = [path.name[:4] for path in paths if _NAME.match(path.name)]
    if len(numbers) != len(paths) or len(set(numbers)) != len(numbers):
        raise MigrationError("migrations must be named NNNN_name.sql with a number each")
    return paths


async def migrate(url: str) -> list[str]:
    """Applies what is not applied yet; returns the names.

    Waits at most 60 s for another migrator and 10 s for a table lock. Raises MigrationError when an
    applied file was changed afterwards, asyncpg.PostgresError when a statement fails (that file's
    transaction is rolled back).
    """
    connection = await asyncpg.connect(url, server_settings={"lock_timeout": "60s", "timezone": "UTC"})
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute("set lock_timeout = '10s'")
        await connection.execute("set statement_timeout = '15min'")
        await connection.execute(
            """create table if not exists schema_migrations (
                 name text primary key, checksum text not null, applied_at timestamptz not null default now())"""
        )
        known = {r["name"]: r["checksum"] for r in await connection.fetch("select * from schema_migrations")}
        applied: list[str] = []
        for path in files():
            sql = path.read_text(encoding="utf-8")
            checksum = hashlib.sha256(sql.encode()).hexdigest()
            if path.name in known:
                if known[path.name] != checksum:
                    raise MigrationError(f"{path.name} was changed after it was applied; write a new migration")
                continue
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute(
                    "insert into schema_migrations (name, checksum) values ($1, $2)", path.name, checksum
                )
            log.info("migration applied", name=path.name)
            applied.append(path.name)
        return applied
    finally:
        await connection.close()
