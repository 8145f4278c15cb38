"""Payment codes of Alipay's (付款码): the shopper shows one, Alipay takes the money, or wants her password first.

https://opendocs.alipay.com/open/00f7ns and 00f7nv. That a call was done does not say that it is paid: the query
decides. A refusal, too, may leave a trade that waits for its buyer, so what was refused is undone. No `notify_url` is
given: whoever charges a code asks how it stands, and nobody else settles it.
"""

from uuid import UUID

import structlog

from bihuan.alipay import AlipayError, AlipayRefused, CodeOrder
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay.asking import unknown
from bihuan.payments.alipay.lines import Line, lines_of
from bihuan.payments.answers import Answer
from bihuan.payments.db_counter import Part
from bihuan.payments.errors import PaymentNotConfigured

log = structlog.get_logger(__name__)

_ASK = frozenset({"ACQ.TRADE_HAS_SUCCESS", "ACQ.TRADE_HAS_CLOSE", "ACQ.CONTEXT_INCONSISTENT"})
"""Refusals that say that Alipay has heard the number before: ask."""


async def code_part(rt: Runtime, merchant_id: MerchantId, attempt_id: UUID, amount_fen: int) -> Part:
    """A part that a code of Alipay's is to pay. Raises PaymentNotConfigured, AlipayMissing."""
    account = (await lines_of(rt, merchant_id)).active().account
    return Part(
        attempt_id=attempt_id, tender="alipay", amount_fen=amount_fen, mchid=account.seller_id, appid=account.app_id
    )


async def charge(
    rt: Runtime, merchant_id: MerchantId, part: Part, *, auth_code: str, description: str, store: str, device: str
) -> Answer:
    """Sends the code once. Raises PaymentNotConfigured when the account is gone."""
    line = await _line(rt, merchant_id, part)
    order = CodeOrder(
        out_trade_no=part.out_trade_no,
        subject=description,
        total_fen=part.amount_fen,
        auth_code=auth_code,
        store_id=store,
        terminal_id=device,
    )
    try:
        done = await line.client.pay_by_code(order)
    except AlipayRefused as refused:
        log.info("Alipay's payment code refused", out_trade_no=part.out_trade_no, code=refused.code)
        if not refused.verified or refused.code in _ASK:
            return Answer("undecided", code=refused.code)
        undone = await reverse(rt, merchant_id, part)
        if undone.state in ("ended", "unknown"):  # Alipay answered: nothing of it is on its way any more
            return Answer("refused", undone.transaction, refused.code, refused.message)
        return Answer("undecided", code=refused.code)
    except AlipayError as error:
        log.warning("Alipay's payment code without an answer", out_trade_no=part.out_trade_no, error=str(error))
        return Answer("undecided", code=error.code)
    return await ask(rt, merchant_id, part) if done else Answer("undecided", code="WAIT_BUYER_PAY")


async def ask(rt: Runtime, merchant_id: MerchantId, part: Part) -> Answer:
    """Asks how it stands."""
    line = await _line(rt, merchant_id, part)
    try:
        trade = await line.client.query(part.out_trade_no)
    except AlipayError as error:
        return Answer("unknown" if unknown(error) else "undecided", code=error.code)
    if trade.is_paid:
        return Answer("paid", trade)
    if trade.trade_status == "TRADE_CLOSED":
        return Answer("ended", trade if trade.is_given_back else None, "TRADE_CLOSED")
    return Answer("undecided", code=trade.trade_status)


async def reverse(rt: Runtime, merchant_id: MerchantId, part: Part) -> Answer:
    """Undoes it, paid or not, and tells how it stands then: ended when it is undone."""
    line = await _line(rt, merchant_id, part)
    try:
        undone = await line.client.cancel(part.out_trade_no)
    except AlipayError as error:
        log.info("Alipay's payment code not undone", out_trade_no=part.out_trade_no, error=str(error))
        return Answer("unknown" if unknown(error) else "undecided", code=error.code)
    if undone == "nothing":
        return Answer("unknown", code="ACQ.TRADE_NOT_EXIST")
    if undone == "refunded":  # the money came in the meantime: what it was is told by the query
        log.warning("a payment was undone that had been paid", out_trade_no=part.out_trade_no)
        told = await ask(rt, merchant_id, part)
        return told if told.state == "ended" else Answer("undecided", code="CANCELLED")
    return Answer("ended", code="CANCELLED")


async def _line(rt: Runtime, merchant_id: MerchantId, part: Part) -> Line:
    lines = await lines_of(rt, merchant_id)
    line = lines.of_app(part.appid) or lines.of_seller(part.mchid)
    if line is None:
        raise PaymentNotConfigured(missing="支付宝")
    return line
