"""SQL of matching a day: sets against sets, within one transaction.

`bill_rows` and `bill_moves` are the bills (`staging`), `payments_recorded` what is recorded here of the same kinds
(`payments.billed`, and what `sources` adds).
"""

from datetime import date, datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Row, Tx
from bihuan.kernel.ids import MerchantId
from bihuan.reconciliation.staging import TIMEOUT_SECONDS


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, before anybody was told."""

    kind: str
    subject: str
    number: str
    out_number: str
    at: datetime
    here_fen: int | None = None
    there_fen: int | None = None
    here_state: str | None = None
    there_state: str | None = None
    book_fen: int = 0
    record_id: UUID | None = None
    purpose: str | None = None
    reference_id: UUID | None = None


async def _fetch(tx: Tx, sql: str, *values: object) -> list[Row]:
    """Statements over a whole bill may take longer than a request."""
    return await tx.fetch(sql, *values, timeout=TIMEOUT_SECONDS)


_SUBJECT = "case b.kind when 'refund_closed' then 'refund' else b.kind end"
_PAIR = f"r.kind = {_SUBJECT} and r.out_number = b.out_number"
"""A row of a bill and what is recorded of it here."""


async def find_double(tx: Tx) -> str | None:
    """A number that the trade bill has twice; None for none."""
    rows = await _fetch(
        tx,
        """select number from bill_rows where number <> '' and kind in ('payment', 'refund')
           group by kind, number having count(*) > 1 limit 1""",
    )
    return rows[0]["number"] if rows else None


async def list_unmatched_numbers(tx: Tx, kind: str, limit: int) -> list[str]:
    """Numbers of the bill that nothing recorded on the day bears; at most `limit`."""
    rows = await _fetch(
        tx,
        f"""select b.out_number from bill_rows b left join payments_recorded r on {_PAIR}
            where b.kind = $1 and r.record_id is null limit $2""",  # noqa: S608 - a join of columns
        kind,
        limit,
    )
    return [row["out_number"] for row in rows]


class Kept(msgspec.Struct, frozen=True):
    """Rows of a day: how many there are, how many of them are new, and the fees of the new ones."""

    told: int
    new: int
    fees_fen: int


async def insert_items(tx: Tx, merchant_id: MerchantId, mchid: str, day: date, posting: UUID) -> Kept:
    """Keeps the rows; those kept before stay as they are. In the order of the key: each page of it is met once."""
    (row,) = await _fetch(
        tx,
        f"""with new as (
             insert into reconciliation_items (merchant_id, mchid, kind, number, out_number, day, at, amount_fen,
               fee_fen, fee_posting, record_id)
             select $1, $2, b.kind, b.number, b.out_number, $3, b.at, b.amount_fen, b.fee_fen,
               case when b.fee_fen <> 0 then $4::uuid end, r.record_id
             from bill_rows b
             left join payments_recorded r on {_PAIR}
             order by b.kind, b.number
             on conflict (merchant_id, mchid, kind, number) do nothing returning fee_fen)
           select (select count(*) from bill_rows) as told, count(*) as new,
             coalesce(sum(fee_fen), 0)::bigint as fees_fen from new""",  # noqa: S608 - a join of columns
        merchant_id,
        mchid,
        day,
        posting,
    )
    return db.one(Kept, row)


# Signs of `book_fen`: a payment that is missing here adds to the book when posted, a refund takes from it; a share
# takes, its return adds, and unfreezing moves nothing. What of a share WeChat closed moved nothing either.
_DIFFERENT = f"""
with pairs as (
  select {_SUBJECT} as subject, b.number, b.out_number, b.at,
    b.amount_fen as there_fen, b.fee_fen, b.fee_agrees, b.state as there_state, r.record_id,
    r.amount_fen as here_fen, r.state as here_state, r.number as here_number, r.purpose, r.reference_id,
    case when b.kind in ('payment', 'share_return') then 1 when b.kind = 'unfreeze' then 0 else -1 end as sign
  from bill_rows b
  left join payments_recorded r on {_PAIR}
  where (r.record_id is null and (b.kind in ('payment', 'refund') or b.state = 'SUCCESS'))
    or r.amount_fen <> b.amount_fen or not b.fee_agrees
    or (b.kind = 'payment' and (r.state <> 'received' or r.number <> b.number))
    or (b.kind <> 'payment' and b.state <> 'PROCESSING' and (r.state = 'success') <> (b.state = 'SUCCESS'))
)
select d.kind, p.subject, p.number, p.out_number, p.at, d.here_fen, d.there_fen, p.here_state, p.there_state,
  d.book_fen, p.record_id, p.purpose, p.reference_id
from pairs p cross join lateral (
  select 'missing_here' as kind, null::bigint as here_fen, p.there_fen, p.sign * p.there_fen as book_fen
  where p.record_id is null or (p.subject = 'payment' and p.here_state = 'unpaid')
  union all
  select 'amount', p.here_fen, p.there_fen, p.sign * (p.there_fen - p.here_fen)
  where p.here_fen <> p.there_fen and p.here_state <> 'unpaid' and p.subject <> 'unfreeze'
  union all
  select 'state', p.here_fen, p.there_fen, case when p.here_state = 'parked' then p.there_fen else 0 end
  where (p.subject = 'payment' and (p.here_state = 'parked'
           or (p.here_state = 'received' and p.here_number <> p.number)))
     or (p.subject <> 'payment' and ((p.there_state = 'SUCCESS' and p.here_state <> 'success')
           or (p.there_state not in ('SUCCESS', 'PROCESSING') and p.here_state = 'success')))
  union all
  select 'fee', null, p.fee_fen, 0 where not p.fee_agrees
) d
limit $1"""  # noqa: S608 - columns


async def list_different(tx: Tx, limit: int) -> list[Found]:
    """What differs between the bills and the records."""
    return db.many(Found, await _fetch(tx, _DIFFERENT, limit))


async def list_twice(tx: Tx, merchant_id: MerchantId, mchid: str, day: date, limit: int) -> list[Found]:
    """Rows that the bill of another day has too, after the items are kept."""
    rows = await _fetch(
        tx,
        """select 'twice' as kind, b.kind as subject, b.number, b.out_number, b.at, r.amount_fen as here_fen,
             b.amount_fen as there_fen, r.state as here_state, b.state as there_state,
             case when b.kind in ('payment', 'share_return') then b.amount_fen when b.kind = 'unfreeze' then 0
               else -b.amount_fen end - b.fee_fen as book_fen,
             r.record_id, r.purpose, r.reference_id
           from bill_rows b
           join reconciliation_items i on i.merchant_id = $1 and i.mchid = $2 and i.kind = b.kind
             and i.number = b.number and i.day <> $3
           left join payments_recorded r on r.kind = b.kind and r.out_number = b.out_number
           limit $4""",
        merchant_id,
        mchid,
        day,
        limit,
    )
    return db.many(Found, rows)


async def list_missing_there(
    tx: Tx, merchant_id: MerchantId, mchid: str, since: datetime, until: datetime, began: datetime, limit: int
) -> list[Found]:
    """What was recorded on the day, and no bill so far has told of. Refunds and shares begun before `began` may stand
    in bills that were never fetched. What was unfrozen stands in no bill where nothing was left to unfreeze, and moves
    nothing here. The day's own bill is looked at first: of other days' few are asked for."""
    rows = await _fetch(
        tx,
        """with untold as materialized (
             select r.* from payments_recorded r
             where r.at >= $3 and r.at < $4 and r.state in ('received', 'success')
               and (r.kind = 'payment' or r.began_at >= $5)
               and r.kind <> 'unfreeze'
               and not exists (select from bill_rows b where b.kind = r.kind and b.number = r.number))
           select 'missing_there' as kind, r.kind as subject, r.number, r.out_number, r.at, r.amount_fen as here_fen,
             null::bigint as there_fen, r.state as here_state, null::text as there_state,
             case when r.kind in ('payment', 'share_return') then -r.amount_fen when r.kind = 'unfreeze' then 0
               else r.amount_fen end as book_fen,
             r.record_id, r.purpose, r.reference_id
           from untold r
           where not exists (select from reconciliation_items i where i.merchant_id = $1 and i.mchid = $2
             and i.kind = r.kind and i.number = r.number)
           limit $6""",
        merchant_id,
        mchid,
        since,
        until,
        began,
        limit,
    )
    return db.many(Found, rows)


class Totals(msgspec.Struct, frozen=True):
    """Sums of a day: the trade bill's, and what was recorded here."""

    payments: int
    paid_fen: int
    refunds: int
    refunded_fen: int
    fees_fen: int
    here_payments: int
    here_paid_fen: int
    here_refunds: int
    here_refunded_fen: int


async def totals(tx: Tx, since: datetime, until: datetime) -> Totals:
    """Of the tables of this transaction."""
    (row,) = await _fetch(
        tx,
        """select b.*, r.* from (
             select count(*) filter (where kind = 'payment') as payments,
               coalesce(sum(amount_fen) filter (where kind = 'payment'), 0)::bigint as paid_fen,
               count(*) filter (where kind = 'refund') as refunds,
               coalesce(sum(amount_fen) filter (where kind = 'refund'), 0)::bigint as refunded_fen,
               coalesce(sum(fee_fen), 0)::bigint as fees_fen from bill_rows) b
           cross join (
             select count(*) filter (where kind = 'payment') as here_payments,
               coalesce(sum(amount_fen) filter (where kind = 'payment'), 0)::bigint as here_paid_fen,
               count(*) filter (where kind = 'refund') as here_refunds,
               coalesce(sum(amount_fen) filter (where kind = 'refund'), 0)::bigint as here_refunded_fen
             from payments_recorded where at >= $1 and at < $2 and state in ('received', 'success')) r""",
        since,
        until,
    )
    return db.one(Totals, row)


class Timing(msgspec.Struct, frozen=True):
    """Why the book and the fund bill moved differently on a day, in fen: what of it time alone explains."""

    in_transit_fen: int
    frozen_fen: int
    other_day_fen: int


async def timing(tx: Tx, merchant_id: MerchantId, mchid: str, since: datetime, until: datetime) -> Timing:
    """Refunds taken on the day and booked on another, or the reverse (`ledger_occurred` has the booked ones), or taken
    on a former day and closed on this one; what is frozen for profit sharing, less the refunds out of it (the fund bill
    tells of neither); payments booked on another day."""
    (row,) = await _fetch(
        tx,
        """select
             (select coalesce(sum(b.amount_fen), 0) from bill_rows b
              join payments_recorded r on r.kind = 'refund' and r.out_number = b.out_number
              where b.kind = 'refund'
                and not exists (select from ledger_occurred o where o.source_id = r.record_id))::bigint
           - (select coalesce(sum(r.amount_fen), 0) from payments_recorded r
              join ledger_occurred o on o.source_id = r.record_id
              where r.kind = 'refund' and not exists (
                select from bill_rows b where b.kind = 'refund' and b.out_number = r.out_number)
                and exists (select from reconciliation_items i where i.merchant_id = $3 and i.mchid = $4
                            and i.kind = 'refund' and i.number = r.number))::bigint
           - (select coalesce(sum(b.amount_fen), 0) from bill_rows b
              left join payments_recorded r on r.kind = 'refund' and r.out_number = b.out_number
              where b.kind = 'refund_closed' and r.state is distinct from 'success')::bigint as in_transit_fen,
             (select coalesce(sum(b.amount_fen - b.fee_fen), 0) from bill_rows b
              where b.kind = 'payment' and not exists (
                select from bill_moves m where m.kind = 'payment' and m.number = b.number))::bigint
           - (select coalesce(sum(b.sign * (b.amount_fen + b.sign * b.fee_fen) + coalesce(m.amount_fen, 0)), 0)
              from (select *, case kind when 'refund' then 1 else -1 end as sign from bill_rows
                    where kind in ('refund', 'refund_closed')) b
              left join (select number, sum(amount_fen) as amount_fen from bill_moves
                         where kind = 'refund' group by number) m on m.number = b.number)::bigint as frozen_fen,
             (select -coalesce(sum(r.amount_fen), 0) from bill_rows b
              join payments_recorded r on r.kind = 'payment' and r.out_number = b.out_number
              where b.kind = 'payment' and r.state = 'received'
                and (r.at < $1 or r.at >= $2))::bigint as other_day_fen""",
        since,
        until,
        merchant_id,
        mchid,
    )
    return db.one(Timing, row)


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """A day's outcome."""

    totals: Totals
    opening_fen: int | None
    closing_fen: int | None
    book_opening_fen: int
    book_closing_fen: int
    withdrawn_fen: int
    in_transit_fen: int
    frozen_fen: int
    shared_fen: int
    differing_fen: int
    unexplained_fen: int | None


async def set_matched(tx: Tx, merchant_id: MerchantId, mchid: str, day: date, matched: Matched) -> None:
    """waiting -> matched."""
    t = matched.totals
    await tx.execute(
        """update reconciliation_days set state = 'matched', matched_at = $4, error = null, error_code = null,
             payments = $5, paid_fen = $6, refunds = $7, refunded_fen = $8, fees_fen = $9, here_payments = $10,
             here_paid_fen = $11, here_refunds = $12, here_refunded_fen = $13, opening_fen = $14, closing_fen = $15,
             book_opening_fen = $16, book_closing_fen = $17, withdrawn_fen = $18, in_transit_fen = $19,
             frozen_fen = $20, shared_fen = $21, differing_fen = $22, unexplained_fen = $23
           where merchant_id = $1 and mchid = $2 and day = $3""",
        merchant_id, mchid, day, tx.now, t.payments, t.paid_fen, t.refunds, t.refunded_fen, t.fees_fen,
        t.here_payments, t.here_paid_fen, t.here_refunds, t.here_refunded_fen, matched.opening_fen,
        matched.closing_fen, matched.book_opening_fen, matched.book_closing_fen, matched.withdrawn_fen,
        matched.in_transit_fen, matched.frozen_fen, matched.shared_fen, matched.differing_fen,
        matched.unexplained_fen,
    )  # fmt: skip


async def neighbours(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> tuple[int, date | None, int | None]:
    """How many of the merchant's accounts have that day; the account's first day; its closing balance before."""
    row = await tx.fetchrow(
        """select (select count(*)::int from reconciliation_days where merchant_id = $1 and day = $3) as accounts,
             (select min(day) from reconciliation_days where merchant_id = $1 and mchid = $2) as first,
             (select closing_fen from reconciliation_days where merchant_id = $1 and mchid = $2 and day = $3 - 1
                and state = 'matched') as closing""",
        merchant_id,
        mchid,
        day,
    )
    return (1, None, None) if row is None else (row["accounts"], row["first"], row["closing"])
