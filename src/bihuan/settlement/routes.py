"""The merchant's rooms of settlement: statements, commissions, sharing, plan and invoices."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, Parameter, QueryParameter

from bihuan.kernel import paging
from bihuan.kernel.http import access, language_of
from bihuan.kernel.ids import OrderId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.settlement import books, closing, db_plans, db_sharing, db_statements, sharing, views
from bihuan.settlement.db_accounts import PaidOut
from bihuan.settlement.db_sharing import Sharing
from bihuan.settlement.db_statements import Statement
from bihuan.settlement.rules import Kind
from bihuan.settlement.schemas import AdjustmentView, LineView, MyPlan, MyTerms, OrderSettlement, StatementView
from bihuan.staff import StaffSession

READ = access("staff:settlement.read")
WRITE = access("staff:settlement.write")
OfKind = Annotated[Kind | None, Parameter(description="Only lines of this kind.")]
InState = Annotated[
    Literal["waiting", "sharing", "unfreezing", "done", "failed", "missed"] | None,
    QueryParameter(name="state", required=False),
]


@get("/api/merchant/settlement/running", opt=READ)
async def show_running(rt: Runtime, staff: StaffSession) -> StatementView:
    """The running period as the ledger has it now."""
    async with rt.db.transaction() as tx:
        return StatementView(statement=await closing.preview(tx, staff.merchant_id), payouts=[])


@get("/api/merchant/settlement/statements", opt=READ)
async def list_statements(
    rt: Runtime, staff: StaffSession, limit: Limit = 20, cursor: Cursor = None
) -> Page[Statement]:
    """Statements, the newest first; the open one shows no sums here."""
    (before,) = paging.decode(cursor, tuple[datetime]) or (None,)
    async with rt.db.session() as tx:
        rows = await db_statements.list_statements(tx, staff.merchant_id, before, limit + 1)
    more = paging.encode(rows[limit - 1].period_from.isoformat()) if len(rows) > limit else None
    return Page(rows[:limit], more)


@get("/api/merchant/settlement/statements/{statement_id:uuid}", opt=READ)
async def show_statement(rt: Runtime, staff: StaffSession, statement_id: FromPath[UUID]) -> StatementView:
    """One statement with its payouts."""
    async with rt.db.transaction() as tx:
        return await views.show_statement(tx, staff.merchant_id, statement_id)


@get("/api/merchant/settlement/statements/{statement_id:uuid}/lines", opt=READ)
async def list_lines(
    rt: Runtime,
    staff: StaffSession,
    statement_id: FromPath[UUID],
    kind: OfKind = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LineView]:
    """The lines of a statement, each with its order."""
    async with rt.db.session() as tx:
        return await views.list_lines(tx, staff.merchant_id, statement_id, kind, limit, cursor)


@get("/api/merchant/settlement/statements/{statement_id:uuid}/statement.xlsx", opt=READ)
async def statement_xlsx(
    rt: Runtime, staff: StaffSession, statement_id: FromPath[UUID], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """The statement as a workbook."""
    language = language_of(request.headers.get("accept-language"))
    return await views.statement_file(rt, staff.merchant_id, statement_id, "xlsx", language)


@get("/api/merchant/settlement/statements/{statement_id:uuid}/statement.pdf", opt=READ)
async def statement_pdf(
    rt: Runtime, staff: StaffSession, statement_id: FromPath[UUID], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """The statement as a PDF."""
    language = language_of(request.headers.get("accept-language"))
    return await views.statement_file(rt, staff.merchant_id, statement_id, "pdf", language)


@get("/api/merchant/settlement/orders/{order_id:uuid}", opt=READ)
async def show_order(rt: Runtime, staff: StaffSession, order_id: FromPath[UUID]) -> OrderSettlement:
    """The commission of an order by line and rule, what refunds gave back, and its sharing at WeChat."""
    async with rt.db.session() as tx:
        return await views.show_order(tx, staff.merchant_id, order_id)


@get("/api/merchant/settlement/sharings", opt=READ)
async def list_sharings(
    rt: Runtime, staff: StaffSession, in_state: InState = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[Sharing]:
    """How the commissions of orders are shared through WeChat, of the newest orders first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        rows = await db_sharing.list_sharings(tx, staff.merchant_id, in_state, before, limit + 1)
    more = paging.encode(str(rows[limit - 1].order_id)) if len(rows) > limit else None
    return Page(rows[:limit], more)


@post("/api/merchant/settlement/sharings/{order_id:uuid}/retry", opt=WRITE, status_code=204)
async def retry_sharing(rt: Runtime, staff: StaffSession, order_id: FromPath[UUID]) -> None:
    """Takes a failed sharing up again, with a new number."""
    async with rt.db.transaction() as tx:
        await sharing.retry(tx, staff.merchant_id, OrderId(order_id))


@get("/api/merchant/settlement/terms", opt=READ)
async def show_terms(rt: Runtime, staff: StaffSession) -> MyTerms:
    """When my periods end and close, when commissions are shared, and the rules that can charge me."""
    async with rt.db.session() as tx:
        platform = await books.platform_of(tx)
        return MyTerms(
            await db_plans.find_terms(tx, staff.merchant_id),
            await views.rules_for(tx, platform.merchant_id, staff.merchant_id) if platform else [],
        )


@get("/api/merchant/settlement/adjustments", opt=READ)
async def list_adjustments(
    rt: Runtime, staff: StaffSession, limit: Limit = 20, cursor: Cursor = None
) -> Page[AdjustmentView]:
    """What the platform credited or charged me by hand, with its reasons, the newest first."""
    async with rt.db.session() as tx:
        return await views.list_adjustments(tx, staff.merchant_id, None, limit, cursor)


@get("/api/merchant/settlement/payouts", opt=READ)
async def list_payouts(rt: Runtime, staff: StaffSession, limit: Limit = 20, cursor: Cursor = None) -> Page[PaidOut]:
    """Bank transfers of my statements, the newest first."""
    async with rt.db.session() as tx:
        return await views.list_payouts(tx, staff.merchant_id, limit, cursor)


@get("/api/merchant/settlement/plan", opt=READ)
async def show_plan(rt: Runtime, staff: StaffSession) -> MyPlan:
    """The plan that the merchant is on, what is on offer, and the last twelve bills."""
    async with rt.db.session() as tx:
        platform = await books.platform_of(tx)
        offered = await db_plans.list_plans(tx, platform.merchant_id) if platform else []
        return MyPlan(
            await db_plans.find_subscription(tx, staff.merchant_id),
            [plan for plan in offered if plan.state == "offered"],
            await db_plans.list_invoices(tx, staff.merchant_id, None, 12),
        )


ROUTES = (
    show_running,
    list_statements,
    show_statement,
    list_lines,
    statement_xlsx,
    statement_pdf,
    show_order,
    list_sharings,
    retry_sharing,
    show_plan,
    show_terms,
    list_adjustments,
    list_payouts,
)
