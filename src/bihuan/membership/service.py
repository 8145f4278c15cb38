"""Verbs of membership: cards for those who pay, points, levels."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.facts.membership import MemberJoined, MemberLevelChanged
from bihuan.facts.orders import OrderPaid
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Unprocessable
from bihuan.kernel.events import emit
from bihuan.kernel.ids import MerchantId, ShopperId

from . import db, db_aging, db_lots
from .db import Entry, Member
from .rules import DEFAULT_LEVELS, Level, growth_for, level_for, levels_problem, points_for


class LevelsNotAcceptable(Unprocessable):
    """Levels must have codes of their own and ascend from 0; `reason` names what does not."""

    code = "levels_not_acceptable"
    zh = "会员等级设置有误：编码不能重复，成长值须从 0 起依次递增，最多 10 级。"
    en = "Levels need codes of their own and ascend from 0; at most 10."


async def get_levels(tx: Tx, merchant_id: MerchantId) -> Sequence[Level]:
    """The merchant's levels, the lowest first."""
    return await db.list_levels(tx, merchant_id) or DEFAULT_LEVELS


async def save_levels(tx: Tx, merchant_id: MerchantId, levels: Sequence[Level]) -> Sequence[Level]:
    """Writes the levels and puts every member where her growth says. Raises LevelsNotAcceptable."""
    if problem := levels_problem(levels):
        raise LevelsNotAcceptable(reason=problem)
    await db.replace_levels(tx, merchant_id, levels)
    return levels


async def reward(tx: Tx, merchant_id: MerchantId, orders: Sequence[OrderPaid], earn_per_yuan: int = 1) -> None:
    """Opens cards for the shoppers of paid orders and adds their points; an order counts once.

    Emits MemberJoined for new cards and MemberLevelChanged for old ones that reach another level.
    """
    levels = await get_levels(tx, merchant_id)
    first_orders: dict[ShopperId, OrderPaid] = {}
    for order in orders:
        first_orders.setdefault(order.shopper_id, order)
    known = await db.members_of(tx, merchant_id, list(first_orders))
    unknown = [(s, order.occurred_at) for s, order in first_orders.items() if s not in known]
    joined: set[ShopperId] = set()
    if unknown:
        joined = await db.open_cards(tx, merchant_id, unknown, levels[0].code)
        known = await db.members_of(tx, merchant_id, list(first_orders))
    await db.lock_members(tx, merchant_id, [member.member_id for member in known.values()])
    earned = [e for o in orders if (e := _entry(known[o.shopper_id], o, earn_per_yuan))]
    changed = await db.add_entries(tx, merchant_id, earned)
    current = {**{m.shopper_id: m for m in known.values()}, **{m.shopper_id: m for m in changed}}
    rises = [
        (member, level_for(levels, member.growth))
        for member in current.values()
        if member.level_code != level_for(levels, member.growth).code
    ]
    if rises:
        await db.set_levels(tx, merchant_id, [(member.member_id, level.code) for member, level in rises])
    await emit(
        tx,
        *(_joined(current[s], first_orders[s], levels, earn_per_yuan) for s in sorted(joined)),
        *(_risen(tx, merchant_id, m, level) for m, level in rises if m.shopper_id not in joined),
    )


def _entry(member: Member, order: OrderPaid, earn_per_yuan: int) -> Entry | None:
    points, growth = points_for(order.paid_fen, earn_per_yuan), growth_for(order.paid_fen)
    if points == 0 and growth == 0:
        return None
    return Entry(
        member_id=member.member_id,
        points=points,
        growth=growth,
        source="order",
        source_id=order.order_id,
        occurred_at=order.occurred_at,
    )


def _joined(member: Member, order: OrderPaid, levels: Sequence[Level], earn_per_yuan: int) -> MemberJoined:
    return MemberJoined(
        merchant_id=order.merchant_id,
        occurred_at=order.occurred_at,
        member_id=member.member_id,
        shopper_id=member.shopper_id,
        number=member.number,
        level_name=level_for(levels, member.growth).name,
        points=points_for(order.paid_fen, earn_per_yuan),
        order_id=order.order_id,
        store_id=order.store_id,
    )


def _risen(tx: Tx, merchant_id: MerchantId, member: Member, level: Level) -> MemberLevelChanged:
    return MemberLevelChanged(
        merchant_id=merchant_id,
        occurred_at=tx.now,
        member_id=member.member_id,
        shopper_id=member.shopper_id,
        level_code=level.code,
        level_name=level.name,
    )


async def gift(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, points: int, source_id: UUID, earned_at: datetime
) -> None:
    """Points without a purchase, as old as `earned_at`; once per source. Opens a card where there is none, silently."""
    known = await db.members_of(tx, merchant_id, [shopper_id])
    if not known:
        levels = await get_levels(tx, merchant_id)
        await db.open_cards(tx, merchant_id, [(shopper_id, earned_at)], levels[0].code)
        known = await db.members_of(tx, merchant_id, [shopper_id])
    member_id = known[shopper_id].member_id
    await db.lock_members(tx, merchant_id, [member_id])
    given = Entry(
        member_id=member_id, points=points, growth=0, source="gift", source_id=source_id, occurred_at=earned_at
    )
    await db.add_entries(tx, merchant_id, [given])


async def merge(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Two shoppers were one person: one card remains, with what was on both."""
    held = await db.members_of(tx, merchant_id, [former_id, shopper_id])
    former, kept = held.get(former_id), held.get(shopper_id)
    if former is None:
        return
    if kept is None:
        await db.hand_over(tx, merchant_id, former.member_id, shopper_id)
        return
    await db.lock_members(tx, merchant_id, [former.member_id, kept.member_id])
    former = (await db.members_of(tx, merchant_id, [former_id]))[former_id]
    if former.points or former.growth:
        out = Entry(
            member_id=former.member_id,
            points=-former.points,
            growth=-former.growth,
            source="merge_out",
            source_id=former.member_id,
            occurred_at=tx.now,
        )
        into = msgspec.structs.replace(
            out, member_id=kept.member_id, points=former.points, growth=former.growth, source="merge_in"
        )
        changed = await db.add_entries(tx, merchant_id, [out, into])
        levels = await get_levels(tx, merchant_id)
        await db.set_levels(tx, merchant_id, [(m.member_id, level_for(levels, m.growth).code) for m in changed])
    await db_lots.hand_over(tx, merchant_id, former.member_id, kept.member_id)
    await db.hand_over_owed(tx, merchant_id, former.member_id, kept.member_id)
    await db_aging.hand_over_orders(tx, merchant_id, former.member_id, kept.member_id)
    await db.close_card(tx, merchant_id, former.member_id, kept.member_id)
