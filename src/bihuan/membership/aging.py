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
from bihuan.kernel.ids import MemberId, MerchantId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime

from . import db, lots, service
from .db import Entry
from .rules import LotId, growth_for, level_for, months_after, months_before, points_for, take_in_order

BATCH = 500
WARN_BEFORE = timedelta(days=7)
"""A member is told so long before her points expire,"""
WARN_OF = timedelta(days=30)
"""and at once of all that expire within so long: she is not told every day."""


async def remember(tx: Tx, merchant_id: MerchantId, orders: Sequence[OrderPaid], earn_per_yuan: int) -> None:
    """Keeps what orders were paid, for their refunds; one statement."""
    paid = [order for order in orders if order.paid_fen > 0]
    await tx.execute(
        """insert into points_orders (merchant_id, order_id, member_id, paid_fen, earn_per_yuan)
           select $1, o.order_id, m.member_id, o.paid_fen, $5
           from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as o (order_id, shopper_id, paid_fen)
           join members m on m.merchant_id = $1 and m.shopper_id = o.shopper_id and m.merged_into is null
           on conflict do nothing""",
        merchant_id,
        [order.order_id for order in paid],
        [order.shopper_id for order in paid],
        [order.paid_fen for order in paid],
        earn_per_yuan,
    )


async def revoke(tx: Tx, merchant_id: MerchantId, refunds: Sequence[RefundSettled]) -> None:
    """Takes back the points, and growth, of what was refunded; a refund counts once."""
    for refund in refunds:
        row = await tx.fetchrow(
            """update points_orders o set refunded_fen = least(o.refunded_fen + $3, o.paid_fen)
               from points_orders before
               where o.merchant_id = $1 and o.order_id = $2 and before.merchant_id = $1 and before.order_id = $2
                 and not exists (select from points_entries e
                                 where e.merchant_id = $1 and e.source = 'refund' and e.source_id = $4)
               returning o.member_id, o.paid_fen, o.earn_per_yuan as rate, before.refunded_fen as was,
                 o.refunded_fen as now""",
            merchant_id,
            refund.reference_id,
            refund.amount_fen,
            refund.decision_id,
        )
        if row is None:  # an order without points, or of before they were remembered
            continue
        kept, left = row["paid_fen"] - row["was"], row["paid_fen"] - row["now"]
        lost = Lost(points_for(kept, row["rate"]) - points_for(left, row["rate"]), growth_for(kept) - growth_for(left))
        await _take_back(tx, merchant_id, MemberId(row["member_id"]), lost, refund.reference_id, refund.decision_id)


class Lost(msgspec.Struct, frozen=True):
    """What a refund takes from a card."""

    points: int
    growth: int


async def _take_back(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, lost: Lost, order_id: UUID, decision_id: UUID
) -> None:
    """Takes what an order had earned: from its own lot; what of that was spent, from the oldest others."""
    await db.lock_members(tx, merchant_id, [member_id])
    card_growth: int | None = await tx.fetchval(
        "select growth from members where merchant_id = $1 and member_id = $2", merchant_id, member_id
    )
    if card_growth is None:
        return
    parts, owed = await _find(tx, merchant_id, member_id, lost.points, order_id)
    await lots.move(tx, merchant_id, parts, "available", "revoked")
    if owed:
        await tx.execute(
            "update members set owed_points = owed_points + $3 where merchant_id = $1 and member_id = $2",
            merchant_id,
            member_id,
            owed,
        )
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
    own = [lot for lot in await lots.list_of_source(tx, merchant_id, order_id) if lot.member_id == member_id]
    parts = take_in_order([(lot.lot_id, lot.available) for lot in own], points)
    rest = points - sum(part for _, part in parts)
    if own:  # what expired meanwhile is gone anyway
        rest = min(rest, sum(lot.held + lot.redeemed for lot in own))
    if rest:
        there = await lots.list_available(tx, merchant_id, [member_id], None)
        known = {lot.lot_id for lot in own}
        others = [(lot.lot_id, lot.available) for lot in there[member_id] if lot.lot_id not in known]
        more = take_in_order(others, rest)
        parts += more
        rest -= sum(part for _, part in more)
    return parts, rest if own else 0


class Gone(msgspec.Struct, frozen=True):
    """A card and points of it that are too old, or soon will be."""

    member_id: MemberId
    shopper_id: ShopperId
    points: int
    earned_at: datetime


async def _merchants(rt: Runtime) -> list[tuple[MerchantId, int]]:
    """Those who let points expire, and after how many months."""
    async with rt.db.session() as tx:
        rows = await tx.fetch(
            "select merchant_id, life_months from points_settings where life_months is not null order by merchant_id"
        )
    return [(MerchantId(row["merchant_id"]), row["life_months"]) for row in rows]


async def expire(rt: Runtime) -> int:
    """The job: takes points that are older than their merchant lets them be; returns from how many cards."""
    done = 0
    for merchant_id, months in await _merchants(rt):
        while True:
            async with rt.db.transaction() as tx:
                before = months_before(tx.now, months)
                cards = await _list_cards(tx, merchant_id, before, warned=None)
                gone = await _expire_lots(tx, merchant_id, cards, before)
                await _tell_gone(tx, merchant_id, gone)
            done += len(gone)
            if not cards:
                break
    return done


async def _list_cards(tx: Tx, merchant_id: MerchantId, before: datetime, *, warned: bool | None) -> list[MemberId]:
    """Some cards with points from before, locked; `warned` is False for those who were not told of them."""
    rows = await tx.fetch(
        """select distinct member_id from (
             select member_id from points_lots
             where merchant_id = $1 and earned_at < $2 and available > 0 and ($4::boolean is null or warned_at is null)
             order by earned_at limit $3) l""",
        merchant_id,
        before,
        BATCH,
        warned,
    )
    cards = [MemberId(row["member_id"]) for row in rows]
    await db.lock_members(tx, merchant_id, cards)
    return cards


async def _expire_lots(tx: Tx, merchant_id: MerchantId, cards: Sequence[MemberId], before: datetime) -> list[Gone]:
    rows = await tx.fetch(
        """with old as (
             select lot_id, available from points_lots
             where merchant_id = $1 and member_id = any($2) and earned_at < $3 and available > 0 for update
           ), gone as (
             update points_lots l set available = 0, expired = l.expired + o.available
             from old o where l.merchant_id = $1 and l.lot_id = o.lot_id
             returning l.member_id, o.available, l.earned_at
           )
           select g.member_id, m.shopper_id, sum(g.available)::bigint as points, min(g.earned_at) as earned_at
           from gone g join members m on m.merchant_id = $1 and m.member_id = g.member_id
           group by 1, 2 order by 1""",
        merchant_id,
        list(cards),
        before,
    )
    return [Gone(**dict(row)) for row in rows]


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
    for merchant_id, months in await _merchants(rt):
        while True:
            async with rt.db.transaction() as tx:
                soon = months_before(tx.now + WARN_BEFORE, months)
                cards = await _list_cards(tx, merchant_id, soon, warned=False)
                told = await _mark_warned(tx, merchant_id, cards, months_before(tx.now + WARN_OF, months))
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


async def _mark_warned(tx: Tx, merchant_id: MerchantId, cards: Sequence[MemberId], before: datetime) -> list[Gone]:
    rows = await tx.fetch(
        """with soon as (
             update points_lots l set warned_at = $4
             where l.merchant_id = $1 and l.member_id = any($2) and l.earned_at < $3 and l.available > 0
               and l.warned_at is null
             returning l.member_id, l.available, l.earned_at
           )
           select s.member_id, m.shopper_id, sum(s.available)::bigint as points, min(s.earned_at) as earned_at
           from soon s join members m on m.merchant_id = $1 and m.member_id = s.member_id
           group by 1, 2 order by 1""",
        merchant_id,
        list(cards),
        before,
        tx.now,
    )
    return [Gone(**dict(row)) for row in rows]
