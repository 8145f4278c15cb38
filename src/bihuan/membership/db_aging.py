"""SQL of points that go again: with a refund, and with age."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.facts.orders import OrderPaid
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MemberId, MerchantId, OrderId, ShopperId


async def insert_orders(tx: Tx, merchant_id: MerchantId, paid: Sequence[OrderPaid], earn_per_yuan: int) -> None:
    """Keeps what orders of members were paid, and at which rate they earned."""
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


class RefundedOrder(msgspec.Struct, frozen=True):
    """What was paid for an order, and what of it was given back before and after a refund."""

    member_id: MemberId
    paid_fen: int
    rate: int
    was_fen: int
    now_fen: int


async def refund_order(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, amount_fen: int, decision_id: UUID
) -> RefundedOrder | None:
    """Counts a refund once; None where it was counted, and for an order without points."""
    row = await tx.fetchrow(
        """update points_orders o set refunded_fen = least(o.refunded_fen + $3, o.paid_fen)
           from points_orders before
           where o.merchant_id = $1 and o.order_id = $2 and before.merchant_id = $1 and before.order_id = $2
             and not exists (select from points_entries e
                             where e.merchant_id = $1 and e.source = 'refund' and e.source_id = $4)
           returning o.member_id, o.paid_fen, o.earn_per_yuan as rate, before.refunded_fen as was_fen,
             o.refunded_fen as now_fen""",
        merchant_id,
        order_id,
        amount_fen,
        decision_id,
    )
    return db.one_or_none(RefundedOrder, row)


async def find_growth(tx: Tx, merchant_id: MerchantId, member_id: MemberId) -> int | None:
    """The growth on a card."""
    return await tx.fetchval(
        "select growth from members where merchant_id = $1 and member_id = $2", merchant_id, member_id
    )


async def owe(tx: Tx, merchant_id: MerchantId, member_id: MemberId, points: int) -> None:
    """Notes points that a refund should have taken and that were spent."""
    await tx.execute(
        "update members set owed_points = owed_points + $3 where merchant_id = $1 and member_id = $2",
        merchant_id,
        member_id,
        points,
    )


async def hand_over_orders(tx: Tx, merchant_id: MerchantId, former: MemberId, kept: MemberId) -> None:
    """Orders of one card become another's."""
    await tx.execute(
        "update points_orders set member_id = $3 where merchant_id = $1 and member_id = $2", merchant_id, former, kept
    )


async def list_merchants(tx: Tx) -> list[tuple[MerchantId, int]]:
    """Those who let points expire, and after how many months."""
    rows = await tx.fetch(
        "select merchant_id, life_months from points_settings where life_months is not null order by merchant_id"
    )
    return [(MerchantId(row["merchant_id"]), row["life_months"]) for row in rows]


async def list_cards(tx: Tx, merchant_id: MerchantId, before: datetime, untold: bool, limit: int) -> list[MemberId]:
    """Some cards with available points from before."""
    rows = await tx.fetch(
        """select distinct member_id from (
             select member_id from points_lots
             where merchant_id = $1 and earned_at < $2 and available > 0 and (not $4 or warned_at is null)
             order by earned_at limit $3) l""",
        merchant_id,
        before,
        limit,
        untold,
    )
    return [MemberId(row["member_id"]) for row in rows]


class Gone(msgspec.Struct, frozen=True):
    """A card and points of it that are too old, or soon will be."""

    member_id: MemberId
    shopper_id: ShopperId
    points: int
    earned_at: datetime


async def expire_lots(tx: Tx, merchant_id: MerchantId, cards: Sequence[MemberId], before: datetime) -> list[Gone]:
    """Takes what is available of these cards' lots from before."""
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
    return db.many(Gone, rows)


async def mark_warned(tx: Tx, merchant_id: MerchantId, cards: Sequence[MemberId], before: datetime) -> list[Gone]:
    """Notes that these cards' owners are told of their lots from before; what they had not been told of."""
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
    return db.many(Gone, rows)
