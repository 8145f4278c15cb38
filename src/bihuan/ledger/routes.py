"""Routes of the merchant's book: read only, nothing posts by HTTP."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import Parameter

from bihuan.kernel import paging
from bihuan.kernel.http import access, language_of
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import service
from bihuan.ledger.schemas import AccountView, TransactionView
from bihuan.staff import StaffSession


@get("/api/merchant/ledger/accounts", opt=access("staff:ledger.read"))
async def list_accounts(rt: Runtime, staff: StaffSession, request: Request[Any, Any, Any]) -> Page[AccountView]:
    """The accounts of the book with their balances; they sum to zero."""
    language = language_of(request.headers.get("accept-language"))
    async with rt.db.session() as tx:
        return Page(await service.list_accounts(tx, staff.merchant_id, language))


@get("/api/merchant/ledger/transactions", opt=access("staff:ledger.read"))
async def list_transactions(
    rt: Runtime,
    staff: StaffSession,
    request: Request[Any, Any, Any],
    account: Annotated[str | None, Parameter(max_length=40, description="Only those with an entry here.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[TransactionView]:
    """Transactions with their entries, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    language = language_of(request.headers.get("accept-language"))
    async with rt.db.session() as tx:
        rows = await service.list_transactions(
            tx, staff.merchant_id, account or None, before[0] if before else None, limit + 1, language
        )
    more = len(rows) > limit
    return Page(rows[:limit], paging.encode(str(rows[limit - 1].transaction_id)) if more else None)


ROUTES = (list_accounts, list_transactions)
