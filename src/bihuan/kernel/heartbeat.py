"""Signs of life of the processes, so that /healthz can say whether all of it serves."""

from datetime import timedelta

import msgspec

from bihuan.kernel.db import Tx

FRESH = timedelta(seconds=15)


async def beat(tx: Tx, name: str, **detail: object) -> None:
    """Records that process `name` is alive now."""
    await tx.execute(
        """insert into heartbeats (name, beat_at, detail) values ($1, $2, $3::jsonb)
           on conflict (name) do update set beat_at = excluded.beat_at, detail = excluded.detail""",
        name,
        tx.now,
        msgspec.to_builtins(detail),
    )


async def is_alive(tx: Tx, name: str) -> bool:
    """Whether `name` gave a sign of life within FRESH."""
    return bool(await tx.fetchval("select true from heartbeats where name = $1 and beat_at > $2", name, tx.now - FRESH))
