"""Payment codes: the shopper shows one, WeChat or Alipay takes the money, or wants her password first.

Whose a code is shows by its digits (`tender_of`). Alipay's are handed on to `payments.alipay`; of WeChat's:
https://pay.weixin.qq.com/doc/v3/merchant/4012791893. An answer that never came says nothing: the payment is asked
about, and undone when it stays undecided. A code is good for a minute, so an order that WeChat does not know once
that is over will never be paid.
"""

import re
from typing import Final, Literal
from uuid import UUID

import structlog

from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients
from bihuan.payments.alipay import codes as alipay_codes
from bihuan.payments.answers import Answer
from bihuan.payments.clients import Line
from bihuan.payments.db_counter import Part
from bihuan.payments.errors import PaymentNotConfigured
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import CodeOrder, Transaction, Transactions

log = structlog.get_logger(__name__)

# WeChat's words for "not decided yet", and for a number that it has heard before: ask.
_ASK = frozenset(
    {"USERPAYING", "USER_PAYING", "SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "ORDERPAID",
     "OUT_TRADE_NO_USED", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT"}
)  # fmt: skip


CodeTender = Literal["wechat", "alipay"]

_LOOKS: Final[dict[CodeTender, re.Pattern[str]]] = {
    "wechat": re.compile(r"1[0-5][0-9]{16}"),
    "alipay": re.compile(r"(2[5-9]|30)[0-9]{14,22}"),
}
"""What codes look like: WeChat's as above, Alipay's at https://opendocs.alipay.com/open/02ekfp (`auth_code`)."""


def tender_of(auth_code: str) -> CodeTender | None:
    """Whose a scanned code is; None for what is no payment code that is known here."""
    return next((tender for tender, look in _LOOKS.items() if look.fullmatch(auth_code)), None)


async def code_part(
    rt: Runtime, merchant_id: MerchantId, attempt_id: UUID, amount_fen: int, tender: CodeTender = "wechat"
) -> Part:
    """A part that a payment code is to pay at the merchant's present account of that tender.

    Raises PaymentNotConfigured, AlipayMissing.
    """
    if tender == "alipay":
        return await alipay_codes.code_part(rt, merchant_id, attempt_id, amount_fen)
    lines = await clients.lines_of(rt, merchant_id)
    line = lines.active()
    appid = lines.appid("wechat_native")
    return Part(attempt_id=attempt_id, tender="wechat", amount_fen=amount_fen, mchid=line.account.mchid, appid=appid)


async def charge(
    rt: Runtime, merchant_id: MerchantId, part: Part, *, auth_code: str, description: str, store: str, device: str
) -> Answer:
    """Sends the code once. Never again by itself: what is undecided is asked about.

    Raises ValueError for a code that is none, PaymentNotConfigured when the account is gone.
    """
    if part.tender == "alipay":
        return await alipay_codes.charge(
            rt, merchant_id, part, auth_code=auth_code, description=description, store=store, device=device
        )
    line, transactions, appid = await _line(rt, merchant_id, part)
    order = CodeOrder(
        appid=appid,
        description=description[:127],
        out_trade_no=part.out_trade_no,
        total_fen=part.amount_fen,
        auth_code=auth_code,
        store_out_id=store[:32],
        device_id=device[:32],
        profit_sharing=line.account.profit_sharing,
    )
    try:
        return _read(await transactions.codepay(order))
    except PayError as error:
        log.info("payment code refused", out_trade_no=part.out_trade_no, code=error.code)
        if error.code in _ASK or not error.verified:
            return Answer("undecided", code=error.code)
        return Answer("refused", code=error.code, message=error.message)
    except WeChatError as error:
        log.warning("payment code without an answer", out_trade_no=part.out_trade_no, error=str(error))
        return Answer("undecided", code=error.code)


async def ask(rt: Runtime, merchant_id: MerchantId, part: Part) -> Answer:
    """Asks how it stands."""
    if part.tender == "alipay":
        return await alipay_codes.ask(rt, merchant_id, part)
    _, transactions, _ = await _line(rt, merchant_id, part)
    try:
        return _read(await transactions.query_by_out_trade_no(part.out_trade_no))
    except PayError as error:
        unknown = error.verified and error.code == "ORDER_NOT_EXIST"
        return Answer("unknown" if unknown else "undecided", code=error.code)
    except WeChatError as error:
        return Answer("undecided", code=error.code)


async def reverse(rt: Runtime, merchant_id: MerchantId, part: Part) -> Answer:
    """Undoes it, paid or not, and tells how it stands then: ended when it is undone."""
    if part.tender == "alipay":
        return await alipay_codes.reverse(rt, merchant_id, part)
    _, transactions, appid = await _line(rt, merchant_id, part)
    try:
        await transactions.reverse(part.out_trade_no, appid=appid)
    except PayError as error:
        unknown = error.verified and error.code == "ORDER_NOT_EXIST"
        return Answer("unknown" if unknown else "undecided", code=error.code)
    except WeChatError as error:
        return Answer("undecided", code=error.code)
    return Answer("ended", code="REVOKED")


async def _line(rt: Runtime, merchant_id: MerchantId, part: Part) -> tuple[Line, Transactions, str]:
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(part.mchid)
    if line is None:
        raise PaymentNotConfigured(missing="微信支付")
    transactions, appid = line.ordering(part.appid)
    return line, transactions, appid


def _read(told: Transaction) -> Answer:
    if told.is_paid:
        return Answer("paid", told)
    if told.trade_state in ("USERPAYING", "NOTPAY", "ACCEPT"):
        return Answer("undecided", code=told.trade_state)
    return Answer("ended", code=told.trade_state)
