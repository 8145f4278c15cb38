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


class StoreHasStock(Conflict):
    """Stock lies in the store."""

    code = "store_has_stock"
    zh = "该门店还有库存，请先调走再撤店。"
    en = "Stock lies in this store; move it away first."


class StoreHasPickups(Conflict):
    """Orders are to be paid or fetched at the store; `waiting` says how many."""

    code = "store_has_pickups"
    zh = "该门店还有 {waiting} 笔自提订单未完成，请先处理完再撤店。"
    en = "{waiting} pickups wait at this store; finish them first."


@post("/api/merchant/stores/{store_id:uuid}/retire", status_code=200, opt=access("staff:stores.write"))
async def retire_store(rt: Runtime, staff: StaffSession, store_id: FromPath[UUID]) -> Store:
    """Gives a store up with its counters; a repeat changes nothing. Writing it as open takes it back.

    409 `store_has_pickups` while pickups wait there, `store_has_stock` while stock lies there.
    """
    wanted = StoreId(store_id)
    async with rt.db.transaction() as tx:
        store = await merchants.retire_store(tx, staff.merchant_id, wanted)
        location = await merchants.store_location(tx, staff.merchant_id, wanted)
        waiting = await orders.awaited_at(tx, staff.merchant_id, wanted)
        if waiting:
            raise StoreHasPickups(waiting=waiting)
        if await inventory.anything_at(tx, staff.merchant_id, location):
            raise StoreHasStock
    merchants.forget_stock_locations(staff.merchant_id)
    return store


ROUTES: tuple[Any, ...] = (retire_store,)
