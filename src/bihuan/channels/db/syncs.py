"""Followers taken over from before: how far it went, and who was found. Rows and SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, MerchantId, ShopperId, StoreId


class FollowerSync(msgspec.Struct, frozen=True, kw_only=True):
    """A run. `seen` of `total` followers were looked at, `added` of them were not known."""

    merchant_id: MerchantId
    appid: str
    state: Literal["running", "done", "failed"]
    next_openid: str
    before_page: int
    seen: int
    added: int
    total: int
    error: str | None
    attempts: int
    started_at: datetime
    changed_at: datetime


_SYNC = ", ".join(f.name for f in msgspec.structs.fields(FollowerSync))


async def find(tx: Tx, merchant_id: MerchantId) -> FollowerSync | None:
    """The merchant's last run."""
    row = await tx.fetchrow(f"select {_SYNC} from follower_syncs where merchant_id = $1", merchant_id)  # noqa: S608
    return db.one_or_none(FollowerSync, row)


async def start(tx: Tx, merchant_id: MerchantId, appid: str) -> bool:
    """A new run from the beginning, or the failed one from where it was; False when one is running."""
    return bool(
        await tx.fetchval(
            """insert into follower_syncs as s (merchant_id, appid, state, available_at, started_at, changed_at)
               values ($1, $2, 'running', $3, $3, $3)
               on conflict (merchant_id) do update set state = 'running', appid = excluded.appid, attempts = 0,
                 error = null, available_at = excluded.available_at, lease_until = null,
                 started_at = excluded.started_at, changed_at = excluded.changed_at,
                 next_openid = case when s.state = 'failed' and s.appid = excluded.appid then s.next_openid else '' end,
                 before_page = case when s.state = 'failed' and s.appid = excluded.appid then s.before_page else 0 end,
                 seen = case when s.state = 'failed' and s.appid = excluded.appid then s.seen else 0 end,
                 added = case when s.state = 'failed' and s.appid = excluded.appid then s.added else 0 end
               where s.state <> 'running' returning true""",
            merchant_id,
            appid,
            tx.now,
        )
    )


async def claim(tx: Tx, limit: int, lease: timedelta) -> list[FollowerSync]:
    """Runs to go on with now; nobody else takes them until the lease ends."""
    rows = await tx.fetch(
        f"""update follower_syncs s set lease_until = $1::timestamptz + $3::interval
            from (select merchant_id from follower_syncs
                  where state = 'running' and available_at <= $1 and (lease_until is null or lease_until < $1)
                  order by available_at limit $2 for update skip locked) due
            where s.merchant_id = due.merchant_id
            returning {", ".join("s." + name.strip() for name in _SYNC.split(","))}""",  # noqa: S608
        tx.now,
        limit,
        lease,
    )
    return db.many(FollowerSync, rows)


async def note_progress(tx: Tx, sync: FollowerSync) -> None:
    """How far it went."""
    await tx.execute(
        """update follower_syncs set next_openid = $2, before_page = $3, seen = $4, added = $5, total = $6,
             attempts = 0, error = null, changed_at = $7
           where merchant_id = $1 and state = 'running'""",
        sync.merchant_id,
        sync.next_openid,
        sync.before_page,
        sync.seen,
        sync.added,
        sync.total,
        tx.now,
    )


async def release(
    tx: Tx, merchant_id: MerchantId, state: str, *, error: str | None = None, wait: timedelta = timedelta()
) -> None:
    """The slice is over: to go on after `wait`, done, or failed."""
    await tx.execute(
        """update follower_syncs set state = $2, error = $3, lease_until = null, available_at = $4, changed_at = $5,
             attempts = attempts + case when $3::text is null then 0 else 1 end
           where merchant_id = $1 and state = 'running'""",
        merchant_id,
        state,
        error,
        tx.now + wait,
        tx.now,
    )


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who follows, since when, and by which code she came."""

    openid: str
    shopper_id: ShopperId
    followed_at: datetime
    label_id: LabelId | None
    home_store_id: StoreId | None


async def take_over(tx: Tx, merchant_id: MerchantId, appid: str, found: Sequence[Found]) -> int:
    """Writes followers down; those known keep what is known of them. Returns how many were new."""
    rows = await tx.fetch(
        """insert into followers as f (merchant_id, openid, appid, shopper_id, following, label_id, home_store_id,
             follows, followed_at, changed_at, seen_at)
           select $1, n.openid, $2, n.shopper_id, true, n.label_id, n.store_id, 1, n.at, n.at, $8
           from unnest($3::text[], $4::uuid[], $5::timestamptz[], $6::uuid[], $7::uuid[])
             as n (openid, shopper_id, at, label_id, store_id)
           on conflict (merchant_id, openid) do update set shopper_id = coalesce(f.shopper_id, excluded.shopper_id),
             following = f.following or excluded.changed_at >= f.changed_at,
             followed_at = least(f.followed_at, excluded.followed_at)
           returning (xmax = 0) as added""",
        merchant_id,
        appid,
        [f.openid for f in found],
        [f.shopper_id for f in found],
        [f.followed_at for f in found],
        [f.label_id for f in found],
        [f.home_store_id for f in found],
        tx.now,
    )
    return sum(row["added"] for row in rows)


async def count_followers(tx: Tx, merchant_id: MerchantId) -> int:
    """How many follow now."""
    return await tx.fetchval("select count(*) from followers where merchant_id = $1 and following", merchant_id)
