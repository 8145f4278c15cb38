"""SQL of matching a day: sets against sets, part by part, within one transaction.

`bill_trades` and `bill_moves` are the bills (`staging`), `payments_recorded` what payments recorded
(`payments.stage_recorded`). A part holds a sixteenth of the numbers of both.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


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


async def find_double(tx: Tx) -> str | None:
    """A number that the trade bill has twice; None for none."""
    return await tx.fetchval(
        "select number from bill_trades where number <> '' group by kind, number having count(*) > 1 limit 1"
    )


async def list_unmatched_numbers(tx: Tx, kind: str, limit: int) -> list[str]:
    """Numbers of the bill that nothing recorded on the day bears; at most `limit`."""
    rows = await tx.fetch(
        """select b.out_number from bill_trades b
           left join payments_recorded r on r.kind = b.kind and r.out_number = b.out_number and r.part = b.part
           where b.kind = $1 and r.record_id is null limit $2""",
        kind,
        limit,
    )
    return [row["out_number"] for row in rows]


class Kept(msgspec.Struct, frozen=True):
    """Rows of some parts: how many there are, how many of them are new, and the fees of the new ones."""

    told: int
    new: int
    fees_fen: int


async def insert_items(tx: Tx, merchant_id: MerchantId, mchid: str, day: date, parts: range, posting: UUID) -> Kept:
    """Keeps the rows of some parts; those kept before stay as they are."""
    row = await tx.fetchrow(
        """with new as (
             insert into reconciliation_items (merchant_id, mchid, kind, number, out_number, day, at, amount_fen,
               fee_fen, fee_posting, record_id)
             select $1, $2, b.kind, b.number, b.out_number, $3, b.at, b.amount_fen, b.fee_fen,
               case when b.fee_fen <> 0 then $5::uuid end, r.record_id
             from bill_trades b
             left join payments_recorded r on r.kind = b.kind and r.out_number = b.out_number and r.part = b.part
             where b.part between $4 and $6
             on conflict (merchant_id, mchid, kind, number) do nothing returning fee_fen)
           select (select count(*) from bill_trades where part between $4 and $6) as told, count(*) as new,
             coalesce(sum(fee_fen), 0)::bigint as fees_fen from new""",
        merchant_id,
        mchid,
        day,
        parts[0],
        posting,
        parts[-1],
    )
    return Kept(0, 0, 0) if row is None else db.one(Kept, row)


# Signs of `book_fen`: a payment that is missing here adds to the book when posted, a refund takes from it.
_DIFFERENT = """
with pairs as (
  select b.kind as subject, b.number, b.out_number, b.at, b.amount_fen as there_fen, b.fee_fen, b.fee_agrees,
    b.state as there_state, r.record_id, r.amount_fen as here_fen, r.state as here_state, r.number as here_number,
    r.purpose, r.reference_id, case b.kind when 'payment' then 1 else -1 end as sign
  from bill_trades b
  left join payments_recorded r on r.kind = b.kind and r.out_number = b.out_number and r.part = b.part
  where b.part between $1 and $2 and (
    r.record_id is null or r.amount_fen <> b.amount_fen or not b.fee_agrees
    or (b.kind = 'payment' and (r.state <> 'received' or r.number <> b.number))
    or (b.kind = 'refund' and (b.state <> 'PROCESSING') and (r.state = 'success') <> (b.state = 'SUCCESS')))
)
select d.kind, p.subject, p.number, p.out_number, p.at, d.here_fen, d.there_fen, p.here_state, p.there_state,
  d.book_fen, p.record_id, p.purpose, p.reference_id
from pairs p cross join lateral (
  select 'missing_here' as kind, null::bigint as here_fen, p.there_fen, p.sign * p.there_fen as book_fen
  where p.record_id is null or (p.subject = 'payment' and p.here_state = 'unpaid')
  union all
  select 'amount', p.here_fen, p.there_fen, p.sign * (p.there_fen - p.here_fen)
  where p.here_fen <> p.there_fen and p.here_state <> 'unpaid'
  union all
  select 'state', p.here_fen, p.there_fen, case when p.here_state = 'parked' then p.there_fen else 0 end
  where (p.subject = 'payment' and (p.here_state = 'parked'
           or (p.here_state = 'received' and p.here_number <> p.number)))
     or (p.subject = 'refund' and ((p.there_state = 'SUCCESS' and p.here_state <> 'success')
           or (p.there_state not in ('SUCCESS', 'PROCESSING') and p.here_state = 'success')))
  union all
  select 'fee', null, p.fee_fen, 0 where not p.fee_agrees
) d
limit $3"""


async def list_different(tx: Tx, parts: range, limit: int) -> list[Found]:
    """What differs between the bill and the records, in some parts."""
    return db.many(Found, await tx.fetch(_DIFFERENT, parts[0], parts[-1], limit))


async def list_twice(tx: Tx, merchant_id: MerchantId, mchid: str, day: date, limit: int) -> list[Found]:
    """Rows that the bill of another day has too, after the items are kept."""
    rows = await tx.fetch(
        """select 'twice' as kind, b.kind as subject, b.number, b.out_number, b.at, r.amount_fen as here_fen,
             b.amount_fen as there_fen, r.state as here_state, b.state as there_state,
             case b.kind when 'payment' then b.amount_fen else -b.amount_fen end - b.fee_fen as book_fen,
             r.record_id, r.purpose, r.reference_id
           from bill_trades b
           join reconciliation_items i on i.merchant_id = $1 and i.mchid = $2 and i.kind = b.kind
             and i.number = b.number and i.day <> $3
           left join payments_recorded r on r.kind = b.kind and r.out_number = b.out_number and r.part = b.part
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
    """What was recorded on the day, and no bill so far has told of. Refunds begun before `began` may stand in bills
    that were never fetched."""
    rows = await tx.fetch(
        """select 'missing_there' as kind, r.kind as subject, r.number, r.out_number, r.at, r.amount_fen as here_fen,
             null::bigint as there_fen, r.state as here_state, null::text as there_state,
             case r.kind when 'payment' then -r.amount_fen else r.amount_fen end as book_fen,
             r.record_id, r.purpose, r.reference_id
           from payments_recorded r
           left join reconciliation_items i on i.merchant_id = $1 and i.mchid = $2 and i.kind = r.kind
             and i.number = r.number
           where r.at >= $3 and r.at < $4 and r.state in ('received', 'success') and i.number is null
             and (r.kind = 'payment' or r.began_at >= $5)
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
    row = await tx.fetchrow(
        """select b.*, r.* from (
             select count(*) filter (where kind = 'payment') as payments,
               coalesce(sum(amount_fen) filter (where kind = 'payment'), 0)::bigint as paid_fen,
               count(*) filter (where kind = 'refund') as refunds,
               coalesce(sum(amount_fen) filter (where kind = 'refund'), 0)::bigint as refunded_fen,
               coalesce(sum(fee_fen), 0)::bigint as fees_fen from bill_trades) b
           cross join (
             select count(*) filter (where kind = 'payment') as here_payments,
               coalesce(sum(amount_fen) filter (where kind = 'payment'), 0)::bigint as here_paid_fen,
               count(*) filter (where kind = 'refund') as here_refunds,
               coalesce(sum(amount_fen) filter (where kind = 'refund'), 0)::bigint as here_refunded_fen
             from payments_recorded where at >= $1 and at < $2 and state in ('received', 'success')) r""",
        since,
        until,
    )
    if row is None:
        raise RuntimeError("no totals")
    return db.one(Totals, row)


class Timing(msgspec.Struct, frozen=True):
    """Why the book and the fund bill moved differently on a day, in fen: what of it time alone explains."""

    in_transit_fen: int
    frozen_fen: int
    other_day_fen: int


async def timing(tx: Tx, merchant_id: MerchantId, mchid: str, since: datetime, until: datetime) -> Timing:
    """Refunds taken on the day and booked on another, or the reverse (`ledger_occurred` has the booked ones);
    payments that are frozen for profit sharing; payments booked on another day."""
    row = await tx.fetchrow(
        """select
             (select coalesce(sum(b.amount_fen), 0) from bill_trades b
              join payments_recorded r on r.kind = 'refund' and r.out_number = b.out_number and r.part = b.part
              where b.kind = 'refund'
                and not exists (select from ledger_occurred o where o.source_id = r.record_id))::bigint
           - (select coalesce(sum(r.amount_fen), 0) from payments_recorded r
              join ledger_occurred o on o.source_id = r.record_id
              where r.kind = 'refund' and not exists (
                select from bill_trades b where b.kind = 'refund' and b.out_number = r.out_number)
                and exists (select from reconciliation_items i where i.merchant_id = $3 and i.mchid = $4
                            and i.kind = 'refund' and i.number = r.number))::bigint as in_transit_fen,
             (select coalesce(sum(b.amount_fen - b.fee_fen), 0) from bill_trades b
              where b.kind = 'payment' and not exists (
                select from bill_moves m where m.kind = 'payment' and m.number = b.number))::bigint as frozen_fen,
             (select -coalesce(sum(r.amount_fen), 0) from bill_trades b
              join payments_recorded r on r.kind = 'payment' and r.out_number = b.out_number and r.part = b.part
              where b.kind = 'payment' and r.state = 'received'
                and (r.at < $1 or r.at >= $2))::bigint as other_day_fen""",
        since,
        until,
        merchant_id,
        mchid,
    )
    if row is None:
        raise RuntimeError("no timing")
    return db.one(Timing, row)


class Move(msgspec.Struct, frozen=True):
    """A movement of the fund bill to keep; `content` names it, `again` counts what is the same to the letter."""

    at: datetime
    kind: str
    business_name: str
    business_type: str
    number: str
    amount_fen: int
    note: str
    content: str
    again: int


async def list_moves_to_keep(tx: Tx, merchant_id: MerchantId, mchid: str, limit: int) -> list[Move]:
    """Movements to and from the bank, and what nothing explains: other kinds, payments and refunds of no trade."""
    rows = await tx.fetch(
        """select m.at, case when m.kind in ('withdrawal', 'top_up') then m.kind else 'other' end as kind,
             m.business_name, m.business_type, m.number, m.amount_fen, m.note, m.content,
             (row_number() over (partition by m.content order by m.line))::int as again
           from bill_moves m
           where m.amount_fen <> 0 and (m.kind in ('withdrawal', 'top_up', 'other')
             or (m.kind in ('payment', 'fee', 'refund') and not exists (
                  select from bill_trades b where b.number = m.number)
                and not exists (select from reconciliation_items i
                  where i.merchant_id = $2 and i.mchid = $3 and i.kind in ('payment', 'refund')
                    and i.number = m.number)))
           order by m.line limit $1""",
        limit,
        merchant_id,
        mchid,
    )
    return db.many(Move, rows)


async def insert_moves(
    tx: Tx, merchant_id: MerchantId, mchid: str, day: date, ids: Sequence[UUID], moves: Sequence[Move]
) -> None:
    """Keeps movements; a repeat changes nothing."""
    await tx.execute(
        """insert into reconciliation_moves (merchant_id, mchid, day, move_id, at, kind, business_name, business_type,
             number, amount_fen, note)
           select $1, $2, $3, m.* from unnest($4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::bigint[], $11::text[]) as m
           on conflict do nothing""",
        merchant_id,
        mchid,
        day,
        ids,
        [m.at for m in moves],
        [m.kind for m in moves],
        [m.business_name for m in moves],
        [m.business_type for m in moves],
        [m.number for m in moves],
        [m.amount_fen for m in moves],
        [m.note for m in moves],
    )


async def sharing_change(tx: Tx) -> int:
    """What profit sharing did to the account, in the fund bill."""
    return int(await tx.fetchval("select coalesce(sum(amount_fen), 0) from bill_moves where kind = 'sharing'"))


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
