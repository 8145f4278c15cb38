"""Merchants (the platform is one of them), their stores and counters, and the locations where stock lies.

Invariants: codes are unique (a merchant's everywhere, a store's within its merchant, a counter's within its
store); every merchant has exactly one default location, its warehouse; every store has exactly one location
of its own; there is one platform, and it is never suspended.
"""

from bihuan.merchants.checks import CHECKS
from bihuan.merchants.db import (
    Counter,
    Location,
    Merchant,
    Store,
    find_counter,
    find_store,
    list_counters,
    list_locations,
    list_merchants,
    list_stores,
)
from bihuan.merchants.errors import CodeTaken, MerchantSuspended, StoreRetired
from bihuan.merchants.lookup import merchant_of_code, merchant_of_id, provide_merchant, provide_to_lean, remember
from bihuan.merchants.schemas import Code, CounterChange, CounterIn, Name, StoreCard, StoreIn
from bihuan.merchants.service import (
    create,
    create_counter,
    create_store,
    default_location,
    ensure_platform,
    get,
    get_by_code,
    get_running_store,
    get_store,
    retire_store,
    store_location,
    update,
    update_counter,
    update_store,
)
from bihuan.merchants.stock_locations import (
    StockLocations,
    forget_stock_locations,
    read_stock_locations,
    stock_locations,
)

__all__ = [
    "CHECKS",
    "Code",
    "CodeTaken",
    "Counter",
    "CounterChange",
    "CounterIn",
    "Location",
    "Merchant",
    "MerchantSuspended",
    "Name",
    "StockLocations",
    "Store",
    "StoreCard",
    "StoreIn",
    "StoreRetired",
    "create",
    "create_counter",
    "create_store",
    "default_location",
    "ensure_platform",
    "find_counter",
    "find_store",
    "forget_stock_locations",
    "get",
    "get_by_code",
    "get_running_store",
    "get_store",
    "list_counters",
    "list_locations",
    "list_merchants",
    "list_stores",
    "merchant_of_code",
    "merchant_of_id",
    "provide_merchant",
    "provide_to_lean",
    "read_stock_locations",
    "remember",
    "retire_store",
    "stock_locations",
    "store_location",
    "update",
    "update_counter",
    "update_store",
]
