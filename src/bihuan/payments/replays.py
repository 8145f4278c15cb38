"""Looking again at what was parked, once its cause is mended.

What was told then is not believed again: WeChat (or Alipay) is asked anew, and its present answer is settled as any
other. So a replay is harmless: still amiss, it is parked as before; settled, nothing of it is parked any more.
"""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
import structlog
from litestar import post

from bihuan.alipay import AlipayError, Trade
from bihuan.kernel.errors import BadGateway, Conflict, NotFound
from bihuan.kernel.http import access
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, db_replays, refunds
from bihuan.payments.alipay import asking
from bihuan.payments.clients import Line
from bihuan.payments.db_replays import ParkedMoney
from bihuan.payments.errors import PaymentNotConfigured
from bihuan.payments.inbox import INBOX
from bihuan.payments.settling import Heard
from bihuan.staff import StaffSession
from bihuan.wechat import WeChatError
from bihuan.wechat.pay import Refund, Transaction

log = structlog.get_logger(__name__)

_AFTER_REFUND = "REFUND"


class NotPaidThere(Conflict):
    """WeChat (or Alipay) does not call this number paid: there is nothing to settle."""

    code = "not_paid_there"
    zh = "支付平台查询结果：该单未支付，无款可入账。"
    en = "The payment platform does not call this paid; there is nothing to settle."


class NoAnswer(BadGateway):
    """Nobody who could know this number gave an answer."""

    code = "no_answer_from_payments"
    zh = "没有查到结果，请检查商户号与密钥后重试：{detail_of}"
    en = "No usable answer; check the account and its keys: {detail_of}"


class Replayed(msgspec.Struct, frozen=True):
    """What came of it. queued: the refund is tried at once; parked: still amiss, `reason` says why."""

    outcome: Literal["accepted", "refused", "repeat", "refund", "queued", "parked"]
    reason: str | None = None


async def replay(rt: Runtime, merchant_id: MerchantId, kind: str, parked_id: str) -> Replayed:
    """Looks at something parked again. Raises NotFound, NotPaidThere, NoAnswer, PaymentNotConfigured."""
    if kind == "refund":
        return await _refund(rt, merchant_id, parked_id)
    async with rt.db.session() as tx:
        found = None
        if kind == "notification":
            found = await db_replays.find_notification(tx, merchant_id, parked_id)
        elif kind == "payment" and (attempt_id := _uuid(parked_id)) is not None:
            found = await db_replays.find_payment(tx, merchant_id, attempt_id)
    if found is None or not found.reference:
        raise NotFound
    clients.forget(merchant_id)  # what was mended may be the account
    if found.event_type.startswith(_AFTER_REFUND):
        return await _refund_notification(rt, merchant_id, found)
    told = await _ask(rt, merchant_id, found.reference)
    if not told.is_paid:
        raise NotPaidThere
    async with rt.db.transaction() as tx:
        await db_replays.reopen(tx, merchant_id, found.reference)
    outcome = await INBOX.settle(rt, merchant_id, Heard(told))
    async with rt.db.transaction() as tx:
        reason = await db_replays.verdict_of(tx, merchant_id, found.reference)
        if outcome != "parked":
            await db_replays.unpark_notifications(tx, merchant_id, found.reference, outcome)
    log.info("parked payment replayed", reference=found.reference, outcome=outcome)
    return Replayed(outcome, reason if outcome != "parked" or reason else "unknown_order")


async def _refund(rt: Runtime, merchant_id: MerchantId, parked_id: str) -> Replayed:
    refund_id = _uuid(parked_id)
    async with rt.db.transaction() as tx:
        if refund_id is None or not await db_replays.hurry_refund(tx, merchant_id, refund_id):
            raise NotFound
    return Replayed("queued")


async def _refund_notification(rt: Runtime, merchant_id: MerchantId, found: ParkedMoney) -> Replayed:
    told: Refund | None = None
    said = ""
    for line in await _lines(rt, merchant_id):
        try:
            told = await line.client.query_refund(found.reference)
            break
        except WeChatError as error:
            said = str(error)
    if told is None:
        raise NoAnswer(detail_of=said[:200])
    async with rt.db.transaction() as tx:
        reason = await refunds.record(tx, merchant_id, told)
        if reason is None:
            await db_replays.unpark_notifications(tx, merchant_id, found.reference, "refund")
    return Replayed("parked", reason) if reason else Replayed("refund")


async def _ask(rt: Runtime, merchant_id: MerchantId, number: str) -> Transaction | Trade:
    """What is known of a number there; of one that is no attempt of ours every account is asked."""
    async with rt.db.session() as tx:
        attempt = await db_replays.find_attempt(tx, merchant_id, number)
    if attempt is not None and attempt.tender == "alipay":
        trade = await asking.ask(rt, attempt)
        if isinstance(trade, AlipayError):
            raise NoAnswer(detail_of=str(trade)[:200])
        return trade
    said = ""
    for line in await _lines(rt, merchant_id):
        try:
            return await line.client.query_by_out_trade_no(number)
        except WeChatError as error:
            said = str(error)
    raise NoAnswer(detail_of=said[:200])


async def _lines(rt: Runtime, merchant_id: MerchantId) -> Sequence[Line]:
    found = (await clients.lines_of(rt, merchant_id)).lines
    if not found:
        raise PaymentNotConfigured(missing="微信支付")
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@post(
    "/api/merchant/payments/parked/{kind:str}/{parked_id:str}/replay",
    status_code=200,
    opt=access("staff:payments.write"),
)
async def replay_parked(rt: Runtime, staff: StaffSession, kind: str, parked_id: str) -> Replayed:
    """Looks at something parked again, after its cause was mended; again and again does no harm.

    409 `not_paid_there`, `payment_not_configured`, 502 `no_answer_from_payments`.
    """
    return await replay(rt, staff.merchant_id, kind, parked_id)


ROUTES = (replay_parked,)
