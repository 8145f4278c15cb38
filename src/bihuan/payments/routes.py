"""Routes of payments: WeChat's notifications (for OpenAPI; see `callbacks`), the merchant's account, what is parked."""

from datetime import datetime
from typing import Any

from litestar import Request, get, post, put

from bihuan.kernel import paging
from bihuan.kernel.http import access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import merchant_of_id
from bihuan.payments import accounts, callbacks, clients, refused, watching
from bihuan.payments.accounts import PaymentAccount
from bihuan.payments.errors import NoProviderAccount
from bihuan.payments.schemas import (
    ParkedKind,
    ParkedView,
    PartnerAccountIn,
    PaymentAccountIn,
    PaymentAccountView,
    RefusedCallback,
)
from bihuan.staff import StaffSession


@post("/wechat/{m:str}/pay/notify", status_code=204, opt=access("callback"))
async def notify(rt: Runtime, m: str, request: Request[Any, Any, Any]) -> None:
    """WeChat Pay's notification of a payment: 204 when it is committed, everything else asks for another delivery.

    Requests reach `callbacks.handle` before the framework; this is the same work, and the entry in OpenAPI.
    """
    await callbacks.accept(rt, m, dict(request.headers), await request.body())


@post("/wechat/{m:str}/pay/refund-notify", status_code=204, opt=access("callback"))
async def refund_notify(rt: Runtime, m: str, request: Request[Any, Any, Any]) -> None:
    """WeChat Pay's notification of a refund."""
    await callbacks.accept(rt, m, dict(request.headers), await request.body())


@get("/api/merchant/payment-account", opt=access("staff:payments.read"))
async def get_payment_account(rt: Runtime, staff: StaffSession) -> PaymentAccountView:
    """The merchant's account at WeChat Pay; keys as fingerprints. 404 `no_payment_account` when there is none."""
    async with rt.db.session() as tx:
        account = await accounts.get_account(tx, staff.merchant_id)
    return await _view(rt, staff, account)


@put("/api/merchant/payment-account", opt=access("staff:payments.write"))
async def put_payment_account(rt: Runtime, staff: StaffSession, data: PaymentAccountIn) -> PaymentAccountView:
    """Writes the account; every key is used once before it is kept (422 `key_not_usable`)."""
    async with rt.db.transaction() as tx:
        account = await accounts.connect_account(tx, rt.vault, staff.merchant_id, data)
    clients.forget(staff.merchant_id)
    return await _view(rt, staff, account)


@put("/api/merchant/payment-account/partner", opt=access("staff:payments.write"))
async def join_provider(rt: Runtime, staff: StaffSession, data: PartnerAccountIn) -> PaymentAccountView:
    """Takes payments at a sub-merchant under the platform's service-provider account, which signs for it.

    409 `no_provider_account` when the platform has none or is the merchant itself, `sub_merchant_taken`.
    """
    if (await merchant_of_id(rt, staff.merchant_id)).is_platform:
        raise NoProviderAccount
    provider = await clients.provider(rt)
    async with rt.db.transaction() as tx:
        account = await accounts.join_provider(tx, staff.merchant_id, data, provider.account)
    clients.forget(staff.merchant_id)
    return await _view(rt, staff, account)


@get("/api/merchant/payments/refused-callbacks", opt=access("staff:payments.read"))
async def list_refused(rt: Runtime, staff: StaffSession, limit: Limit = 100) -> Page[RefusedCallback]:
    """What came to the merchant's payment callbacks and was refused, by hour and reason, the latest first."""
    async with rt.db.session() as tx:
        return Page(await refused.list_refused(tx, staff.merchant_id, limit))


@get("/api/merchant/payments/parked", opt=access("staff:payments.read"))
async def list_parked(
    rt: Runtime, staff: StaffSession, kind: ParkedKind | None = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[ParkedView]:
    """Money that could not be placed, refunds that do not go through, notifications about nothing of ours.

    The oldest first; `kind` leaves one of the three.
    """
    after = paging.decode(cursor, tuple[datetime, str])
    async with rt.db.session() as tx:
        found = await watching.list_parked(tx, staff.merchant_id, limit + 1, kind=kind, after=after)
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], paging.encode(last.since.isoformat(), last.id) if last else None)


async def _view(rt: Runtime, staff: StaffSession, account: PaymentAccount) -> PaymentAccountView:
    lines = await clients.lines_of(rt, staff.merchant_id)
    code = (await merchant_of_id(rt, staff.merchant_id)).code
    return PaymentAccountView(
        mchid=account.mchid,
        app_id=account.app_id or lines.official_appid or "",
        serial_no=account.serial_no,
        mode="public_key" if account.public_key_id else "certificate",
        kind="partner" if account.sp_mchid else "direct",
        sp_mchid=account.sp_mchid or None,
        profit_sharing=account.profit_sharing,
        public_key_id=account.public_key_id or None,
        private_key_fingerprint=account.private_key_fingerprint,
        apiv3_key_fingerprint=account.apiv3_key_fingerprint,
        public_key_fingerprint=accounts.public_fingerprint(account.public_key_pem) if account.public_key_id else None,
        notify_url=f"{rt.settings.public_url}/wechat/{code}/pay/notify",
        updated_at=account.updated_at,
    )


ROUTES = (
    notify,
    refund_notify,
    get_payment_account,
    put_payment_account,
    join_provider,
    list_refused,
    list_parked,
)
