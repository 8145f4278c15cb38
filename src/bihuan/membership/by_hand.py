"""Points by hand: staff give some to a member, or take some of hers, and say why.

What is given is a lot of its own, as old as the moment it was given. What is taken comes from the oldest lots that can
be spent: never from points that an order holds, and never more than there are.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Conflict, NotFound, Unprocessable
from bihuan.kernel.ids import MemberId, MerchantId, StaffId, new_id

from . import db, db_lots, terms
from .rules import take_in_order

MOST = 1_000_000
"""Points of one adjustment."""


class PointsOutOfRange(Unprocessable):
    """An adjustment is of whole points, 1 to `most`; `kind` says whether they come or go."""

    code = "points_out_of_range"
    zh = "积分数须为 1 至 {most} 之间的整数。"
    en = "Give or take 1 to {most} whole points."


class PointsNotThere(Conflict):
    """The member has fewer points that are free than are to be taken; `available` are those that she has."""

    code = "points_not_there"
    zh = "该会员可用积分只有 {available}，不能扣减更多（待支付订单占用的积分不能扣减）。"
    en = "The member has only {available} free points; what unpaid orders hold cannot be taken."


class AdjustmentInput(msgspec.Struct, frozen=True, kw_only=True):
    """Points to give to a member (grant) or to take of hers (deduct), 1 to 1,000,000; she reads the reason."""

    kind: Literal["grant", "deduct"]
    points: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    reason: Annotated[
        str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*[^\x00-\x1f\s][^\x00-\x1f]*$(?!\n)")
    ]


async def adjust(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, wish: AdjustmentInput, staff_id: StaffId
) -> db.Entry:
    """Gives or takes points; the entry that her statement shows.

    Raises PointsOutOfRange, NotFound, PointsNotThere.
    """
    if not 1 <= wish.points <= MOST:
        raise PointsOutOfRange(most=MOST)
    await db.lock_members(tx, merchant_id, [member_id])
    if await db.find_by_id(tx, merchant_id, member_id) is None:
        raise NotFound
    if wish.kind == "deduct":
        await _take(tx, merchant_id, member_id, wish.points)
    entry = db.Entry(
        member_id=member_id,
        points=wish.points if wish.kind == "grant" else -wish.points,
        growth=0,
        source=wish.kind,
        source_id=new_id(),
        occurred_at=tx.now,
    )
    await db.insert_adjustment(tx, merchant_id, entry, wish.reason.strip(), staff_id)
    await db.add_entries(tx, merchant_id, [entry])
    return entry


async def _take(tx: Tx, merchant_id: MerchantId, member_id: MemberId, points: int) -> None:
    since = terms.alive_since(await terms.get_settings(tx, merchant_id), tx.now)
    there = (await db_lots.list_available(tx, merchant_id, [member_id], since))[member_id]
    parts = take_in_order([(lot.lot_id, lot.available) for lot in there], points)
    taken = sum(part for _, part in parts)
    if taken < points:
        raise PointsNotThere(available=taken)
    await db_lots.move(tx, merchant_id, parts, "available", "revoked")
