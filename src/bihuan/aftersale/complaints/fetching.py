"""Asking WeChat about complaints: the one way in.

A complaint that something was heard of is asked about with its whole history, outside of any transaction; then both
are written together, under the merchant that it is about, and the news is done with.
"""

from datetime import datetime, timedelta
from functools import partial

import structlog

from bihuan import orders
from bihuan.aftersale.complaints import db, db_desks, rules, turns
from bihuan.aftersale.complaints.db import ComplaintRow, EventRow
from bihuan.aftersale.complaints.db_desks import NewsRow
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import complained
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import Complaint, ComplaintDesk, Negotiation

log = structlog.get_logger(__name__)

PER_RUN = 50
_LEASE = timedelta(seconds=30)
_PAGE = 100
_MOST_PAGES = 10


async def run_due(rt: Runtime) -> int:
    """The job: asks about complaints of which something was heard; returns how many."""
    async with rt.db.transaction() as tx:
        found = await db_desks.claim_news(tx, _LEASE, PER_RUN)
    return await turns.each(found, partial(ask, rt))


async def refresh(rt: Runtime, merchant_id: MerchantId, mchid: str, complaint_no: str) -> None:
    """Asks about one complaint now, if anything was heard of it; what fails is left to the job."""
    async with rt.db.session() as tx:
        news = await db_desks.find_news(tx, merchant_id, mchid, complaint_no)
    if news is not None:
        await ask(rt, news)


async def ask(rt: Runtime, news: NewsRow) -> None:
    """Asks about one complaint and writes what WeChat says; when it does not say, it is put off."""
    began: datetime = rt.clock.now()
    desk = await complained.desk_of(rt, news.merchant_id, news.mchid)
    error = "no usable account"
    if desk is not None:
        try:
            complaint = await desk.detail(news.complaint_no)
            history = await read_history(desk, news.complaint_no)
        except PayError as refusal:
            if refusal.status == 404 and refusal.verified:
                log.warning("no such complaint at WeChat", complaint_no=news.complaint_no)
                await _forget(rt, news)
                return
            error = str(refusal)
        except WeChatError as failure:
            error = str(failure)
        else:
            await _write(rt, news, complaint, history, began)
            return
    log.warning("complaint not asked about", complaint_no=news.complaint_no, error=error, attempts=news.attempts)
    if news.attempts >= rules.MOST_ATTEMPTS:
        await _forget(rt, news)
        return
    async with rt.db.transaction() as tx:
        await db_desks.put_off_news(tx, news, rules.pause(news.attempts))


async def _forget(rt: Runtime, news: NewsRow) -> None:
    async with rt.db.transaction() as tx:
        await db_desks.forget_news(tx, news)


async def read_history(desk: ComplaintDesk, complaint_no: str) -> list[Negotiation]:
    """What was said and done, the oldest first. Raises WeChatError."""
    latest: list[Negotiation] = []
    for page in range(_MOST_PAGES):
        got = await desk.negotiations(complaint_no, limit=_PAGE, offset=page * _PAGE)
        latest += got.data
        if len(got.data) < _PAGE:
            break
    return latest[::-1]


async def whose(tx: Tx, merchant_id: MerchantId, mchid: str, complainted: set[str]) -> dict[str, MerchantId]:
    """The merchants here that are complained about, of those that this account is told of."""
    found = await complained.merchants_of_subs(tx, mchid, sorted(complainted - {mchid}))
    return {**found, **({mchid: merchant_id} if mchid in complainted else {})}


async def _write(rt: Runtime, news: NewsRow, complaint: Complaint, history: list[Negotiation], began: datetime) -> None:
    about = complaint.complainted_mchid or news.mchid
    async with rt.db.transaction() as tx:
        merchant_id = (await whose(tx, news.merchant_id, news.mchid, {about})).get(about)
        if merchant_id is None:
            log.warning("complaint about nobody here", complaint_no=news.complaint_no, mchid=about)
        else:
            row = await _row(tx, merchant_id, about, complaint, began)
            complaint_id = await db.write(tx, merchant_id, row)
            events = [_event(ordinal, line, row.complained_at) for ordinal, line in enumerate(history)]
            await db.add_events(tx, merchant_id, complaint_id, events)
            await db.note_answered(tx, merchant_id, complaint_id)
        await db_desks.forget_news(tx, news)


async def _row(tx: Tx, merchant_id: MerchantId, about: str, told: Complaint, began: datetime) -> ComplaintRow:
    # WeChat: a list for the future, one payment today.
    payment = told.complaint_order_info[0] if told.complaint_order_info else None
    order_id, order_no = await _order(tx, merchant_id, payment.out_trade_no if payment else "")
    problem_type = rules.problem_type_of(told.problem_type)
    return ComplaintRow(
        complaint_id=new_id(),
        complaint_no=told.complaint_id,
        mchid=about,
        state=rules.state_of(told.complaint_state),
        problem_type=problem_type,
        problem=_text(told.problem_description),
        detail=_text(told.complaint_detail),
        pictures=[url for media in told.complaint_media_list for url in media.media_url if rules.is_picture(url)],
        openid=told.payer_openid,
        transaction_id=payment.transaction_id if payment else "",
        out_trade_no=payment.out_trade_no if payment else "",
        amount_fen=max(0, payment.amount) if payment else 0,
        asked_fen=told.apply_refund_amount if problem_type == "refund" and told.apply_refund_amount > 0 else None,
        full_refunded=told.complaint_full_refunded,
        user_waits=told.incoming_user_response,
        platform_helps=told.in_platform_service,
        times=max(0, told.user_complaint_times),
        order_id=order_id,
        order_no=order_no,
        complained_at=_moment(told.complaint_time) or tx.now,
        answered_at=None,
        fetched_at=began,
    )


async def _order(tx: Tx, merchant_id: MerchantId, out_trade_no: str) -> tuple[OrderId | None, str | None]:
    paid = (await complained.find_paid(tx, merchant_id, [out_trade_no])).get(out_trade_no)
    if paid is None or paid.purpose != "order":
        return None, None
    order_id = OrderId(paid.reference_id)
    found = (await orders.list_orders(tx, merchant_id, [order_id])).get(order_id)
    return (order_id, found.order_no) if found else (None, None)


def _event(ordinal: int, line: Negotiation, complained_at: datetime) -> EventRow:
    urls = [*line.image_list, *line.complaint_media_list.media_url]
    return EventRow(
        log_no=line.log_id,
        ordinal=ordinal,
        operator=_text(line.operator),
        kind=line.operate_type,
        details=_text(line.operate_details),
        pictures=[url for url in dict.fromkeys(urls) if rules.is_picture(url)],
        happened_at=_moment(line.operate_time) or complained_at,
    )


def _text(told: str) -> str:
    """Without what no text of the database can hold."""
    return told.replace("\x00", "")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
