"""What points did for a number of paid orders together, as a till reports it of a shift."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId

from . import db_totals, terms
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
    redeemed, redeemed_fen = await db_totals.sum_redeemed(tx, merchant_id, [order.order_id for order in orders])
    return PointsTotals(
        redeemed=redeemed,
        redeemed_fen=redeemed_fen,
        earned=await _earned(tx, merchant_id, orders),
        returned=await db_totals.sum_returned(tx, merchant_id, causes),
    )


async def _earned(tx: Tx, merchant_id: MerchantId, orders: Sequence[MemberOrder]) -> int:
    known = await db_totals.list_earned(tx, merchant_id, [order.order_id for order in orders])
    rate = (await terms.get_settings(tx, merchant_id)).earn_per_yuan
    waiting = sum(points_for(order.paid_fen, rate) for order in orders if order.order_id not in known)
    return sum(known.values()) + waiting
