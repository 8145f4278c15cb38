"""Complaints as the merchant sees them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from bihuan import identity, orders
from bihuan.aftersale.complaints import db, db_answers, db_desks, rules
from bihuan.aftersale.complaints.db import ComplaintRow, EventRow
from bihuan.aftersale.complaints.schemas import (
    AnswerView,
    ComplaintCounts,
    ComplaintDetail,
    ComplaintEvent,
    ComplaintLine,
    ComplaintOrder,
    ComplaintView,
    DeskView,
)
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, ShopperId
from bihuan.orders import OrderRow


async def show(tx: Tx, merchant_id: MerchantId, rows: Sequence[ComplaintRow]) -> list[ComplaintView]:
    """A page: two more queries, however many complaints."""
    found = await orders.list_orders(tx, merchant_id, [row.order_id for row in rows if row.order_id])
    names = await _names(tx, found.values())
    whose = {order_id: names.get(order.shopper_id) for order_id, order in found.items()}
    return [_view(row, whose.get(row.order_id) if row.order_id else None) for row in rows]


async def _names(tx: Tx, bought: Iterable[OrderRow]) -> dict[ShopperId, str | None]:
    shoppers = await identity.list_shoppers(tx, list({row.shopper_id for row in bought}))
    return {shopper_id: shopper.nickname for shopper_id, shopper in shoppers.items()}


def picture_url(complaint_id: UUID, url: str) -> str:
    """Where a picture of WeChat's is shown to the merchant's staff."""
    return f"/api/merchant/complaints/{complaint_id}/pictures/{rules.picture_name(url)}"


def _view(row: ComplaintRow, shopper_name: str | None) -> ComplaintView:
    return ComplaintView(
        complaint_id=row.complaint_id,
        complaint_no=row.complaint_no,
        mchid=row.mchid,
        state=row.state,
        waits=row.state == "pending" or row.user_waits,
        problem_type=row.problem_type,
        problem=row.problem,
        detail=row.detail,
        pictures=[picture_url(row.complaint_id, url) for url in row.pictures],
        amount_fen=row.amount_fen,
        asked_fen=row.asked_fen,
        full_refunded=row.full_refunded,
        user_waits=row.user_waits,
        platform_helps=row.platform_helps,
        times=row.times,
        order_id=row.order_id,
        order_no=row.order_no,
        shopper_name=shopper_name,
        transaction_id=row.transaction_id,
        complained_at=row.complained_at,
        answered_at=row.answered_at,
        answer_by=rules.answer_by(row.complained_at, row.answered_at) if row.state != "processed" else None,
        finish_by=rules.finish_by(row.complained_at, row.state),
    )


async def get_own(tx: Tx, merchant_id: MerchantId, complaint_id: UUID) -> ComplaintRow:
    """A complaint of the merchant's. Raises NotFound for another's as for none."""
    row = await db.find(tx, merchant_id, complaint_id)
    if row is None:
        raise NotFound
    return row


async def show_whole(tx: Tx, merchant_id: MerchantId, complaint_id: UUID) -> ComplaintDetail:
    """One complaint with its order and history. Raises NotFound."""
    row = await get_own(tx, merchant_id, complaint_id)
    (view,) = await show(tx, merchant_id, [row])
    events = await db.list_events(tx, merchant_id, complaint_id)
    last = await db_answers.find_last(tx, merchant_id, complaint_id)
    fields = {name: getattr(view, name) for name in ComplaintView.__struct_fields__}
    return ComplaintDetail(
        **fields,
        order=await _order(tx, merchant_id, row),
        events=[_event(complaint_id, event) for event in events],
        answer=AnswerView(
            answer_id=last.answer_id,
            kind=last.kind,
            content=last.content,
            pictures=last.pictures,
            state=last.state,
            error=last.error if last.state == "refused" else None,
            created_at=last.created_at,
        )
        if last is not None and last.state != "sent"
        else None,
    )


def _event(complaint_id: UUID, event: EventRow) -> ComplaintEvent:
    return ComplaintEvent(
        at=event.happened_at,
        side=rules.side_of(event.kind),
        operator=event.operator,
        kind=event.kind,
        details=event.details,
        pictures=[picture_url(complaint_id, url) for url in event.pictures],
    )


async def _order(tx: Tx, merchant_id: MerchantId, row: ComplaintRow) -> ComplaintOrder | None:
    if row.order_id is None:
        return None
    order = (await orders.list_orders(tx, merchant_id, [row.order_id])).get(row.order_id)
    if order is None:
        return None
    lines = await orders.list_lines(tx, merchant_id, [row.order_id])
    return ComplaintOrder(
        order_id=order.order_id,
        order_no=order.order_no,
        state=order.state,
        total_fen=order.total_fen,
        paid_fen=order.paid_fen,
        refunded_fen=order.refunded_fen,
        created_at=order.created_at,
        lines=[
            ComplaintLine(line.title, line.option_values, line.image_url, line.quantity, line.total_fen)
            for line in lines
        ],
    )


async def find_picture(tx: Tx, row: ComplaintRow, merchant_id: MerchantId, name: str) -> str:
    """WeChat's address of a picture in a complaint or its history. Raises NotFound."""
    events = await db.list_events(tx, merchant_id, row.complaint_id)
    for url in (*row.pictures, *(url for event in events for url in event.pictures)):
        if rules.picture_name(url) == name:
            return url
    raise NotFound


async def show_counts(tx: Tx, merchant_id: MerchantId) -> ComplaintCounts:
    """Whether WeChat tells of complaints, and how many there are."""
    counted = await db.count(tx, merchant_id, tx.now - rules.ANSWER_WITHIN)
    desks = await db_desks.list_desks(tx, merchant_id)
    return ComplaintCounts(
        by_state={one.state: one.count for one in counted},
        waiting=sum(one.waiting for one in counted),
        overdue=sum(one.overdue for one in counted),
        desks=[
            DeskView(mchid=desk.mchid, told=desk.url is not None, error=desk.error, swept_at=desk.swept_at)
            for desk in desks
        ],
    )
