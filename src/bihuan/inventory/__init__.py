"""Inventory: pools of what is limited, and holds on them.

A pool `(merchant, pool)` counts what is available, held and sold; a hold takes from it for an order until
it is confirmed (sold) or released. Invariants: no count is ever below zero (a constraint); held equals the
open holds and sold the confirmed ones (`checks`). The SQL function `hold_stock` is the face that placement
calls inside its own statement.
"""

from bihuan.inventory.checks import CHECKS
from bihuan.inventory.db import (
    StockAdjustment,
    StockLevel,
    anything_at,
    find_pools,
    list_adjustments,
    list_stock,
    locations_of,
    lock_pools_of,
    sell_released,
)
from bihuan.inventory.errors import OutOfStock, StockBelowZero
from bihuan.inventory.memory import POOL_MEMORY
from bihuan.inventory.service import AVAILABLE, adjust, availability, confirm, hold, receive, release, take_back

__all__ = [
    "AVAILABLE",
    "CHECKS",
    "POOL_MEMORY",
    "OutOfStock",
    "StockAdjustment",
    "StockBelowZero",
    "StockLevel",
    "adjust",
    "anything_at",
    "availability",
    "confirm",
    "find_pools",
    "hold",
    "list_adjustments",
    "list_stock",
    "locations_of",
    "lock_pools_of",
    "receive",
    "release",
    "sell_released",
    "take_back",
]
