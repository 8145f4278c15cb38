"""Giving a store up: allowed once nothing lies there and nobody waits to fetch anything."""

from typing import Any
from uuid import UUID

from litestar import post
from litestar.params import FromPath

from bihuan import inventory, merchants, orders
from bihuan.kernel.errors import Conflict
from bihuan.kernel.http import access
from bihuan.kernel.ids import StoreId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Store
from bihuan.staff import StaffSession


class StoreNotEmpty(Conflict):
    """Stock lies in the store, or orders are to be fetched there; `waiting` says how many."""

    code = "store_not_empty"
    zh = "该门店还有库存，或还有 {waiting} 笔自提订单未完成，暂不能撤店。"
    en = "Stock lies in this store, or pickups wait there ({waiting}); it cannot be retired yet."


@post("/api/merchant/stores/{store_id:uuid}/retire", status_code=200, opt=access("staff:stores.write"))
async def retire_store(rt: Runtime, staff: StaffSession, store_id: FromPath[UUID]) -> Store:
    """Gives a store up with its counters; a repeat changes nothing. Writing it as open takes it back.

    409 `store_not_empty` while stock lies there or pickups wait.
    """
    wanted = StoreId(store_id)
    async with rt.db.transaction() as tx:
        store = await merchants.retire_store(tx, staff.merchant_id, wanted)
        location = await merchants.store_location(tx, staff.merchant_id, wanted)
        waiting = await orders.awaited_at(tx, staff.merchant_id, wanted)
        if waiting or await inventory.anything_at(tx, staff.merchant_id, location):
            raise StoreNotEmpty(waiting=waiting)
    merchants.forget_stock_locations(staff.merchant_id)
    return store


ROUTES: tuple[Any, ...] = (retire_store,)
