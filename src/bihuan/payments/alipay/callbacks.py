"""Alipay's notifications: verified, then read, settled, and answered "success" after the commit.

Everything else than "success" tells Alipay to deliver again (it tries for 25 hours). Notifications of refunds come
to the same address and change nothing: the refund job asks. https://opendocs.alipay.com/open/270/105902
"""

import structlog

from bihuan import merchants
from bihuan.alipay import AlipayUntrusted, Notice, notification_fields
from bihuan.kernel import metrics
from bihuan.kernel.errors import NotFound, Problem, TooLarge
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay.errors import AlipayMissing
from bihuan.payments.alipay.lines import Lines, lines_of
from bihuan.payments.errors import NotificationMalformed, NotificationUntrusted
from bihuan.payments.inbox import INBOX
from bihuan.payments.refused import REFUSALS
from bihuan.payments.settling import Heard

log = structlog.get_logger(__name__)

MAX_BYTES = 64 * 1024


async def accept(rt: Runtime, code: str, body: bytes) -> None:
    """Takes in one notification; returns when it is committed.

    Raises NotFound, TooLarge, NotificationMalformed, NotificationUntrusted, SettlementBusy.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge
    merchant = await merchants.merchant_of_code(rt, code)
    lines = await lines_of(rt, merchant.merchant_id)
    if not lines.lines:
        raise AlipayMissing if lines.missing else NotFound
    try:
        notice = await _read(lines, body)
    except AlipayUntrusted as error:
        metrics.PAYMENTS.labels("untrusted").inc()
        log.warning("Alipay's notification refused", error=str(error))
        refusal = NotificationMalformed() if error.code == "malformed" else NotificationUntrusted(reason=error.code)
        _note(rt, merchant.merchant_id, refusal, error, len(body))
        raise refusal from error
    if notice.trade.is_paid:
        heard = Heard(notice.trade, f"alipay:{notice.notify_id}", notice.kind or "alipay", body)
        await INBOX.settle(rt, merchant.merchant_id, heard)


async def _read(lines: Lines, body: bytes) -> Notice:
    """By the key of the app that it says it is for."""
    line = lines.of_app(notification_fields(body).get("app_id", ""))
    if line is None:
        raise AlipayUntrusted("app_unknown")
    return await line.client.read_notification(body)


def _note(rt: Runtime, merchant_id: MerchantId, refusal: Problem, error: AlipayUntrusted, size: int) -> None:
    REFUSALS.note(rt, merchant_id, f"alipay_{error.code}"[:40], refusal.status, f"{error} bytes={size}")
