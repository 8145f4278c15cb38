"""Routes of shifts and the cash in their drawers."""

from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan.kernel import paging
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.ids import StoreId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession
from bihuan.till import db, shifts, views
from bihuan.till.routes import commands
from bihuan.till.routes.commands import AT_DRAWER, Drawer
from bihuan.till.schemas import Banking, Close, Movement, Opening, ShiftReport, ShiftView

_SHIFT = "/api/merchant/till/shifts/{shift_id:uuid}"


@post("/api/merchant/till/shifts", status_code=201, opt=access("staff:till.write"))
async def open_shift(
    rt: Runtime, staff: StaffSession, data: JSONBody[Opening], idempotency_key: IdempotencyKey = None
) -> ShiftReport:
    """Opens a shift: the person is at this till with this float. 409 `shift_open`, `not_at_this_store`."""
    shift_id = await commands.once(
        rt,
        staff,
        idempotency_key,
        "till.open",
        data,
        UUID,
        lambda tx: shifts.open_shift(tx, staff.merchant_id, staff, data),
    )
    return await commands.report(rt, staff, shift_id)


@get("/api/merchant/till/shifts", opt=access("staff:drawers.read"))
async def list_shifts(
    rt: Runtime,
    staff: StaffSession,
    store_id: UUID | None = None,
    of_state: Annotated[Literal["open", "closed"] | None, QueryParameter(name="state", required=False)] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ShiftView]:
    """Shifts, the latest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        store = StoreId(store_id) if store_id else None
        rows = await db.list_shifts(tx, staff.merchant_id, store, of_state, before, limit + 1)
        items = await views.show_shifts(tx, staff, rows[:limit])
    return Page(items, paging.encode(str(rows[limit - 1].shift_id)) if len(rows) > limit else None)


@get("/api/merchant/till/shifts/current", opt=access("staff:till.read"))
async def current_shift(rt: Runtime, staff: StaffSession) -> ShiftReport | None:
    """The person's own open shift, if she has one. What the drawer should hold is not told: she counts blindly."""
    async with rt.db.transaction(readonly=True) as tx:
        shift = await db.find_open_of(tx, staff.merchant_id, staff.staff_id)
        return await views.report(tx, staff, shift) if shift else None


@get(_SHIFT, opt=access("staff:till.read"))
async def get_shift(rt: Runtime, staff: StaffSession, shift_id: FromPath[UUID]) -> ShiftReport:
    """A shift for printing (X report, or Z once closed): one's own, or any for who answers for the cash."""
    return await commands.report(rt, staff, shift_id)


@post(f"{_SHIFT}/movements", status_code=200, opt=access("staff:till.write"), dependencies=AT_DRAWER)
async def move_cash(drawer: Drawer, data: JSONBody[Movement]) -> ShiftReport:
    """Cash goes into one's drawer or out of it. 409 `drawer_short`."""
    return await drawer.do("till.move", data, lambda tx: shifts.move(tx, drawer.staff, drawer.shift_id, data))


@post(f"{_SHIFT}/close", status_code=200, opt=access("staff:till.write"), dependencies=AT_DRAWER)
async def close_shift(drawer: Drawer, data: JSONBody[Close]) -> ShiftReport:
    """Closes a shift at its count; only now it tells what should have been there. 409 `sale_pending`."""
    return await drawer.do("till.close", data, lambda tx: shifts.close(tx, drawer.staff, drawer.shift_id, data))


@post(f"{_SHIFT}/banking", status_code=200, opt=access("staff:drawers.write"), dependencies=AT_DRAWER)
async def bank_cash(drawer: Drawer, data: JSONBody[Banking]) -> ShiftReport:
    """Cash of a closed drawer was brought to the bank. 409 `drawer_holds_less`."""
    amount = data.amount_fen
    return await drawer.do("till.bank", data, lambda tx: shifts.bank(tx, drawer.staff, drawer.shift_id, amount))


ROUTES = (open_shift, list_shifts, current_shift, get_shift, move_cash, close_shift, bank_cash)
