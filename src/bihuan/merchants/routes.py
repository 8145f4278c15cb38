"""What shoppers may know of merchants and stores: `/api/shop/merchants`, `/api/shop/{m}/stores`."""

from typing import Any
from uuid import UUID

from litestar import get

from bihuan.kernel import paging
from bihuan.kernel.http import access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import db
from bihuan.merchants.db import Merchant
from bihuan.merchants.schemas import MerchantCard, StoreCard


@get("/api/shop/merchants", opt=access("public"))
async def list_merchants(rt: Runtime, limit: Limit = 20, cursor: Cursor = None) -> Page[MerchantCard]:
    """Merchants that sell, in the order in which they joined."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        found = await db.list_merchants(tx, after, limit + 1, selling_only=True)
    more = paging.encode(str(found[limit - 1].merchant_id)) if len(found) > limit else None
    return Page([MerchantCard.of(one) for one in found[:limit]], more)


@get("/api/shop/{m:str}/stores", opt=access("public"))
async def list_stores(rt: Runtime, merchant: Merchant, limit: Limit = 20, cursor: Cursor = None) -> Page[StoreCard]:
    """The merchant's open stores."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        found = await db.list_stores(tx, merchant.merchant_id, after, limit + 1, open_only=True)
    more = paging.encode(str(found[limit - 1].store_id)) if len(found) > limit else None
    return Page([StoreCard.of(store) for store in found[:limit]], more)


ROUTES: tuple[Any, ...] = (list_merchants, list_stores)
