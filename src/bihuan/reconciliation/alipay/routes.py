"""Routes of Alipay's reconciliation: days, differences, and what a person does about them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from bihuan.kernel import paging
from bihuan.kernel.http import access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation.alipay import db
from bihuan.reconciliation.alipay.db import DayView, DifferenceView
from bihuan.reconciliation.errors import DifferenceResolved, NoSuchDay, NoSuchDifference
from bihuan.staff import StaffSession

StateFilter = Annotated[Literal["open", "resolved"] | None, QueryParameter(name="state", required=False)]


class AcceptInput(msgspec.Struct, frozen=True):
    """Why a difference is let be."""

    note: Annotated[str, msgspec.Meta(min_length=2, max_length=500, pattern=r"^[^\x00]*$")]


@get("/api/merchant/alipay-bills", opt=access("staff:ledger.read"))
async def list_days(rt: Runtime, staff: StaffSession, limit: Limit = 31, cursor: Cursor = None) -> Page[DayView]:
    """Days with the bill's sums beside those recorded here, the latest first."""
    before = paging.decode(cursor, tuple[date, str])
    async with rt.db.session() as tx:
        rows = await db.list_days(tx, staff.merchant_id, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], paging.encode(last.day.isoformat(), last.seller_id) if last else None)


@post(
    "/api/merchant/alipay-bills/{seller_id:str}/{day:date}/retry",
    status_code=200,
    opt=access("staff:reconciliation.write"),
)
async def retry_day(
    rt: Runtime,
    staff: StaffSession,
    seller_id: Annotated[str, PathParameter(max_length=32)],
    day: FromPath[date],
) -> None:
    """Asks again for a day that failed or waits. 404 for one that is matched, or unknown."""
    async with rt.db.transaction() as tx:
        if not await db.retry(tx, staff.merchant_id, seller_id, day):
            raise NoSuchDay


@get("/api/merchant/alipay-differences", opt=access("staff:ledger.read"))
async def list_differences(
    rt: Runtime, staff: StaffSession, of_state: StateFilter = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[DifferenceView]:
    """What does not agree, the latest day first."""
    before = paging.decode(cursor, tuple[date, UUID])
    async with rt.db.session() as tx:
        rows = await db.list_differences(tx, staff.merchant_id, of_state, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], paging.encode(last.day.isoformat(), str(last.difference_id)) if last else None)


@post(
    "/api/merchant/alipay-differences/{difference_id:uuid}/accept",
    status_code=200,
    opt=access("staff:reconciliation.write"),
)
async def accept_difference(
    rt: Runtime, staff: StaffSession, difference_id: FromPath[UUID], data: JSONBody[AcceptInput]
) -> None:
    """Lets a difference be, with a note. 409 `difference_resolved` for one that was."""
    async with rt.db.transaction() as tx:
        state = await db.accept(tx, staff.merchant_id, difference_id, staff.staff_id, data.note)
    if state is None:
        raise NoSuchDifference
    if state != "open":
        raise DifferenceResolved


ROUTES = (list_days, retry_day, list_differences, accept_difference)
