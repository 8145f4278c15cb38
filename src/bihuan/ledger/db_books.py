"""Balances at any date, turnovers and days of a book: sums over `ledger_days`, however many entries there are."""

from collections.abc import AsyncGenerator, Sequence
from datetime import date

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class Turnover(msgspec.Struct, frozen=True):
    """An account over some days: what it began with, what moved, what it ended with, in fen, debit positive.

    `credit_fen` is positive: closing = opening + debit - credit.
    """

    account: str
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int


class DayRow(msgspec.Struct, frozen=True):
    """What moved on an account on a day, both positive."""

    day: date
    account: str
    debit_fen: int
    credit_fen: int


class VoucherLine(msgspec.Struct, frozen=True):
    """What the transactions of one source moved on an account on a day: a line of that day's voucher."""

    day: date
    source: str
    transactions: int
    account: str
    debit_fen: int
    credit_fen: int


async def balances_on(tx: Tx, merchant_id: MerchantId, day: date) -> dict[str, int]:
    """Account -> balance in fen at the end of a day; accounts that never moved until then are left out."""
    rows = await tx.fetch(
        """select account, sum(debit_fen - credit_fen)::bigint as fen from ledger_days
           where merchant_id = $1 and day <= $2 group by account""",
        merchant_id,
        day,
    )
    return {row["account"]: row["fen"] for row in rows}


async def turnovers(tx: Tx, merchant_id: MerchantId, first: date, last: date) -> list[Turnover]:
    """The trial balance of some days: accounts that moved until their end. Debits equal credits."""
    rows = await tx.fetch(
        """select account, opening_fen, debit_fen, credit_fen, opening_fen + debit_fen - credit_fen as closing_fen
           from (select account,
                   coalesce(sum(debit_fen - credit_fen) filter (where day < $2), 0)::bigint as opening_fen,
                   coalesce(sum(debit_fen) filter (where day >= $2), 0)::bigint as debit_fen,
                   coalesce(sum(credit_fen) filter (where day >= $2), 0)::bigint as credit_fen
                 from ledger_days where merchant_id = $1 and day <= $3 group by account) d""",
        merchant_id,
        first,
        last,
    )
    return db.many(Turnover, rows)


async def list_days(tx: Tx, merchant_id: MerchantId, accounts: Sequence[str], first: date, last: date) -> list[DayRow]:
    """The days of some accounts on which anything moved, in order."""
    rows = await tx.fetch(
        """select day, account, debit_fen, credit_fen from ledger_days
           where merchant_id = $1 and account = any($2) and day between $3 and $4 order by day, account""",
        merchant_id,
        accounts,
        first,
        last,
    )
    return db.many(DayRow, rows)


async def first_day(tx: Tx, merchant_id: MerchantId) -> date | None:
    """The first day with an entry; None for an empty book."""
    found: date | None = await tx.fetchval("select min(day) from ledger_days where merchant_id = $1", merchant_id)
    return found


async def month_turnovers(tx: Tx, merchant_id: MerchantId) -> dict[date, int]:
    """The first day of a month -> the sum of its debits, which is that of its credits."""
    rows = await tx.fetch(
        """select date_trunc('month', day)::date as month, sum(debit_fen)::bigint as fen from ledger_days
           where merchant_id = $1 group by 1""",
        merchant_id,
    )
    return {row["month"]: row["fen"] for row in rows}


async def voucher_lines(tx: Tx, merchant_id: MerchantId, first: date, last: date) -> AsyncGenerator[list[VoucherLine]]:
    """Days in order, each with the lines of its vouchers: one range of the journal a day, one day in memory."""
    days = await tx.fetch(
        "select distinct day from ledger_days where merchant_id = $1 and day between $2 and $3 order by day",
        merchant_id,
        first,
        last,
    )
    for row in days:
        lines = await tx.fetch(
            """select $2::date as day, t.source, count(distinct t.transaction_id) as transactions, e.account,
                 coalesce(sum(e.amount_fen) filter (where e.amount_fen > 0), 0)::bigint as debit_fen,
                 coalesce(-sum(e.amount_fen) filter (where e.amount_fen < 0), 0)::bigint as credit_fen
               from ledger_entries e join ledger_transactions t
                 on t.merchant_id = e.merchant_id and t.transaction_id = e.transaction_id
               where e.merchant_id = $1 and e.booked_on = $2 and e.account = any(
                 array(select a.account from ledger_accounts a where a.merchant_id = $1))
               group by t.source, e.account order by t.source, e.account""",
            merchant_id,
            row["day"],
        )
        yield db.many(VoucherLine, lines)
