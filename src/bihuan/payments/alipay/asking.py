"""Asking Alipay how an attempt stands, and closing it.

Alipay knows a trade only from when the shopper opened the page or scanned the code, so "no such trade" is how an
unpaid attempt looks; it is closed for good when its time is over, since Alipay takes no payment after it.
"""

from datetime import timedelta

import structlog

from bihuan.alipay import AlipayError, AlipayRefused, Trade
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay.lines import Line, lines_of
from bihuan.payments.db_watch import WatchedRow

log = structlog.get_logger(__name__)

AFTER_EXPIRY = timedelta(seconds=20)
_CLOSED = frozenset({"ACQ.TRADE_HAS_CLOSE", "ACQ.TRADE_HAS_CLOSED"})


async def ask(rt: Runtime, row: WatchedRow) -> Trade | AlipayError:
    """The trade, or why there is none."""
    line = await _line(rt, row)
    if line is None:
        return AlipayError("no_account", f"account {row.mchid} is not usable")
    try:
        return await line.client.query(row.out_trade_no)
    except AlipayError as error:
        return error


def unknown(told: object) -> bool:
    """Alipay says, signed, that it has no such trade."""
    return isinstance(told, AlipayRefused) and told.verified and told.code == "ACQ.TRADE_NOT_EXIST"


async def close(rt: Runtime, row: WatchedRow) -> bool:
    """Closes at Alipay; False when it refused (it may be paid), gave no answer, or does not know it yet."""
    line = await _line(rt, row)
    if line is None:
        return False
    try:
        await line.client.close(row.out_trade_no)
    except AlipayError as error:
        if isinstance(error, AlipayRefused) and error.verified and error.code in _CLOSED:
            return True
        if unknown(error):
            return row.expires_at + AFTER_EXPIRY < rt.clock.now()
        log.info("not closed", out_trade_no=row.out_trade_no, error=str(error))
        return False
    return True


async def _line(rt: Runtime, row: WatchedRow) -> Line | None:
    lines = await lines_of(rt, row.merchant_id)
    return lines.of_app(row.appid) or lines.of_seller(row.mchid)
