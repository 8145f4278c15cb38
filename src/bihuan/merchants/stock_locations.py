"""Where a merchant's orders are served from, from a small memory of the process: placement asks per batch."""

import time

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LocationId, MerchantId, StoreId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import db
from bihuan.merchants.db import Store

KEEP_SECONDS = 30.0
_MOST = 10_000


class StockLocations(msgspec.Struct, frozen=True):
    """The warehouse that ships, and the stores that hand over with their locations."""

    warehouse: LocationId
    stores: dict[StoreId, Store]
    by_store: dict[StoreId, LocationId]

    def serving(self, store_id: StoreId | None) -> LocationId | None:
        """The location that serves a pickup at `store_id`, or a parcel (None); None for an unknown store."""
        return self.warehouse if store_id is None else self.by_store.get(store_id)

    def pickup_store(self, store_id: StoreId | None) -> Store | None:
        """The store, if it is open and hands orders over."""
        store = self.stores.get(store_id) if store_id else None
        return store if store and store.pickup and store.state == "open" else None


_known: dict[MerchantId, tuple[float, StockLocations]] = {}


async def stock_locations(tx: Tx, merchant_id: MerchantId) -> StockLocations:
    """The locations of a merchant; what was read serves for KEEP_SECONDS (a new store can be chosen then)."""
    if known := _remembered(merchant_id):
        return known
    locations = await db.list_locations(tx, merchant_id)
    found = StockLocations(
        warehouse=next(location.location_id for location in locations if location.is_default),
        stores={store.store_id: store for store in await db.list_stores(tx, merchant_id)},
        by_store={location.store_id: location.location_id for location in locations if location.store_id},
    )
    if len(_known) >= _MOST:
        _known.clear()
    _known[merchant_id] = (time.monotonic(), found)
    return found


async def read_stock_locations(rt: Runtime, merchant_id: MerchantId) -> StockLocations:
    """The same without a connection, where they are remembered."""
    if known := _remembered(merchant_id):
        return known
    async with rt.db.session() as tx:
        return await stock_locations(tx, merchant_id)


def _remembered(merchant_id: MerchantId) -> StockLocations | None:
    read_at, known = _known.get(merchant_id, (0.0, None))
    return known if time.monotonic() - read_at < KEEP_SECONDS else None


def forget_stock_locations(merchant_id: MerchantId) -> None:
    """After a store was made or changed: this process sees it at once."""
    _known.pop(merchant_id, None)
