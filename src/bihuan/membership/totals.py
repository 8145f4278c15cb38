"""What points did for a number of paid orders together, as a till reports it of a shift."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId

from . import terms
from .rules import points_for


class MemberOrder(msgspec.Struct, frozen=True):
    """A member's paid order and what was paid for it in money."""

    order_id: OrderId
    paid_fen: int


class PointsTotals(msgspec.Struct, frozen=True, kw_only=True):
    """`redeemed` points paid `redeemed_fen` of orders, which `earned` so many; `returned` came back with refunds."""

    redeemed: int = 0
    redeemed_fen: int = 0
    earned: int = 0
    returned: int = 0


async def totals_of(
    tx: Tx, merchant_id: MerchantId, orders: Sequence[MemberOrder], causes: Sequence[UUID]
) -> PointsTotals:
    """Of paid orders of members, and of refunds by the ids that caused them to bring points back.

    An order earns a moment after it is paid: until then what it will earn is counted, so that a report does not change.
    """
    order_ids = [order.order_id for order in orders]
    spent = await tx.fetchrow(
        """select coalesce(sum(points), 0)::bigint as points, coalesce(sum(worth_fen), 0)::bigint as worth_fen
           from points_holds where merchant_id = $1 and reference_id = any($2) and state = 'redeemed'""",
        merchant_id,
        order_ids,
    )
    returned: int = await tx.fetchval(
        """select coalesce(sum(points), 0)::bigint from points_returns
           where merchant_id = $1 and cause_id = any($2)""",
        merchant_id,
        list(causes),
    )
    return PointsTotals(
        redeemed=spent["points"] if spent else 0,
        redeemed_fen=spent["worth_fen"] if spent else 0,
        earned=await _earned(tx, merchant_id, orders),
        returned=returned,
    )


async def _earned(tx: Tx, merchant_id: MerchantId, orders: Sequence[MemberOrder]) -> int:
    rows = await tx.fetch(
        """select o.order_id, e.points from unnest($2::uuid[]) as o (order_id)
           left join points_entries e on e.merchant_id = $1 and e.source = 'order' and e.source_id = o.order_id
           left join points_orders p on p.merchant_id = $1 and p.order_id = o.order_id
           where e.entry_id is not null or p.order_id is not null""",
        merchant_id,
        [order.order_id for order in orders],
    )
    rate = (await terms.get_settings(tx, merchant_id)).earn_per_yuan
    known = {row["order_id"] for row in rows}
    waiting = sum(points_for(order.paid_fen, rate) for order in orders if order.order_id not in known)
    return sum(row["points"] or 0 for row in rows) + waiting
