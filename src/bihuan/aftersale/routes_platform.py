"""Routes of the platform's operators: disputes and their rulings."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post
from litestar.params import QueryParameter

from bihuan.aftersale import db_lists, disputes, story, views
from bihuan.aftersale.schemas import DisputedCase, DisputedCaseDetail, RulingInput
from bihuan.aftersale.story import By
from bihuan.kernel import idempotency, paging
from bihuan.kernel.http import IdempotencyKey, access, language_of
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession

AnyRequest = Request[Any, Any, Any]
OpenOnly = Annotated[bool, QueryParameter(name="open_only", required=False)]
_DISPUTE = "/api/platform/disputes/{merchant_id:uuid}/{case_id:uuid}"


def _language(request: AnyRequest) -> str:
    return language_of(request.headers.get("accept-language"))


@get("/api/platform/disputes", opt=access("operator:platform.read"))
async def list_disputes(
    rt: Runtime, request: AnyRequest, open_only: OpenOnly = True, limit: Limit = 20, cursor: Cursor = None
) -> Page[DisputedCase]:
    """Disputed cases of all merchants, the latest first; those that wait for a ruling, or all."""
    before = paging.decode(cursor, tuple[datetime, UUID])
    async with rt.db.session() as tx:
        rows = await db_lists.list_disputed(tx, open_only=open_only, before=before, limit=limit + 1)
        items = await views.show_disputed(tx, rows[:limit], _language(request))
    last = rows[limit - 1] if len(rows) > limit else None
    more = paging.encode(last.dispute_at.isoformat(), str(last.case_id)) if last and last.dispute_at else None
    return Page(items, more)


@get(_DISPUTE, opt=access("operator:platform.read"))
async def get_dispute(rt: Runtime, request: AnyRequest, merchant_id: UUID, case_id: UUID) -> DisputedCaseDetail:
    """One disputed case with the statements of both sides."""
    async with rt.db.session() as tx:
        case = await views.get_own(tx, MerchantId(merchant_id), case_id)
        return await views.show_to_platform(tx, case, _language(request))


@post(f"{_DISPUTE}/ruling", status_code=200, opt=access("operator:platform.write"))
async def rule(
    rt: Runtime,
    request: AnyRequest,
    staff: StaffSession,
    merchant_id: UUID,
    case_id: UUID,
    data: RulingInput,
    idempotency_key: IdempotencyKey = None,
) -> DisputedCaseDetail:
    """Rules, once. 409 `dispute_closed` when there is nothing (any more) to rule on."""

    async def work() -> bool:
        held = await story.hold(tx, MerchantId(merchant_id), case_id)
        await disputes.rule(tx, held, data, By("platform", staff.staff_id))
        return True

    async with rt.db.transaction() as tx:
        actor, command = f"operator:{staff.staff_id}", [str(case_id), data]
        await idempotency.run_once(
            tx, MerchantId(merchant_id), actor, idempotency_key, "aftersale.rule", command, bool, work
        )
        case = await views.get_own(tx, MerchantId(merchant_id), case_id)
        return await views.show_to_platform(tx, case, _language(request))


ROUTES = (list_disputes, get_dispute, rule)
