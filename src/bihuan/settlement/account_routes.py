"""The operators' file of each merchant: terms, plan, what is owed, statements, adjustments, payouts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, Parameter

from bihuan import merchants
from bihuan.kernel import paging
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.settlement import db_accounts, db_plans, db_statements, views
from bihuan.settlement.db_accounts import PaidOut, Unpaid
from bihuan.settlement.db_statements import Statement
from bihuan.settlement.platform_routes import BASE, READ, names_of
from bihuan.settlement.schemas import AccountDetail, AccountView, AdjustmentView, MerchantPayout
from bihuan.staff import StaffSession

OF = BASE + "/merchants/{merchant_id:uuid}"
Q = Annotated[str | None, Parameter(max_length=60, description="In the name or the code.")]


@get(f"{BASE}/merchants", opt=READ)
async def list_accounts(rt: Runtime, q: Q = None, limit: Limit = 50, cursor: Cursor = None) -> Page[AccountView]:
    """The merchants that settle with the platform: how, on which plan, and what is left to pay."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        found = await merchants.list_merchants(tx, after, limit + 1, selling_only=False, q=(q or "").strip() or None)
        page = found[:limit]
        ids = [one.merchant_id for one in page]
        terms = await db_accounts.list_terms(tx, ids)
        plans = await db_accounts.list_plan_names(tx, ids)
        unpaid = await db_accounts.list_unpaid(tx, ids)
    rows = [
        AccountView(
            merchant_id=one.merchant_id,
            code=one.code,
            merchant_name=one.name,
            suspended=one.state != "active",
            terms=terms[one.merchant_id],
            plan_name=plans.get(one.merchant_id),
            unpaid=unpaid.get(one.merchant_id, Unpaid()),
        )
        for one in page
        if not one.is_platform
    ]
    return Page(rows, paging.encode(str(page[-1].merchant_id)) if len(found) > limit else None)


@get(OF, opt=READ)
async def show_account(rt: Runtime, staff: StaffSession, merchant_id: FromPath[UUID]) -> AccountDetail:
    """How a merchant settles: terms, plan, the rules that can charge it, and what is left to pay."""
    async with rt.db.session() as tx:
        one = await merchants.get(tx, MerchantId(merchant_id))
        unpaid = await db_accounts.list_unpaid(tx, [one.merchant_id])
        return AccountDetail(
            merchant_id=one.merchant_id,
            code=one.code,
            merchant_name=one.name,
            suspended=one.state != "active",
            terms=await db_plans.find_terms(tx, one.merchant_id),
            subscription=await db_plans.find_subscription(tx, one.merchant_id),
            rules=await views.rules_for(tx, staff.merchant_id, one.merchant_id),
            unpaid=unpaid.get(one.merchant_id, Unpaid()),
        )


@get(f"{OF}/statements", opt=READ)
async def list_statements(
    rt: Runtime, merchant_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[Statement]:
    """A merchant's statements, the newest first; the open one shows no sums here."""
    (before,) = paging.decode(cursor, tuple[datetime]) or (None,)
    async with rt.db.session() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        rows = await db_statements.list_statements(tx, MerchantId(merchant_id), before, limit + 1)
    more = paging.encode(rows[limit - 1].period_from.isoformat()) if len(rows) > limit else None
    return Page(rows[:limit], more)


@get(f"{OF}/adjustments", opt=READ)
async def list_adjustments(
    rt: Runtime, staff: StaffSession, merchant_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[AdjustmentView]:
    """A merchant's adjustments with their reasons and who made them, the newest first."""
    async with rt.db.session() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        return await views.list_adjustments(tx, MerchantId(merchant_id), staff.merchant_id, limit, cursor)


@get(f"{OF}/payouts", opt=READ)
async def list_payouts(
    rt: Runtime, merchant_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[PaidOut]:
    """A merchant's payouts, the newest first."""
    async with rt.db.session() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        return await views.list_payouts(tx, MerchantId(merchant_id), limit, cursor)


@get(f"{BASE}/payouts", opt=READ)
async def list_all_payouts(rt: Runtime, limit: Limit = 20, cursor: Cursor = None) -> Page[MerchantPayout]:
    """Payouts of all merchants, the newest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        rows = await db_accounts.list_all_payouts(tx, before, limit + 1)
        names = await names_of(tx)
    more = paging.encode(str(rows[limit - 1].payout_id)) if len(rows) > limit else None
    return Page([MerchantPayout(names.get(row.merchant_id, ""), row) for row in rows[:limit]], more)


ROUTES = (
    list_accounts,
    show_account,
    list_statements,
    list_adjustments,
    list_payouts,
    list_all_payouts,
)
