"""Rows and SQL of points that are held for something, redeemed with it and brought back, under the card's lock."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MemberId, MerchantId, ShopperId

from .rules import LotId

Part = tuple[UUID, LotId, int]
"""What a hold has of a lot: its reference, the lot, points."""


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a card that pay `worth_fen` of something, and what refunds brought back of both."""

    reference_id: UUID
    member_id: MemberId
    points: int
    worth_fen: int
    returned_fen: int = 0
    returned_points: int = 0


_HOLD = ", ".join(Hold.__struct_fields__)


async def insert(tx: Tx, merchant_id: MerchantId, holds: Sequence[Hold], parts: Sequence[Part]) -> None:
    """Holds and their parts; one that was released is held again."""
    await tx.execute(
        """insert into points_holds (merchant_id, reference_id, member_id, points, worth_fen, state, held_at)
           select $1, w.reference_id, w.member_id, w.points, w.worth_fen, 'held', $2
           from unnest($3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[])
             as w (reference_id, member_id, points, worth_fen)
           on conflict (merchant_id, reference_id) do update
             set state = 'held', held_at = excluded.held_at, ended_at = null, member_id = excluded.member_id,
               points = excluded.points, worth_fen = excluded.worth_fen
             where points_holds.state = 'released'""",
        merchant_id,
        tx.now,
        [hold.reference_id for hold in holds],
        [hold.member_id for hold in holds],
        [hold.points for hold in holds],
        [hold.worth_fen for hold in holds],
    )
    await tx.execute(
        """insert into points_hold_parts (merchant_id, reference_id, lot_id, points)
           select $1, p.* from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as p""",
        merchant_id,
        [reference_id for reference_id, _, _ in parts],
        [lot_id for _, lot_id, _ in parts],
        [points for _, _, points in parts],
    )


async def find_released(tx: Tx, merchant_id: MerchantId, reference_id: UUID) -> tuple[ShopperId, Hold] | None:
    """A released hold, and whose card it was of."""
    row = await tx.fetchrow(
        """select m.shopper_id, h.member_id, h.points, h.worth_fen from points_holds h
           join members m on m.merchant_id = h.merchant_id and m.member_id = h.member_id
           where h.merchant_id = $1 and h.reference_id = $2 and h.state = 'released'""",
        merchant_id,
        reference_id,
    )
    if row is None:
        return None
    of_card = {name: row[name] for name in ("member_id", "points", "worth_fen")}
    return ShopperId(row["shopper_id"]), Hold(reference_id=reference_id, **of_card)


async def list_cards(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID]) -> set[MemberId]:
    """The cards whose points pay for these."""
    rows = await tx.fetch(
        "select distinct member_id from points_holds where merchant_id = $1 and reference_id = any($2)",
        merchant_id,
        list(reference_ids),
    )
    return {MemberId(row["member_id"]) for row in rows}


async def end(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID], state: str) -> Mapping[UUID, MemberId]:
    """held -> `state`; returns the cards of those that were held, by reference."""
    rows = await tx.fetch(
        """update points_holds set state = $3, ended_at = $4
           where merchant_id = $1 and reference_id = any($2) and state = 'held' returning reference_id, member_id""",
        merchant_id,
        list(reference_ids),
        state,
        tx.now,
    )
    return {row["reference_id"]: MemberId(row["member_id"]) for row in rows}


async def list_parts(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID]) -> list[Part]:
    """What holds have of which lots."""
    rows = await tx.fetch(
        """select reference_id, lot_id, points from points_hold_parts
           where merchant_id = $1 and reference_id = any($2)""",
        merchant_id,
        list(reference_ids),
    )
    return [(row["reference_id"], LotId(row["lot_id"]), row["points"]) for row in rows]


async def delete_parts(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID]) -> None:
    """The holds have nothing any more."""
    await tx.execute(
        "delete from points_hold_parts where merchant_id = $1 and reference_id = any($2)",
        merchant_id,
        list(reference_ids),
    )


async def lock_redeemed(tx: Tx, merchant_id: MerchantId, reference_id: UUID) -> Hold | None:
    """A redeemed hold, its row locked."""
    row = await tx.fetchrow(
        f"""select {_HOLD} from points_holds
            where merchant_id = $1 and reference_id = $2 and state = 'redeemed' for update""",  # noqa: S608
        merchant_id,
        reference_id,
    )
    return db.one_or_none(Hold, row)


async def find_returned(tx: Tx, merchant_id: MerchantId, cause_id: UUID) -> int | None:
    """How many points a refund brought back; None before it did."""
    return await tx.fetchval(
        "select points from points_returns where merchant_id = $1 and cause_id = $2", merchant_id, cause_id
    )


async def add_return(tx: Tx, merchant_id: MerchantId, hold: Hold, cause_id: UUID, worth_fen: int, points: int) -> None:
    """A refund brings back `points` of a (locked) hold for `worth_fen` of what they paid."""
    await tx.execute(
        """update points_holds set returned_fen = returned_fen + $3, returned_points = returned_points + $4
           where merchant_id = $1 and reference_id = $2""",
        merchant_id,
        hold.reference_id,
        worth_fen,
        points,
    )
    await tx.execute(
        """insert into points_returns (merchant_id, cause_id, reference_id, worth_fen, points, returned_at)
           values ($1, $2, $3, $4, $5, $6)""",
        merchant_id,
        cause_id,
        hold.reference_id,
        worth_fen,
        points,
        tx.now,
    )


async def list_returnable(tx: Tx, merchant_id: MerchantId, reference_id: UUID) -> list[tuple[LotId, int]]:
    """What of a hold's parts is not back yet, by lot, the youngest first."""
    rows = await tx.fetch(
        """select p.lot_id, p.points - p.returned as there from points_hold_parts p
           join points_lots l on l.merchant_id = p.merchant_id and l.lot_id = p.lot_id
           where p.merchant_id = $1 and p.reference_id = $2 and p.points > p.returned
           order by l.earned_at desc, l.lot_id desc""",
        merchant_id,
        reference_id,
    )
    return [(LotId(row["lot_id"]), row["there"]) for row in rows]


async def add_returned(tx: Tx, merchant_id: MerchantId, reference_id: UUID, parts: Sequence[tuple[LotId, int]]) -> None:
    """Notes what is back of a hold's parts."""
    await tx.execute(
        """update points_hold_parts p set returned = p.returned + w.points
           from unnest($3::uuid[], $4::bigint[]) as w (lot_id, points)
           where p.merchant_id = $1 and p.reference_id = $2 and p.lot_id = w.lot_id""",
        merchant_id,
        reference_id,
        [lot_id for lot_id, _ in parts],
        [points for _, points in parts],
    )


async def get_owed(tx: Tx, merchant_id: MerchantId, member_id: MemberId, most: int) -> int:
    """What a card owes of points that refunds wanted and did not find, `most` of it."""
    return await tx.fetchval(
        "select least(owed_points, $3) from members where merchant_id = $1 and member_id = $2",
        merchant_id,
        member_id,
        most,
    )


async def settle_owed(tx: Tx, merchant_id: MerchantId, member_id: MemberId, points: int) -> None:
    """So many of them are taken."""
    await tx.execute(
        "update members set owed_points = owed_points - $3 where merchant_id = $1 and member_id = $2",
        merchant_id,
        member_id,
        points,
    )
