"""Many pushes at once: rows and SQL, one statement whatever their number."""

from collections.abc import Sequence

import msgspec

from bihuan.channels.db.followers import Moment
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LabelId, MerchantId, ShopperId


class KnownFollower(msgspec.Struct, frozen=True):
    """A follower as far as a push of hers wants to know."""

    shopper_id: ShopperId | None
    following: bool


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A push to write down, with the reply that it gets."""

    dedupe_key: str
    signature: str
    openid: str
    kind: str
    scene: str
    label_id: LabelId | None
    reply: str
    moment: Moment


class StateChange(msgspec.Struct, frozen=True):
    """Somebody follows, or not, since a moment."""

    openid: str
    following: bool
    moment: Moment


async def lock_persons(tx: Tx, merchant_id: MerchantId, openids: Sequence[str]) -> None:
    """`followers.lock_person` for many, in one order for all who do so."""
    await tx.execute(
        """select pg_advisory_xact_lock(hashtextextended(key, 0))
           from unnest($1::text[]) with ordinality as n (key, position) order by position""",
        [f"follower:{merchant_id}:{openid}" for openid in sorted(set(openids))],
    )


async def find_followers(tx: Tx, merchant_id: MerchantId, openids: Sequence[str]) -> dict[str, KnownFollower]:
    """Who of them is known."""
    rows = await tx.fetch(
        "select openid, shopper_id, following from followers where merchant_id = $1 and openid = any($2)",
        merchant_id,
        list(openids),
    )
    return {row["openid"]: KnownFollower(row["shopper_id"], row["following"]) for row in rows}


async def insert_pushes(tx: Tx, merchant_id: MerchantId, records: Sequence[Record]) -> set[str]:
    """Writes pushes down; the keys of those that were not seen before, nor their signatures."""
    rows = await tx.fetch(
        """insert into pushes (merchant_id, dedupe_key, signature, openid, kind, scene, label_id, reply, told, first,
             occurred_at, received_at)
           select $1, n.*, true, false, t.at, t.seen
           from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::text[])
             with ordinality as p (dedupe_key, signature, openid, kind, scene, label_id, reply, position)
           join unnest($9::timestamptz[], $10::timestamptz[]) with ordinality as t (at, seen, position) using (position)
           cross join lateral (select p.dedupe_key, p.signature, p.openid, p.kind, p.scene, p.label_id, p.reply) n
           on conflict do nothing returning dedupe_key""",
        merchant_id,
        [r.dedupe_key for r in records],
        [r.signature for r in records],
        [r.openid for r in records],
        [r.kind for r in records],
        [r.scene for r in records],
        [r.label_id for r in records],
        [r.reply for r in records],
        [r.moment.at for r in records],
        [r.moment.seen_at for r in records],
    )
    return {row["dedupe_key"] for row in rows}


async def find_replies(tx: Tx, merchant_id: MerchantId, dedupe_keys: Sequence[str]) -> dict[str, str]:
    """What was answered to pushes that were seen before."""
    rows = await tx.fetch(
        "select dedupe_key, reply from pushes where merchant_id = $1 and dedupe_key = any($2)",
        merchant_id,
        list(dedupe_keys),
    )
    return {row["dedupe_key"]: row["reply"] for row in rows}


async def note_states(tx: Tx, merchant_id: MerchantId, appid: str, changes: Sequence[StateChange]) -> None:
    """`followers.note_state` for many; each person once."""
    await tx.execute(
        """insert into followers as f (merchant_id, openid, appid, following, followed_at, changed_at, seen_at)
           select $1, n.openid, $2, n.following, n.at, n.at, n.seen
           from unnest($3::text[], $4::bool[], $5::timestamptz[], $6::timestamptz[]) as n (openid, following, at, seen)
           order by n.openid
           on conflict (merchant_id, openid) do update set following = excluded.following,
             changed_at = excluded.changed_at, seen_at = excluded.seen_at
           where f.following <> excluded.following
             and (excluded.changed_at, excluded.seen_at) >= (f.changed_at, f.seen_at)""",
        merchant_id,
        appid,
        [c.openid for c in changes],
        [c.following for c in changes],
        [c.moment.at for c in changes],
        [c.moment.seen_at for c in changes],
    )


async def add_scans(tx: Tx, merchant_id: MerchantId, counts: dict[LabelId, int]) -> None:
    """Counts scans of labels."""
    ids = sorted(counts)
    await tx.execute(
        """update labels l set scans = l.scans + n.count
           from unnest($2::uuid[], $3::int[]) as n (label_id, count)
           where l.merchant_id = $1 and l.label_id = n.label_id""",
        merchant_id,
        ids,
        [counts[label_id] for label_id in ids],
    )
