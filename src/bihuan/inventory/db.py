"""Inventory's SQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LocationId, MerchantId, OrderId, PoolId, SkuId, StaffId, new_id


class StockLevel(msgspec.Struct, frozen=True):
    """How much of a SKU lies at a location."""

    sku_id: SkuId
    location_id: LocationId
    available: int
    held: int
    sold: int


class StockAdjustment(msgspec.Struct, frozen=True):
    """A change of stock that was no sale."""

    sku_id: SkuId
    location_id: LocationId
    delta: int
    reason: str
    staff_id: StaffId | None
    adjusted_at: datetime


async def find_pools(
    tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId], location_ids: Sequence[LocationId]
) -> dict[tuple[SkuId, LocationId], PoolId]:
    """The stock pools of (sku, location) pairs; arrays are parallel; pairs without a pool are left out."""
    rows = await tx.fetch(
        """select p.subject_id, p.location_id, p.pool_id
           from unnest($2::uuid[], $3::uuid[]) as w (sku_id, location_id)
           join pools p on p.merchant_id = $1 and p.kind = 'stock'
             and p.subject_id = w.sku_id and p.location_id = w.location_id""",
        merchant_id,
        sku_ids,
        location_ids,
    )
    return {(row["subject_id"], row["location_id"]): row["pool_id"] for row in rows}


async def locations_of(tx: Tx, merchant_id: MerchantId, pool_ids: Sequence[PoolId]) -> dict[PoolId, LocationId]:
    """Where pools are."""
    rows = await tx.fetch(
        "select pool_id, location_id from pools where merchant_id = $1 and pool_id = any($2)", merchant_id, pool_ids
    )
    return {row["pool_id"]: row["location_id"] for row in rows}


async def availability(
    tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId], location_ids: Sequence[LocationId] | None
) -> dict[SkuId, int]:
    """Available pieces per SKU, summed over `location_ids` (all locations when None)."""
    rows = await tx.fetch(
        """select subject_id, sum(available)::int as available from pools
           where merchant_id = $1 and kind = 'stock' and subject_id = any($2)
             and ($3::uuid[] is null or location_id = any($3)) group by subject_id""",
        merchant_id,
        sku_ids,
        location_ids,
    )
    found: dict[SkuId, int] = {row["subject_id"]: row["available"] for row in rows}
    return {sku_id: found.get(sku_id, 0) for sku_id in sku_ids}


async def availability_of(
    tx: Tx, merchant_id: MerchantId, wanted: Sequence[tuple[SkuId, LocationId | None]]
) -> dict[tuple[SkuId, LocationId | None], int]:
    """Available pieces of each SKU at its location (None: at all of them)."""
    rows = await tx.fetch(
        """select w.n, sum(p.available)::int as available
           from unnest($2::uuid[], $3::uuid[]) with ordinality as w (sku_id, location_id, n)
           join pools p on p.merchant_id = $1 and p.kind = 'stock' and p.subject_id = w.sku_id
             and (w.location_id is null or p.location_id = w.location_id)
           group by w.n""",
        merchant_id,
        [sku_id for sku_id, _ in wanted],
        [location_id for _, location_id in wanted],
    )
    found = {row["n"]: row["available"] for row in rows}
    return {one: found.get(n, 0) for n, one in enumerate(wanted, 1)}


async def list_stock(tx: Tx, merchant_id: MerchantId, sku_ids: Sequence[SkuId]) -> list[StockLevel]:
    """Levels of the SKUs at each location where they have a pool."""
    rows = await tx.fetch(
        """select subject_id as sku_id, location_id, available, held, sold from pools
           where merchant_id = $1 and kind = 'stock' and subject_id = any($2) order by location_id""",
        merchant_id,
        sku_ids,
    )
    return db.many(StockLevel, rows)


async def anything_at(tx: Tx, merchant_id: MerchantId, location_id: LocationId) -> bool:
    """Whether stock lies at a location, free or held."""
    return bool(
        await tx.fetchval(
            """select exists (select from pools where merchant_id = $1 and kind = 'stock' and location_id = $2
                 and (available > 0 or held > 0))""",
            merchant_id,
            location_id,
        )
    )


async def ensure_pools(tx: Tx, merchant_id: MerchantId, pairs: Sequence[tuple[SkuId, LocationId]]) -> None:
    """Makes empty stock pools where they are missing."""
    await tx.execute(
        """insert into pools (merchant_id, pool_id, kind, subject_id, location_id)
           select $1, w.pool_id, 'stock', w.sku_id, w.location_id
           from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as w (pool_id, sku_id, location_id)
           on conflict (merchant_id, kind, subject_id, location_id) do nothing""",
        merchant_id,
        [new_id() for _ in pairs],
        [sku_id for sku_id, _ in pairs],
        [location_id for _, location_id in pairs],
    )


async def change_available(
    tx: Tx, merchant_id: MerchantId, sku_id: SkuId, location_id: LocationId, delta: int
) -> PoolId | None:
    """Adds `delta` to what is available; None when that would go below zero."""
    return await tx.fetchval(
        """update pools set available = available + $4
           where merchant_id = $1 and kind = 'stock' and subject_id = $2 and location_id = $3
             and available + $4 >= 0 returning pool_id""",
        merchant_id,
        sku_id,
        location_id,
        delta,
    )


async def insert_adjustments(
    tx: Tx, merchant_id: MerchantId, rows: Sequence[tuple[PoolId, int]], reason: str, staff_id: StaffId | None
) -> None:
    """Records why stock changed; rows are (pool, delta)."""
    await tx.execute(
        """insert into stock_adjustments
             (merchant_id, adjustment_id, pool_id, delta, reason, staff_id, adjusted_at)
           select $1, w.adjustment_id, w.pool_id, w.delta, $5, $6, $7
           from unnest($2::uuid[], $3::uuid[], $4::int[]) as w (adjustment_id, pool_id, delta)""",
        merchant_id,
        [new_id() for _ in rows],
        [pool_id for pool_id, _ in rows],
        [delta for _, delta in rows],
        reason,
        staff_id,
        tx.now,
    )


async def receive(
    tx: Tx, merchant_id: MerchantId, rows: Sequence[tuple[SkuId, LocationId, int]]
) -> list[tuple[PoolId, int]]:
    """Adds stock in bulk, making pools on the way; returns (pool, delta)."""
    found = await tx.fetch(
        """insert into pools (merchant_id, pool_id, kind, subject_id, location_id, available)
           select $1, w.pool_id, 'stock', w.sku_id, w.location_id, w.quantity
           from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[]) as w (pool_id, sku_id, location_id, quantity)
           on conflict (merchant_id, kind, subject_id, location_id)
             do update set available = pools.available + excluded.available
           returning pool_id, subject_id, location_id""",
        merchant_id,
        [new_id() for _ in rows],
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
    )
    pools = {(row["subject_id"], row["location_id"]): row["pool_id"] for row in found}
    return [(pools[sku_id, location_id], quantity) for sku_id, location_id, quantity in rows]


async def list_adjustments(tx: Tx, merchant_id: MerchantId, sku_id: SkuId, limit: int) -> list[StockAdjustment]:
    """The latest adjustments of a SKU, newest first."""
    rows = await tx.fetch(
        """select p.subject_id as sku_id, p.location_id, a.delta, a.reason, a.staff_id, a.adjusted_at
           from pools p join stock_adjustments a on a.merchant_id = p.merchant_id and a.pool_id = p.pool_id
           where p.merchant_id = $1 and p.kind = 'stock' and p.subject_id = $2
           order by a.adjustment_id desc limit $3""",
        merchant_id,
        sku_id,
        limit,
    )
    return db.many(StockAdjustment, rows)


async def end_holds(tx: Tx, merchant_id: MerchantId, references: Sequence[UUID], state: str) -> set[OrderId]:
    """Confirms or releases the open holds of references; returns those that had any."""
    rows = await tx.fetch("select end_holds as reference_id from end_holds($1, $2, $3)", merchant_id, references, state)
    return {row["reference_id"] for row in rows}


async def take_back(tx: Tx, merchant_id: MerchantId, rows: Sequence[tuple[UUID, PoolId, int]]) -> int:
    """Gives sold pieces back to their pools; returns how many of the rows were taken."""
    taken: int = await tx.fetchval(
        "select take_back($1, $2, $3, $4)",
        merchant_id,
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
    )
    return taken


async def hold(
    tx: Tx, merchant_id: MerchantId, reference_id: UUID, rows: Sequence[tuple[PoolId, int]], expires_at: datetime
) -> bool:
    """Takes a hold on pools for one reference, whole or not at all; rows name each pool once.

    What the reference once held and gave back makes way.
    """
    await tx.execute(
        "delete from holds where merchant_id = $1 and reference_id = $2 and state = 'released'",
        merchant_id,
        reference_id,
    )
    found = await tx.fetchrow(
        "select outcome from hold_stock($1, $2, $3, $4, $5)",
        merchant_id,
        [reference_id for _ in rows],
        [pool_id for pool_id, _ in rows],
        [quantity for _, quantity in rows],
        expires_at,
    )
    return found is not None and found["outcome"] == "held"


async def lock_pools_of(tx: Tx, merchant_id: MerchantId, references: Sequence[UUID]) -> None:
    """Locks every pool that these references hold or held, in the order of their ids.

    For who works on one reference after another: the pools of each alone would be locked in no order over all.
    """
    await tx.execute(
        """select 1 from pools p
           where p.merchant_id = $1 and p.pool_id in (
             select h.pool_id from holds h where h.merchant_id = $1 and h.reference_id = any ($2))
           order by p.pool_id for no key update""",
        merchant_id,
        references,
    )


async def sell_released(tx: Tx, merchant_id: MerchantId, reference_id: OrderId) -> bool:
    """Sells to a reference whose holds were released, if everything is still there."""
    return bool(await tx.fetchval("select sell_released($1, $2)", merchant_id, reference_id))
