"""Routes of top-ups: the shopper's, and taking them back by staff."""

from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.params import FromPath, JSONBody

from bihuan import payments, wallet
from bihuan.identity import Client, ShopperSession
from bihuan.kernel import idempotency, paging
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.ids import ShopperId, new_id
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession
from bihuan.topups import db, service
from bihuan.topups.db import TopUp
from bihuan.topups.schemas import ReturnInput, ReturnOut, TopUpInput, TopUpOut, TopUpPayInput


@post("/api/shop/{m:str}/wallet/topups", opt=access("shopper"))
async def order_topup(
    rt: Runtime,
    merchant: Merchant,
    shopper: ShopperSession,
    data: JSONBody[TopUpInput],
    idempotency_key: IdempotencyKey = None,
) -> TopUpOut:
    """A top-up to be paid within half an hour, with the gift that it brings."""
    async with rt.db.transaction() as tx:

        async def work() -> TopUpOut:
            return _shown(await service.order(tx, merchant.merchant_id, shopper.shopper_id, data.amount_fen))

        return await idempotency.run_once(
            tx,
            merchant.merchant_id,
            f"shopper:{shopper.shopper_id}",
            idempotency_key,
            "topups.order",
            data,
            TopUpOut,
            work,
        )


@get("/api/shop/{m:str}/wallet/topups", opt=access("shopper"))
async def list_own_topups(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, limit: Limit = 20, cursor: Cursor = None
) -> Page[TopUpOut]:
    """The shopper's paid top-ups, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        rows = await db.list_of(
            tx, merchant.merchant_id, shopper.shopper_id, before[0] if before else None, limit + 1, paid_only=True
        )
    return _page(rows, limit)


@get("/api/shop/{m:str}/wallet/topups/{topup_id:uuid}", opt=access("shopper"))
async def get_topup(rt: Runtime, merchant: Merchant, shopper: ShopperSession, topup_id: FromPath[UUID]) -> TopUpOut:
    """One top-up of the shopper's own."""
    async with rt.db.session() as tx:
        return _shown(await service.get_own(tx, merchant.merchant_id, topup_id, shopper.shopper_id))


@post("/api/shop/{m:str}/wallet/topups/{topup_id:uuid}/pay", status_code=200, opt=access("shopper"))
async def pay_topup(
    rt: Runtime,
    merchant: Merchant,
    shopper: ShopperSession,
    topup_id: FromPath[UUID],
    data: JSONBody[TopUpPayInput],
    client: Client,
) -> payments.Prepared:
    """Prepares the payment at WeChat, as of an order."""
    async with rt.db.session() as tx:
        topup = await service.get_own(tx, merchant.merchant_id, topup_id, shopper.shopper_id)
        if topup.state != "unpaid" or topup.expires_at <= tx.now:
            raise WrongState(state=topup.state if topup.state != "unpaid" else "expired")
    return await payments.prepare(rt, merchant, service.charge_of(topup), data.method, client_ip=client.address)


@post("/api/shop/{m:str}/wallet/topups/{topup_id:uuid}/sync-payment", status_code=200, opt=access("shopper"))
async def sync_topup(rt: Runtime, merchant: Merchant, shopper: ShopperSession, topup_id: FromPath[UUID]) -> TopUpOut:
    """Asks WeChat about the payment when its notification has not come."""
    async with rt.db.session() as tx:
        topup = await service.get_own(tx, merchant.merchant_id, topup_id, shopper.shopper_id)
    if topup.state == "unpaid":
        await payments.sync(rt, merchant, service.PURPOSE, topup_id)
    async with rt.db.session() as tx:
        return _shown(await service.get_own(tx, merchant.merchant_id, topup_id, shopper.shopper_id))


@get("/api/merchant/wallets/{shopper_id:uuid}/topups", opt=access("staff:wallets.read"))
async def list_topups(
    rt: Runtime, staff: StaffSession, shopper_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[TopUpOut]:
    """A shopper's paid top-ups, newest first."""
    before = paging.decode(cursor, tuple[UUID])
    async with rt.db.session() as tx:
        if await wallet.find(tx, staff.merchant_id, ShopperId(shopper_id)) is None:
            raise NotFound
        rows = await db.list_of(
            tx, staff.merchant_id, ShopperId(shopper_id), before[0] if before else None, limit + 1, paid_only=True
        )
    return _page(rows, limit)


@post("/api/merchant/wallet-topups/{topup_id:uuid}/returns", opt=access("staff:wallets.write"))
async def return_topup(
    rt: Runtime,
    staff: StaffSession,
    topup_id: FromPath[UUID],
    data: JSONBody[ReturnInput],
    idempotency_key: IdempotencyKey = None,
) -> ReturnOut:
    """Gives principal back to the shopper's WeChat, with its share of the gift taken back."""
    async with rt.db.transaction() as tx:

        async def work() -> ReturnOut:
            topup, back = await service.take_back(
                tx, staff.merchant_id, topup_id, new_id(), data.amount_fen, data.reason
            )
            return ReturnOut(
                topup=_shown(topup),
                principal_fen=back.principal_fen,
                gift_fen=back.gift_fen,
                refund_fen=back.refund_fen,
            )

        return await idempotency.run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "topups.return",
            [str(topup_id), data],
            ReturnOut,
            work,
        )


def _shown(topup: TopUp) -> TopUpOut:
    return TopUpOut(**{name: getattr(topup, name) for name in topup.__struct_fields__})


def _page(rows: list[TopUp], limit: int) -> Page[TopUpOut]:
    next_cursor = paging.encode(str(rows[limit - 1].topup_id)) if len(rows) > limit else None
    return Page([_shown(row) for row in rows[:limit]], next_cursor)


ROUTES: tuple[Any, ...] = (
    order_topup,
    list_own_topups,
    get_topup,
    pay_topup,
    sync_topup,
    list_topups,
    return_topup,
)
