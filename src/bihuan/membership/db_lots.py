"""Lots: every point with its day and the place where it is. Rows and SQL; the caller holds the card's lock."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MemberId, MerchantId

from .rules import LotId

Place = Literal["available", "held", "redeemed", "expired", "revoked"]


class Lot(msgspec.Struct, frozen=True, kw_only=True):
    """Points that came together, and where they are."""

    lot_id: LotId
    member_id: MemberId
    source_id: UUID
    earned_at: datetime
    available: int
    held: int
    redeemed: int


_LOT = ", ".join(Lot.__struct_fields__)


async def list_available(
    tx: Tx, merchant_id: MerchantId, member_ids: Sequence[MemberId], since: datetime | None
) -> dict[MemberId, list[Lot]]:
    """Lots with points that can be spent, by card, the oldest first; none that were earned before `since`."""
    rows = await tx.fetch(
        f"""select {_LOT} from points_lots
            where merchant_id = $1 and member_id = any($2) and available > 0
              and ($3::timestamptz is null or earned_at >= $3)
            order by member_id, earned_at, lot_id""",  # noqa: S608
        merchant_id,
        list(member_ids),
        since,
    )
    found: dict[MemberId, list[Lot]] = {member_id: [] for member_id in member_ids}
    for lot in db.many(Lot, rows):
        found[lot.member_id].append(lot)
    return found


async def sum_available(
    tx: Tx, merchant_id: MerchantId, member_ids: Sequence[MemberId], since: datetime | None
) -> dict[MemberId, int]:
    """How many of these cards' points can be spent; none that were earned before `since`."""
    rows = await tx.fetch(
        """select member_id, sum(available)::bigint as points from points_lots
           where merchant_id = $1 and member_id = any($2) and available > 0
             and ($3::timestamptz is null or earned_at >= $3)
           group by member_id""",
        merchant_id,
        list(member_ids),
        since,
    )
    return {MemberId(row["member_id"]): row["points"] for row in rows}


async def list_of_source(tx: Tx, merchant_id: MerchantId, source_id: UUID) -> list[Lot]:
    """The lots that an order earned: one, or none."""
    rows = await tx.fetch(
        f"select {_LOT} from points_lots where merchant_id = $1 and source_id = $2 order by lot_id",  # noqa: S608
        merchant_id,
        source_id,
    )
    return db.many(Lot, rows)


async def move(tx: Tx, merchant_id: MerchantId, parts: Sequence[tuple[LotId, int]], here: Place, there: Place) -> None:
    """Points of lots go from one place to another. Raises CheckViolationError for more than is there."""
    totals: dict[LotId, int] = {}
    for lot_id, points in parts:
        totals[lot_id] = totals.get(lot_id, 0) + points
    if not totals:
        return
    await tx.execute(
        f"""update points_lots l set {here} = l.{here} - p.points, {there} = l.{there} + p.points
            from unnest($2::uuid[], $3::bigint[]) as p (lot_id, points)
            where l.merchant_id = $1 and l.lot_id = p.lot_id""",  # noqa: S608 - names of columns
        merchant_id,
        list(totals),
        list(totals.values()),
    )


async def sum_places(tx: Tx, merchant_id: MerchantId, member_id: MemberId, since: datetime | None) -> tuple[int, int]:
    """What of a card can be spent, and what is held."""
    row = await tx.fetchrow(
        """select coalesce(sum(available) filter (where $3::timestamptz is null or earned_at >= $3), 0)::bigint as free,
                  coalesce(sum(held), 0)::bigint as held
           from points_lots where merchant_id = $1 and member_id = $2 and (available > 0 or held > 0)""",
        merchant_id,
        member_id,
        since,
    )
    return (row["free"], row["held"]) if row else (0, 0)


async def next_to_go(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, since: datetime | None
) -> tuple[datetime, int] | None:
    """When the oldest points that can be spent were earned, and how many came on that day (China's)."""
    row = await tx.fetchrow(
        """select min(earned_at) as earned_at, sum(available)::bigint as points from points_lots
           where merchant_id = $1 and member_id = $2 and available > 0 and ($3::timestamptz is null or earned_at >= $3)
           group by (earned_at at time zone 'Asia/Shanghai')::date order by 1 limit 1""",
        merchant_id,
        member_id,
        since,
    )
    return (row["earned_at"], row["points"]) if row else None


async def hand_over(tx: Tx, merchant_id: MerchantId, former_id: MemberId, member_id: MemberId) -> None:
    """One card's lots and holds are another's."""
    for table in ("points_lots", "points_holds"):
        await tx.execute(
            f"update {table} set member_id = $3 where merchant_id = $1 and member_id = $2",  # noqa: S608
            merchant_id,
            former_id,
            member_id,
        )
