"""The journal: transactions by day of the book, filtered, in pages that cost what they show."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

SCAN = 20_000
"""How many transactions one page looks at when a text, or an account together with a source, is looked for."""


class TransactionRow(msgspec.Struct, frozen=True):
    """A transaction with its entries, which are parallel: accounts and amounts in fen, debit positive.

    `booked_on` is later than the day of `occurred_at` when that day was closed before we heard of it.
    """

    transaction_id: UUID
    source: str
    source_id: UUID
    description: str
    occurred_at: datetime
    posted_at: datetime
    booked_on: date
    accounts: list[str]
    amounts: list[int]


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which transactions; None is all. `text` is looked for in descriptions, or is the id of a transaction or cause."""

    account: str | None = None
    source: str | None = None
    first: date | None = None
    last: date | None = None
    text: str | None = None


Place = tuple[date, UUID]
"""Where a page ended: the day and the id of its last transaction."""


class Found(msgspec.Struct, frozen=True):
    """A page; `next` is where to go on from, None at the end. A page that looks for a text may be short, or empty."""

    rows: list[TransactionRow]
    next: Place | None


_SOURCES = """
with recursive s (source) as (
  select min(source) from ledger_transactions where merchant_id = $1
  union all
  select (select min(t.source) from ledger_transactions t where t.merchant_id = $1 and t.source > s.source)
  from s where s.source is not null)
select source from s where source is not null
"""

_WITH_ENTRIES = """
select t.transaction_id, t.source, t.source_id, t.description, t.occurred_at, t.posted_at, t.booked_on,
  e.accounts, e.amounts
from {page} join ledger_transactions t on t.merchant_id = $1 and t.transaction_id = {page}.transaction_id
cross join lateral (
  select array_agg(l.account order by l.line) as accounts, array_agg(l.amount_fen order by l.line) as amounts
  from ledger_entries l where l.merchant_id = $1 and l.transaction_id = t.transaction_id) e
order by t.booked_on {order}, t.transaction_id {order}
"""


async def list_sources(tx: Tx, merchant_id: MerchantId) -> list[str]:
    """What the book's transactions come from: one look into the index per source."""
    return [row["source"] for row in await tx.fetch(_SOURCES, merchant_id)]


async def find(
    tx: Tx, merchant_id: MerchantId, wanted: Filter, after: Place | None, limit: int, *, oldest_first: bool = False
) -> Found:
    """A page of the journal, newest first unless told otherwise."""
    if wanted.text and (cause := _uuid(wanted.text)) is not None:
        return Found(await _by_id(tx, merchant_id, cause), None)
    order, beyond = ("asc", ">") if oldest_first else ("desc", "<")
    picky = bool(wanted.text) or bool(wanted.account and wanted.source)
    scan = SCAN if picky else limit + 1
    inner, args = _candidates(wanted, after, scan, order, beyond, merchant_id)
    text = None if not wanted.text else f"%{wanted.text.translate(_ESCAPED)}%"
    if not picky:
        rows = await _rows(tx, f"with page as ({inner})" + _WITH_ENTRIES.format(page="page", order=order), args)
        more = len(rows) > limit
        return Found(rows[:limit], _place(rows[limit - 1]) if more else None)
    n = len(args)
    found = await tx.fetchrow(
        f"""with candidates as materialized ({inner}), kept as (
              select c.booked_on, c.transaction_id from candidates c
              join ledger_transactions t on t.merchant_id = $1 and t.transaction_id = c.transaction_id
              where (${n + 1}::text is null or t.source = ${n + 1}) and (${n + 2}::text is null
                or t.description ilike ${n + 2})
              order by c.booked_on {order}, c.transaction_id {order} limit ${n + 3})
            select (select count(*) from candidates) as seen,
              (select array_agg(k.transaction_id) from kept k) as ids,
              (select c.booked_on from candidates c order by c.booked_on {_reverse(order)},
                 c.transaction_id {_reverse(order)} limit 1) as last_day,
              (select c.transaction_id from candidates c order by c.booked_on {_reverse(order)},
                 c.transaction_id {_reverse(order)} limit 1) as last_id""",  # noqa: S608 - built of constants
        *args,
        wanted.source,
        text,
        limit + 1,
    )
    assert found is not None
    rows = await _by_ids(tx, merchant_id, found["ids"] or [], order)
    if len(rows) > limit:
        return Found(rows[:limit], _place(rows[limit - 1]))
    return Found(rows, (found["last_day"], found["last_id"]) if found["seen"] == scan else None)


_ESCAPED = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


def _candidates(
    wanted: Filter, after: Place | None, scan: int, order: str, beyond: str, merchant_id: MerchantId
) -> tuple[str, list[Any]]:
    """SQL of (booked_on, transaction_id) in order, by an index alone, and its arguments."""
    args: list[Any] = [merchant_id, wanted.first, wanted.last, *(after or (None, None)), scan]
    where = f"""x.merchant_id = $1 and ($2::date is null or x.booked_on >= $2) and ($3::date is null
      or x.booked_on <= $3) and ($4::date is null or (x.booked_on, x.transaction_id) {beyond} ($4, $5::uuid))"""
    of_page = f"order by x.booked_on {order}, x.transaction_id {order} limit $6"
    if wanted.account:
        args.append(wanted.account)
        return (
            f"""select distinct x.booked_on, x.transaction_id from ledger_entries x
                where x.account = $7 and {where} {of_page}""",  # noqa: S608 - built of constants
            args,
        )
    if wanted.source:
        args.append(wanted.source)
        return (
            f"""select x.booked_on, x.transaction_id from ledger_transactions x
                where x.source = $7 and {where} {of_page}""",  # noqa: S608 - built of constants
            args,
        )
    return (
        f"""select y.booked_on, y.transaction_id from ({_SOURCES}) s cross join lateral (
              select x.booked_on, x.transaction_id from ledger_transactions x
              where x.source = s.source and {where} {of_page}) y
            {of_page.replace("x.", "y.")}""",  # noqa: S608 - built of constants
        args,
    )


def _reverse(order: str) -> str:
    return "asc" if order == "desc" else "desc"


def _place(row: TransactionRow) -> Place:
    return (row.booked_on, row.transaction_id)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text.strip())
    except ValueError:
        return None


async def _rows(tx: Tx, sql: str, args: Sequence[object]) -> list[TransactionRow]:
    return db.many(TransactionRow, await tx.fetch(sql, *args))


async def _by_ids(tx: Tx, merchant_id: MerchantId, ids: Sequence[UUID], order: str) -> list[TransactionRow]:
    page = "unnest($2::uuid[]) as page (transaction_id)"
    sql = _WITH_ENTRIES.replace("{page} join", page + " join").format(page="page", order=order)
    return await _rows(tx, sql, [merchant_id, ids])


async def _by_id(tx: Tx, merchant_id: MerchantId, cause: UUID) -> list[TransactionRow]:
    """The transaction of that id, and those whose cause has it: one look into an index per source."""
    rows = await tx.fetch(
        f"""select t.transaction_id from ledger_transactions t where t.merchant_id = $1 and t.transaction_id = $2
            union select t.transaction_id from ({_SOURCES}) s join ledger_transactions t
              on t.merchant_id = $1 and t.source = s.source and t.source_id = $2""",  # noqa: S608 - a constant
        merchant_id,
        cause,
    )
    return await _by_ids(tx, merchant_id, [row["transaction_id"] for row in rows], "desc")
