"""Stock and holds: the verbs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bihuan.inventory import db
from bihuan.inventory.errors import OutOfStock, StockBelowZero
from bihuan.kernel.db import Tx
from bihuan.kernel.gathering import Gathered
from bihuan.kernel.ids import LocationId, MerchantId, OrderId, PoolId, SkuId, StaffId


async def availability(
    tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId], location_ids: Sequence[LocationId] | None = None
) -> dict[SkuId, int]:
    """Pieces that can be sold now, per SKU; over `location_ids`, or everywhere."""
    return await db.availability(tx, merchant_id, sku_ids, location_ids) if sku_ids else {}


AVAILABLE: Gathered[tuple[SkuId, LocationId | None], int] = Gathered(db.availability_of)
"""Pieces that can be sold now, per SKU and location (None: everywhere), for the requests of a process together."""


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


async def take_back(tx: Tx, merchant_id: MerchantId, rows: Sequence[tuple[UUID, PoolId, int]]) -> None:
    """Sold pieces come back into the pools that they were sold from: rows of (reference of the hold, pool, pieces).

    Raises RuntimeError for more than was sold and not yet given back: the caller counted wrong, and nothing is kept.
    """
    rows = [row for row in rows if row[2]]
    if rows and await db.take_back(tx, merchant_id, rows) != len(rows):
        raise RuntimeError("more would come back than was sold")


async def hold(
    tx: Tx, merchant_id: MerchantId, reference_id: UUID, rows: Sequence[tuple[PoolId, int]], expires_at: datetime
) -> None:
    """Holds stock for something that is no order (an exchange); `confirm` and `release` end it. Raises OutOfStock."""
    if not await db.hold(tx, merchant_id, reference_id, rows, expires_at):
        raise OutOfStock(sku_ids=[])


async def confirm(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[UUID]) -> set[OrderId]:
    """What was held for these orders is sold; returns the orders that had open holds."""
    return await db.end_holds(tx, merchant_id, order_ids, "confirmed")


async def release(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[UUID]) -> set[OrderId]:
    """What was held for these orders is available again; returns the orders that had open holds."""
    return await db.end_holds(tx, merchant_id, order_ids, "released")
