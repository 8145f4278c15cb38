"""The console's room of shipping information: whether WeChat is told, what it was told, and what it refused."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan.channels import accounts, apps, shipping
from bihuan.channels.db import accounts as account_rows
from bihuan.channels.db import shipping as rows
from bihuan.channels.db.shipping import Upload, UploadState
from bihuan.kernel import paging
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.http import access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession
from bihuan.wechat import WeChatError

InState = Annotated[UploadState | None, QueryParameter(name="state", required=False)]


class ShippingSettings(msgspec.Struct, frozen=True):
    """`enabled`: we tell WeChat. `managed`: WeChat wants to be told (null: it did not say)."""

    enabled: bool
    managed: bool | None


class Switch(msgspec.Struct, frozen=True):
    """Whether to tell WeChat."""

    enabled: bool


class Retried(msgspec.Struct, frozen=True):
    """It is told again."""

    upload_id: UUID


@get("/api/merchant/wechat/shipping", opt=access("staff:channels.read"))
async def show(rt: Runtime, staff: StaffSession) -> ShippingSettings:
    """Whether WeChat is told of shipping, and whether it wants to be."""
    async with rt.db.session() as tx:
        account = await accounts.find_account(tx, staff.merchant_id)
    if account is None or account.mini_program_appid is None:
        return ShippingSettings(enabled=False, managed=None)
    try:
        managed = await shipping.is_managed(rt, staff.merchant_id)
    except WeChatError:
        managed = None
    return ShippingSettings(account.shipping_upload, managed)


@put("/api/merchant/wechat/shipping", opt=access("staff:channels.write"))
async def switch(rt: Runtime, staff: StaffSession, data: JSONBody[Switch]) -> ShippingSettings:
    """Switches it; with it on, WeChat's messages lead to the mini program's orders."""
    managed: bool | None = None
    if data.enabled:
        try:
            managed = await shipping.is_managed(rt, staff.merchant_id)
            await shipping.lead_messages_here(rt, staff.merchant_id)
        except WeChatError as error:
            raise apps.problem_of(error) from error
    async with rt.db.transaction() as tx:
        await account_rows.set_shipping_upload(tx, staff.merchant_id, enabled=data.enabled)
    return ShippingSettings(data.enabled, managed)


@get("/api/merchant/shipping-uploads", opt=access("staff:orders.read"))
async def list_uploads(
    rt: Runtime, staff: StaffSession, in_state: InState = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[Upload]:
    """What WeChat was told or could not be told, the latest first."""
    (before,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        found = await rows.list_uploads(tx, staff.merchant_id, in_state, before, limit + 1)
    return Page(found[:limit], paging.encode(str(found[limit - 1].upload_id)) if len(found) > limit else None)


@post("/api/merchant/shipping-uploads/{upload_id:uuid}/retry", status_code=200, opt=access("staff:orders.write"))
async def retry(rt: Runtime, staff: StaffSession, upload_id: FromPath[UUID]) -> Retried:
    """Tells a parked one again. 409 `wrong_state` for one that is not parked."""
    async with rt.db.transaction() as tx:
        state = await rows.find_state(tx, staff.merchant_id, upload_id)
        if state is None:
            raise NotFound
        if not await rows.retry(tx, staff.merchant_id, upload_id):
            raise WrongState(state=state)
    return Retried(upload_id)


ROUTES: tuple[Any, ...] = (show, switch, list_uploads, retry)
