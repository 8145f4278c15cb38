"""The operators' statements of all merchants: closing, payouts, adjustments."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import merchants
from bihuan.kernel import paging
from bihuan.kernel.http import IdempotencyKey, access, language_of
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.settlement import closing, db_statements, views
from bihuan.settlement.db_statements import Payout, Statement
from bihuan.settlement.platform_routes import names_of
from bihuan.settlement.routes import OfKind
from bihuan.settlement.schemas import (
    Adjusted,
    AdjustmentIn,
    LineView,
    MerchantStatement,
    OrderSettlement,
    PayoutIn,
    StatementView,
)
from bihuan.staff import StaffSession

READ = access("operator:platform.read")
WRITE = access("operator:platform.write")
InState = Annotated[Literal["open", "closed", "paid"] | None, QueryParameter(name="state", required=False)]
OF = "/api/platform/settlement/merchants/{merchant_id:uuid}"
ONE = OF + "/statements/{statement_id:uuid}"


@get("/api/platform/settlement/statements", opt=READ)
async def list_statements(
    rt: Runtime, in_state: InState = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[MerchantStatement]:
    """Statements of all merchants, the latest period first; open ones show no sums here."""
    after = paging.decode(cursor, tuple[datetime, UUID])
    async with rt.db.session() as tx:
        rows = await db_statements.list_all(tx, in_state, after, limit + 1)
        names = await names_of(tx)
    more = None
    if len(rows) > limit:
        last = rows[limit - 1][1]
        more = paging.encode(last.period_from.isoformat(), str(last.statement_id))
    shown = [MerchantStatement(merchant_id=m, merchant_name=names.get(m, ""), statement=s) for m, s in rows[:limit]]
    return Page(shown, more)


@get(OF + "/running", opt=READ)
async def show_running(rt: Runtime, merchant_id: FromPath[UUID]) -> StatementView:
    """A merchant's running period as the ledger has it now."""
    async with rt.db.transaction() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        return StatementView(statement=await closing.preview(tx, MerchantId(merchant_id)), payouts=[])


@get(ONE, opt=READ)
async def show_statement(rt: Runtime, merchant_id: FromPath[UUID], statement_id: FromPath[UUID]) -> StatementView:
    """A statement with its payouts."""
    async with rt.db.transaction() as tx:
        return await views.show_statement(tx, MerchantId(merchant_id), statement_id)


@get(ONE + "/lines", opt=READ)
async def list_lines(
    rt: Runtime,
    merchant_id: FromPath[UUID],
    statement_id: FromPath[UUID],
    kind: OfKind = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LineView]:
    """The lines of a statement, each with its order."""
    async with rt.db.session() as tx:
        return await views.list_lines(tx, MerchantId(merchant_id), statement_id, kind, limit, cursor)


@get(ONE + "/statement.xlsx", opt=READ)
async def statement_xlsx(
    rt: Runtime, merchant_id: FromPath[UUID], statement_id: FromPath[UUID], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """The statement as a workbook."""
    language = language_of(request.headers.get("accept-language"))
    return await views.statement_file(rt, MerchantId(merchant_id), statement_id, "xlsx", language)


@get(ONE + "/statement.pdf", opt=READ)
async def statement_pdf(
    rt: Runtime, merchant_id: FromPath[UUID], statement_id: FromPath[UUID], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """The statement as a PDF."""
    language = language_of(request.headers.get("accept-language"))
    return await views.statement_file(rt, MerchantId(merchant_id), statement_id, "pdf", language)


@get(OF + "/orders/{order_id:uuid}", opt=READ)
async def show_order(rt: Runtime, merchant_id: FromPath[UUID], order_id: FromPath[UUID]) -> OrderSettlement:
    """The commission and the sharing of an order."""
    async with rt.db.session() as tx:
        return await views.show_order(tx, MerchantId(merchant_id), order_id)


@post(ONE + "/close", opt=WRITE, status_code=200)
async def close_statement(rt: Runtime, merchant_id: FromPath[UUID], statement_id: FromPath[UUID]) -> Statement:
    """Closes a period that is over before its T+n (409 `period_not_over`, `statement_closed`)."""
    async with rt.db.transaction() as tx:
        return await closing.close(tx, MerchantId(merchant_id), statement_id)


@post(ONE + "/cut", opt=WRITE, status_code=200)
async def cut_statement(rt: Runtime, merchant_id: FromPath[UUID], statement_id: FromPath[UUID]) -> Statement:
    """Ends the running period now and closes it: a merchant leaves, or wants its money (409 `statement_closed`)."""
    async with rt.db.transaction() as tx:
        return await closing.cut(tx, MerchantId(merchant_id), statement_id)


@post(ONE + "/payouts", opt=WRITE)
async def add_payout(
    rt: Runtime,
    staff: StaffSession,
    merchant_id: FromPath[UUID],
    statement_id: FromPath[UUID],
    data: JSONBody[PayoutIn],
    idempotency_key: IdempotencyKey = None,
) -> Statement:
    """Records a bank transfer of a closed statement; negative: the merchant paid."""

    async def work() -> Statement:
        payout = Payout(
            payout_id=new_id(),
            statement_id=statement_id,
            amount_fen=data.amount_fen,
            reference=data.reference.strip(),
            paid_on=data.paid_on,
            note=data.note.strip(),
            staff_id=staff.staff_id,
            created_at=tx.now,
        )
        return await closing.pay(tx, MerchantId(merchant_id), statement_id, payout)

    async with rt.db.transaction() as tx:
        asked = [merchant_id, statement_id, data]
        actor = f"staff:{staff.staff_id}"
        return await run_once(
            tx, staff.merchant_id, actor, idempotency_key, "settlement.payout", asked, Statement, work
        )


@post(OF + "/adjustments", opt=WRITE)
async def add_adjustment(
    rt: Runtime,
    staff: StaffSession,
    merchant_id: FromPath[UUID],
    data: JSONBody[AdjustmentIn],
    idempotency_key: IdempotencyKey = None,
) -> Adjusted:
    """Credits a merchant by hand (negative: charges it); it stands on the running statement."""

    async def work() -> Adjusted:
        merchant = await merchants.get(tx, MerchantId(merchant_id))
        reason, by = data.reason.strip(), staff.staff_id
        return Adjusted(await closing.adjust(tx, merchant.merchant_id, data.amount_fen, reason, by))

    async with rt.db.transaction() as tx:
        asked = [merchant_id, data]
        actor = f"staff:{staff.staff_id}"
        return await run_once(tx, staff.merchant_id, actor, idempotency_key, "settlement.adjust", asked, Adjusted, work)


ROUTES = (
    list_statements,
    show_running,
    show_statement,
    list_lines,
    statement_xlsx,
    statement_pdf,
    show_order,
    close_statement,
    cut_statement,
    add_payout,
    add_adjustment,
)
