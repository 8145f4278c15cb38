"""Touchpoints and homes: SQL."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Row, Tx
from bihuan.kernel.ids import MerchantId, ShopperId, TouchpointId

from .rules import PLACE_WINDOW, SHARE_WINDOW, Home, Touch

_TOUCH = """touchpoint_id, shopper_id, kind, occurred_at, label_id, label_code, store_id, counter_id, staff_id,
            sharer_id"""

_FIELDS = tuple(field.name for field in msgspec.structs.fields(Touch))

# Two index look-ups and a key look-up per shopper, for the whole batch in one statement. Placement waits for
# it, so it carries no column that decides nothing.
_CANDIDATES = """
  select who.shopper_id, h.store_id as home_store_id, h.touchpoint_id as home_touchpoint_id,
    p.touchpoint_id, p.kind, p.occurred_at, p.store_id, p.counter_id, p.staff_id, p.sharer_id,
    s.touchpoint_id as share_id, s.occurred_at as shared_at, s.sharer_id as shared_by
  from unnest($2::uuid[]) as who (shopper_id)
  left join shopper_homes h on h.merchant_id = $1 and h.shopper_id = who.shopper_id
  left join lateral (
    select touchpoint_id, kind, occurred_at, store_id, counter_id, staff_id, sharer_id from touchpoints t
    where t.merchant_id = $1 and t.shopper_id = who.shopper_id and t.placed
      and t.occurred_at between $4 and $3
    order by t.occurred_at desc, t.touchpoint_id desc limit 1) p on true
  left join lateral (
    select touchpoint_id, occurred_at, sharer_id from touchpoints t
    where t.merchant_id = $1 and t.shopper_id = who.shopper_id and t.sharer_id is not null
      and t.occurred_at between $5 and $3
    order by t.occurred_at desc, t.touchpoint_id desc limit 1) s on true"""


class Candidates(msgspec.Struct, frozen=True):
    """What can decide for one shopper."""

    shopper_id: ShopperId
    touches: list[Touch]
    home: Home | None


async def find_candidates(
    tx: Tx, merchant_id: MerchantId, shopper_ids: Sequence[ShopperId], at: datetime
) -> list[Candidates]:
    """The last placed touchpoint, the last share and the home of each shopper: one statement."""
    rows = await tx.fetch(_CANDIDATES, merchant_id, list(set(shopper_ids)), at, at - PLACE_WINDOW, at - SHARE_WINDOW)
    return [_candidates(row) for row in rows]


def _candidates(row: Row) -> Candidates:
    shopper_id, touches = row["shopper_id"], list[Touch]()
    if row["touchpoint_id"] is not None:
        place = Touch(
            touchpoint_id=row["touchpoint_id"],
            shopper_id=shopper_id,
            kind=row["kind"],
            occurred_at=row["occurred_at"],
            store_id=row["store_id"],
            counter_id=row["counter_id"],
            staff_id=row["staff_id"],
            sharer_id=row["sharer_id"],
        )
        touches.append(place)
    if row["share_id"] is not None and row["share_id"] != row["touchpoint_id"]:
        share = Touch(
            touchpoint_id=row["share_id"],
            shopper_id=shopper_id,
            kind="share",
            occurred_at=row["shared_at"],
            sharer_id=row["shared_by"],
        )
        touches.append(share)
    home = Home(row["home_store_id"], row["home_touchpoint_id"]) if row["home_store_id"] else None
    return Candidates(shopper_id, touches, home)


async def insert_touches(tx: Tx, merchant_id: MerchantId, touches: Sequence[Touch], page: str | None = None) -> None:
    """Adds touchpoints; those that are there already (by id) are left as they are."""
    await tx.execute(
        """insert into touchpoints (merchant_id, touchpoint_id, shopper_id, kind, occurred_at, label_id, label_code,
             store_id, counter_id, staff_id, sharer_id, page)
           select $1, t.*, $12 from unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::uuid[],
             $7::text[], $8::uuid[], $9::uuid[], $10::uuid[], $11::uuid[]) as t
           on conflict (merchant_id, touchpoint_id) do nothing""",
        merchant_id,
        *([getattr(touch, name) for touch in touches] for name in _FIELDS),
        page,
    )


async def insert_homes(tx: Tx, merchant_id: MerchantId, follows: Sequence[Touch]) -> None:
    """Gives a home to the shoppers who have none: the store of the first of `follows` that is theirs."""
    await tx.execute(
        """insert into shopper_homes (merchant_id, shopper_id, store_id, touchpoint_id, since)
           select distinct on (t.shopper_id) $1, t.shopper_id, t.store_id, t.touchpoint_id, t.since
           from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[])
             as t (shopper_id, store_id, touchpoint_id, since)
           order by t.shopper_id, t.since, t.touchpoint_id
           on conflict (merchant_id, shopper_id) do nothing""",
        merchant_id,
        [t.shopper_id for t in follows],
        [t.store_id for t in follows],
        [t.touchpoint_id for t in follows],
        [t.occurred_at for t in follows],
    )


async def find_latest(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> Touch | None:
    """The shopper's last touchpoint."""
    row = await tx.fetchrow(
        f"""select {_TOUCH} from touchpoints where merchant_id = $1 and shopper_id = $2
            order by occurred_at desc, touchpoint_id desc limit 1""",  # noqa: S608
        merchant_id,
        shopper_id,
    )
    return db.one_or_none(Touch, row)


async def count_since(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, since: datetime) -> int:
    """How many touchpoints the shopper made since then."""
    count: int = await tx.fetchval(
        "select count(*) from touchpoints where merchant_id = $1 and shopper_id = $2 and occurred_at > $3",
        merchant_id,
        shopper_id,
        since,
    )
    return count


async def list_touchpoints(tx: Tx, merchant_id: MerchantId, ids: Sequence[TouchpointId]) -> list[Touch]:
    """The touchpoints of these ids, the oldest first; those that do not exist here are left out."""
    rows = await tx.fetch(
        f"""select {_TOUCH} from touchpoints where merchant_id = $1 and touchpoint_id = any($2)
            order by occurred_at, touchpoint_id""",  # noqa: S608
        merchant_id,
        list(ids),
    )
    return db.many(Touch, rows)


async def list_journey(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, until: datetime, limit: int
) -> list[Touch]:
    """The shopper's last touchpoints up to a moment, the oldest first."""
    rows = await tx.fetch(
        f"""select {_TOUCH} from touchpoints
            where merchant_id = $1 and shopper_id = $2 and occurred_at <= $3
            order by occurred_at desc, touchpoint_id desc limit $4""",  # noqa: S608
        merchant_id,
        shopper_id,
        until,
        limit,
    )
    return db.many(Touch, rows)[::-1]


async def move_shopper(tx: Tx, merchant_id: MerchantId, former: ShopperId, shopper_id: ShopperId) -> None:
    """What `former` did was `shopper_id`'s doing; of two homes the earlier one stays.

    Shares between the two are left with `former`: nobody is her own sharer.
    """
    await tx.execute(
        """update touchpoints set shopper_id = $3
           where merchant_id = $1 and shopper_id = $2 and sharer_id is distinct from $3""",
        merchant_id,
        former,
        shopper_id,
    )
    await tx.execute(
        """update touchpoints set sharer_id = $3
           where merchant_id = $1 and sharer_id = $2 and shopper_id <> $3""",
        merchant_id,
        former,
        shopper_id,
    )
    await tx.execute(
        """delete from shopper_homes h using shopper_homes o
           where h.merchant_id = $1 and o.merchant_id = $1 and h.shopper_id in ($2, $3) and o.shopper_id in ($2, $3)
             and (o.since, o.touchpoint_id) < (h.since, h.touchpoint_id)""",
        merchant_id,
        former,
        shopper_id,
    )
    await tx.execute(
        "update shopper_homes set shopper_id = $3 where merchant_id = $1 and shopper_id = $2",
        merchant_id,
        former,
        shopper_id,
    )
