"""Preparing a payment: record the intent, order it at WeChat, record what came of it.

On the checkout path: two statements before the call (one where no openid is needed), one after it; none after
it when a live attempt serves again. Those of shoppers who pay at once are shared: `beginning`.
"""

from datetime import datetime
from ipaddress import ip_address
from uuid import UUID

import msgspec
import structlog

from bihuan import identity
from bihuan.kernel.ids import PaymentId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.payments import beginning, clients, db, rules, tenders
from bihuan.payments.alipay import prepare as alipay_prepare
from bihuan.payments.clients import Line
from bihuan.payments.db import Begun, Draft, Intent, Prepaid
from bihuan.payments.errors import (
    AlreadyPaid,
    H5Unavailable,
    OpenidRequired,
    PaymentClosed,
    PlanChanged,
    TooManyAttempts,
    WeChatPayRefused,
    WeChatPayUnavailable,
)
from bihuan.payments.rules import Method
from bihuan.payments.schemas import Charge, PayParams, Prepared
from bihuan.wechat import PayError, Unavailable, Untrusted
from bihuan.wechat.pay import PrepayOrder

log = structlog.get_logger(__name__)

TOO_MANY = 429
_AGAIN = frozenset({"INVALID_REQUEST", "ORDER_CLOSED", "OUT_TRADE_NO_USED"})
"""Refusals that a fresh number cures: the number was ordered before with other parameters, or closed."""


async def prepare(
    rt: Runtime,
    merchant: Merchant,
    charge: Charge,
    method: Method,
    *,
    client_ip: str | None = None,
    wallet_fen: int = 0,
) -> Prepared:
    """Makes a payment that the shopper can confirm. `client_ip` is the shopper's, for wechat_h5.

    `wallet_fen` of it is set aside in her wallet first, and WeChat or Alipay is asked for the rest; asked for again
    with another part, the former plan is given up. Raises PaymentNotConfigured, OpenidRequired, AlreadyPaid,
    PaymentClosed, TooManyAttempts, WeChatPayRefused, WeChatPayUnavailable (the same request may be made again),
    WalletShort, WalletFrozen, ValueError for a part that leaves nothing to pay.
    """
    if not 0 <= wallet_fen < charge.amount_fen:
        raise ValueError(f"{wallet_fen} of {charge.amount_fen} fen by wallet leaves nothing for WeChat")
    if method in rules.ALIPAY_METHODS:
        return await alipay_prepare.prepare(rt, merchant, charge, method, wallet_fen)
    if method == "wechat_h5" and not _may_pay_in_browser(client_ip):
        raise H5Unavailable
    lines = await clients.lines_of(rt, merchant.merchant_id)
    line = lines.active()
    appid = lines.appid(method)
    for last in (False, True):
        begun, openid = await _begin(rt, merchant, charge, method, line, appid, wallet_fen)
        if begun.prepay_id is None and begun.code_url is None:
            try:
                begun = await _order(
                    rt, merchant, begun, line, _Way(method, appid, openid, client_ip), charge.amount_fen - wallet_fen
                )
            except PayError as refused:
                if refused.status == TOO_MANY:  # nothing happened there: the attempt stays, and serves the repeat
                    raise WeChatPayUnavailable from refused
                await _fail(rt, merchant, begun, refused)
                if last or refused.code not in _AGAIN:
                    raise WeChatPayRefused(wechat_code=refused.code, detail=refused.message) from refused
                continue
        return _prepared(line, appid, begun, method, wallet_fen)
    raise AssertionError("unreachable")


class _Way(msgspec.Struct, frozen=True):
    """How the shopper pays, and what WeChat wants to know for it."""

    method: Method
    appid: str
    openid: str | None
    client_ip: str | None


def _may_pay_in_browser(client_ip: str | None) -> bool:
    """WeChat compares the address that orders with the one that opens the page: this machine's own is none."""
    try:
        return not ip_address(client_ip or "").is_loopback
    except ValueError:
        return False


async def _begin(
    rt: Runtime, merchant: Merchant, charge: Charge, method: Method, line: Line, appid: str, wallet_fen: int
) -> tuple[Begun, str | None]:
    openid: str | None = None
    if method in ("wechat_jsapi", "wechat_mini"):
        openid = await identity.OPENIDS.find(rt, merchant.merchant_id, (charge.shopper_id, appid))
        if openid is None:
            raise OpenidRequired
    now = rt.clock.now()
    draft = Draft(
        payment_id=PaymentId(new_id()),
        attempt_id=new_id(),
        method=method,
        mchid=line.account.mchid,
        appid=appid,
        openid=openid,
        description=charge.description[:127] or "订单",
        expires_at=rules.expiry_at_wechat(now, charge.expires_at),
        due_at=now + rules.FIRST_CHECK,
    )
    intent = Intent(charge, draft, rules.prepay_life(method), wallet_fen)
    begun = await beginning.INTENTS.submit(rt, merchant.merchant_id, intent)
    if begun.payment_state == "replan":
        async with rt.db.transaction() as tx:
            await tenders.plan(tx, merchant.merchant_id, charge, wallet_fen)
        begun = await beginning.INTENTS.submit(rt, merchant.merchant_id, intent)
    if begun.payment_state == "replan":  # another tab planned otherwise in between
        raise PlanChanged
    if begun.payment_state == "paid":
        raise AlreadyPaid
    if begun.payment_state == "closed":
        raise PaymentClosed
    if begun.payment_state == "exhausted":
        raise TooManyAttempts
    return begun, openid


async def _order(rt: Runtime, merchant: Merchant, begun: Begun, line: Line, way: _Way, amount_fen: int) -> Begun:
    """Orders at WeChat. Raises PayError; an unknown outcome leaves the attempt for a repeat or the janitor."""
    attempt_id, out_trade_no, description, expires_at = _fields(begun)
    transactions, appid = line.ordering(way.appid)
    order = PrepayOrder(
        appid=appid,
        description=description,
        out_trade_no=out_trade_no,
        total_fen=amount_fen,
        notify_url=f"{rt.settings.public_url}/wechat/{merchant.code}/pay/notify",
        expires_at=expires_at,
        profit_sharing=line.account.profit_sharing,
    )
    prepay_id: str | None = None
    code_url: str | None = None
    try:
        if way.openid is not None:
            prepay_id = await transactions.jsapi(order, openid=way.openid)
        elif way.method == "wechat_h5":
            code_url = await transactions.h5(order, payer_client_ip=way.client_ip or "")
        else:
            code_url = await transactions.native(order)
    except (Unavailable, Untrusted) as error:
        log.warning("prepay without an answer", out_trade_no=out_trade_no, error=str(error))
        raise WeChatPayUnavailable from error
    if not (prepay_id or code_url):
        raise WeChatPayUnavailable
    if not await beginning.PREPAID.submit(rt, merchant.merchant_id, Prepaid(attempt_id, prepay_id, code_url)):
        raise PaymentClosed
    return Begun(
        begun.payment_id, begun.payment_state, attempt_id, out_trade_no, prepay_id, code_url, description, expires_at
    )


def _fields(begun: Begun) -> tuple[UUID, str, str, datetime]:
    if begun.attempt_id is None or begun.out_trade_no is None or begun.description is None or begun.expires_at is None:
        raise RuntimeError("an open payment without an attempt")
    return begun.attempt_id, begun.out_trade_no, begun.description, begun.expires_at


async def _fail(rt: Runtime, merchant: Merchant, begun: Begun, refused: PayError) -> None:
    attempt_id, *_ = _fields(begun)
    async with rt.db.session() as tx:
        await db.set_failed(tx, merchant.merchant_id, attempt_id, f"{refused.code}: {refused.message}")


def _prepared(line: Line, appid: str, begun: Begun, method: Method, wallet_fen: int) -> Prepared:
    *_, expires_at = _fields(begun)
    params: PayParams | None = None
    if begun.prepay_id is not None:
        params = PayParams(**line.client.jsapi_params(appid, begun.prepay_id))
    if method == "wechat_h5":
        return Prepared(begun.payment_id, method, None, None, expires_at, h5_url=begun.code_url, wallet_fen=wallet_fen)
    return Prepared(begun.payment_id, method, params, begun.code_url, expires_at, wallet_fen=wallet_fen)
