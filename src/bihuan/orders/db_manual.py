"""SQL of discounts by hand."""

from collections.abc import Sequence

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.orders.schemas import Adjustment


async def set_adjustments(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, adjustments: Sequence[Adjustment], discount_fen: int
) -> bool:
    """Writes an unpaid order's adjustments and what they take off together; False when it is not unpaid."""
    return bool(
        await tx.execute(
            """update orders set adjustments = $3, discount_fen = $4, total_fen = goods_fen + freight_fen - $4
               where merchant_id = $1 and order_id = $2 and state = 'unpaid'""",
            merchant_id,
            order_id,
            [msgspec.to_builtins(one) for one in adjustments],
            discount_fen,
        )
    )
