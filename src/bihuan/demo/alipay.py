"""The demo's Alipay: one shop has an account at the sandbox, so that its storefront offers the choice."""

import httpx
import msgspec
import structlog

from bihuan import alipay
from bihuan.kernel.errors import NotFound
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.payments.alipay import AlipayAccountIn, connect_account, get_account

log = structlog.get_logger(__name__)

SHOP = "qingshan"


class SandboxApp(msgspec.Struct, frozen=True):
    """An app of the sandbox, as far as its merchant's settings go."""

    app_id: str
    seller_id: str
    private_key_pem: str
    alipay_public_key_pem: str


async def connect(rt: Runtime, sandbox_url: str, merchant: Merchant) -> bool:
    """Connects SHOP to the sandbox's Alipay; False for any other, where it is connected, or where there is none.

    A sandbox without Alipay, or a server without its package, leaves the demo with WeChat Pay alone.
    """
    if merchant.code != SHOP or not alipay.installed():
        return False
    async with rt.db.session() as tx:
        try:
            await get_account(tx, merchant.merchant_id)
        except NotFound:
            pass
        else:  # made by an earlier start, or chosen by a person since
            return False
    try:
        asked = {"key": merchant.code, "name": merchant.name}
        answer = await rt.http.post(f"{sandbox_url}/alipay/_sandbox/apps", json=asked)
        app = msgspec.json.decode(answer.raise_for_status().content, type=SandboxApp)
    except (httpx.HTTPError, msgspec.MsgspecError) as error:
        log.warning("no Alipay at the sandbox", error=str(error))
        return False
    async with rt.db.transaction() as tx:
        new = AlipayAccountIn(
            app_id=app.app_id,
            seller_id=app.seller_id,
            private_key_pem=app.private_key_pem,
            alipay_public_key_pem=app.alipay_public_key_pem,
        )
        await connect_account(tx, rt.vault, merchant.merchant_id, new)
    return True
