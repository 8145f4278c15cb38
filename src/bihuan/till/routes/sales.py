"""Routes of sales and their money."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import identity
from bihuan.kernel import paging
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession, authority
from bihuan.till import db_sales, sales, shifts, views_sales
from bihuan.till.routes import commands
from bihuan.till.schemas_sales import Discount, Pay, SaleInput, SaleItem, SaleView

_MOST_OPEN = 20


@post("/api/merchant/till/shifts/{shift_id:uuid}/sales", status_code=201, opt=access("staff:till.write"))
async def start_sale(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    data: JSONBody[SaleInput],
    idempotency_key: IdempotencyKey = None,
) -> SaleView:
    """Starts a sale: its goods are held at the store until it is paid or void. 409 as orders are refused."""
    return await commands.sale(rt, staff, await sales.start(rt, staff, shift_id, data, idempotency_key))


@get("/api/merchant/till/shifts/{shift_id:uuid}/sales", opt=access("staff:till.read"))
async def list_sales(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    only_open: Annotated[bool, QueryParameter(name="open", required=False, description="Only what waits.")] = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[SaleItem]:
    """A shift's sales, the latest first; with `open` those that wait for their money."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        shift = await shifts.get_shift(tx, staff, shift_id)
        if only_open:
            rows = await db_sales.list_open(tx, staff.merchant_id, shift.shift_id, _MOST_OPEN)
            return Page([views_sales.item_of(row) for row in rows])
        rows = await db_sales.list_sales(tx, staff.merchant_id, shift.shift_id, before, limit + 1)
    more = paging.encode(str(rows[limit - 1].sale_id)) if len(rows) > limit else None
    return Page([views_sales.item_of(row) for row in rows[:limit]], more)


@get("/api/merchant/till/sales", opt=access("staff:till.read"))
async def search_sales(
    rt: Runtime,
    staff: StaffSession,
    order_no: Annotated[str, QueryParameter(max_length=40, description="As the receipt has it.")],
) -> Page[SaleItem]:
    """The sale of a receipt."""
    async with rt.db.transaction(readonly=True) as tx:
        sale = await db_sales.find_by_no(tx, staff.merchant_id, order_no.strip())
    return Page([views_sales.item_of(sale)] if sale else [])


@get("/api/merchant/till/sales/{sale_id:uuid}", opt=access("staff:till.read"))
async def get_sale(rt: Runtime, staff: StaffSession, sale_id: FromPath[UUID]) -> SaleView:
    """One sale."""
    return await commands.sale(rt, staff, sale_id)


@put("/api/merchant/till/sales/{sale_id:uuid}/discount", opt=access("staff:till.write"))
async def set_discount(
    rt: Runtime, request: Request[Any, Any, Any], staff: StaffSession, sale_id: FromPath[UUID], data: JSONBody[Discount]
) -> SaleView:
    """Takes something off an unpaid sale by hand, in place of what was before; the order says who and why.

    It takes `discounts.write`, the person's own or a colleague's who approves. 422 `discount_too_large`,
    `approval_refused`.
    """
    by = await authority(rt, staff, "discounts.write", data.approval, identity.client_of(request))
    async with rt.db.transaction() as tx:
        await sales.set_discount(tx, staff, by, sale_id, data)
    return await commands.sale(rt, staff, sale_id)


@post("/api/merchant/till/sales/{sale_id:uuid}/pay", status_code=200, opt=access("staff:till.write"))
async def pay_sale(
    rt: Runtime,
    staff: StaffSession,
    sale_id: FromPath[UUID],
    data: JSONBody[Pay],
    idempotency_key: IdempotencyKey = None,
) -> SaleView:
    """Takes the money: cash, a card, a payment code, stored value, or several. `paying.state` pending: `decide`."""
    await sales.pay(rt, staff, sale_id, data, idempotency_key)
    return await commands.sale(rt, staff, sale_id)


@post("/api/merchant/till/sales/{sale_id:uuid}/decide", status_code=200, opt=access("staff:till.write"))
async def decide_sale(rt: Runtime, staff: StaffSession, sale_id: FromPath[UUID], give_up: bool = False) -> SaleView:
    """Asks WeChat about an undecided payment code; with `give_up` undoes it. Asking again does no harm."""
    if give_up:
        await sales.give_up(rt, staff, sale_id)
    else:
        await sales.decide(rt, staff.merchant_id, sale_id)
    return await commands.sale(rt, staff, sale_id)


@post("/api/merchant/till/sales/{sale_id:uuid}/void", status_code=200, opt=access("staff:till.write"))
async def void_sale(rt: Runtime, staff: StaffSession, sale_id: FromPath[UUID]) -> SaleView:
    """Ends a sale that is not paid; a second time it changes nothing."""
    async with rt.db.transaction() as tx:
        await sales.void(tx, staff, sale_id)
    return await commands.sale(rt, staff, sale_id)


ROUTES = (
    start_sale,
    list_sales,
    search_sales,
    get_sale,
    set_discount,
    pay_sale,
    decide_sale,
    void_sale,
)
