"""SQL of Alipay's days, items and differences. `alipay_bill_rows` is the bill, `alipay_recorded` what is here."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.alipay import BillRow
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId, new_id


class Due(msgspec.Struct, frozen=True):
    """A day whose bill is to be fetched and matched."""

    merchant_id: MerchantId
    seller_id: str
    day: date
    tries: int


class DayView(msgspec.Struct, frozen=True):
    """A day: the bill's sums beside those recorded here, in fen."""

    seller_id: str
    day: date
    state: str  # waiting | matched | failed
    error: str | None
    payments: int
    paid_fen: int
    refunds: int
    refunded_fen: int
    fees_fen: int
    here_payments: int
    here_paid_fen: int
    here_refunds: int
    here_refunded_fen: int
    open_differences: int
    matched_at: datetime | None


class DifferenceView(msgspec.Struct, frozen=True):
    """What does not agree, and what became of it."""

    difference_id: UUID
    day: date
    kind: str  # missing_here | missing_there | amount
    subject: str  # payment | refund
    number: str
    trade_no: str
    at: datetime
    here_fen: int | None
    there_fen: int | None
    state: str  # open | resolved
    resolution: str | None  # agrees | accepted
    note: str
    resolved_at: datetime | None


async def latest_days(tx: Tx) -> dict[tuple[MerchantId, str], date]:
    """The latest day that is known, by merchant and seller."""
    rows = await tx.fetch("select merchant_id, seller_id, max(day) as day from alipay_bill_days group by 1, 2")
    return {(row["merchant_id"], row["seller_id"]): row["day"] for row in rows}


async def want_days(tx: Tx, rows: Sequence[tuple[MerchantId, str, date, datetime]]) -> int:
    """Adds days that are not there: merchant, seller, day, when due. How many were new."""
    return await tx.execute(
        """insert into alipay_bill_days (merchant_id, seller_id, day, due_at)
           select * from unnest($1::uuid[], $2::text[], $3::date[], $4::timestamptz[]) on conflict do nothing""",
        *([row[at] for row in rows] for at in range(4)),
    )


async def claim_due(tx: Tx, lease: timedelta) -> Due | None:
    """Takes the earliest day that is due, and keeps other workers off it for `lease`."""
    row = await tx.fetchrow(
        """update alipay_bill_days d set due_at = $1 + $2::interval, tries = d.tries + 1
           from (select merchant_id, seller_id, day from alipay_bill_days where state = 'waiting' and due_at <= $1
                 order by due_at limit 1 for update skip locked) n
           where d.merchant_id = n.merchant_id and d.seller_id = n.seller_id and d.day = n.day
           returning d.merchant_id, d.seller_id, d.day, d.tries""",
        tx.now,
        lease,
    )
    return db.one_or_none(Due, row)


async def lock_waiting(tx: Tx, due: Due) -> bool:
    """Locks a day; False when it is matched by now."""
    state = await tx.fetchval(
        "select state from alipay_bill_days where merchant_id = $1 and seller_id = $2 and day = $3 for update",
        due.merchant_id,
        due.seller_id,
        due.day,
    )
    return state == "waiting"


async def postpone(tx: Tx, due: Due, due_at: datetime, error: str, *, fail: bool) -> None:
    """Tries again later, or gives up until a person asks."""
    await tx.execute(
        """update alipay_bill_days set due_at = $4, error = $5, state = case when $6 then 'failed' else state end
           where merchant_id = $1 and seller_id = $2 and day = $3 and state = 'waiting'""",
        due.merchant_id,
        due.seller_id,
        due.day,
        due_at,
        error[:500],
        fail,
    )


async def retry(tx: Tx, merchant_id: MerchantId, seller_id: str, day: date) -> bool:
    """A person asks again for a day that failed or waits; False when it is matched or unknown."""
    return bool(
        await tx.execute(
            """update alipay_bill_days set state = 'waiting', due_at = $4, tries = 0
               where merchant_id = $1 and seller_id = $2 and day = $3 and state <> 'matched'""",
            merchant_id,
            seller_id,
            day,
            tx.now,
        )
    )


async def load_bill(tx: Tx, rows: Sequence[BillRow]) -> None:
    """Makes `alipay_bill_rows`. Raises UniqueViolationError for a number that stands in it twice."""
    await tx.execute(
        """create temporary table alipay_bill_rows (
             kind text not null, number text not null, trade_no text not null, at timestamptz not null,
             amount_fen bigint not null, fee_fen bigint not null, primary key (kind, number)
           ) on commit drop"""
    )
    await tx.copy(
        "alipay_bill_rows",
        ("kind", "number", "trade_no", "at", "amount_fen", "fee_fen"),
        [(r.kind, r.out_request_no or r.out_trade_no, r.trade_no, r.at, r.amount_fen, r.fee_fen) for r in rows],
    )


async def keep_items(tx: Tx, due: Due) -> int:
    """Keeps the bill's rows; returns the fees of those that no bill told of before."""
    return await tx.fetchval(
        """with new as (
             insert into alipay_bill_items (merchant_id, seller_id, kind, number, trade_no, day, at, amount_fen,
               fee_fen, record_id)
             select $1, $2, b.kind, b.number, b.trade_no, $3, b.at, b.amount_fen, b.fee_fen, r.record_id
             from alipay_bill_rows b left join alipay_recorded r on r.kind = b.kind and r.number = b.number
             on conflict do nothing returning fee_fen)
           select coalesce(sum(fee_fen), 0)::bigint from new""",
        due.merchant_id,
        due.seller_id,
        due.day,
    )


async def insert_differences(tx: Tx, due: Due, since: datetime, until: datetime, refunds_since: datetime) -> None:
    """Queues what differs, each once for ever.

    Refunds are dated here by when we heard of them, so those of the last minutes may stand in the next day's bill:
    they are looked at from `refunds_since` on, up to as long before `until`.
    """
    rows = await tx.fetch(
        """select d.* from (
             select case when r.at is null then 'missing_here' else 'amount' end as kind, b.kind as subject, b.number,
               b.trade_no, b.at, case when r.at is not null then r.amount_fen end as here_fen,
               b.amount_fen as there_fen, r.record_id
             from alipay_bill_rows b left join alipay_recorded r on r.kind = b.kind and r.number = b.number
             where r.at is null or r.amount_fen <> b.amount_fen
             union all
             select 'missing_there', r.kind, r.number, r.trade_no, r.at, r.amount_fen, null, r.record_id
             from alipay_recorded r
             where (r.kind = 'payment' and r.at >= $3 and r.at < $4
                 or r.kind = 'refund' and r.at >= $5 and r.at < $4 - ($3 - $5))
               and not exists (select from alipay_bill_items i where i.merchant_id = $1 and i.seller_id = $2
                               and i.kind = r.kind and i.number = r.number)) d""",
        due.merchant_id,
        due.seller_id,
        since,
        until,
        refunds_since,
    )
    for row in rows:
        await tx.execute(
            """insert into alipay_bill_differences (merchant_id, difference_id, seller_id, day, kind, subject, number,
                 trade_no, at, here_fen, there_fen, record_id, found_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing""",
            due.merchant_id,
            new_id(),
            due.seller_id,
            due.day,
            *(row[name] for name in ("kind", "subject", "number", "trade_no", "at", "here_fen", "there_fen")),
            row["record_id"],
            tx.now,
        )


async def count_different(tx: Tx) -> int:
    """How many rows of the bill have no equal here: a wrong account shows by it before anything is kept."""
    return await tx.fetchval(
        """select count(*) from alipay_bill_rows b
           left join alipay_recorded r on r.kind = b.kind and r.number = b.number
           where r.at is null or r.amount_fen <> b.amount_fen"""
    )


async def set_matched(tx: Tx, due: Due, hash: str, since: datetime, until: datetime) -> None:
    """waiting -> matched, with the sums of both sides."""
    await tx.execute(
        """update alipay_bill_days d set state = 'matched', matched_at = $4, error = null, hash = $5,
             payments = b.payments, paid_fen = b.paid_fen, refunds = b.refunds, refunded_fen = b.refunded_fen,
             fees_fen = b.fees_fen, here_payments = r.payments, here_paid_fen = r.paid_fen, here_refunds = r.refunds,
             here_refunded_fen = r.refunded_fen
           from (select count(*) filter (where kind = 'payment') as payments,
                   count(*) filter (where kind = 'refund') as refunds,
                   coalesce(sum(amount_fen) filter (where kind = 'payment'), 0) as paid_fen,
                   coalesce(sum(amount_fen) filter (where kind = 'refund'), 0) as refunded_fen,
                   coalesce(sum(fee_fen), 0) as fees_fen from alipay_bill_rows) b,
                (select count(*) filter (where kind = 'payment') as payments,
                   count(*) filter (where kind = 'refund') as refunds,
                   coalesce(sum(amount_fen) filter (where kind = 'payment'), 0) as paid_fen,
                   coalesce(sum(amount_fen) filter (where kind = 'refund'), 0) as refunded_fen
                 from alipay_recorded where at >= $6 and at < $7) r
           where d.merchant_id = $1 and d.seller_id = $2 and d.day = $3""",
        due.merchant_id,
        due.seller_id,
        due.day,
        tx.now,
        hash,
        since,
        until,
    )


class Missing(msgspec.Struct, frozen=True):
    """An open difference that may have agreed since."""

    merchant_id: MerchantId
    seller_id: str
    subject: str
    number: str
    kind: str


async def list_open(tx: Tx, limit: int) -> list[Missing]:
    """Open differences of all merchants, the oldest first."""
    rows = await tx.fetch(
        """select merchant_id, seller_id, subject, number, kind from alipay_bill_differences where state = 'open'
           order by merchant_id, day limit $1""",
        limit,
    )
    return db.many(Missing, rows)


async def resolve_agreeing(tx: Tx, merchant_id: MerchantId, seller_id: str) -> int:
    """Open differences whose other side is there by now resolve by rule; `alipay_recorded` has what is here."""
    return await tx.execute(
        """update alipay_bill_differences f set state = 'resolved', resolution = 'agrees', resolved_at = $3,
             note = '两边已一致'
           where f.merchant_id = $1 and f.seller_id = $2 and f.state = 'open' and exists (
             select from alipay_bill_items i join alipay_recorded r on r.kind = i.kind and r.number = i.number
             where i.merchant_id = $1 and i.seller_id = $2 and i.kind = f.subject and i.number = f.number
               and r.at is not null and r.amount_fen = i.amount_fen)""",
        merchant_id,
        seller_id,
        tx.now,
    )


async def list_days(tx: Tx, merchant_id: MerchantId, before: tuple[date, str] | None, limit: int) -> list[DayView]:
    """A merchant's days, the latest first."""
    rows = await tx.fetch(
        """select d.seller_id, d.day, d.state, d.error, d.payments, d.paid_fen, d.refunds, d.refunded_fen, d.fees_fen,
             d.here_payments, d.here_paid_fen, d.here_refunds, d.here_refunded_fen, d.matched_at,
             (select count(*)::int from alipay_bill_differences f where f.merchant_id = d.merchant_id
                and f.seller_id = d.seller_id and f.day = d.day and f.state = 'open') as open_differences
           from alipay_bill_days d
           where d.merchant_id = $1 and ($2::date is null or (d.day, d.seller_id) < ($2, $3))
           order by d.day desc, d.seller_id desc limit $4""",
        merchant_id,
        *(before or (None, None)),
        limit,
    )
    return db.many(DayView, rows)


async def list_differences(
    tx: Tx, merchant_id: MerchantId, state: str | None, before: tuple[date, UUID] | None, limit: int
) -> list[DifferenceView]:
    """A merchant's differences, the latest day first."""
    rows = await tx.fetch(
        """select difference_id, day, kind, subject, number, trade_no, at, here_fen, there_fen, state, resolution, note,
             resolved_at
           from alipay_bill_differences
           where merchant_id = $1 and ($2::text is null or state = $2)
             and ($3::date is null or (day, difference_id) < ($3, $4))
           order by day desc, difference_id desc limit $5""",
        merchant_id,
        state,
        *(before or (None, None)),
        limit,
    )
    return db.many(DifferenceView, rows)


async def accept(tx: Tx, merchant_id: MerchantId, difference_id: UUID, staff_id: StaffId, note: str) -> str | None:
    """open -> resolved by a person; the state before, None when there is no such difference."""
    state = await tx.fetchval(
        "select state from alipay_bill_differences where merchant_id = $1 and difference_id = $2 for update",
        merchant_id,
        difference_id,
    )
    if state == "open":
        await tx.execute(
            """update alipay_bill_differences set state = 'resolved', resolution = 'accepted', note = $4, staff_id = $3,
                 resolved_at = $5 where merchant_id = $1 and difference_id = $2""",
            merchant_id,
            difference_id,
            staff_id,
            note,
            tx.now,
        )
    return state
