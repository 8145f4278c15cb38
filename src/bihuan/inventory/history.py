"""Stock that was sold before Bihuan: what another system received and sold, many merchants at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.ids import LocationId, MerchantId, OrderId, PoolId, SkuId, new_id

PoolOf = dict[tuple[MerchantId, SkuId, LocationId], PoolId]

REASON = "历史订单导入"
"""Why a stock adjustment was made: what was sold had been received."""


class PastHold(msgspec.Struct, frozen=True):
    """What an order took of a SKU at a location, added up: sold (confirmed) or given back (released)."""

    merchant_id: MerchantId
    reference_id: OrderId
    sku_id: SkuId
    location_id: LocationId
    quantity: int
    state: Literal["confirmed", "released"]
    expires_at: datetime


async def import_holds(tx: Tx, holds: Sequence[PastHold]) -> PoolOf:
    """Writes ended holds and counts the sold pieces on their pools; returns the pools.

    What was sold had been received: an adjustment of as many pieces says so, and what is available stays as
    it is. Pools are made where they are missing and locked in the order of their ids. Raises
    UniqueViolationError for a hold that is there.
    """
    pools = await _ensure_pools(tx, sorted({(h.merchant_id, h.sku_id, h.location_id) for h in holds}))
    sold: dict[tuple[MerchantId, PoolId], int] = {}
    for hold in holds:
        if hold.state == "confirmed":
            key = (hold.merchant_id, pools[hold.merchant_id, hold.sku_id, hold.location_id])
            sold[key] = sold.get(key, 0) + hold.quantity
    await _add_sold(tx, sold)
    await tx.copy(
        "holds",
        ("merchant_id", "reference_id", "pool_id", "quantity", "state", "expires_at"),
        [
            (h.merchant_id, h.reference_id, pools[h.merchant_id, h.sku_id, h.location_id], h.quantity, h.state,
             h.expires_at)
            for h in holds
        ],
    )  # fmt: skip
    return pools


async def _ensure_pools(tx: Tx, wanted: Sequence[tuple[MerchantId, SkuId, LocationId]]) -> PoolOf:
    arguments = [[row[0] for row in wanted], [row[1] for row in wanted], [row[2] for row in wanted]]
    await tx.execute(
        """insert into pools (merchant_id, pool_id, kind, subject_id, location_id)
           select w.merchant_id, w.pool_id, 'stock', w.sku_id, w.location_id
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
             as w (merchant_id, sku_id, location_id, pool_id)
           order by w.merchant_id, w.pool_id on conflict do nothing""",
        *arguments,
        [derived_id("stock", *(str(part) for part in row)) for row in wanted],
    )
    rows = await tx.fetch(
        """select p.merchant_id, p.subject_id, p.location_id, p.pool_id
           from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w (merchant_id, sku_id, location_id)
           join pools p on p.merchant_id = w.merchant_id and p.kind = 'stock'
             and p.subject_id = w.sku_id and p.location_id = w.location_id
           order by p.merchant_id, p.pool_id for no key update of p""",
        *arguments,
    )
    return {(row["merchant_id"], row["subject_id"], row["location_id"]): row["pool_id"] for row in rows}


async def _add_sold(tx: Tx, sold: dict[tuple[MerchantId, PoolId], int]) -> None:
    arguments = [[key[0] for key in sold], [key[1] for key in sold], list(sold.values())]
    await tx.execute(
        """update pools p set sold = p.sold + w.quantity
           from unnest($1::uuid[], $2::uuid[], $3::int[]) as w (merchant_id, pool_id, quantity)
           where p.merchant_id = w.merchant_id and p.pool_id = w.pool_id""",
        *arguments,
    )
    await tx.copy(
        "stock_adjustments",
        ("merchant_id", "adjustment_id", "pool_id", "delta", "reason", "adjusted_at"),
        [
            (merchant_id, new_id(), pool_id, quantity, REASON, tx.now)
            for (merchant_id, pool_id), quantity in sold.items()
        ],
    )
