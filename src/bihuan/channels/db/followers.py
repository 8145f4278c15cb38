"""Followers and what WeChat pushed about them: rows and SQL."""

from datetime import datetime

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, MerchantId, ShopperId, StoreId


class Follower(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who follows the account, or did. `label_id` and `home_store_id` are those of the first follow."""

    openid: str
    shopper_id: ShopperId | None
    following: bool
    label_id: LabelId | None
    home_store_id: StoreId | None
    follows: int
    followed_at: datetime


_FOLLOWER = "openid, shopper_id, following, label_id, home_store_id, follows, followed_at"


async def find_follower(tx: Tx, merchant_id: MerchantId, openid: str) -> Follower | None:
    """One follower."""
    row = await tx.fetchrow(
        f"select {_FOLLOWER} from followers where merchant_id = $1 and openid = $2",  # noqa: S608
        merchant_id,
        openid,
    )
    return db.one_or_none(Follower, row)


async def list_followers(
    tx: Tx, merchant_id: MerchantId, following: bool | None, after: tuple[datetime, str] | None, limit: int
) -> list[Follower]:
    """The latest first."""
    rows = await tx.fetch(
        f"""select {_FOLLOWER} from followers
            where merchant_id = $1 and ($2::bool is null or following = $2)
              and ($3::timestamptz is null or (followed_at, openid) < ($3, $4))
            order by followed_at desc, openid desc limit $5""",  # noqa: S608
        merchant_id,
        following,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return db.many(Follower, rows)


class Moment(msgspec.Struct, frozen=True):
    """When something happened: by WeChat, to the second, and when its push came. Pushes may overtake each other."""

    at: datetime
    seen_at: datetime


async def lock_person(tx: Tx, merchant_id: MerchantId, openid: str) -> None:
    """Makes what concerns one person go one after another. Take it before identity's locks."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"follower:{merchant_id}:{openid}")


async def note_follow(
    tx: Tx,
    merchant_id: MerchantId,
    appid: str,
    openid: str,
    label: tuple[LabelId, StoreId | None] | None,
    moment: Moment,
) -> bool:
    """Somebody began to follow; whether for the first time. The first follow decides label and home."""
    label_id, store_id = label or (None, None)
    follows: int = await tx.fetchval(
        """insert into followers as f (merchant_id, openid, appid, following, label_id, home_store_id, follows,
             followed_at, changed_at, seen_at)
           values ($1, $2, $3, true, $4, $5, 1, $6, $6, $7)
           on conflict (merchant_id, openid) do update set follows = f.follows + 1,
             label_id = case when f.follows = 0 then excluded.label_id else f.label_id end,
             home_store_id = case when f.follows = 0 then excluded.home_store_id else f.home_store_id end,
             followed_at = least(f.followed_at, excluded.followed_at),
             following = f.following or (excluded.changed_at, excluded.seen_at) >= (f.changed_at, f.seen_at),
             changed_at = greatest(f.changed_at, excluded.changed_at),
             seen_at = case when (excluded.changed_at, excluded.seen_at) >= (f.changed_at, f.seen_at)
               then excluded.seen_at else f.seen_at end
           returning follows""",
        merchant_id,
        openid,
        appid,
        label_id,
        store_id,
        moment.at,
        moment.seen_at,
    )
    return follows == 1


async def note_state(
    tx: Tx, merchant_id: MerchantId, appid: str, openid: str, moment: Moment, *, following: bool
) -> None:
    """Somebody left, or acted in the chat and so follows: perhaps since before the account was connected."""
    await tx.execute(
        """insert into followers as f (merchant_id, openid, appid, following, followed_at, changed_at, seen_at)
           values ($1, $2, $3, $4, $5, $5, $6)
           on conflict (merchant_id, openid) do update set following = excluded.following,
             changed_at = excluded.changed_at, seen_at = excluded.seen_at
           where f.following <> excluded.following
             and (excluded.changed_at, excluded.seen_at) >= (f.changed_at, f.seen_at)""",
        merchant_id,
        openid,
        appid,
        following,
        moment.at,
        moment.seen_at,
    )


async def set_shopper(tx: Tx, merchant_id: MerchantId, openid: str, shopper_id: ShopperId) -> bool:
    """Says who a follower is; False when nobody with this openid follows."""
    return bool(
        await tx.execute(
            "update followers set shopper_id = $3 where merchant_id = $1 and openid = $2",
            merchant_id,
            openid,
            shopper_id,
        )
    )


async def move_shoppers(
    tx: Tx, merchant_id: MerchantId, former_ids: list[ShopperId], shopper_ids: list[ShopperId]
) -> None:
    """What was the former shopper's is the other's."""
    await tx.execute(
        """update followers f set shopper_id = m.shopper_id
           from unnest($2::uuid[], $3::uuid[]) as m (former_id, shopper_id)
           where f.merchant_id = $1 and f.shopper_id = m.former_id""",
        merchant_id,
        former_ids,
        shopper_ids,
    )


async def openids_of(tx: Tx, merchant_id: MerchantId, shopper_ids: list[ShopperId]) -> dict[ShopperId, str]:
    """Where each shopper who follows can be written to."""
    rows = await tx.fetch(
        """select shopper_id, openid from followers
           where merchant_id = $1 and shopper_id = any($2) and following""",
        merchant_id,
        shopper_ids,
    )
    return {row["shopper_id"]: row["openid"] for row in rows}


async def list_unknown(tx: Tx, limit: int) -> list[tuple[MerchantId, str]]:
    """Followers of whom we do not know who they are."""
    rows = await tx.fetch(
        """select f.merchant_id, f.openid from followers f
           join official_accounts a on a.merchant_id = f.merchant_id and a.appid = f.appid
           where f.shopper_id is null order by f.followed_at limit $1""",
        limit,
    )
    return [(row["merchant_id"], row["openid"]) for row in rows]


# -- pushes -----------------------------------------------------------------------------------------


class Untold(msgspec.Struct, frozen=True):
    """A push whose fact can be told now."""

    dedupe_key: str
    kind: str
    label_id: LabelId | None
    first: bool
    occurred_at: datetime
    received_at: datetime


async def claim_push(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    dedupe_key: str,
    signature: str,
    openid: str,
    kind: str,
    scene: str,
    moment: Moment,
) -> bool:
    """Writes a push down; False when the push, or its signature, was seen before. Waits for one under way."""
    return bool(
        await tx.fetchval(
            """insert into pushes (merchant_id, dedupe_key, signature, openid, kind, scene, reply, told, first,
                 occurred_at, received_at)
               values ($1, $2, $3, $4, $5, $6, '', true, false, $7, $8)
               on conflict do nothing returning true""",
            merchant_id,
            dedupe_key,
            signature,
            openid,
            kind,
            scene,
            moment.at,
            moment.seen_at,
        )
    )


async def find_reply(tx: Tx, merchant_id: MerchantId, dedupe_key: str) -> str | None:
    """What was answered to a push; None when it was never seen."""
    return await tx.fetchval(
        "select reply from pushes where merchant_id = $1 and dedupe_key = $2", merchant_id, dedupe_key
    )


async def finish_push(
    tx: Tx,
    merchant_id: MerchantId,
    dedupe_key: str,
    *,
    label_id: LabelId | None,
    first: bool,
    reply: str,
    has_fact: bool,
) -> None:
    """What became of a claimed push."""
    await tx.execute(
        """update pushes set label_id = $3, first = $4, reply = $5, told = not $6
           where merchant_id = $1 and dedupe_key = $2""",
        merchant_id,
        dedupe_key,
        label_id,
        first,
        reply,
        has_fact,
    )


async def take_untold(tx: Tx, merchant_id: MerchantId, openid: str) -> list[Untold]:
    """The pushes of one person whose facts were not told yet; they count as told from now on."""
    rows = await tx.fetch(
        """update pushes set told = true where merchant_id = $1 and openid = $2 and not told
           returning dedupe_key, kind, label_id, first, occurred_at, received_at""",
        merchant_id,
        openid,
    )
    return sorted(db.many(Untold, rows), key=lambda push: (push.occurred_at, push.received_at))


async def delete_old_pushes(tx: Tx, before: datetime) -> int:
    """Forgets pushes that WeChat cannot deliver again; returns how many."""
    return await tx.execute("delete from pushes where told and received_at < $1", before)
