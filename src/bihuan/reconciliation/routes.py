"""The merchant's rooms: days with their bills, differences, what is to be done, exports."""

from collections.abc import AsyncGenerator
from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream

from bihuan import ledger
from bihuan.kernel import paging
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.ledger.parameters import check_days
from bihuan.payments import billed
from bihuan.reconciliation import db, db_differences, export, fetching, resolving, rules
from bihuan.reconciliation.errors import BillForgotten, DayNotOver, DayReconciled, NoSuchDay
from bihuan.reconciliation.rules import DayState, Kind
from bihuan.reconciliation.schemas import Accounts, Alert, DayRow, DayView, DifferenceRow, Resolve, Wanted
from bihuan.staff import StaffSession

_PIECE = 256 * 1024
OfState = Annotated[
    Literal["open", "waiting", "resolved", "unresolved"] | None, QueryParameter(name="state", required=False)
]
OfKind = Annotated[Kind | None, QueryParameter(name="kind", required=False)]
OfDay = Annotated[date | None, QueryParameter(name="day", required=False, description="China's.")]
OfDayState = Annotated[DayState | None, QueryParameter(name="state", required=False)]


@get("/api/merchant/reconciliation/alert", opt=access("staff:ledger.read"))
async def get_alert(rt: Runtime, staff: StaffSession) -> Alert:
    """What needs a person: days that failed, and open differences."""
    async with rt.db.session() as tx:
        return await db.alert(tx, staff.merchant_id)


@get("/api/merchant/reconciliation/accounts", opt=access("staff:ledger.read"))
async def list_accounts(
    rt: Runtime,
    staff: StaffSession,
    first: Annotated[date, QueryParameter(name="first", description="China's.")],
    last: Annotated[date, QueryParameter(name="last", description="China's.")],
) -> Accounts:
    """Each account's movements over some days beside the book's balances as they are now. 400 `bad_period`."""
    check_days(first, last)
    async with rt.db.session() as tx:
        known = await billed.list_billed(tx, staff.merchant_id)
        found = await db.list_sheets(tx, staff.merchant_id, known, first, last)
        held = await ledger.balances(tx, staff.merchant_id)
    return Accounts(found, *(held.get(account, 0) for account in ("wechat_clearing", "bank", "differences")))


@get("/api/merchant/reconciliation/days", opt=access("staff:ledger.read"))
async def list_days(
    rt: Runtime, staff: StaffSession, of_state: OfDayState = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[DayRow]:
    """Days with the sums of their bills and of what is recorded here, the latest first."""
    before = paging.decode(cursor, tuple[date, str])
    async with rt.db.session() as tx:
        found = await db.list_days(tx, staff.merchant_id, of_state, before, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], paging.encode(last.day.isoformat(), last.mchid) if last else None)


@post("/api/merchant/reconciliation/days", status_code=200, opt=access("staff:reconciliation.write"))
async def want_day(rt: Runtime, staff: StaffSession, data: JSONBody[Wanted]) -> Page[DayRow]:
    """Asks for a day of the past three months, or for one that failed once more; the worker takes it up at once.

    422 `day_not_to_be_had`, 409 `day_reconciled`, 404 `no_such_day` for an account that is none.
    """
    async with rt.db.transaction() as tx:
        age = (rules.day_of(tx.now) - data.day).days
        if not 1 <= age <= rules.MOST_DAYS_BACK or tx.now < rules.ready_at(data.day):
            raise DayNotOver
        known = await billed.list_billed(tx, staff.merchant_id)
        accounts = [a for a in known if data.mchid in (None, a.mchid)]
        if not accounts:
            raise NoSuchDay
        new = await db.want_days(tx, [(a.merchant_id, a.mchid, a.sp_mchid, data.day, tx.now) for a in accounts])
        again = [await db.retry(tx, a.merchant_id, a.mchid, data.day) for a in accounts]
        if not new and not any(again):
            raise DayReconciled
        found = [await db.find_day(tx, a.merchant_id, a.mchid, data.day) for a in accounts]
    return Page([row for row in found if row is not None])


@get("/api/merchant/reconciliation/days/{day:date}/{mchid:str}", opt=access("staff:ledger.read"))
async def get_day(rt: Runtime, staff: StaffSession, day: FromPath[date], mchid: FromPath[str]) -> DayView:
    """A day with its bills and the movements to and from the bank."""
    async with rt.db.session() as tx:
        found = await db.find_day(tx, staff.merchant_id, mchid, day)
        if found is None:
            raise NoSuchDay
        bills = await db.list_bills(tx, staff.merchant_id, mchid, day)
        return DayView(found, bills, await db.list_moves(tx, staff.merchant_id, mchid, day))


@get(
    "/api/merchant/reconciliation/days/{day:date}/{mchid:str}/bills/{kind:str}",
    opt=access("staff:ledger.read"),
    media_type="text/csv",
)
async def download_bill(
    rt: Runtime, staff: StaffSession, day: FromPath[date], mchid: FromPath[str], kind: FromPath[str]
) -> Stream:
    """A bill as WeChat gave it. 404 `bill_not_kept`."""
    async with rt.db.session() as tx:
        kept = await db.list_kept(tx, staff.merchant_id, mchid, day)
    file = next((bill.file for bill in kept if bill.kind == kind), "")
    if not file:
        raise BillForgotten
    try:
        with fetching.opened(rt, file):
            pass
    except FileNotFoundError as error:
        raise BillForgotten from error

    async def pieces() -> AsyncGenerator[bytes, None]:
        with fetching.opened(rt, file) as source:
            while piece := source.read(_PIECE):
                yield piece

    name = f'attachment; filename="{day}-{mchid}-{kind}.csv"'
    return Stream(pieces(), headers={"content-disposition": name}, media_type="text/csv; charset=utf-8")


@get("/api/merchant/reconciliation/differences", opt=access("staff:ledger.read"))
async def list_differences(
    rt: Runtime,
    staff: StaffSession,
    of_state: OfState = None,
    of_kind: OfKind = None,
    of_day: OfDay = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[DifferenceRow]:
    """Differences, the latest first."""
    before = paging.decode(cursor, tuple[date, UUID])
    async with rt.db.session() as tx:
        found = await db_differences.list_page(
            tx, staff.merchant_id, state=of_state, kind=of_kind, day=of_day, before=before, limit=limit + 1
        )
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], paging.encode(last.day.isoformat(), str(last.difference_id)) if last else None)


@get("/api/merchant/reconciliation/differences.csv", opt=access("staff:ledger.read"), media_type="text/csv")
async def export_differences(
    rt: Runtime, staff: StaffSession, of_state: OfState = None, of_kind: OfKind = None, of_day: OfDay = None
) -> Response[bytes]:
    """The same as a table for a spreadsheet (UTF-8 with BOM, amounts in yuan); at most 10,000 rows."""
    async with rt.db.session() as tx:
        found = await db_differences.list_page(
            tx, staff.merchant_id, state=of_state, kind=of_kind, day=of_day, before=None, limit=export.MOST_ROWS
        )
    name = f'attachment; filename="differences-{rules.day_of(rt.clock.now())}.csv"'
    return Response(
        export.differences(found), media_type="text/csv; charset=utf-8", headers={"content-disposition": name}
    )


@get("/api/merchant/reconciliation/days.csv", opt=access("staff:ledger.read"), media_type="text/csv")
async def export_days(rt: Runtime, staff: StaffSession) -> Response[bytes]:
    """Days with their sums as a table for a spreadsheet: the last year."""
    async with rt.db.session() as tx:
        found = await db.list_days(tx, staff.merchant_id, None, None, export.MOST_DAYS)
    since = rules.day_of(rt.clock.now()) - timedelta(days=366)
    name = f'attachment; filename="reconciliation-{rules.day_of(rt.clock.now())}.csv"'
    rows = [row for row in found if row.day >= since]
    return Response(export.days(rows), media_type="text/csv; charset=utf-8", headers={"content-disposition": name})


@get("/api/merchant/reconciliation/differences/{difference_id:uuid}", opt=access("staff:ledger.read"))
async def get_difference(rt: Runtime, staff: StaffSession, difference_id: FromPath[UUID]) -> DifferenceRow:
    """A difference. 404 `not_found`."""
    async with rt.db.session() as tx:
        return await resolving.get(tx, staff.merchant_id, difference_id)


@post(
    "/api/merchant/reconciliation/differences/{difference_id:uuid}/resolve",
    status_code=200,
    opt=access("staff:reconciliation.write"),
)
async def resolve(
    rt: Runtime,
    staff: StaffSession,
    difference_id: FromPath[UUID],
    data: JSONBody[Resolve],
    idempotency_key: IdempotencyKey = None,
) -> DifferenceRow:
    """Does something about a difference: `look_up` and `sync` ask WeChat and resolve what agrees then (the answer says
    whether it does), `post` books it against `differences`, `accept` leaves everything as it is.

    404 `not_found`, 409 `difference_resolved`, 422 `action_does_not_fit`.
    """
    if data.action in ("look_up", "sync"):
        await resolving.ask(rt, staff.merchant_id, difference_id, data.action)
        async with rt.db.session() as tx:
            return await resolving.get(tx, staff.merchant_id, difference_id)
    who = (staff.staff_id, staff.name)
    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "reconciliation.resolve",
            [str(difference_id), data],
            DifferenceRow,
            lambda: resolving.decide(tx, staff.merchant_id, difference_id, data.action, data.note.strip(), who),
        )


ROUTES = (
    get_alert,
    list_accounts,
    list_days,
    want_day,
    get_day,
    download_bill,
    list_differences,
    export_differences,
    export_days,
    get_difference,
    resolve,
)
