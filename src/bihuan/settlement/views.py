"""Settlement as it is shown, to merchants and operators alike."""

import asyncio
from uuid import UUID

from litestar import Response

from bihuan import merchants, orders, staff
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound, Unprocessable
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.kernel.paging import Page
from bihuan.kernel.runtime import Runtime
from bihuan.settlement import closing, db_accounts, db_commission, db_returns, db_sharing, db_statements, rules
from bihuan.settlement.db_accounts import PaidOut
from bihuan.settlement.db_statements import Line, Payout, Statement
from bihuan.settlement.rules import Rule
from bihuan.settlement.schemas import AdjustmentView, LineView, OrderSettlement, ReturnView, StatementView

MOST_FILE_LINES = 100_000
"""What a file holds; above it, the lines are to be read page by page."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class StatementTooLong(Unprocessable):
    """More lines than a file holds."""

    code = "statement_too_long"
    zh = "该结算单超过 10 万行，请分页查看明细。"
    en = "This statement has more than 100,000 lines; read them page by page."


async def show_statement(tx: Tx, merchant_id: MerchantId, statement_id: UUID) -> StatementView:
    """A statement: a closed one as it was frozen, the open one as it stands now. Raises NotFound."""
    statement = await db_statements.find(tx, merchant_id, statement_id)
    if statement is None:
        raise NotFound
    if statement.state == "open":
        statement = await closing.preview(tx, merchant_id)
    return StatementView(statement=statement, payouts=await db_statements.list_payouts(tx, merchant_id, statement_id))


async def list_lines(
    tx: Tx, merchant_id: MerchantId, statement_id: UUID, kind: str | None, limit: int, cursor: str | None
) -> Page[LineView]:
    """Lines of a statement, in the order of the ledger; of an open one, those that it has now. Raises NotFound."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    statement = await db_statements.find(tx, merchant_id, statement_id)
    if statement is None:
        raise NotFound
    if statement.state == "open":
        found: list[Line] = []
        async for batch in closing.unsettled(tx, merchant_id, statement, None):
            found += [
                line
                for line in batch
                if (kind is None or line.kind == kind) and (after is None or line.transaction_id > after)
            ]
            if len(found) > limit:
                break
    else:
        found = await db_statements.list_lines(tx, merchant_id, statement_id, kind, after, limit + 1)
    more = paging.encode(str(found[limit - 1].transaction_id)) if len(found) > limit else None
    return Page([LineView.of(line) for line in found[:limit]], more)


async def rules_for(tx: Tx, platform_id: MerchantId, merchant_id: MerchantId) -> list[Rule]:
    """The platform's rules that can charge a merchant now or later, in the order in which they are tried."""
    found = await db_commission.list_rules(tx, platform_id, merchant_id)
    return rules.in_order([rule for rule in found if rule.valid_until is None or rule.valid_until > tx.now])


async def list_adjustments(
    tx: Tx, merchant_id: MerchantId, platform_id: MerchantId | None, limit: int, cursor: str | None
) -> Page[AdjustmentView]:
    """Adjustments, the newest first; with the operators' names when the platform is given."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    rows = await db_accounts.list_adjustments(tx, merchant_id, before, limit + 1)
    names = await staff.list_names(tx, platform_id, sorted({row.staff_id for row in rows})) if platform_id else {}
    more = paging.encode(str(rows[limit - 1].adjustment_id)) if len(rows) > limit else None
    return Page([AdjustmentView.of(row, names.get(row.staff_id, "")) for row in rows[:limit]], more)


async def list_payouts(tx: Tx, merchant_id: MerchantId, limit: int, cursor: str | None) -> Page[PaidOut]:
    """Payouts, the newest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    rows = await db_accounts.list_payouts(tx, merchant_id, before, limit + 1)
    more = paging.encode(str(rows[limit - 1].payout_id)) if len(rows) > limit else None
    return Page(rows[:limit], more)


async def show_order(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> OrderSettlement:
    """What became of an order's commission. Raises NotFound for an order of somebody else's."""
    if not await orders.list_orders(tx, merchant_id, [OrderId(order_id)]):
        raise NotFound
    returns = await db_returns.list_returns(tx, merchant_id, order_id)
    return OrderSettlement(
        commission=await db_commission.find(tx, merchant_id, order_id),
        lines=await db_commission.list_lines(tx, merchant_id, order_id),
        returned=await db_commission.list_returns(tx, merchant_id, order_id),
        sharing=await db_sharing.find(tx, merchant_id, order_id),
        numbers=await db_sharing.list_orders(tx, merchant_id, order_id),
        returns=[ReturnView.of(row) for row in returns],
    )


async def statement_file(
    rt: Runtime, merchant_id: MerchantId, statement_id: UUID, kind: str, language: str
) -> Response[bytes]:
    """A statement as "xlsx" or "pdf". Raises NotFound, StatementTooLong."""
    from bihuan.settlement import sheets  # its libraries are a sixth of all that a process loads at its start

    async with rt.db.transaction(readonly=True) as tx:
        statement, lines, payouts = await _whole(tx, merchant_id, statement_id)
        name = (await merchants.get(tx, merchant_id)).name
    if kind == "xlsx":
        body = await asyncio.to_thread(sheets.excel, statement, name, lines, payouts, language)
    else:
        body = await asyncio.to_thread(sheets.pdf, statement, name, lines, language)
    return Response(
        body,
        media_type=XLSX if kind == "xlsx" else "application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{statement.statement_no}.{kind}"'},
    )


async def _whole(tx: Tx, merchant_id: MerchantId, statement_id: UUID) -> tuple[Statement, list[Line], list[Payout]]:
    statement = await db_statements.find(tx, merchant_id, statement_id)
    if statement is None:
        raise NotFound
    lines: list[Line] = []
    if statement.state == "open":
        async for batch in closing.unsettled(tx, merchant_id, statement, None):
            lines += batch
            statement = closing.added(statement, batch)
            if len(lines) > MOST_FILE_LINES:
                raise StatementTooLong
    else:
        if statement.line_count > MOST_FILE_LINES:
            raise StatementTooLong
        lines = await db_statements.list_lines(tx, merchant_id, statement_id, None, None, MOST_FILE_LINES)
    return statement, lines, await db_statements.list_payouts(tx, merchant_id, statement_id)
