"""Routes of the finance rooms, and the operators' part: reopening months, runs of the invariants."""

import tempfile
from collections.abc import AsyncGenerator
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import anyio
from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody, Parameter, QueryParameter
from litestar.response import Stream

from bihuan import merchants
from bihuan.finance import closing, codes, db, exports, rooms, vouchers
from bihuan.finance.errors import VerifyUnderWay
from bihuan.finance.schemas import (
    AccountCodes,
    AccountCodeView,
    AskVerify,
    CashFlow,
    Checklist,
    Format,
    Income,
    Months,
    Reopen,
    TransactionDetail,
    VerifyDetail,
    VerifyRun,
    VerifyStatus,
    VoucherFormat,
)
from bihuan.kernel.errors import BadRequest, NotFound
from bihuan.kernel.http import access, language_of
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.paging import Page
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import periods
from bihuan.ledger.journal import Filter
from bihuan.ledger.parameters import AccountName, First, Last, SourceName, Text, check_days
from bihuan.staff import StaffSession

FirstDay = Annotated[date, Parameter(description="The first day of the book, Asia/Shanghai.")]
LastDay = Annotated[date, Parameter(description="The last day, at most ten years on.")]
Http = Request[Any, Any, Any]


def _language(request: Http) -> str:
    return language_of(request.headers.get("accept-language"))


@get("/api/merchant/finance/transactions/{transaction_id:uuid}", opt=access("staff:ledger.read"))
async def get_transaction(
    rt: Runtime, staff: StaffSession, request: Http, transaction_id: FromPath[UUID]
) -> TransactionDetail:
    """A transaction with its entries and what it comes from, up to the order."""
    async with rt.db.session() as tx:
        return await rooms.detail(tx, staff.merchant_id, transaction_id, _language(request))


@get("/api/merchant/finance/cash-flow", opt=access("staff:ledger.read"))
async def get_cash_flow(rt: Runtime, staff: StaffSession, request: Http, first: FirstDay, last: LastDay) -> CashFlow:
    """Money in and out by day of the book and channel."""
    check_days(first, last)
    async with rt.db.session() as tx:
        return await rooms.cash_flow(tx, staff.merchant_id, first, last, _language(request))


@get("/api/merchant/finance/income", opt=access("staff:ledger.read"))
async def get_income(rt: Runtime, staff: StaffSession, request: Http, first: FirstDay, last: LastDay) -> Income:
    """Income, deductions and what is left, by day of the book and by account."""
    check_days(first, last)
    async with rt.db.session() as tx:
        return await rooms.income(tx, staff.merchant_id, first, last, _language(request))


@get("/api/merchant/finance/journal", opt=access("staff:ledger.read"))
async def export_journal(
    rt: Runtime,
    staff: StaffSession,
    request: Http,
    form: Annotated[Format, QueryParameter(name="format")] = "csv",
    account: AccountName = None,
    source: SourceName = None,
    first: First = None,
    last: Last = None,
    q: Text = None,
) -> Stream:
    """The journal as a file, one line per entry, the oldest first. A workbook holds 200,000 lines at most."""
    wanted = Filter(
        account=account or None, source=source or None, first=first, last=last, text=(q or "").strip() or None
    )
    if "\x00" in f"{account}{source}{q}":  # the database would say so, but only after the file has begun
        raise BadRequest
    name = f"journal-{first or 'all'}-{last or 'all'}"
    if form == "csv":
        return _file(exports.journal_csv(rt, staff.merchant_id, wanted, _language(request)), f"{name}.csv", "text/csv")
    folder = await anyio.to_thread.run_sync(lambda: tempfile.TemporaryDirectory(prefix="bihuan-export-"))
    path = Path(folder.name) / "journal.xlsx"
    try:
        await exports.journal_sheet(rt, staff.merchant_id, wanted, _language(request), path)
    except BaseException:
        folder.cleanup()
        raise
    return _file(_chunks(path, folder), f"{name}.xlsx", _SHEET)


_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file(content: AsyncGenerator[Any, None], name: str, media_type: str) -> Stream:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(content, media_type=media_type, headers=headers)


async def _chunks(path: Path, folder: tempfile.TemporaryDirectory[str]) -> AsyncGenerator[bytes, None]:
    try:
        async with await anyio.open_file(path, "rb") as file:
            while chunk := await file.read(65536):
                yield chunk
    finally:
        folder.cleanup()


@get("/api/merchant/finance/months", opt=access("staff:ledger.read"))
async def list_months(rt: Runtime, staff: StaffSession) -> Months:
    """The months of the book, which are closed, who closed and reopened them."""
    async with rt.db.session() as tx:
        return await closing.list_months(tx, staff.merchant_id)


@get("/api/merchant/finance/months/{month:str}/checklist", opt=access("staff:ledger.read"))
async def get_checklist(rt: Runtime, staff: StaffSession, month: FromPath[str]) -> Checklist:
    """What must hold before the month can be closed, looked at now."""
    async with rt.db.session() as tx:
        return await closing.checklist(tx, staff.merchant_id, closing.month_named(month))


@post("/api/merchant/finance/months/{month:str}/close", status_code=200, opt=access("staff:finance.close"))
async def close_month(rt: Runtime, staff: StaffSession, month: FromPath[str]) -> Checklist:
    """Closes the month and all before it: nothing is booked there any more. 409 while a line does not hold."""
    async with rt.db.transaction() as tx:
        return await closing.close(tx, staff.merchant_id, closing.month_named(month), staff)


@get("/api/merchant/finance/months/{month:str}/vouchers", opt=access("staff:ledger.read"))
async def export_vouchers(
    rt: Runtime,
    staff: StaffSession,
    month: FromPath[str],
    form: Annotated[VoucherFormat, QueryParameter(name="format")] = "generic",
) -> Stream:
    """The month's vouchers for accounting software, one per day and source, by the merchant's codes."""
    named = closing.month_named(month)
    async with rt.db.session() as tx:
        of_account = {row.account: row for row in await codes.list_codes(tx, staff.merchant_id, "zh")}
        through = await periods.closed_through(tx, staff.merchant_id)
    draft = "" if through is not None and periods.end_of(named) <= through else "-open"
    rows = vouchers.file_of(rt, staff.merchant_id, named, form, of_account)
    return _file(rows, f"vouchers-{form}-{month}{draft}.{vouchers.SUFFIX[form]}", vouchers.MEDIA[form])


@get("/api/merchant/finance/account-codes", opt=access("staff:ledger.read"))
async def list_codes(rt: Runtime, staff: StaffSession, request: Http) -> Page[AccountCodeView]:
    """What accounting software calls each of our accounts: the merchant's codes, or those that we suggest."""
    async with rt.db.session() as tx:
        return Page(await codes.list_codes(tx, staff.merchant_id, _language(request)))


@put("/api/merchant/finance/account-codes", opt=access("staff:finance.write"))
async def put_codes(
    rt: Runtime, staff: StaffSession, request: Http, data: JSONBody[AccountCodes]
) -> Page[AccountCodeView]:
    """Sets the codes of some accounts; the others stay."""
    async with rt.db.transaction() as tx:
        await codes.put_codes(tx, staff.merchant_id, data.items)
        return Page(await codes.list_codes(tx, staff.merchant_id, _language(request)))


@get("/api/platform/merchants/{merchant_id:uuid}/months", opt=access("operator:platform.read"))
async def list_months_of(rt: Runtime, merchant_id: FromPath[UUID]) -> Months:
    """The months of a merchant's book."""
    async with rt.db.session() as tx:
        merchant = await merchants.get(tx, MerchantId(merchant_id))
        return await closing.list_months(tx, merchant.merchant_id)


@post(
    "/api/platform/merchants/{merchant_id:uuid}/months/reopen", status_code=200, opt=access("operator:platform.write")
)
async def reopen_month(rt: Runtime, staff: StaffSession, merchant_id: FromPath[UUID], data: JSONBody[Reopen]) -> Months:
    """Opens a month of a merchant's book again, and all after it; the reason is kept and shown to the merchant."""
    async with rt.db.transaction() as tx:
        merchant = await merchants.get(tx, MerchantId(merchant_id))
        month = closing.month_named(data.month)
        await periods.reopen(tx, merchant.merchant_id, month, (staff.user_id, staff.name), data.reason.strip())
        return await closing.list_months(tx, merchant.merchant_id)


@get("/api/platform/verify-runs", opt=access("operator:platform.read"))
async def list_runs(rt: Runtime) -> VerifyStatus:
    """The last runs of the invariants, and whether a failure waits for somebody to take note."""
    async with rt.db.session() as tx:
        runs = await db.list_runs(tx, 60)
        unseen = await db.unseen_failures(tx)
    return VerifyStatus(runs, unseen > 0, any(run.state in ("asked", "running") for run in runs))


@get("/api/platform/verify-runs/{run_id:uuid}", opt=access("operator:platform.read"))
async def get_run(rt: Runtime, run_id: FromPath[UUID]) -> VerifyDetail:
    """A run with what each check found; the first hundred offenders of each are named."""
    async with rt.db.session() as tx:
        found = await db.find_run(tx, run_id)
    if found is None:
        raise NotFound
    return VerifyDetail(*found)


@post("/api/platform/verify-runs", status_code=202, opt=access("operator:platform.write"))
async def ask_run(rt: Runtime, staff: StaffSession, data: JSONBody[AskVerify]) -> VerifyStatus:
    """Asks for a run now: the worker begins it within seconds. 409 while one is under way."""
    async with rt.db.transaction() as tx:
        if await db.ask_run(tx, "person", data.scope, staff.user_id) is None:
            raise VerifyUnderWay
        runs = await db.list_runs(tx, 60)
        return VerifyStatus(runs, await db.unseen_failures(tx) > 0, under_way=True)


@post("/api/platform/verify-runs/{run_id:uuid}/seen", status_code=200, opt=access("operator:platform.write"))
async def see_run(rt: Runtime, staff: StaffSession, run_id: FromPath[UUID]) -> VerifyRun:
    """Takes note of a failure and those before it: the alert ends, the record stays."""
    async with rt.db.transaction() as tx:
        await db.see_run(tx, run_id, staff.user_id)
        found = await db.find_run(tx, run_id)
    if found is None:
        raise NotFound
    return found[0]


ROUTES: tuple[Any, ...] = (
    get_transaction,
    get_cash_flow,
    get_income,
    export_journal,
    list_months,
    get_checklist,
    close_month,
    export_vouchers,
    list_codes,
    put_codes,
    list_months_of,
    reopen_month,
    list_runs,
    get_run,
    ask_run,
    see_run,
)
