"""SQL of what points did for a number of orders together."""

from collections.abc import Sequence
from uuid import UUID

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId


async def sum_redeemed(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> tuple[int, int]:
    """How many points paid for orders, and what they were worth in fen."""
    row = await tx.fetchrow(
        """select coalesce(sum(points), 0)::bigint as points, coalesce(sum(worth_fen), 0)::bigint as worth_fen
           from points_holds where merchant_id = $1 and reference_id = any($2) and state = 'redeemed'""",
        merchant_id,
        order_ids,
    )
    return (row["points"], row["worth_fen"]) if row else (0, 0)


async def sum_returned(tx: Tx, merchant_id: MerchantId, causes: Sequence[UUID]) -> int:
    """How many points refunds brought back."""
    return await tx.fetchval(
        """select coalesce(sum(points), 0)::bigint from points_returns
           where merchant_id = $1 and cause_id = any($2)""",
        merchant_id,
        list(causes),
    )


async def list_earned(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> dict[OrderId, int]:
    """What orders earned, by order; those that are not counted yet are left out."""
    rows = await tx.fetch(
        """select o.order_id, e.points from unnest($2::uuid[]) as o (order_id)
           left join points_entries e on e.merchant_id = $1 and e.source = 'order' and e.source_id = o.order_id
           left join points_orders p on p.merchant_id = $1 and p.order_id = o.order_id
           where e.entry_id is not null or p.order_id is not null""",
        merchant_id,
        order_ids,
    )
    return {OrderId(row["order_id"]): row["points"] or 0 for row in rows}
