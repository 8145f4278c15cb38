"""Notifications: signed, posted as a form, and repeated until the other side answers "success".

Alipay repeats for 25 hours (4 min, 10 min, 10 min, 1 h, 2 h, 6 h, 15 h); a desk cannot wait that long.
"""

import asyncio
import secrets

import httpx

from alipay_sandbox import certs, wire
from alipay_sandbox.models import Notice, Refund, Trade
from alipay_sandbox.world import World

PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds before each try."""


def tell(world: World, trade: Trade, refund: Refund | None = None) -> None:
    """Tells the merchant how a trade stands now."""
    if not trade.notify_url:
        return
    app = world.apps.get(trade.app_id)
    if app is None:
        return
    fields = {
        "notify_type": "trade_status_sync",
        "notify_id": f"{wire.day_of(world.now()).replace('-', '')}{secrets.token_hex(12)}",
        "app_id": app.app_id,
        "auth_app_id": app.app_id,
        "seller_id": app.seller_id,
        "buyer_id": "2088102100000001",
        "charset": "utf-8",
        "version": "1.0",
        "sign_type": "RSA2",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.out_trade_no,
        "subject": trade.subject,
        "trade_status": trade.status,
        "total_amount": wire.yuan(trade.total_fen),
        "receipt_amount": wire.yuan(trade.total_fen),
        "gmt_create": wire.china(trade.created_at),
        "gmt_payment": wire.china(trade.paid_at),
    }
    if app.alipay_cert_pem:
        fields["alipay_cert_sn"] = certs.serial_of(app.alipay_cert_pem)
    if refund is not None:
        fields |= {
            "refund_fee": wire.yuan(trade.refunded_fen),
            "gmt_refund": wire.china(refund.at),
            "out_biz_no": refund.out_request_no,
        }
    notice = Notice(fields["notify_id"], app.app_id, trade.notify_url, fields)
    world.notices.put(notice.notify_id, notice)
    world.spawn(_deliver(world, notice))


def resume(world: World) -> None:
    """Takes up what a former run left."""
    for notice in world.notices.values():
        if not notice.done:
            world.spawn(_deliver(world, notice))


def signed(world: World, notice: Notice) -> dict[str, str]:
    """The fields of a notification as they are posted."""
    app = world.apps.get(notice.app_id)
    if app is None:
        raise LookupError(notice.app_id)
    fields = {**notice.fields, "notify_time": wire.china(world.now())}
    return {**fields, "sign": wire.sign(world.keys_of(app)[1], wire.notice_text(fields))}


async def _deliver(world: World, notice: Notice) -> None:
    while not notice.done:
        await asyncio.sleep(PAUSES[min(notice.tries, len(PAUSES) - 1)])
        if world.muted:
            notice.last = "muted"
            await asyncio.sleep(0.2)
            continue
        notice.tries += 1
        notice.last = await _post(world, notice)
        notice.done = notice.last == "success" or notice.tries >= len(PAUSES)
        world.notices.put(notice.notify_id, notice)


async def _post(world: World, notice: Notice) -> str:
    try:
        answer = await world.http.post(notice.url, data=signed(world, notice))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"[:200]
    text = answer.text.strip()
    return text if answer.status_code == 200 and text == "success" else f"{answer.status_code}: {text[:100]}"
