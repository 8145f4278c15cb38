"""Points that go again: with a refund, and with age.

What is taken back is at most what is on the card. What a refund does not find there because it was spent meanwhile is
remembered (`members.owed_points`) and goes when spent points come back, never of newly earned ones. Points that are
held for an order do not grow old; what is too old when it comes back goes then.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.facts.membership import PointsExpired, PointsExpiring
from bihuan.facts.orders import OrderPaid
from bihuan.facts.payments import RefundSettled
from bihuan.kernel.db import Tx
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MemberId, MerchantId, OrderId, new_id
from bihuan.kernel.runtime import Runtime

from . import db, db_aging, db_lots, service
from .db import Entry
from .db_aging import Gone
from .rules import LotId, growth_for, level_for, months_after, months_before, points_for, take_in_order

BATCH = 500
WARN_BEFORE = timedelta(days=7)
"""A member is told so long before her points expire,"""
WARN_OF = timedelta(days=30)
"""and at once of all that expire within so long: she is not told every day."""


async def remember(tx: Tx, merchant_id: MerchantId, orders: Sequence[OrderPaid], earn_per_yuan: int) -> None:
    """Keeps what orders were paid, for their refunds; one statement."""
    paid = [order for order in orders if order.paid_fen > 0]
    await db_aging.insert_orders(tx, merchant_id, paid, earn_per_yuan)


async def revoke(tx: Tx, merchant_id: MerchantId, refunds: Sequence[RefundSettled]) -> None:
    """Takes back the points, and growth, of what was refunded; a refund counts once."""
    for refund in refunds:
        back = await db_aging.refund_order(
            tx, merchant_id, OrderId(refund.reference_id), refund.amount_fen, refund.decision_id
        )
        if back is None:  # an order without points, or of before they were remembered
            continue
        kept, left = back.paid_fen - back.was_fen, back.paid_fen - back.now_fen
        lost = Lost(points_for(kept, back.rate) - points_for(left, back.rate), growth_for(kept) - growth_for(left))
        await _take_back(tx, merchant_id, back.member_id, lost, refund.reference_id, refund.decision_id)


class Lost(msgspec.Struct, frozen=True):
    """What a refund takes from a card."""

    points: int
    growth: int


async def _take_back(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, lost: Lost, order_id: UUID, decision_id: UUID
) -> None:
    """Takes what an order had earned: from its own lot; what of that was spent, from the oldest others."""
    await db.lock_members(tx, merchant_id, [member_id])
    card_growth = await db_aging.find_growth(tx, merchant_id, member_id)
    if card_growth is None:
        return
    parts, owed = await _find(tx, merchant_id, member_id, lost.points, order_id)
    await db_lots.move(tx, merchant_id, parts, "available", "revoked")
    if owed:
        await db_aging.owe(tx, merchant_id, member_id, owed)
    points, growth = sum(part for _, part in parts), min(lost.growth, card_growth)
    if points == 0 and growth == 0:
        return
    entry = Entry(
        member_id=member_id,
        points=-points,
        growth=-growth,
        source="refund",
        source_id=decision_id,
        occurred_at=tx.now,
    )
    changed = await db.add_entries(tx, merchant_id, [entry])
    if growth:
        levels = await service.get_levels(tx, merchant_id)
        await db.set_levels(tx, merchant_id, [(m.member_id, level_for(levels, m.growth).code) for m in changed])


async def _find(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, points: int, order_id: UUID
) -> tuple[list[tuple[LotId, int]], int]:
    """From which lots points are taken back, and how many of them are spent and stay owed."""
    own = [lot for lot in await db_lots.list_of_source(tx, merchant_id, order_id) if lot.member_id == member_id]
    parts = take_in_order([(lot.lot_id, lot.available) for lot in own], points)
    rest = points - sum(part for _, part in parts)
    if own:  # what expired meanwhile is gone anyway
        rest = min(rest, sum(lot.held + lot.redeemed for lot in own))
    if rest:
        there = await db_lots.list_available(tx, merchant_id, [member_id], None)
        known = {lot.lot_id for lot in own}
        others = [(lot.lot_id, lot.available) for lot in there[member_id] if lot.lot_id not in known]
        more = take_in_order(others, rest)
        parts += more
        rest -= sum(part for _, part in more)
    return parts, rest if own else 0


async def expire(rt: Runtime) -> int:
    """The job: takes points that are older than their merchant lets them be; returns from how many cards."""
    done = 0
    async with rt.db.session() as tx:
        expiring = await db_aging.list_merchants(tx)
    for merchant_id, months in expiring:
        while True:
            async with rt.db.transaction() as tx:
                before = months_before(tx.now, months)
                cards = await _some_cards(tx, merchant_id, before, untold=False)
                gone = await db_aging.expire_lots(tx, merchant_id, cards, before)
                await _tell_gone(tx, merchant_id, gone)
            done += len(gone)
            if not cards:
                break
    return done


async def _some_cards(tx: Tx, merchant_id: MerchantId, before: datetime, *, untold: bool) -> list[MemberId]:
    """Some cards with points from before, locked; only those who were not told of them where `untold`."""
    cards = await db_aging.list_cards(tx, merchant_id, before, untold, BATCH)
    await db.lock_members(tx, merchant_id, cards)
    return cards


async def _tell_gone(tx: Tx, merchant_id: MerchantId, gone: Sequence[Gone]) -> None:
    entries = [
        Entry(
            member_id=card.member_id,
            points=-card.points,
            growth=0,
            source="expire",
            source_id=new_id(),
            occurred_at=tx.now,
        )
        for card in gone
    ]
    if not entries:
        return
    await db.add_entries(tx, merchant_id, entries)
    await emit(
        tx,
        *(
            PointsExpired(
                merchant_id=merchant_id,
                occurred_at=tx.now,
                member_id=card.member_id,
                shopper_id=card.shopper_id,
                points=card.points,
            )
            for card in gone
        ),
    )


async def warn(rt: Runtime) -> int:
    """The job: says which members' points are about to expire, once per card and points; returns how many cards."""
    done = 0
    async with rt.db.session() as tx:
        expiring = await db_aging.list_merchants(tx)
    for merchant_id, months in expiring:
        while True:
            async with rt.db.transaction() as tx:
                soon = months_before(tx.now + WARN_BEFORE, months)
                cards = await _some_cards(tx, merchant_id, soon, untold=True)
                told = await db_aging.mark_warned(tx, merchant_id, cards, months_before(tx.now + WARN_OF, months))
                await emit(
                    tx,
                    *(
                        PointsExpiring(
                            merchant_id=merchant_id,
                            occurred_at=tx.now,
                            member_id=card.member_id,
                            shopper_id=card.shopper_id,
                            points=card.points,
                            expires_at=months_after(card.earned_at, months),
                        )
                        for card in told
                    ),
                )
            done += len(told)
            if not cards:
                break
    return done
