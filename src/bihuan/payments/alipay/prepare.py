"""Preparing a payment at Alipay: record the intent, order it, record what came of it.

A page is a signed address and needs no call; Alipay hears of the trade when the shopper opens it. A code is ordered.
"""

from uuid import UUID

import msgspec
import structlog

from bihuan.alipay import AlipayRefused, AlipayUnavailable, AlipayUntrusted, TradeOrder
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.payments import beginning, rules, tenders
from bihuan.payments import db as payments_db
from bihuan.payments.alipay import db
from bihuan.payments.alipay.db import Attempt
from bihuan.payments.alipay.errors import AlipayCallRefused, AlipayNotAnswering
from bihuan.payments.alipay.lines import Line, lines_of
from bihuan.payments.db import Prepaid
from bihuan.payments.errors import PaymentClosed, TooManyAttempts
from bihuan.payments.rules import Method
from bihuan.payments.schemas import Charge, Prepared

log = structlog.get_logger(__name__)

_AGAIN = frozenset({"ACQ.TRADE_HAS_CLOSE", "ACQ.CONTEXT_INCONSISTENT", "ACQ.INVALID_PARAMETER"})
"""Refusals that a fresh number may cure: the number was ordered before with other parameters, or closed."""


async def prepare(rt: Runtime, merchant: Merchant, charge: Charge, method: Method, wallet_fen: int) -> Prepared:
    """A page to open (`h5_url`) or a code to scan (`code_url`); a live attempt serves again.

    Raises PaymentNotConfigured, AlipayMissing, AlreadyPaid, PaymentClosed, TooManyAttempts, AlipayCallRefused,
    AlipayNotAnswering (the same request may be made again), WalletShort, WalletFrozen.
    """
    line = (await lines_of(rt, merchant.merchant_id)).active()
    for last in (False, True):
        attempt = await _begin(rt, merchant, charge, method, line, wallet_fen)
        if attempt.code_url is None:
            try:
                attempt = await _order(rt, merchant, charge, line, attempt)
            except AlipayRefused as refused:
                async with rt.db.session() as tx:
                    await payments_db.set_failed(tx, merchant.merchant_id, attempt.attempt_id, str(refused))
                if last or refused.code not in _AGAIN:
                    raise AlipayCallRefused(alipay_code=refused.code, detail=refused.message) from refused
                continue
        paged = method != "alipay_qr"
        return Prepared(
            attempt.payment_id,
            method,
            None,
            None if paged else attempt.code_url,
            attempt.expires_at,
            h5_url=attempt.code_url if paged else None,
            wallet_fen=wallet_fen,
        )
    raise AssertionError("unreachable")


async def _begin(
    rt: Runtime, merchant: Merchant, charge: Charge, method: Method, line: Line, wallet_fen: int
) -> Attempt:
    async with rt.db.transaction() as tx:
        payment = await tenders.plan(tx, merchant.merchant_id, charge, wallet_fen)
        wanted = Attempt(
            attempt_id=new_id(),
            payment_id=payment.payment_id,
            method=method,
            seller_id=line.account.seller_id,
            app_id=line.account.app_id,
            amount_fen=charge.amount_fen - wallet_fen,
            wallet_fen=wallet_fen,
            description=charge.description[:127] or "订单",
            expires_at=rules.expiry_at_wechat(tx.now, charge.expires_at),
        )
        serving = await db.find_serving(tx, merchant.merchant_id, wanted, rules.PREPAY_LIFE)
        if serving is not None:
            return serving
        if await db.count_attempts(tx, merchant.merchant_id, payment.payment_id) >= rules.MOST_ATTEMPTS:
            raise TooManyAttempts
        await db.insert(tx, merchant.merchant_id, wanted, tx.now + rules.FIRST_CHECK)
        return wanted


async def _order(rt: Runtime, merchant: Merchant, charge: Charge, line: Line, attempt: Attempt) -> Attempt:
    """Raises AlipayRefused; an unknown outcome leaves the attempt for a repeat or the janitor."""
    site = rt.settings.public_url
    order = TradeOrder(
        out_trade_no=attempt.out_trade_no,
        subject=attempt.description,
        total_fen=attempt.amount_fen,
        notify_url=f"{site}/alipay/{merchant.code}/notify",
        expires_at=attempt.expires_at,
        return_url=f"{site}{return_path(merchant.code, charge.purpose, charge.reference_id)}",
    )
    try:
        if attempt.method == "alipay_qr":
            code_url = await line.client.precreate(order)
        else:
            code_url = await line.client.page_url(order, "wap" if attempt.method == "alipay_wap" else "page")
    except (AlipayUnavailable, AlipayUntrusted) as error:
        log.warning("order at Alipay without an answer", out_trade_no=attempt.out_trade_no, error=str(error))
        raise AlipayNotAnswering from error
    if not await beginning.PREPAID.submit(rt, merchant.merchant_id, Prepaid(attempt.attempt_id, None, code_url)):
        raise PaymentClosed
    return msgspec.structs.replace(attempt, code_url=code_url)


def return_path(code: str, purpose: str, reference_id: UUID) -> str:
    """Where Alipay's page leads back to: without a fragment, since Alipay adds a query."""
    return f"/alipay/{code}/return/{purpose}/{reference_id}"
