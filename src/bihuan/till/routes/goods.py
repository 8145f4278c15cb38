"""Routes of what a cashier finds and keeps: goods, barcodes, members, baskets that wait."""

from typing import Annotated
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import catalog
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.ids import StoreId
from bihuan.kernel.paging import Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession
from bihuan.till import goods
from bihuan.till.routes import commands
from bihuan.till.schemas_sales import (
    Barcode,
    Basket,
    GoodsItem,
    MemberSearch,
    MemberView,
    ParkedView,
    PointsOffer,
    PointsWish,
    Resumed,
)

Words = Annotated[
    str, QueryParameter(name="q", required=False, max_length=60, description="Text, a SKU's code, or a barcode.")
]


@get("/api/merchant/till/goods", opt=access("staff:till.read"))
async def find_goods(
    rt: Runtime, staff: StaffSession, store_id: UUID, q: Words = "", limit: Limit = 20
) -> Page[GoodsItem]:
    """Goods of a store by text, code or barcode, with what the store has of them."""
    if q.strip():
        await catalog.warm_up()
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await goods.find_goods(tx, staff.merchant_id, StoreId(store_id), q.strip(), limit))


@put("/api/merchant/till/stores/{store_id:uuid}/barcodes", opt=access("staff:catalog.write"))
async def learn_barcode(
    rt: Runtime, staff: StaffSession, store_id: FromPath[UUID], data: JSONBody[Barcode]
) -> GoodsItem:
    """A barcode stands for this SKU from now on, at all tills; `store_id` is whose stock the answer tells."""
    async with rt.db.transaction() as tx:
        return await goods.learn_barcode(tx, staff, StoreId(store_id), data)


@post("/api/merchant/till/members", status_code=200, opt=access("staff:till.write"))
async def find_members(rt: Runtime, staff: StaffSession, data: JSONBody[MemberSearch]) -> Page[MemberView]:
    """Members by a card's code, a whole telephone number, or a phone's stored-value code (which stays good).

    404 `member_unknown`, 422 `wallet_code_unknown`. A telephone number may be of several.
    """
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await goods.find_members(tx, staff.merchant_id, data.words))


@post("/api/merchant/till/points", status_code=200, opt=access("staff:till.write"))
async def offer_points(rt: Runtime, staff: StaffSession, data: JSONBody[PointsWish]) -> PointsOffer:
    """What a member's points can pay of goods that cost so much; holds nothing. 404 `member_unknown`."""
    async with rt.db.transaction(readonly=True) as tx:
        return await goods.offer_points(tx, staff.merchant_id, data)


@post("/api/merchant/till/shifts/{shift_id:uuid}/parked", status_code=201, opt=access("staff:till.write"))
async def park_sale(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    data: JSONBody[Basket],
    idempotency_key: IdempotencyKey = None,
) -> Page[ParkedView]:
    """Keeps a basket for later, at any till of the store and for a day; answers all that wait. Nothing is held."""
    command = [str(shift_id), data]
    await commands.once(
        rt, staff, idempotency_key, "till.park", command, UUID, lambda tx: goods.park(tx, staff, shift_id, data)
    )
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await goods.list_parked(tx, staff, shift_id))


@get("/api/merchant/till/shifts/{shift_id:uuid}/parked", opt=access("staff:till.read"))
async def list_parked(rt: Runtime, staff: StaffSession, shift_id: FromPath[UUID]) -> Page[ParkedView]:
    """The baskets that wait at a shift's store, the latest first."""
    async with rt.db.transaction(readonly=True) as tx:
        return Page(await goods.list_parked(tx, staff, shift_id))


@post(
    "/api/merchant/till/shifts/{shift_id:uuid}/parked/{parked_id:uuid}/resume",
    status_code=200,
    opt=access("staff:till.write"),
)
async def resume_sale(
    rt: Runtime,
    staff: StaffSession,
    shift_id: FromPath[UUID],
    parked_id: FromPath[UUID],
    idempotency_key: IdempotencyKey = None,
) -> Resumed:
    """Takes a basket up again, at today's prices; it does not wait any more. 404 when somebody was faster."""
    return await commands.once(
        rt,
        staff,
        idempotency_key,
        "till.resume",
        [str(shift_id), str(parked_id)],
        Resumed,
        lambda tx: goods.resume(tx, staff, shift_id, parked_id),
    )


ROUTES = (find_goods, learn_barcode, find_members, offer_points, park_sale, list_parked, resume_sale)
