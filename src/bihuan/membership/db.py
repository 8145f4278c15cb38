"""Rows and SQL of membership."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.gathering import Gathered
from bihuan.kernel.ids import MemberId, MerchantId, ShopperId, StaffId, new_id

from .rules import Level, card_number


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member card."""

    member_id: MemberId
    shopper_id: ShopperId
    number: str
    level_code: str
    points: int
    growth: int
    joined_at: datetime


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """Points and growth that came or went; `source` and `source_id` make it once only."""

    member_id: MemberId
    points: int
    growth: int
    source: str
    source_id: UUID
    occurred_at: datetime


class StatementEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as a statement shows it; of those by hand, why and who."""

    entry_id: UUID
    points: int
    source: str
    source_id: UUID
    occurred_at: datetime
    reason: str | None
    staff_id: StaffId | None


_MEMBER = "member_id, shopper_id, number, level_code, points, growth, joined_at"


async def members_of(tx: Tx, merchant_id: MerchantId, shopper_ids: Sequence[ShopperId]) -> dict[ShopperId, Member]:
    """The cards of these shoppers."""
    rows = await tx.fetch(
        f"""select {_MEMBER} from members
            where merchant_id = $1 and shopper_id = any($2) and merged_into is null""",  # noqa: S608
        merchant_id,
        list(shopper_ids),
    )
    return {member.shopper_id: member for member in db.many(Member, rows)}


MEMBERS: Gathered[ShopperId, Member] = Gathered(members_of)
"""The same for the requests of a process together."""


async def find_member(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> Member | None:
    """One shopper's card."""
    return (await members_of(tx, merchant_id, [shopper_id])).get(shopper_id)


async def find_by_number(tx: Tx, merchant_id: MerchantId, number: str) -> Member | None:
    """The card of a number, as a till reads it."""
    row = await tx.fetchrow(
        f"select {_MEMBER} from members where merchant_id = $1 and number = $2 and merged_into is null",  # noqa: S608
        merchant_id,
        number,
    )
    return db.one_or_none(Member, row)


async def find_by_id(tx: Tx, merchant_id: MerchantId, member_id: MemberId) -> Member | None:
    """One card of this merchant."""
    row = await tx.fetchrow(
        f"select {_MEMBER} from members where merchant_id = $1 and member_id = $2 and merged_into is null",  # noqa: S608
        merchant_id,
        member_id,
    )
    return db.one_or_none(Member, row)


async def list_members(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    number: str | None,
    level_code: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Member]:
    """The latest first."""
    rows = await tx.fetch(
        f"""select {_MEMBER} from members
            where merchant_id = $1 and merged_into is null
              and ($2::text is null or starts_with(number, $2)) and ($3::text is null or level_code = $3)
              and ($4::timestamptz is null or (joined_at, member_id) < ($4, $5))
            order by joined_at desc, member_id desc limit $6""",  # noqa: S608
        merchant_id,
        number,
        level_code,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return db.many(Member, rows)


async def take_numbers(tx: Tx, merchant_id: MerchantId, count: int) -> list[str]:
    """Card numbers that nobody had."""
    last: int = await tx.fetchval(
        """insert into member_numbers as n (merchant_id, last) values ($1, $2)
           on conflict (merchant_id) do update set last = n.last + $2 returning last""",
        merchant_id,
        count,
    )
    return [card_number(n) for n in range(last - count + 1, last + 1)]


async def open_cards(
    tx: Tx, merchant_id: MerchantId, shoppers: Sequence[tuple[ShopperId, datetime]], level_code: str
) -> set[ShopperId]:
    """Opens cards for those of `shoppers` (distinct) who have none; who they were."""
    numbers = await take_numbers(tx, merchant_id, len(shoppers))
    rows = await tx.fetch(
        """insert into members (merchant_id, member_id, shopper_id, number, level_code, joined_at)
           select $1, n.member_id, n.shopper_id, n.number, $2, n.joined_at
           from unnest($3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[])
             as n (member_id, shopper_id, number, joined_at)
           on conflict (merchant_id, shopper_id) where merged_into is null do nothing returning shopper_id""",
        merchant_id,
        level_code,
        [new_id() for _ in shoppers],
        [shopper_id for shopper_id, _ in shoppers],
        numbers,
        [joined_at for _, joined_at in shoppers],
    )
    return {row["shopper_id"] for row in rows}


async def lock_members(tx: Tx, merchant_id: MerchantId, member_ids: Sequence[MemberId]) -> None:
    """In the order of their ids, so that two batches do not wait for each other."""
    await tx.execute(
        "select 1 from members where merchant_id = $1 and member_id = any($2) order by member_id for update",
        merchant_id,
        list(member_ids),
    )


async def add_entries(tx: Tx, merchant_id: MerchantId, entries: Sequence[Entry]) -> list[Member]:
    """Adds entries that are not there yet and their sums to the balances; the members whom that changed.

    What is earned is a lot of its own. Points that come back, or leave, change lots: that is the caller's (`db_lots`).
    """
    rows = await tx.fetch(
        f"""with added as (
              insert into points_entries (merchant_id, entry_id, member_id, points, growth, source, source_id,
                occurred_at)
              select $1, e.* from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::text[], $7::uuid[],
                $8::timestamptz[]) as e
              on conflict (merchant_id, source, source_id) do nothing
              returning entry_id, member_id, points, growth, source, source_id, occurred_at
            ), lots as (
              insert into points_lots (merchant_id, lot_id, member_id, source_id, earned_at, points, available)
              select $1, entry_id, member_id, source_id, occurred_at, points, points from added
              where points > 0 and source not in ('return', 'merge_in')
            ), sums as (
              select member_id, sum(points)::bigint as points, sum(growth)::bigint as growth from added group by 1
            ), changed as (
              update members m set points = m.points + s.points, growth = m.growth + s.growth
              from sums s where m.merchant_id = $1 and m.member_id = s.member_id
              returning m.*
            )
            select {_MEMBER} from changed""",  # noqa: S608
        merchant_id,
        [new_id() for _ in entries],
        [e.member_id for e in entries],
        [e.points for e in entries],
        [e.growth for e in entries],
        [e.source for e in entries],
        [e.source_id for e in entries],
        [e.occurred_at for e in entries],
    )
    return db.many(Member, rows)


async def set_levels(tx: Tx, merchant_id: MerchantId, changes: Sequence[tuple[MemberId, str]]) -> None:
    """Gives members other levels."""
    await tx.execute(
        """update members m set level_code = c.level_code
           from unnest($2::uuid[], $3::text[]) as c (member_id, level_code)
           where m.merchant_id = $1 and m.member_id = c.member_id""",
        merchant_id,
        [member_id for member_id, _ in changes],
        [code for _, code in changes],
    )


async def list_entries(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, after: tuple[datetime, UUID] | None, limit: int
) -> list[StatementEntry]:
    """A member's entries, the latest first."""
    rows = await tx.fetch(
        """select e.entry_id, e.points, e.source, e.source_id, e.occurred_at, a.reason, a.staff_id
           from points_entries e
           left join points_adjustments a on a.merchant_id = e.merchant_id and a.adjustment_id = e.source_id
           where e.merchant_id = $1 and e.member_id = $2
             and ($3::timestamptz is null or (e.occurred_at, e.entry_id) < ($3, $4))
           order by e.occurred_at desc, e.entry_id desc limit $5""",
        merchant_id,
        member_id,
        after[0] if after else None,
        after[1] if after else None,
        limit,
    )
    return db.many(StatementEntry, rows)


async def insert_adjustment(tx: Tx, merchant_id: MerchantId, entry: Entry, reason: str, staff_id: StaffId) -> None:
    """Says of an entry by hand who made it, and why."""
    await tx.execute(
        """insert into points_adjustments (merchant_id, adjustment_id, member_id, points, reason, staff_id, adjusted_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        merchant_id,
        entry.source_id,
        entry.member_id,
        entry.points,
        reason,
        staff_id,
        entry.occurred_at,
    )


async def sum_sources(tx: Tx, merchant_id: MerchantId, member_id: MemberId) -> dict[str, int]:
    """A member's points by what brought or took them."""
    rows = await tx.fetch(
        """select source, sum(points)::bigint as points from points_entries
           where merchant_id = $1 and member_id = $2 group by source""",
        merchant_id,
        member_id,
    )
    return {row["source"]: row["points"] for row in rows}


# -- levels -----------------------------------------------------------------------------------------


async def list_levels(tx: Tx, merchant_id: MerchantId) -> list[Level]:
    """The merchant's own levels, the lowest first; empty when it has none of its own."""
    rows = await tx.fetch(
        "select code, name, growth, benefits from member_levels where merchant_id = $1 order by growth", merchant_id
    )
    return db.many(Level, rows)


async def _levels(tx: Tx, merchant_id: MerchantId, _: list[None]) -> dict[None, list[Level]]:
    return {None: await list_levels(tx, merchant_id)}


LEVELS: Gathered[None, list[Level]] = Gathered(_levels)
"""The same for the requests of a process together, under the key None."""


async def replace_levels(tx: Tx, merchant_id: MerchantId, levels: Sequence[Level]) -> None:
    """Writes the merchant's levels, and every member's by its growth."""
    await tx.execute("delete from member_levels where merchant_id = $1", merchant_id)
    await tx.executemany(
        "insert into member_levels (merchant_id, code, name, growth, benefits) values ($1, $2, $3, $4, $5)",
        [(merchant_id, level.code, level.name, level.growth, level.benefits) for level in levels],
    )
    await tx.execute(
        """update members m set level_code = r.code
           from (select m.member_id,
                   (select l.code from member_levels l where l.merchant_id = $1 and l.growth <= m.growth
                    order by l.growth desc limit 1) as code
                 from members m where m.merchant_id = $1) r
           where m.merchant_id = $1 and m.member_id = r.member_id and m.level_code <> r.code""",
        merchant_id,
    )


# -- merging ----------------------------------------------------------------------------------------


async def hand_over(tx: Tx, merchant_id: MerchantId, member_id: MemberId, shopper_id: ShopperId) -> None:
    """A card is another shopper's."""
    await tx.execute(
        "update members set shopper_id = $3 where merchant_id = $1 and member_id = $2",
        merchant_id,
        member_id,
        shopper_id,
    )


async def close_card(tx: Tx, merchant_id: MerchantId, member_id: MemberId, into: MemberId) -> None:
    """A card ends; what was on it is on another."""
    await tx.execute(
        "update members set merged_into = $3 where merchant_id = $1 and member_id = $2", merchant_id, member_id, into
    )


async def hand_over_owed(tx: Tx, merchant_id: MerchantId, former_id: MemberId, member_id: MemberId) -> None:
    """What one card's refunds still want, another's now do."""
    await tx.execute(
        """update members m set owed_points = m.owed_points + f.owed_points
           from members f where f.merchant_id = $1 and f.member_id = $2 and m.merchant_id = $1 and m.member_id = $3""",
        merchant_id,
        former_id,
        member_id,
    )
    await tx.execute(
        "update members set owed_points = 0 where merchant_id = $1 and member_id = $2", merchant_id, former_id
    )
