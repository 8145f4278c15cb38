"""Rows and SQL of what the merchant answers."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.aftersale.complaints.rules import AnswerState, Kind
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and the complaint that it is for."""

    merchant_id: MerchantId
    answer_id: UUID
    complaint_id: UUID
    kind: Kind
    content: str
    pictures: list[str]
    state: AnswerState
    error: str | None
    attempts: int
    created_at: datetime
    mchid: str
    complaint_no: str


_ANSWER = """a.merchant_id, a.answer_id, a.complaint_id, a.kind, a.content, a.pictures, a.state, a.error, a.attempts,
             a.created_at, c.mchid, c.complaint_no"""
_FROM = """from complaint_answers a
           join complaints c on c.merchant_id = a.merchant_id and c.complaint_id = a.complaint_id"""


async def insert(
    tx: Tx,
    merchant_id: MerchantId,
    answer_id: UUID,
    complaint_id: UUID,
    kind: Kind,
    content: str,
    pictures: list[str],
    staff_id: StaffId,
    lease: timedelta,
) -> None:
    """Records what is about to be sent; the job looks after it when `lease` is over."""
    await tx.execute(
        """insert into complaint_answers (merchant_id, answer_id, complaint_id, kind, content, pictures, staff_id,
             due_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        merchant_id,
        answer_id,
        complaint_id,
        kind,
        content,
        pictures,
        staff_id,
        tx.now + lease,
        tx.now,
    )


async def get(tx: Tx, merchant_id: MerchantId, answer_id: UUID) -> AnswerRow:
    """An answer that there is."""
    row = await tx.fetchrow(
        f"select {_ANSWER} {_FROM} where a.merchant_id = $1 and a.answer_id = $2",
        merchant_id,
        answer_id,
    )
    if row is None:
        raise LookupError("no such answer")
    return db.one(AnswerRow, row)


async def find_sending(tx: Tx, merchant_id: MerchantId, complaint_id: UUID) -> AnswerRow | None:
    """The answer on its way to WeChat."""
    row = await tx.fetchrow(
        f"select {_ANSWER} {_FROM} where a.merchant_id = $1 and a.complaint_id = $2 and a.state = 'sending'",
        merchant_id,
        complaint_id,
    )
    return db.one_or_none(AnswerRow, row)


async def find_last(tx: Tx, merchant_id: MerchantId, complaint_id: UUID) -> AnswerRow | None:
    """The latest answer, whatever came of it."""
    row = await tx.fetchrow(
        f"""select {_ANSWER} {_FROM} where a.merchant_id = $1 and a.complaint_id = $2
            order by a.answer_id desc limit 1""",
        merchant_id,
        complaint_id,
    )
    return db.one_or_none(AnswerRow, row)


async def claim_due(tx: Tx, lease: timedelta, limit: int) -> list[AnswerRow]:
    """Takes answers whose outcome is not known in time, and keeps other workers off them for `lease`."""
    rows = await tx.fetch(
        f"""with due as (
              select merchant_id, answer_id, complaint_id from complaint_answers
              where state = 'sending' and due_at <= $1
              order by due_at limit $3 for no key update skip locked)
            update complaint_answers a set due_at = $2, attempts = a.attempts + 1
            from due join complaints c on c.merchant_id = due.merchant_id and c.complaint_id = due.complaint_id
            where a.merchant_id = due.merchant_id and a.answer_id = due.answer_id
            returning {_ANSWER}""",  # noqa: S608 - names of columns
        tx.now,
        tx.now + lease,
        limit,
    )
    return db.many(AnswerRow, rows)


async def count_sent(tx: Tx, answer: AnswerRow) -> int:
    """How many replies in these words this complaint got before."""
    return await tx.fetchval(
        """select count(*) from complaint_answers where merchant_id = $1 and complaint_id = $2 and kind = 'reply'
             and state = 'sent' and content = $3""",
        answer.merchant_id,
        answer.complaint_id,
        answer.content,
    )


async def end(tx: Tx, answer: AnswerRow, state: AnswerState, error: str | None = None) -> bool:
    """sending -> sent or refused; False when somebody noted the outcome before."""
    return bool(
        await tx.execute(
            """update complaint_answers set state = $3, error = $4, ended_at = $5
               where merchant_id = $1 and answer_id = $2 and state = 'sending'""",
            answer.merchant_id,
            answer.answer_id,
            state,
            error,
            tx.now,
        )
    )


async def put_off(tx: Tx, answer: AnswerRow, pause: timedelta, error: str) -> None:
    """No outcome is known: the job looks again later."""
    await tx.execute(
        """update complaint_answers set due_at = $3, error = $4
           where merchant_id = $1 and answer_id = $2 and state = 'sending'""",
        answer.merchant_id,
        answer.answer_id,
        tx.now + pause,
        error,
    )
