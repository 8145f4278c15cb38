"""Routes of what is given back at a till."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import identity
from bihuan.kernel.db import Tx
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.paging import Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession, authority
from bihuan.till import refunds, views_sales
from bihuan.till.routes import commands
from bihuan.till.schemas_sales import HandRefund, HandRefundView, Refund, RefundView

OrderNo = Annotated[
    str, QueryParameter(max_length=40, required=False, description="Only this order's, as its receipt has it.")
]


@post(
    "/api/merchant/till/shifts/{shift_id:uuid}/sales/{sale_id:uuid}/refunds",
    status_code=200,
    opt=access("staff:till.write"),
)
async def refund_sale(
    rt: Runtime,
    request: Request[Any, Any, Any],
    staff: StaffSession,
    shift_id: FromPath[UUID],
    sale_id: FromPath[UUID],
    data: JSONBody[Refund],
    idempotency_key: IdempotencyKey = None,
) -> RefundView:
    """Takes pieces back at one's own drawer; money goes back the way that it came, cash and cards by hand.

    It takes `drawers.write`, the person's own or a colleague's who approves. 409 `sale_of_another_store`.
    """
    await authority(rt, staff, "drawers.write", data.approval, identity.client_of(request))
    wish = msgspec.structs.replace(data, approval=None)  # a password belongs into no stored hash

    async def work(tx: Tx) -> RefundView:
        sale = await views_sales.get_sale(tx, staff.merchant_id, sale_id)
        return await refunds.refund(tx, staff, shift_id, sale, wish)

    command = [str(shift_id), str(sale_id), wish]
    return await commands.once(rt, staff, idempotency_key, "till.refund", command, RefundView, work)


@get("/api/merchant/till/hand-refunds", opt=access("staff:till.read"))
async def list_hand_refunds(
    rt: Runtime, staff: StaffSession, order_no: OrderNo = "", limit: Limit = 50
) -> Page[HandRefundView]:
    """Refunds of cash and by card that were decided elsewhere and wait for a cashier, the oldest first."""
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await views_sales.list_hand_refunds(tx, staff.merchant_id, order_no.strip(), limit))


@post(
    "/api/merchant/till/shifts/{shift_id:uuid}/hand-refunds/{refund_id:uuid}",
    status_code=200,
    opt=access("staff:till.write"),
)
async def give_out(
    rt: Runtime,
    request: Request[Any, Any, Any],
    staff: StaffSession,
    shift_id: FromPath[UUID],
    refund_id: FromPath[UUID],
    data: JSONBody[HandRefund],
    idempotency_key: IdempotencyKey = None,
) -> RefundView:
    """Gives a decided refund out of one's own drawer, or by the card terminal; `drawers.write` as above."""
    await authority(rt, staff, "drawers.write", data.approval, identity.client_of(request))
    wish = msgspec.structs.replace(data, approval=None)
    return await commands.once(
        rt,
        staff,
        idempotency_key,
        "till.give_out",
        [str(shift_id), str(refund_id), wish],
        RefundView,
        lambda tx: refunds.give_out(tx, staff, shift_id, refund_id, wish),
    )


ROUTES = (refund_sale, list_hand_refunds, give_out)
