"""Points that go again: with a refund, and with age, the oldest first.

Nobody owes points: what is taken back is at most what is on the card. Whatever left a card (refunds, expiry)
came off its oldest points, so what expires is what came before the limit and did not leave since.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.facts.membership import PointsExpired
from bihuan.facts.orders import OrderPaid
from bihuan.facts.payments import RefundSettled
from bihuan.kernel import db as rows_of
from bihuan.kernel.db import Tx
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MemberId, MerchantId, ShopperId, new_id
from bihuan.kernel.runtime import Runtime

from . import db, service
from .db import Entry
from .rules import level_for, months_before, points_for

BATCH = 500


class PointsSettings(msgspec.Struct, frozen=True):
    """How long points live; null: for ever."""

    life_months: Annotated[int, Meta(ge=1, le=120)] | None = None


async def get_settings(tx: Tx, merchant_id: MerchantId) -> PointsSettings:
    """The merchant's choice."""
    return PointsSettings(
        await tx.fetchval("select life_months from points_settings where merchant_id = $1", merchant_id)
    )


async def save_settings(tx: Tx, merchant_id: MerchantId, settings: PointsSettings) -> PointsSettings:
    """Writes it; it counts for all points from now on."""
    await tx.execute(
        """insert into points_settings (merchant_id, life_months, updated_at) values ($1, $2, $3)
           on conflict (merchant_id) do update set life_months = excluded.life_months,
             updated_at = excluded.updated_at""",
        merchant_id,
        settings.life_months,
        tx.now,
    )
    return settings


async def remember(tx: Tx, merchant_id: MerchantId, orders: Sequence[OrderPaid]) -> None:
    """Keeps what orders were paid, for their refunds; one statement."""
    paid = [order for order in orders if order.paid_fen > 0]
    await tx.execute(
        """insert into points_orders (merchant_id, order_id, member_id, paid_fen)
           select $1, o.order_id, m.member_id, o.paid_fen
           from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as o (order_id, shopper_id, paid_fen)
           join members m on m.merchant_id = $1 and m.shopper_id = o.shopper_id and m.merged_into is null
           on conflict do nothing""",
        merchant_id,
        [order.order_id for order in paid],
        [order.shopper_id for order in paid],
        [order.paid_fen for order in paid],
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
               returning o.member_id, o.paid_fen, before.refunded_fen as was, o.refunded_fen as now""",
            merchant_id,
            refund.reference_id,
            refund.amount_fen,
            refund.decision_id,
        )
        if row is None:  # an order without points, or of before they were remembered
            continue
        less = points_for(row["paid_fen"] - row["was"]) - points_for(row["paid_fen"] - row["now"])
        await _take(tx, merchant_id, MemberId(row["member_id"]), less, less, "refund", refund.decision_id)


async def _take(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, points: int, growth: int, source: str, source_id: UUID
) -> int:
    """Takes from a card at most what is on it; returns the points that went."""
    await db.lock_members(tx, merchant_id, [member_id])
    card = await tx.fetchrow(
        "select points, growth from members where merchant_id = $1 and member_id = $2", merchant_id, member_id
    )
    if card is None:
        return 0
    points, growth = min(points, card["points"]), min(growth, card["growth"])
    if points <= 0 and growth <= 0:
        return 0
    entry = Entry(
        member_id=member_id,
        points=-points,
        growth=-growth,
        source=source,
        source_id=source_id,
        occurred_at=tx.now,
    )
    changed = await db.add_entries(tx, merchant_id, [entry])
    if growth:
        levels = await service.get_levels(tx, merchant_id)
        await db.set_levels(tx, merchant_id, [(m.member_id, level_for(levels, m.growth).code) for m in changed])
    return points


class Old(msgspec.Struct, frozen=True):
    """A card with points that are too old."""

    member_id: MemberId
    shopper_id: ShopperId
    points: int


async def list_old(tx: Tx, merchant_id: MerchantId, before: datetime, limit: int) -> list[Old]:
    """Cards with points from before `before` that did not leave since: what came then, less all that ever left."""
    found = await tx.fetch(
        """select m.member_id, m.shopper_id, least(s.came - s.gone, m.points)::bigint as points
           from (select e.member_id, sum(e.points) filter (where e.points > 0 and e.occurred_at < $2) as came,
                        coalesce(-sum(e.points) filter (where e.points < 0), 0) as gone
                 from points_entries e
                 where e.merchant_id = $1 and e.member_id in (
                   select o.member_id from points_entries o
                   where o.merchant_id = $1 and o.points > 0 and o.occurred_at < $2)
                 group by e.member_id) s
           join members m on m.merchant_id = $1 and m.member_id = s.member_id and m.merged_into is null
           where s.came > s.gone and m.points > 0 order by m.member_id limit $3""",
        merchant_id,
        before,
        limit,
    )
    return rows_of.many(Old, found)


async def expire(rt: Runtime) -> int:
    """The job: takes points that are older than their merchant lets them be; returns from how many cards."""
    async with rt.db.session() as tx:
        merchants = await tx.fetch(
            "select merchant_id, life_months from points_settings where life_months is not null order by merchant_id"
        )
    done = 0
    for row in merchants:
        merchant_id = MerchantId(row["merchant_id"])
        while True:
            async with rt.db.transaction() as tx:
                old = await list_old(tx, merchant_id, months_before(tx.now, row["life_months"]), BATCH)
                for card in old:
                    await _expire_one(tx, merchant_id, card)
            done += len(old)
            if len(old) < BATCH:
                break
    return done


async def _expire_one(tx: Tx, merchant_id: MerchantId, card: Old) -> None:
    went = await _take(tx, merchant_id, card.member_id, card.points, 0, "expire", new_id())
    if went:
        fact = PointsExpired(
            merchant_id=merchant_id,
            occurred_at=tx.now,
            member_id=card.member_id,
            shopper_id=card.shopper_id,
            points=went,
        )
        await emit(tx, fact)
