"""Routes of the merchant's book: read only, nothing posts by HTTP."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import Parameter

from bihuan.kernel import paging
from bihuan.kernel.http import access, language_of
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import books, journal, service
from bihuan.ledger.journal import Filter
from bihuan.ledger.parameters import AccountName, First, Last, SourceName, Text, check_days
from bihuan.ledger.schemas import AccountView, TransactionView, TurnoverView
from bihuan.staff import StaffSession


@get("/api/merchant/ledger/accounts", opt=access("staff:ledger.read"))
async def list_accounts(
    rt: Runtime,
    staff: StaffSession,
    request: Request[Any, Any, Any],
    on: Annotated[date | None, Parameter(description="At the end of this day of the book; now without it.")] = None,
) -> Page[AccountView]:
    """The accounts of the book with their balances; they sum to zero."""
    language = language_of(request.headers.get("accept-language"))
    async with rt.db.session() as tx:
        return Page(await service.list_accounts(tx, staff.merchant_id, language, on))


@get("/api/merchant/ledger/transactions", opt=access("staff:ledger.read"))
async def list_transactions(
    rt: Runtime,
    staff: StaffSession,
    request: Request[Any, Any, Any],
    account: AccountName = None,
    source: SourceName = None,
    first: First = None,
    last: Last = None,
    q: Text = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[TransactionView]:
    """Transactions with their entries, newest first by day of the book. A page that looks for a text can be short."""
    after = paging.decode(cursor, tuple[date, UUID])
    language = language_of(request.headers.get("accept-language"))
    wanted = Filter(
        account=account or None, source=source or None, first=first, last=last, text=(q or "").strip() or None
    )
    async with rt.db.session() as tx:
        found = await journal.find(tx, staff.merchant_id, wanted, after, limit)
    following = paging.encode(found.next[0].isoformat(), str(found.next[1])) if found.next else None
    return Page([service.view_of(row, language) for row in found.rows], following)


@get("/api/merchant/ledger/sources", opt=access("staff:ledger.read"))
async def list_sources(rt: Runtime, staff: StaffSession) -> Page[str]:
    """What the transactions of this book come from."""
    async with rt.db.session() as tx:
        return Page(await journal.list_sources(tx, staff.merchant_id))


@get("/api/merchant/ledger/turnovers", opt=access("staff:ledger.read"))
async def list_turnovers(
    rt: Runtime,
    staff: StaffSession,
    request: Request[Any, Any, Any],
    first: Annotated[date, Parameter(description="The first day of the book.")],
    last: Annotated[date, Parameter(description="The last one.")],
) -> Page[TurnoverView]:
    """The trial balance of some days: opening, debits, credits, closing of each account that moved until then."""
    check_days(first, last)
    language = language_of(request.headers.get("accept-language"))
    async with rt.db.session() as tx:
        rows = await books.turnovers(tx, staff.merchant_id, first, last)
    return Page(service.turnover_views(rows, language))


ROUTES = (list_accounts, list_transactions, list_sources, list_turnovers)
