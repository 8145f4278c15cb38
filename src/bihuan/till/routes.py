"""Routes of tills: `/api/merchant/till/...`."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import catalog
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import StoreId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession
from bihuan.till import db, db_sales, refunds, sales, shifts, views
from bihuan.till.schemas import (
    Banking,
    Close,
    GoodsItem,
    HandRefund,
    HandRefundView,
    MemberView,
    Movement,
    Opening,
    Pay,
    Refund,
    RefundView,
    SaleInput,
    SaleItem,
    SaleView,
    ShiftReport,
    ShiftView,
)

Words = Annotated[str, QueryParameter(name="q", required=False, max_length=60, description="Text, or a SKU's code.")]


async def _report(rt: Runtime, staff: StaffSession, shift_id: UUID) -> ShiftReport:
    async with rt.db.transaction(readonly=True) as tx:
        return await views.report(tx, staff, await shifts.get_shift(tx, staff, shift_id))


async def _sale(rt: Runtime, staff: StaffSession, sale_id: UUID) -> SaleView:
    async with rt.db.transaction(readonly=True) as tx:
        return await views.show_sale(tx, staff.merchant_id, await views.get_sale(tx, staff.merchant_id, sale_id))


async def _once(
    rt: Runtime,
    staff: StaffSession,
    key: str | None,
    operation: str,
    data: object,
    work: Callable[[Tx], Awaitable[None]],
) -> None:
    async with rt.db.transaction() as tx:

        async def do() -> bool:
            await work(tx)
            return True

        actor = f"staff:{staff.staff_id}"
        await run_once(tx, staff.merchant_id, actor, key, operation, data, bool, do)


@post("/api/merchant/till/shifts", status_code=201, opt=access("staff:till.write"))
async def open_shift(
    rt: Runtime, staff: StaffSession, data: JSONBody[Opening], idempotency_key: IdempotencyKey = None
) -> ShiftReport:
    """Opens a shift: the person is at this till with this float. 409 `shift_open`, `not_at_this_store`."""
    async with rt.db.transaction() as tx:
        shift_id = await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "till.open",
            data,
            UUID,
            lambda: shifts.open_shift(tx, staff.merchant_id, staff, data),
        )
    return await _report(rt, staff, shift_id)


@get("/api/merchant/till/shifts", opt=access("staff:drawers.read"))
async def list_shifts(
    rt: Runtime,
    staff: StaffSession,
    store_id: UUID | None = None,
    of_state: Annotated[Literal["open", "closed"] | None, QueryParameter(name="state", required=False)] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ShiftView]:
    """Shifts, the latest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        store = StoreId(store_id) if store_id else None
        rows = await db.list_shifts(tx, staff.merchant_id, store, of_state, before, limit + 1)
        items = await views.show_shifts(tx, staff, rows[:limit])
    return Page(items, paging.encode(str(rows[limit - 1].shift_id)) if len(rows) > limit else None)


@get("/api/merchant/till/shifts/current", opt=access("staff:till.read"))
async def current_shift(rt: Runtime, staff: StaffSession) -> ShiftReport | None:
    """The person's own open shift, if she has one. What the drawer should hold is not told: she counts blindly."""
    async with rt.db.transaction(readonly=True) as tx:
        shift = await db.find_open_of(tx, staff.merchant_id, staff.staff_id)
        return await views.report(tx, staff, shift) if shift else None


@get("/api/merchant/till/shifts/{shift_id:uuid}", opt=access("staff:till.read"))
async def get_shift(rt: Runtime, staff: StaffSession, shift_id: FromPath[UUID]) -> ShiftReport:
    """A shift for printing: one's own, or any for who answers for the cash."""
    return await _report(rt, staff, shift_id)


@post("/api/merchant/till/shifts/{shift_id:uuid}/movements", status_code=200, opt=access("staff:till.write"))
async def move_cash(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    data: JSONBody[Movement],
    idempotency_key: IdempotencyKey = None,
) -> ShiftReport:
    """Cash goes into one's drawer or out of it. 409 `drawer_short`."""
    command = [str(shift_id), data]
    await _once(rt, staff, idempotency_key, "till.move", command, lambda tx: shifts.move(tx, staff, shift_id, data))
    return await _report(rt, staff, shift_id)


@post("/api/merchant/till/shifts/{shift_id:uuid}/close", status_code=200, opt=access("staff:till.write"))
async def close_shift(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    data: JSONBody[Close],
    idempotency_key: IdempotencyKey = None,
) -> ShiftReport:
    """Closes a shift at its count; only now it tells what should have been there. 409 `sale_pending`."""
    command = [str(shift_id), data]
    await _once(rt, staff, idempotency_key, "till.close", command, lambda tx: shifts.close(tx, staff, shift_id, data))
    return await _report(rt, staff, shift_id)


@post("/api/merchant/till/shifts/{shift_id:uuid}/banking", status_code=200, opt=access("staff:drawers.write"))
async def bank_cash(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    data: JSONBody[Banking],
    idempotency_key: IdempotencyKey = None,
) -> ShiftReport:
    """Cash of a closed drawer was brought to the bank. 409 `drawer_holds_less`."""
    command = [str(shift_id), data]
    await _once(
        rt,
        staff,
        idempotency_key,
        "till.bank",
        command,
        lambda tx: shifts.bank(tx, staff, shift_id, data.amount_fen),
    )
    return await _report(rt, staff, shift_id)


@get("/api/merchant/till/goods", opt=access("staff:till.read"))
async def find_goods(
    rt: Runtime, staff: StaffSession, store_id: UUID, q: Words = "", limit: Limit = 20
) -> Page[GoodsItem]:
    """Goods of a store by text or by code, with what the store has of them."""
    if q.strip():
        await catalog.warm_up()
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await views.find_goods(tx, staff.merchant_id, StoreId(store_id), q.strip(), limit))


@get("/api/merchant/till/members/{number:str}", opt=access("staff:till.read"))
async def find_member(rt: Runtime, staff: StaffSession, number: FromPath[str]) -> MemberView:
    """Whose card a code is of. 404 `member_unknown`."""
    async with rt.db.transaction(readonly=True) as tx:
        return await views.find_member(tx, staff.merchant_id, number[:20])


@post("/api/merchant/till/shifts/{shift_id:uuid}/sales", status_code=201, opt=access("staff:till.write"))
async def start_sale(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    data: JSONBody[SaleInput],
    idempotency_key: IdempotencyKey = None,
) -> SaleView:
    """Starts a sale: its goods are held at the store until it is paid or void. 409 as orders are refused."""
    return await _sale(rt, staff, await sales.start(rt, staff, shift_id, data, idempotency_key))


@get("/api/merchant/till/shifts/{shift_id:uuid}/sales", opt=access("staff:till.read"))
async def list_sales(
    rt: Runtime, staff: StaffSession, shift_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[SaleItem]:
    """A shift's sales, the latest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        shift = await shifts.get_shift(tx, staff, shift_id)
        rows = await db_sales.list_sales(tx, staff.merchant_id, shift.shift_id, before, limit + 1)
    more = paging.encode(str(rows[limit - 1].sale_id)) if len(rows) > limit else None
    return Page([views.item_of(row) for row in rows[:limit]], more)


@get("/api/merchant/till/sales", opt=access("staff:till.read"))
async def search_sales(
    rt: Runtime,
    staff: StaffSession,
    order_no: Annotated[str, QueryParameter(max_length=40, description="As the receipt has it.")],
) -> Page[SaleItem]:
    """The sale of a receipt."""
    async with rt.db.transaction(readonly=True) as tx:
        sale = await db_sales.find_by_no(tx, staff.merchant_id, order_no.strip())
    return Page([views.item_of(sale)] if sale else [])


@get("/api/merchant/till/sales/{sale_id:uuid}", opt=access("staff:till.read"))
async def get_sale(rt: Runtime, staff: StaffSession, sale_id: FromPath[UUID]) -> SaleView:
    """One sale."""
    return await _sale(rt, staff, sale_id)


@post("/api/merchant/till/sales/{sale_id:uuid}/pay", status_code=200, opt=access("staff:till.write"))
async def pay_sale(
    rt: Runtime,
    staff: StaffSession,
    sale_id: FromPath[UUID],
    data: JSONBody[Pay],
    idempotency_key: IdempotencyKey = None,
) -> SaleView:
    """Takes the money: cash, a card, a payment code, or several. `paying.state` pending: ask with `decide`."""
    await sales.pay(rt, staff, sale_id, data, idempotency_key)
    return await _sale(rt, staff, sale_id)


@post("/api/merchant/till/sales/{sale_id:uuid}/decide", status_code=200, opt=access("staff:till.write"))
async def decide_sale(rt: Runtime, staff: StaffSession, sale_id: FromPath[UUID], give_up: bool = False) -> SaleView:
    """Asks WeChat about an undecided payment code; with `give_up` undoes it. Asking again does no harm."""
    await sales.decide(rt, staff.merchant_id, sale_id, give_up=give_up)
    return await _sale(rt, staff, sale_id)


@post("/api/merchant/till/sales/{sale_id:uuid}/void", status_code=200, opt=access("staff:till.write"))
async def void_sale(rt: Runtime, staff: StaffSession, sale_id: FromPath[UUID]) -> SaleView:
    """Ends a sale that is not paid; a second time it changes nothing."""
    async with rt.db.transaction() as tx:
        await sales.void(tx, staff, sale_id)
    return await _sale(rt, staff, sale_id)


@post(
    "/api/merchant/till/shifts/{shift_id:uuid}/sales/{sale_id:uuid}/refunds",
    status_code=200,
    opt=access("staff:drawers.write"),
)
async def refund_sale(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    sale_id: FromPath[UUID],
    data: JSONBody[Refund],
    idempotency_key: IdempotencyKey = None,
) -> RefundView:
    """Takes pieces back at one's own drawer; money goes back the way that it came, cash and cards by hand."""

    async def work(tx: Tx) -> RefundView:
        sale = await views.get_sale(tx, staff.merchant_id, sale_id)
        return await refunds.refund(tx, staff, shift_id, sale, data)

    async with rt.db.transaction() as tx:
        actor, command = f"staff:{staff.staff_id}", [str(shift_id), str(sale_id), data]
        return await run_once(
            tx, staff.merchant_id, actor, idempotency_key, "till.refund", command, RefundView, lambda: work(tx)
        )


@get("/api/merchant/till/hand-refunds", opt=access("staff:till.read"))
async def list_hand_refunds(rt: Runtime, staff: StaffSession, limit: Limit = 50) -> Page[HandRefundView]:
    """Refunds of cash and by card that were decided and wait for a cashier, the oldest first."""
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await views.list_hand_refunds(tx, staff.merchant_id, limit))


@post(
    "/api/merchant/till/shifts/{shift_id:uuid}/hand-refunds/{refund_id:uuid}",
    status_code=200,
    opt=access("staff:drawers.write"),
)
async def give_out(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    refund_id: FromPath[UUID],
    data: JSONBody[HandRefund],
    idempotency_key: IdempotencyKey = None,
) -> RefundView:
    """Gives a decided refund out of one's own drawer, or by the card terminal."""
    async with rt.db.transaction() as tx:
        actor, command = f"staff:{staff.staff_id}", [str(shift_id), str(refund_id), data]
        return await run_once(
            tx,
            staff.merchant_id,
            actor,
            idempotency_key,
            "till.give_out",
            command,
            RefundView,
            lambda: refunds.give_out(tx, staff, shift_id, refund_id, data),
        )


ROUTES = (
    open_shift,
    list_shifts,
    current_shift,
    get_shift,
    move_cash,
    close_shift,
    bank_cash,
    find_goods,
    find_member,
    start_sale,
    list_sales,
    search_sales,
    get_sale,
    pay_sale,
    decide_sale,
    void_sale,
    refund_sale,
    list_hand_refunds,
    give_out,
)
