"""SQL of callbacks that were refused."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.payments.schemas import RefusedCallback


class Noted(msgspec.Struct):
    """A refusal as a process counted it."""

    status: int
    times: int
    detail: str
    first_at: datetime
    last_at: datetime


async def add(tx: Tx, noted: Mapping[tuple[MerchantId, str], Noted]) -> None:
    """Adds what was counted to its hours."""
    rows = sorted(noted.items(), key=lambda item: item[0])  # one order of locks for all processes
    await tx.execute(
        """insert into payment_refused_callbacks as r
             (merchant_id, hour, reason, status, times, detail, first_at, last_at)
           select m, date_trunc('hour', l), c, s, t, d, f, l
           from unnest($1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::text[], $6::timestamptz[],
                       $7::timestamptz[]) as n (m, c, s, t, d, f, l)
           on conflict (merchant_id, hour, reason) do update set times = r.times + excluded.times,
             status = excluded.status, detail = excluded.detail, last_at = excluded.last_at""",
        [key[0] for key, _ in rows],
        [key[1] for key, _ in rows],
        [one.status for _, one in rows],
        [one.times for _, one in rows],
        [one.detail for _, one in rows],
        [one.first_at for _, one in rows],
        [one.last_at for _, one in rows],
    )


async def list_refused(tx: Tx, merchant_id: MerchantId, limit: int) -> list[RefusedCallback]:
    """The latest first."""
    rows = await tx.fetch(
        """select hour, reason, status, times, detail, last_at from payment_refused_callbacks
           where merchant_id = $1 order by hour desc, reason limit $2""",
        merchant_id,
        limit,
    )
    return db.many(RefusedCallback, rows)


async def forget(tx: Tx, before: datetime) -> int:
    """Deletes what is older; returns how many."""
    return await tx.execute("delete from payment_refused_callbacks where hour < $1", before)
