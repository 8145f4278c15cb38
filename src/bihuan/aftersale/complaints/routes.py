"""Routes of complaints: WeChat's notifications, and the merchant's room."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from bihuan.aftersale import pictures as uploads
from bihuan.aftersale.complaints import answering, db, db_answers, listening, pictures, views
from bihuan.aftersale.complaints.errors import AnswerRefused, NoDesk
from bihuan.aftersale.complaints.rules import Kind, State
from bihuan.aftersale.complaints.schemas import ComplaintCounts, ComplaintDetail, ComplaintView, ReplyInput
from bihuan.kernel import idempotency, paging
from bihuan.kernel.errors import BadGateway, NotFound, Unprocessable
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.payments import complained
from bihuan.staff import StaffSession
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import MAX_NOTIFICATION_BYTES

_READ = access("staff:aftersale.read")
_WRITE = access("staff:aftersale.write")
_COMPLAINT = "/api/merchant/complaints/{complaint_id:uuid}"
StateFilter = Annotated[State | None, QueryParameter(name="state", required=False)]
Waiting = Annotated[bool, QueryParameter(name="waiting", required=False, description="Only those that wait for us.")]


@post(
    "/wechat/{m:str}/pay/complaint-notify",
    status_code=204,
    opt=access("callback"),
    request_max_body_size=MAX_NOTIFICATION_BYTES,
)
async def notify(rt: Runtime, m: str, request: Request[Any, Any, Any]) -> None:
    """WeChat Pay's notification that something happened to a complaint: 204 when it is noted."""
    await listening.hear(rt, m, dict(request.headers), await request.body())


@get("/api/merchant/complaints", opt=_READ)
async def list_complaints(
    rt: Runtime,
    staff: StaffSession,
    of_state: StateFilter = None,
    waiting: Waiting = False,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ComplaintView]:
    """The merchant's complaints, the latest first."""
    before = paging.decode(cursor, tuple[datetime, UUID])
    async with rt.db.session() as tx:
        rows = await db.list_of_merchant(
            tx, staff.merchant_id, state=of_state, waiting=waiting, before=before, limit=limit + 1
        )
        items = await views.show(tx, staff.merchant_id, rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(items, paging.encode(last.complained_at.isoformat(), str(last.complaint_id)) if last else None)


@get("/api/merchant/complaints/counts", opt=_READ)
async def count_complaints(rt: Runtime, staff: StaffSession) -> ComplaintCounts:
    """How many there are, wait and were not answered in time; whether WeChat tells of them."""
    async with rt.db.session() as tx:
        return await views.show_counts(tx, staff.merchant_id)


@get(_COMPLAINT, opt=_READ)
async def get_complaint(rt: Runtime, staff: StaffSession, complaint_id: UUID) -> ComplaintDetail:
    """One complaint with its order and history."""
    async with rt.db.session() as tx:
        return await views.show_whole(tx, staff.merchant_id, complaint_id)


@get(f"{_COMPLAINT}/pictures/{{name:str}}", opt=_READ)
async def get_picture(rt: Runtime, staff: StaffSession, complaint_id: UUID, name: FromPath[str]) -> Response[bytes]:
    """A picture of the complaint or its history, which WeChat gives to a signed request alone."""
    async with rt.db.session() as tx:
        row = await views.get_own(tx, staff.merchant_id, complaint_id)
        url = await views.find_picture(tx, row, staff.merchant_id, name)
    desk = await complained.desk_of(rt, staff.merchant_id, row.mchid)
    if desk is None:
        raise NoDesk(mchid=row.mchid)
    try:
        content, kind = await pictures.fetch(desk, url)
    except PayError as error:
        raise NotFound from error
    except WeChatError as error:
        raise BadGateway from error
    headers = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=kind, headers=headers)


@post(f"{_COMPLAINT}/reply", status_code=200, opt=_WRITE)
async def reply(
    rt: Runtime, staff: StaffSession, complaint_id: UUID, data: ReplyInput, idempotency_key: IdempotencyKey = None
) -> ComplaintDetail:
    """Answers the shopper in WeChat. While WeChat does not confirm it, `answer` is being sent.

    409 `complaint_answer_under_way`, `complaint_answer_refused`, `complaint_account_missing`; 422 `pictures_not_own`.
    """
    content = data.content.strip()
    if not content or "\x00" in content:
        raise Unprocessable
    said = ReplyInput(content, data.pictures)
    return await _answer(rt, staff, complaint_id, "reply", said, idempotency_key)


@post(f"{_COMPLAINT}/complete", status_code=200, opt=_WRITE)
async def complete(
    rt: Runtime, staff: StaffSession, complaint_id: UUID, idempotency_key: IdempotencyKey = None
) -> ComplaintDetail:
    """Says that the complaint is dealt with. 409 `complaint_not_answered`, `complaint_completed` and as `reply`."""
    return await _answer(rt, staff, complaint_id, "complete", None, idempotency_key)


async def _answer(
    rt: Runtime, staff: StaffSession, complaint_id: UUID, kind: Kind, said: ReplyInput | None, key: str | None
) -> ComplaintDetail:
    fresh = False

    async def work() -> UUID:
        nonlocal fresh
        fresh = True
        if said is None:
            return await answering.begin(tx, staff.merchant_id, complaint_id, kind, staff.staff_id)
        await uploads.check_own(tx, staff.merchant_id, staff.staff_id, said.pictures)
        return await answering.begin(
            tx, staff.merchant_id, complaint_id, kind, staff.staff_id, said.content, said.pictures
        )

    async with rt.db.session() as tx:
        row = await views.get_own(tx, staff.merchant_id, complaint_id)
    await answering.check_desk(rt, staff.merchant_id, row.mchid)
    async with rt.db.transaction() as tx:
        actor, command = f"staff:{staff.staff_id}", [str(complaint_id), said]
        answer_id = await idempotency.run_once(
            tx, staff.merchant_id, actor, key, f"complaints.{kind}", command, UUID, work
        )
    if fresh:
        await answering.send(rt, staff.merchant_id, answer_id)
    async with rt.db.session() as tx:
        answer = await db_answers.get(tx, staff.merchant_id, answer_id)
        if answer.state == "refused":
            raise AnswerRefused(reason=answer.error)
        return await views.show_whole(tx, staff.merchant_id, complaint_id)


ROUTES = (notify, list_complaints, count_complaints, get_complaint, get_picture, reply, complete)
