"""Routes of payments by Alipay: notifications, the way back from its page, the merchant's account."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody, PathParameter
from litestar.response import Redirect

from bihuan import alipay
from bihuan.kernel.http import access
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant, merchant_of_id
from bihuan.payments.alipay import accounts, callbacks, lines
from bihuan.payments.alipay.accounts import AlipayAccountIn
from bihuan.payments.alipay.db_accounts import AlipayAccount
from bihuan.payments.clients import lines_of as wechat_lines_of
from bihuan.staff import StaffSession


class AlipayAccountView(msgspec.Struct, frozen=True):
    """The account; keys as fingerprints. `installed`: this server has what Alipay needs.

    `certificates_until`: in certificate mode, until when both certificates are valid.
    """

    app_id: str
    seller_id: str
    private_key_fingerprint: str
    alipay_public_key_fingerprint: str
    notify_url: str
    installed: bool
    certificates_until: datetime | None
    updated_at: datetime


class PaymentMethods(msgspec.Struct, frozen=True):
    """Ways to pay that a merchant has connected."""

    wechat: bool
    alipay: bool


_PAGES = {"order": "pages/pay/pay", "wallet_topup": "pages/wallet/wallet"}


@post("/alipay/{m:str}/notify", status_code=200, media_type=MediaType.TEXT, opt=access("callback"))
async def notify(rt: Runtime, m: str, request: Request[Any, Any, Any]) -> Response[str]:
    """Alipay's notification of a trade, a signed form: "success" when it is committed, else it is told again."""
    await callbacks.accept(rt, m, await request.body())
    return Response("success", media_type=MediaType.TEXT)


@get("/alipay/{m:str}/return/{purpose:str}/{reference_id:uuid}", status_code=302, opt=access("public"))
async def come_back(
    rt: Runtime,
    merchant: Merchant,
    purpose: Annotated[str, PathParameter(max_length=40)],
    reference_id: FromPath[UUID],
) -> Redirect:
    """Where Alipay's page leads the shopper back to: the storefront, which asks how the payment stands."""
    page = _PAGES.get(purpose, _PAGES["order"])
    return Redirect(f"{rt.settings.public_url}/shop/{merchant.code}/#/{page}?id={reference_id}&back=1")


@get("/api/shop/{m:str}/payment-methods", opt=access("public"))
async def list_methods(rt: Runtime, merchant: Merchant) -> PaymentMethods:
    """Which ways to pay the merchant has connected; which of them fit is the place's to know."""
    wechat = (await wechat_lines_of(rt, merchant.merchant_id)).lines
    by_alipay = (await lines.lines_of(rt, merchant.merchant_id)).lines
    return PaymentMethods(
        wechat=bool(wechat) and wechat[0].account.active, alipay=bool(by_alipay) and by_alipay[0].account.active
    )


@get("/api/merchant/alipay-account", opt=access("staff:payments.read"))
async def get_alipay_account(rt: Runtime, staff: StaffSession) -> AlipayAccountView:
    """The merchant's account at Alipay. 404 `no_alipay_account` when there is none."""
    async with rt.db.session() as tx:
        account = await accounts.get_account(tx, staff.merchant_id)
    return await _view(rt, staff, account)


@put("/api/merchant/alipay-account", opt=access("staff:payments.write"))
async def put_alipay_account(rt: Runtime, staff: StaffSession, data: JSONBody[AlipayAccountIn]) -> AlipayAccountView:
    """Writes the account; keys are loaded before they are kept (422 `key_not_usable`, `own_public_key`)."""
    async with rt.db.transaction() as tx:
        account = await accounts.connect_account(tx, rt.vault, staff.merchant_id, data)
    lines.forget(staff.merchant_id)
    return await _view(rt, staff, account)


@delete("/api/merchant/alipay-account", status_code=204, opt=access("staff:payments.write"))
async def delete_alipay_account(rt: Runtime, staff: StaffSession) -> None:
    """No new payments by Alipay; what was paid is still asked for and refunded there."""
    async with rt.db.transaction() as tx:
        await accounts.disconnect(tx, staff.merchant_id)
    lines.forget(staff.merchant_id)


async def _view(rt: Runtime, staff: StaffSession, account: AlipayAccount) -> AlipayAccountView:
    code = (await merchant_of_id(rt, staff.merchant_id)).code
    certs = account.certificates
    return AlipayAccountView(
        app_id=account.app_id,
        seller_id=account.seller_id,
        private_key_fingerprint=account.private_key_fingerprint,
        alipay_public_key_fingerprint=alipay.public_fingerprint(account.alipay_public_key_pem),
        notify_url=f"{rt.settings.public_url}/alipay/{code}/notify",
        installed=alipay.installed(),
        certificates_until=min(map(alipay.valid_until, (certs.app_cert_pem, certs.alipay_cert_pem))) if certs else None,
        updated_at=account.updated_at,
    )


ROUTES = (notify, come_back, list_methods, get_alipay_account, put_alipay_account, delete_alipay_account)
