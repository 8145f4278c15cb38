"""SQL of days and their bills."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.payments.billed import BilledAccount
from bihuan.reconciliation.rules import BillKind
from bihuan.reconciliation.schemas import AccountSheet, Alert, BillView, DayRow, MoveView


class Due(msgspec.Struct, frozen=True):
    """A day whose bills are to be fetched and matched."""

    merchant_id: MerchantId
    mchid: str
    sp_mchid: str
    day: date
    tries: int


class Kept(msgspec.Struct, frozen=True):
    """A bill whose file is kept; an empty `file`: the day has none."""

    kind: BillKind
    file: str
    hash: str


_DAY = """d.merchant_id, d.mchid, d.day, d.sp_mchid, d.state, d.due_at, d.tries, d.error_code, d.error, d.payments,
  d.paid_fen, d.refunds, d.refunded_fen, d.fees_fen, d.here_payments, d.here_paid_fen, d.here_refunds,
  d.here_refunded_fen, d.opening_fen, d.closing_fen, d.book_opening_fen, d.book_closing_fen, d.withdrawn_fen,
  d.in_transit_fen, d.frozen_fen, d.shared_fen, d.differing_fen, d.unexplained_fen, d.matched_at,
  n.differences, n.open_differences"""
_COUNTED = """cross join lateral (
    select count(*)::int as differences, (count(*) filter (where f.state <> 'resolved'))::int as open_differences
    from reconciliation_differences f
    where f.merchant_id = d.merchant_id and f.mchid = d.mchid and f.day = d.day) n"""


class Unsettled(msgspec.Struct, frozen=True):
    """Days whose bills are not matched, and differences that nobody has resolved."""

    days: int
    differences: int


async def unsettled(tx: Tx, merchant_id: MerchantId, last: date) -> Unsettled:
    """Of the days up to and with `last`."""
    row = await tx.fetchrow(
        """select (select count(*) from reconciliation_days
                   where merchant_id = $1 and day <= $2 and state <> 'matched') as days,
             (select count(*) from reconciliation_differences
              where merchant_id = $1 and day <= $2 and state <> 'resolved') as differences""",
        merchant_id,
        last,
    )
    assert row is not None
    return db.one(Unsettled, row)


async def want_days(tx: Tx, rows: Sequence[tuple[MerchantId, str, str, date, datetime]]) -> int:
    """Adds days that are not there: merchant, mchid, sp_mchid, day, when due. How many were new."""
    return await tx.execute(
        """insert into reconciliation_days (merchant_id, mchid, sp_mchid, day, due_at)
           select * from unnest($1::uuid[], $2::text[], $3::text[], $4::date[], $5::timestamptz[])
           on conflict do nothing""",
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
        [row[4] for row in rows],
    )


async def latest_days(tx: Tx) -> dict[tuple[MerchantId, str], date]:
    """The latest day that is known, by merchant and account."""
    rows = await tx.fetch("select merchant_id, mchid, max(day) as day from reconciliation_days group by 1, 2")
    return {(row["merchant_id"], row["mchid"]): row["day"] for row in rows}


async def claim_due(tx: Tx, lease: timedelta) -> Due | None:
    """Takes the earliest day that is due, of an account whose earlier days are not waiting; None for none."""
    row = await tx.fetchrow(
        """update reconciliation_days d set due_at = $1 + $2::interval, tries = d.tries + 1
           from (select merchant_id, mchid, day from reconciliation_days
                 where state = 'waiting' and due_at <= $1 order by day, due_at limit 1 for update skip locked) n
           where d.merchant_id = n.merchant_id and d.mchid = n.mchid and d.day = n.day
           returning d.merchant_id, d.mchid, d.sp_mchid, d.day, d.tries""",
        tx.now,
        lease,
    )
    return db.one_or_none(Due, row)


async def lock_day(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> str | None:
    """Locks a day; its state, None when there is none."""
    return await tx.fetchval(
        "select state from reconciliation_days where merchant_id = $1 and mchid = $2 and day = $3 for update",
        merchant_id,
        mchid,
        day,
    )


async def postpone(tx: Tx, due: Due, due_at: datetime, code: str, error: str, *, fail: bool) -> None:
    """Tries again later, or gives up until a person asks."""
    await tx.execute(
        """update reconciliation_days set due_at = $4, error_code = $5, error = $6,
             state = case when $7 then 'failed' else state end
           where merchant_id = $1 and mchid = $2 and day = $3 and state = 'waiting'""",
        due.merchant_id,
        due.mchid,
        due.day,
        due_at,
        code,
        error[:500],
        fail,
    )


async def retry(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> bool:
    """A person asks again for a day that failed or waits; False when it is matched."""
    return bool(
        await tx.execute(
            """update reconciliation_days set state = 'waiting', due_at = $4, tries = 0
               where merchant_id = $1 and mchid = $2 and day = $3 and state <> 'matched'""",
            merchant_id,
            mchid,
            day,
            tx.now,
        )
    )


async def keep_bill(tx: Tx, due: Due, kind: BillKind, file: str, hash: str, size: int) -> None:
    """A bill was fetched; fetched again, it takes the place of the former."""
    await tx.execute(
        """insert into reconciliation_bills (merchant_id, mchid, day, kind, file, hash, bytes, fetched_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (merchant_id, mchid, day, kind) do update set file = excluded.file, hash = excluded.hash,
             bytes = excluded.bytes, fetched_at = excluded.fetched_at, forgotten_at = null, rows = null,
             amount_fen = null""",
        due.merchant_id,
        due.mchid,
        due.day,
        kind,
        file,
        hash,
        size,
        tx.now,
    )


async def set_read(tx: Tx, due: Due, kind: BillKind, rows: int, amount_fen: int) -> None:
    """What a bill held."""
    await tx.execute(
        """update reconciliation_bills set rows = $5, amount_fen = $6
           where merchant_id = $1 and mchid = $2 and day = $3 and kind = $4""",
        due.merchant_id,
        due.mchid,
        due.day,
        kind,
        rows,
        amount_fen,
    )


async def list_kept(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> list[Kept]:
    """The bills of a day whose files are there, or that the day does not have."""
    rows = await tx.fetch(
        """select kind, file, hash from reconciliation_bills
           where merchant_id = $1 and mchid = $2 and day = $3 and forgotten_at is null""",
        merchant_id,
        mchid,
        day,
    )
    return db.many(Kept, rows)


async def list_bills(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> list[BillView]:
    """The bills of a day."""
    rows = await tx.fetch(
        """select kind, hash, bytes, rows, amount_fen, fetched_at, file <> '' and forgotten_at is null as file
           from reconciliation_bills where merchant_id = $1 and mchid = $2 and day = $3
           order by array_position(array['trade', 'funds', 'sharing'], kind)""",
        merchant_id,
        mchid,
        day,
    )
    return db.many(BillView, rows)


async def list_moves(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> list[MoveView]:
    """Movements of a day, in their order; the first thousand."""
    rows = await tx.fetch(
        """select move_id, at, kind, business_name, business_type, number, amount_fen, note from reconciliation_moves
           where merchant_id = $1 and mchid = $2 and day = $3 order by at, move_id limit 1000""",
        merchant_id,
        mchid,
        day,
    )
    return db.many(MoveView, rows)


async def find_day(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> DayRow | None:
    """A day of an account."""
    row = await tx.fetchrow(
        f"""select {_DAY} from reconciliation_days d {_COUNTED}
            where d.merchant_id = $1 and d.mchid = $2 and d.day = $3""",  # noqa: S608 - names of columns
        merchant_id,
        mchid,
        day,
    )
    return db.one_or_none(DayRow, row)


async def list_days(
    tx: Tx, merchant_id: MerchantId, state: str | None, before: tuple[date, str] | None, limit: int
) -> list[DayRow]:
    """A merchant's days, the latest first."""
    rows = await tx.fetch(
        f"""select {_DAY} from reconciliation_days d {_COUNTED}
            where d.merchant_id = $1 and ($2::text is null or d.state = $2)
              and ($3::date is null or (d.day, d.mchid) < ($3, $4))
            order by d.day desc, d.mchid desc limit $5""",  # noqa: S608 - names of columns
        merchant_id,
        state,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return db.many(DayRow, rows)


async def list_all_days(tx: Tx, state: str | None, before: tuple[date, UUID, str] | None, limit: int) -> list[DayRow]:
    """Every merchant's days, the latest first."""
    rows = await tx.fetch(
        f"""select {_DAY} from reconciliation_days d {_COUNTED}
            where ($1::text is null or d.state = $1)
              and ($2::date is null or (d.day, d.merchant_id, d.mchid) < ($2, $3, $4))
            order by d.day desc, d.merchant_id desc, d.mchid desc limit $5""",  # noqa: S608 - names of columns
        state,
        before[0] if before else None,
        before[1] if before else None,
        before[2] if before else None,
        limit,
    )
    return db.many(DayRow, rows)


async def list_sheets(
    tx: Tx, merchant_id: MerchantId, accounts: Sequence[BilledAccount], first: date, last: date
) -> list[AccountSheet]:
    """Each account over some days, in the order given."""
    rows = await tx.fetch(
        """select a.mchid, a.sp_mchid, a.active, d.*, f.*,
             d.closing_fen - d.opening_fen - d.paid_fen + d.refunded_fen + d.fees_fen + d.withdrawn_fen as other_fen
           from unnest($4::text[], $5::text[], $6::bool[]) with ordinality as a(mchid, sp_mchid, active, place)
           cross join lateral (
             select (count(*) filter (where state = 'matched'))::int as matched_days,
               (count(*) filter (where state <> 'matched'))::int as missing_days,
               coalesce(sum(paid_fen), 0)::bigint as paid_fen, coalesce(sum(refunded_fen), 0)::bigint as refunded_fen,
               coalesce(sum(fees_fen), 0)::bigint as fees_fen, coalesce(sum(withdrawn_fen), 0)::bigint as withdrawn_fen,
               (array_agg(opening_fen order by day) filter (where opening_fen is not null))[1] as opening_fen,
               (array_agg(closing_fen order by day desc) filter (where closing_fen is not null))[1] as closing_fen,
               max(day) filter (where closing_fen is not null) as closed_on
             from reconciliation_days
             where merchant_id = $1 and mchid = a.mchid and day between $2 and $3) d
           cross join lateral (
             select count(*)::int as open_differences, coalesce(sum(abs(book_fen)), 0)::bigint as open_fen
             from reconciliation_differences
             where merchant_id = $1 and mchid = a.mchid and day between $2 and $3 and state <> 'resolved') f
           order by a.place""",
        merchant_id,
        first,
        last,
        [one.mchid for one in accounts],
        [one.sp_mchid for one in accounts],
        [one.active for one in accounts],
    )
    return db.many(AccountSheet, rows)


async def alert(tx: Tx, merchant_id: MerchantId | None) -> Alert:
    """What needs a person, of one merchant or of all."""
    row = await tx.fetchrow(
        """select (select count(*)::int from reconciliation_days
                   where state = 'failed' and ($1::uuid is null or merchant_id = $1)) as failed_days,
             count(f.*)::int as open_differences, coalesce(sum(abs(f.book_fen)), 0)::bigint as open_fen,
             least(min(f.day), (select min(day) from reconciliation_days
                                where state = 'failed' and ($1::uuid is null or merchant_id = $1))) as oldest
           from reconciliation_differences f where f.state = 'open' and ($1::uuid is null or f.merchant_id = $1)""",
        merchant_id,
    )
    return db.one(Alert, row) if row is not None else Alert(0, 0, 0, None)


async def list_old_files(tx: Tx, before: datetime, limit: int) -> list[tuple[MerchantId, str, date, str, str]]:
    """Files whose time of keeping is over: merchant, mchid, day, kind, file."""
    rows = await tx.fetch(
        """select merchant_id, mchid, day, kind, file from reconciliation_bills
           where fetched_at < $1 and forgotten_at is null and file <> '' order by fetched_at limit $2""",
        before,
        limit,
    )
    return [(row["merchant_id"], row["mchid"], row["day"], row["kind"], row["file"]) for row in rows]


async def set_forgotten(tx: Tx, merchant_id: MerchantId, mchid: str, day: date, kind: str) -> None:
    """A file is not kept any more."""
    await tx.execute(
        """update reconciliation_bills set forgotten_at = $5
           where merchant_id = $1 and mchid = $2 and day = $3 and kind = $4""",
        merchant_id,
        mchid,
        day,
        kind,
        tx.now,
    )


async def take_shares(tx: Tx, table: str) -> None:
    """Adds to `payments_recorded` what lies in a temporary table of the same columns (`sources.Shares`)."""
    columns = "kind, out_number, number, record_id, amount_fen, at, state, began_at, purpose, reference_id"
    await tx.execute(f"insert into payments_recorded ({columns}) select {columns} from {table}")  # noqa: S608
