"""Rows and SQL of complaints and their history."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.aftersale.complaints.rules import ANSWERS, ProblemType, State
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId


class ComplaintRow(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as WeChat last described it."""

    complaint_id: UUID
    complaint_no: str
    mchid: str
    state: State
    problem_type: ProblemType
    problem: str
    detail: str
    pictures: list[str]
    openid: str
    transaction_id: str
    out_trade_no: str
    amount_fen: int
    asked_fen: int | None
    full_refunded: bool
    user_waits: bool
    platform_helps: bool
    times: int
    order_id: OrderId | None
    order_no: str | None
    complained_at: datetime
    answered_at: datetime | None
    fetched_at: datetime


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a complaint's history."""

    log_no: str
    ordinal: int
    operator: str
    kind: str
    details: str
    pictures: list[str]
    happened_at: datetime


_NAMES = ComplaintRow.__struct_fields__
_COLUMNS = ", ".join(f"c.{name}" for name in _NAMES)
_CHANGING = [name for name in _NAMES if name not in ("complaint_id", "complaint_no", "answered_at")]


async def write(tx: Tx, merchant_id: MerchantId, row: ComplaintRow) -> UUID:
    """Writes what WeChat said of a complaint, unless it said something later before; returns the id that it has."""
    values: list[Any] = [merchant_id, tx.now, *(getattr(row, name) for name in _NAMES)]
    places = ", ".join(f"${at}" for at in range(3, 3 + len(_NAMES)))
    return await tx.fetchval(
        f"""with written as (
              insert into complaints (merchant_id, created_at, {", ".join(_NAMES)}) values ($1, $2, {places})
              on conflict (merchant_id, complaint_no) do update set
                {", ".join(f"{name} = excluded.{name}" for name in _CHANGING)}
              where complaints.fetched_at <= excluded.fetched_at
              returning complaint_id)
            select complaint_id from written
            union all select complaint_id from complaints where merchant_id = $1 and complaint_no = $4
            limit 1""",  # noqa: S608 - names of columns
        *values,
    )


async def add_events(tx: Tx, merchant_id: MerchantId, complaint_id: UUID, rows: Sequence[EventRow]) -> None:
    """Adds to the history what is not in it yet."""
    await tx.execute(
        """insert into complaint_events (merchant_id, complaint_id, log_no, ordinal, operator, kind, details, pictures,
             happened_at)
           select $1, $2, e.log_no, e.ordinal, e.operator, e.kind, e.details, e.pictures, e.happened_at
           from jsonb_to_recordset($3::jsonb) as e (log_no text, ordinal int, operator text, kind text, details text,
             pictures jsonb, happened_at timestamptz)
           on conflict do nothing""",
        merchant_id,
        complaint_id,
        list(rows),
    )


async def note_answered(tx: Tx, merchant_id: MerchantId, complaint_id: UUID) -> None:
    """Takes from the history when the first answer was given."""
    await tx.execute(
        """update complaints c set answered_at = e.first
           from (select min(happened_at) as first from complaint_events
                 where merchant_id = $1 and complaint_id = $2 and kind = any($3)) e
           where c.merchant_id = $1 and c.complaint_id = $2 and c.answered_at is distinct from e.first""",
        merchant_id,
        complaint_id,
        sorted(ANSWERS),
    )


async def find(tx: Tx, merchant_id: MerchantId, complaint_id: UUID, *, lock: bool = False) -> ComplaintRow | None:
    """One complaint, locked against other answers when asked for."""
    row = await tx.fetchrow(
        f"""select {_COLUMNS} from complaints c where c.merchant_id = $1 and c.complaint_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608 - names of columns
        merchant_id,
        complaint_id,
    )
    return db.one_or_none(ComplaintRow, row)


async def list_of_merchant(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    state: State | None,
    waiting: bool,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[ComplaintRow]:
    """A page, the latest first."""
    wanted = ["c.merchant_id = $1"]
    args: list[object] = [merchant_id, limit]
    if state is not None:
        args.append(state)
        wanted.append(f"c.state = ${len(args)}")
    if waiting:
        wanted.append("c.waits")
    if before is not None:
        args += before
        wanted.append(f"(c.complained_at, c.complaint_id) < (${len(args) - 1}, ${len(args)})")
    rows = await tx.fetch(
        f"""select {_COLUMNS} from complaints c where {" and ".join(wanted)}
            order by c.complained_at desc, c.complaint_id desc limit $2""",  # noqa: S608 - names of columns
        *args,
    )
    return db.many(ComplaintRow, rows)


async def list_events(tx: Tx, merchant_id: MerchantId, complaint_id: UUID) -> list[EventRow]:
    """The history, the oldest first."""
    rows = await tx.fetch(
        """select log_no, ordinal, operator, kind, details, pictures, happened_at from complaint_events
           where merchant_id = $1 and complaint_id = $2 order by ordinal, happened_at, log_no""",
        merchant_id,
        complaint_id,
    )
    return db.many(EventRow, rows)


class Counted(msgspec.Struct, frozen=True):
    """So many complaints in a state: how many wait for the merchant, and how many of those too long."""

    state: State
    count: int
    waiting: int
    overdue: int


async def count(tx: Tx, merchant_id: MerchantId, unanswered_before: datetime) -> list[Counted]:
    """By state."""
    rows = await tx.fetch(
        """select state, count(*) as count, count(*) filter (where waits) as waiting,
                  count(*) filter (where state <> 'processed' and answered_at is null and complained_at < $2) as overdue
           from complaints where merchant_id = $1 group by state""",
        merchant_id,
        unanswered_before,
    )
    return db.many(Counted, rows)


class Known(msgspec.Struct, frozen=True):
    """As far as a list of WeChat's tells that something happened."""

    state: str
    user_waits: bool
    times: int
    full_refunded: bool
    platform_helps: bool


async def list_known(
    tx: Tx, merchant_ids: Sequence[MerchantId], complaint_nos: Sequence[str]
) -> dict[tuple[MerchantId, str], Known]:
    """What is known of complaints; the arrays are parallel."""
    rows = await tx.fetch(
        """select c.merchant_id, c.complaint_no, c.state, c.user_waits, c.times, c.full_refunded, c.platform_helps
           from unnest($1::uuid[], $2::text[]) as w (merchant_id, complaint_no)
           join complaints c on c.merchant_id = w.merchant_id and c.complaint_no = w.complaint_no""",
        merchant_ids,
        complaint_nos,
    )
    return {
        (row["merchant_id"], row["complaint_no"]): Known(*(row[name] for name in Known.__struct_fields__))
        for row in rows
    }
