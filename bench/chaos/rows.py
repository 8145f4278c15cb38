"""Queries on the installation's database, as its owner."""

import asyncio
import json
from typing import Any

import asyncpg

from bench.chaos.stage import Stage

Rows = list[dict[str, Any]]
Differences = dict[str, list[str]]
"""What is not as it must be, by kind, with ids."""


def rows(stage: Stage, sql: str, *args: object) -> Rows:
    """The rows of a query."""

    async def ask() -> Rows:
        url = json.loads((stage.mall.home / "up.lock").read_text())["database_url"]
        connection = await asyncpg.connect(url)
        try:
            return [dict(row) for row in await connection.fetch(sql, *args)]
        finally:
            await connection.close()

    return asyncio.run(ask())
