"""Stock and holds: the verbs."""

from collections.abc import Sequence

from bihuan.inventory import db
from bihuan.inventory.errors import StockBelowZero
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LocationId, MerchantId, OrderId, SkuId, StaffId


async def availability(
    tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId], location_ids: Sequence[LocationId] | None = None
) -> dict[SkuId, int]:
    """Pieces that can be sold now, per SKU; over `location_ids`, or everywhere."""
    return await db.availability(tx, merchant_id, sku_ids, location_ids) if sku_ids else {}


async def adjust(
    tx: Tx,
    merchant_id: MerchantId,
    sku_id: SkuId,
    location_id: LocationId,
    delta: int,
    reason: str,
    staff_id: StaffId | None = None,
) -> None:
    """Changes what is available by `delta` and records why. Raises StockBelowZero."""
    if delta == 0:
        return
    await db.ensure_pools(tx, merchant_id, [(sku_id, location_id)])
    pool_id = await db.change_available(tx, merchant_id, sku_id, location_id, delta)
    if pool_id is None:
        levels = await db.availability(tx, merchant_id, [sku_id], [location_id])
        raise StockBelowZero(available=levels[sku_id])
    await db.insert_adjustments(tx, merchant_id, [(pool_id, delta)], reason, staff_id)


async def receive(tx: Tx, merchant_id: MerchantId, rows: Sequence[tuple[SkuId, LocationId, int]], reason: str) -> None:
    """Adds stock in bulk: rows of (SKU, location, pieces > 0), each pair once; for imports and deliveries."""
    if not rows:
        return
    deltas = await db.receive(tx, merchant_id, rows)
    await db.insert_adjustments(tx, merchant_id, deltas, reason, None)


async def confirm(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """What was held for these orders is sold; returns the orders that had open holds."""
    return await db.end_holds(tx, merchant_id, order_ids, "confirmed")


async def release(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """What was held for these orders is available again; returns the orders that had open holds."""
    return await db.end_holds(tx, merchant_id, order_ids, "released")
