"""What members' points did at a till during a shift."""

from uuid import UUID

from bihuan import identity, membership
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.membership import MemberOrder, PointsTotals


async def of_shift(tx: Tx, merchant_id: MerchantId, shift_id: UUID) -> PointsTotals:
    """Spent on its paid sales, earned by them, and given back with its refunds; walk-in shoppers have none."""
    sales = await tx.fetch(
        """select order_id, total_fen from till_sales
           where merchant_id = $1 and shift_id = $2 and state = 'paid' and shopper_id <> $3""",
        merchant_id,
        shift_id,
        identity.walk_in_id(merchant_id),
    )
    refunds = await tx.fetch(
        "select refund_id from till_refunds where merchant_id = $1 and shift_id = $2", merchant_id, shift_id
    )
    orders = [MemberOrder(OrderId(row["order_id"]), row["total_fen"]) for row in sales]
    return await membership.totals_of(tx, merchant_id, orders, [row["refund_id"] for row in refunds])
