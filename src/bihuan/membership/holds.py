"""Points that pay: held while something waits for its payment, redeemed with it, released without it.

Whoever sells uses these verbs: `spendable` and `quote_points`; `hold`; then `redeem` or `release`; `return_worth` when
money goes back. `reference_id` is whatever is paid for. Locks: cards before stock, in the order of their ids; `lock`
takes those of many references at once.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Conflict
from bihuan.kernel.ids import MemberId, MerchantId, ShopperId, new_id

from . import db, db_holds, db_lots, terms
from .db import Entry
from .db_holds import Hold
from .rules import LotId, most_usable, take_in_order, to_return, worth_of
from .terms import PointsSettings


class PointsShort(Conflict):
    """The card has fewer points than an order wants to spend; `available` are those that it has."""

    code = "points_insufficient"
    zh = "可用积分不足，当前可用 {available} 积分，请重新确认订单。"
    en = "Not enough points: {available} can be spent. Look at the order again."


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Points of a shopper that are to pay `worth_fen` of something."""

    reference_id: UUID
    shopper_id: ShopperId
    points: int
    worth_fen: int


class PointsQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What points can do for an order. `most` of the `available` may be used, worth `most_fen`; `used` are, worth
    `used_fen`; `left` stay on the card."""

    available: int
    most: int
    most_fen: int
    used: int
    used_fen: int
    left: int
    step: int
    points_per_yuan: int
    most_percent: int


def quote_points(
    settings: PointsSettings, available: int, wanted: int | bool, *, goods_fen: int, total_fen: int
) -> PointsQuote:
    """What `wanted` points (True: as many as may be) do for goods and a total: no more than allowed, in whole steps."""
    most = most_usable(
        available,
        goods_fen,
        total_fen,
        points_per_yuan=settings.points_per_yuan,
        step=settings.step,
        most_percent=settings.most_percent,
    )
    used = most if wanted is True else min(most, int(wanted)) // settings.step * settings.step
    return PointsQuote(
        available=available,
        most=most,
        most_fen=worth_of(most, settings.points_per_yuan),
        used=used,
        used_fen=worth_of(used, settings.points_per_yuan),
        left=available - used,
        step=settings.step,
        points_per_yuan=settings.points_per_yuan,
        most_percent=settings.most_percent,
    )


async def spendable(
    tx: Tx,
    merchant_id: MerchantId,
    shopper_ids: Sequence[ShopperId],
    *,
    settings: PointsSettings | None = None,
    lock: bool = False,
) -> dict[ShopperId, int]:
    """What each shopper can spend now: not what is held, nor what is too old. With `lock`, their cards are held.

    `settings` are the merchant's where they were read a moment ago.
    """
    cards = await db.members_of(tx, merchant_id, shopper_ids)
    if lock and cards:
        await db.lock_members(tx, merchant_id, [card.member_id for card in cards.values()])
    found = dict.fromkeys(shopper_ids, 0)
    if cards:
        since = terms.alive_since(settings or await terms.get_settings(tx, merchant_id), tx.now)
        there = await db_lots.sum_available(tx, merchant_id, [card.member_id for card in cards.values()], since)
        for shopper_id, card in cards.items():
            found[shopper_id] = there.get(card.member_id, 0)
    return found


async def hold(tx: Tx, merchant_id: MerchantId, wishes: Sequence[Wish]) -> None:
    """Sets points aside, the oldest first; once per reference. Raises PointsShort, and nothing is held then."""
    shopper_ids = list({wish.shopper_id for wish in wishes})
    cards = await db.members_of(tx, merchant_id, shopper_ids)
    await db.lock_members(tx, merchant_id, [card.member_id for card in cards.values()])
    since = terms.alive_since(await terms.get_settings(tx, merchant_id), tx.now)
    there = await db_lots.list_available(tx, merchant_id, [card.member_id for card in cards.values()], since)
    left = {member_id: [(lot.lot_id, lot.available) for lot in found] for member_id, found in there.items()}
    parts: list[tuple[UUID, LotId, int]] = []
    for wish in wishes:
        card = cards.get(wish.shopper_id)
        free = left[card.member_id] if card else []
        taken = take_in_order(free, wish.points)
        if card is None or sum(part for _, part in taken) < wish.points:
            raise PointsShort(available=sum(part for _, part in free))
        parts += [(wish.reference_id, lot_id, part) for lot_id, part in taken]
        gone = dict(taken)
        left[card.member_id] = [(lot_id, there - gone.get(lot_id, 0)) for lot_id, there in free]
    held = [
        Hold(
            reference_id=wish.reference_id,
            member_id=cards[wish.shopper_id].member_id,
            points=wish.points,
            worth_fen=wish.worth_fen,
        )
        for wish in wishes
    ]
    await db_holds.insert(tx, merchant_id, held, parts)
    await db_lots.move(tx, merchant_id, [(lot_id, points) for _, lot_id, points in parts], "available", "held")


async def hold_again(tx: Tx, merchant_id: MerchantId, reference_id: UUID) -> bool:
    """Sets the points of a released hold aside once more; False when the card has too few by now."""
    found = await db_holds.find_released(tx, merchant_id, reference_id)
    if found is None:
        return False
    shopper_id, held = found
    wish = Wish(reference_id=reference_id, shopper_id=shopper_id, points=held.points, worth_fen=held.worth_fen)
    try:
        async with tx.savepoint():
            await hold(tx, merchant_id, [wish])
    except PointsShort:
        return False
    return True


async def lock(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID]) -> None:
    """Locks the cards whose points pay for these."""
    locked: set[MemberId] = set()
    for _ in range(3):  # again when two cards became one in between
        wanted = await db_holds.list_cards(tx, merchant_id, reference_ids) - locked
        if not wanted:
            return
        await db.lock_members(tx, merchant_id, sorted(wanted))
        locked |= wanted


async def redeem(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID]) -> int:
    """What they were held for is paid: the points are spent. Returns for how many; once each."""
    await lock(tx, merchant_id, reference_ids)
    ended = await db_holds.end(tx, merchant_id, reference_ids, "redeemed")
    parts = await db_holds.list_parts(tx, merchant_id, list(ended))
    await db_lots.move(tx, merchant_id, [(lot_id, points) for _, lot_id, points in parts], "held", "redeemed")
    entries = [
        Entry(
            member_id=member_id,
            points=-sum(points for reference, _, points in parts if reference == reference_id),
            growth=0,
            source="redeem",
            source_id=reference_id,
            occurred_at=tx.now,
        )
        for reference_id, member_id in ended.items()
    ]
    if entries:
        await db.add_entries(tx, merchant_id, entries)
    return len(ended)


async def release(tx: Tx, merchant_id: MerchantId, reference_ids: Sequence[UUID]) -> int:
    """They will not be paid for (now): the points are free again, in the lots they came from. Returns for how many."""
    await lock(tx, merchant_id, reference_ids)
    ended = await db_holds.end(tx, merchant_id, reference_ids, "released")
    parts = await db_holds.list_parts(tx, merchant_id, list(ended))
    await db_lots.move(tx, merchant_id, [(lot_id, points) for _, lot_id, points in parts], "held", "available")
    await db_holds.delete_parts(tx, merchant_id, list(ended))
    back: dict[MemberId, int] = {}
    for reference_id, _, points in parts:
        back[ended[reference_id]] = back.get(ended[reference_id], 0) + points
    for member_id, points in back.items():
        await take_owed(tx, merchant_id, member_id, points)
    return len(ended)


async def return_worth(tx: Tx, merchant_id: MerchantId, reference_id: UUID, cause_id: UUID, worth_fen: int) -> int:
    """A refund brings back the points that paid `worth_fen`; returns how many. Once per cause.

    They go to the lots they came from, the youngest first, with the age they have. Parts are rounded down over all
    refunds together, so that a whole refund by any parts brings back all.
    """
    await lock(tx, merchant_id, [reference_id])
    held = await db_holds.lock_redeemed(tx, merchant_id, reference_id)
    known = await db_holds.find_returned(tx, merchant_id, cause_id)
    if held is None or known is not None:
        return known or 0
    returned_fen = min(held.returned_fen + worth_fen, held.worth_fen)
    points = to_return(held.points, held.worth_fen, returned_fen) - held.returned_points
    await db_holds.add_return(tx, merchant_id, held, cause_id, returned_fen - held.returned_fen, points)
    if points:
        await _put_back(tx, merchant_id, held.member_id, reference_id, cause_id, points)
    return points


async def _put_back(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, reference_id: UUID, cause_id: UUID, points: int
) -> None:
    there = await db_holds.list_returnable(tx, merchant_id, reference_id)
    parts = take_in_order(there, points)
    await db_holds.add_returned(tx, merchant_id, reference_id, parts)
    await db_lots.move(tx, merchant_id, parts, "redeemed", "available")
    entry = Entry(member_id=member_id, points=points, growth=0, source="return", source_id=cause_id, occurred_at=tx.now)
    await db.add_entries(tx, merchant_id, [entry])
    await take_owed(tx, merchant_id, member_id, points)


async def take_owed(tx: Tx, merchant_id: MerchantId, member_id: MemberId, came_back: int) -> None:
    """Of spent points that came back to a locked card, what its refunds had wanted and did not find."""
    owed = await db_holds.get_owed(tx, merchant_id, member_id, came_back)
    if not owed:
        return
    there = await db_lots.list_available(tx, merchant_id, [member_id], None)
    parts = take_in_order([(lot.lot_id, lot.available) for lot in there[member_id]], owed)
    taken = sum(points for _, points in parts)
    await db_lots.move(tx, merchant_id, parts, "available", "revoked")
    await db_holds.settle_owed(tx, merchant_id, member_id, taken)
    entry = Entry(member_id=member_id, points=-taken, growth=0, source="owed", source_id=new_id(), occurred_at=tx.now)
    await db.add_entries(tx, merchant_id, [entry])
