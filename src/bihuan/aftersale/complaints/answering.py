"""Answers of the merchant: recorded, then sent, then what came of it is recorded.

WeChat does not recognise a repeated reply. So whoever does not know whether one arrived asks for the history first:
it is sent again only when it is not there.
"""

from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog

from bihuan.aftersale.complaints import db, db_answers, db_desks, fetching, pictures, rules, turns
from bihuan.aftersale.complaints.db_answers import AnswerRow
from bihuan.aftersale.complaints.errors import AnswerUnderWay, Completed, NoDesk, NotAnswered
from bihuan.aftersale.complaints.rules import Kind
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, StaffId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import complained
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import ComplaintDesk

log = structlog.get_logger(__name__)

_LEASE = timedelta(seconds=60)
_PER_RUN = 50
_LATE = 429
"""WeChat asks to slow down: nothing is decided by that."""


async def begin(
    tx: Tx,
    merchant_id: MerchantId,
    complaint_id: UUID,
    kind: Kind,
    staff_id: StaffId,
    content: str = "",
    images: list[str] | None = None,
) -> UUID:
    """Records an answer that is to be sent after the commit; its id.

    Raises NotFound, AnswerUnderWay, Completed, NotAnswered.
    """
    row = await db.find(tx, merchant_id, complaint_id, lock=True)
    if row is None:
        raise NotFound
    if await db_answers.find_sending(tx, merchant_id, complaint_id) is not None:
        raise AnswerUnderWay
    if kind == "complete":
        if row.state == "processed":
            raise Completed
        if row.state == "pending":
            raise NotAnswered
    answer_id = new_id()
    await db_answers.insert(tx, merchant_id, answer_id, complaint_id, kind, content, images or [], staff_id, _LEASE)
    return answer_id


async def send(rt: Runtime, merchant_id: MerchantId, answer_id: UUID) -> None:
    """Sends a recorded answer and asks for the complaint as it is then; what does not go is left to the job."""
    async with rt.db.session() as tx:
        answer = await db_answers.get(tx, merchant_id, answer_id)
    desk = await desk_for(rt, answer)
    if await _send(rt, answer, desk):
        await fetching.refresh(rt, answer.merchant_id, answer.mchid, answer.complaint_no)


async def desk_for(rt: Runtime, answer: AnswerRow) -> ComplaintDesk | None:
    """Who sends it."""
    return await complained.desk_of(rt, answer.merchant_id, answer.mchid)


async def check_desk(rt: Runtime, merchant_id: MerchantId, mchid: str) -> None:
    """Before anything is recorded. Raises NoDesk."""
    if await complained.desk_of(rt, merchant_id, mchid) is None:
        raise NoDesk(mchid=mchid)


async def _send(rt: Runtime, answer: AnswerRow, desk: ComplaintDesk | None) -> bool:
    """One try; whether its outcome is known now."""
    try:
        if desk is None:
            raise ValueError("no usable account")
        if answer.kind == "complete":
            await desk.complete(answer.complaint_no, mchid=answer.mchid)
        else:
            images = await pictures.upload(rt, answer.merchant_id, desk, answer.pictures)
            await desk.respond(answer.complaint_no, mchid=answer.mchid, content=answer.content, images=images)
    except PayError as error:
        if error.status == _LATE or not error.verified:
            return await _put_off(rt, answer, str(error))
        return await _end(rt, answer, error.message or error.code)
    except WeChatError as error:
        return await _put_off(rt, answer, str(error))
    except ValueError as error:
        return await _end(rt, answer, str(error))
    return await _end(rt, answer, None)


async def _put_off(rt: Runtime, answer: AnswerRow, error: str) -> bool:
    log.warning("answer to a complaint not sent", complaint_no=answer.complaint_no, error=error)
    if answer.attempts >= rules.MOST_ATTEMPTS:
        return await _end(rt, answer, error)
    async with rt.db.transaction() as tx:
        await db_answers.put_off(tx, answer, rules.pause(answer.attempts), error[:500])
    return False


async def _end(rt: Runtime, answer: AnswerRow, error: str | None) -> bool:
    async with rt.db.transaction() as tx:
        if await db_answers.end(tx, answer, "refused" if error else "sent", error[:500] if error else None):
            await db_desks.tell(tx, answer.merchant_id, answer.mchid, [answer.complaint_no])
    return True


async def run_due(rt: Runtime) -> int:
    """The job: finds out what became of answers that a crash or a silent WeChat left; returns how many."""
    async with rt.db.transaction() as tx:
        due = await db_answers.claim_due(tx, _LEASE, _PER_RUN)
    return await turns.each(due, partial(_settle, rt))


async def _settle(rt: Runtime, answer: AnswerRow) -> None:
    desk = await desk_for(rt, answer)
    if desk is not None:
        try:
            if await _arrived(rt, answer, desk):
                await _end(rt, answer, None)
                return
        except WeChatError as error:
            await _put_off(rt, answer, str(error))
            return
    await _send(rt, answer, desk)


async def _arrived(rt: Runtime, answer: AnswerRow, desk: ComplaintDesk) -> bool:
    """Whether WeChat has it: the complaint is dealt with, or it knows one such reply more than is noted as sent."""
    if answer.kind == "complete":
        told = await desk.detail(answer.complaint_no)
        return rules.state_of(told.complaint_state) == "processed"
    history = await fetching.read_history(desk, answer.complaint_no)
    there = sum(line.operate_type == "MERCHANT_RESPONSE" and line.operate_details == answer.content for line in history)
    async with rt.db.session() as tx:
        return there > await db_answers.count_sent(tx, answer)
