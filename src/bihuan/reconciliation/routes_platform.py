"""The operators' rooms: days and differences across merchants."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from litestar import get

from bihuan import merchants
from bihuan.kernel import paging
from bihuan.kernel.http import access
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, db_differences
from bihuan.reconciliation.routes import OfDay, OfDayState, OfKind, OfState
from bihuan.reconciliation.schemas import Alert, PlatformDay, PlatformDifference


async def _names(rt: Runtime, ids: Iterable[MerchantId]) -> dict[MerchantId, str]:
    return {one: (await merchants.merchant_of_id(rt, one)).name for one in set(ids)}


@get("/api/platform/reconciliation/alert", opt=access("operator:platform.read"))
async def get_alert(rt: Runtime) -> Alert:
    """What needs a person, of all merchants."""
    async with rt.db.session() as tx:
        return await db.alert(tx, None)


@get("/api/platform/reconciliation/days", opt=access("operator:platform.read"))
async def list_days(
    rt: Runtime, of_state: OfDayState = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[PlatformDay]:
    """Every merchant's days, the latest first."""
    before = paging.decode(cursor, tuple[date, UUID, str])
    async with rt.db.session() as tx:
        found = await db.list_all_days(tx, of_state, before, limit + 1)
    names = await _names(rt, (row.merchant_id for row in found))
    last = found[limit - 1] if len(found) > limit else None
    more = paging.encode(last.day.isoformat(), str(last.merchant_id), last.mchid) if last else None
    return Page([PlatformDay(names[row.merchant_id], row) for row in found[:limit]], more)


@get("/api/platform/reconciliation/differences", opt=access("operator:platform.read"))
async def list_differences(
    rt: Runtime,
    of_state: OfState = None,
    of_kind: OfKind = None,
    of_day: OfDay = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[PlatformDifference]:
    """Every merchant's differences, the latest first."""
    before = paging.decode(cursor, tuple[date, UUID])
    async with rt.db.session() as tx:
        found = await db_differences.list_page(
            tx, None, state=of_state, kind=of_kind, day=of_day, before=before, limit=limit + 1
        )
    names = await _names(rt, (row.merchant_id for row in found))
    last = found[limit - 1] if len(found) > limit else None
    more = paging.encode(last.day.isoformat(), str(last.difference_id)) if last else None
    return Page([PlatformDifference(names[row.merchant_id], row) for row in found[:limit]], more)


ROUTES = (get_alert, list_days, list_differences)
