"""Posting to a book and reading it."""

from collections.abc import Sequence
from datetime import date

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.ledger import books, db, periods, rules
from bihuan.ledger.books import Turnover
from bihuan.ledger.journal import TransactionRow
from bihuan.ledger.rules import Transaction
from bihuan.ledger.schemas import AccountView, EntryView, TransactionView, TurnoverView

BATCH = 1000


async def post(tx: Tx, merchant_id: MerchantId, transactions: Sequence[Transaction]) -> int:
    """Posts transactions of one merchant; returns how many were new (the rest was posted before).

    One statement per BATCH. Raises Unbalanced and UnknownAccount, and PeriodClosed for a `booked_on` in a closed
    month; nothing is posted then. The book stays locked until the caller's transaction ends: post last.
    """
    for transaction in transactions:
        rules.check(transaction)
    posted = 0
    for start in range(0, len(transactions), BATCH):
        posted += await db.post(tx, merchant_id, transactions[start : start + BATCH])
    return posted


async def balances(tx: Tx, merchant_id: MerchantId) -> dict[str, int]:
    """Account -> balance in fen (debit positive); empty before the first posting."""
    return {row.account: row.balance_fen for row in await db.list_balances(tx, merchant_id)}


async def list_accounts(tx: Tx, merchant_id: MerchantId, language: str, on: date | None = None) -> list[AccountView]:
    """The whole book in the chart's order, now or at the end of a day; accounts without postings stand at zero."""
    known = await balances(tx, merchant_id) if on is None else await books.balances_on(tx, merchant_id, on)
    return [
        AccountView(row.account, name_of(row.account, language), row.kind, known.get(row.account, 0))
        for row in rules.CHART.values()
    ]


def name_of(account: str, language: str) -> str:
    """An account's name for a reader; the code itself when the chart no longer has it."""
    row = rules.CHART.get(account)
    return account if row is None else row.name_en if language == "en" else row.name_zh


def view_of(row: TransactionRow, language: str) -> TransactionView:
    """A transaction for a reader."""
    entries = [
        EntryView(account, name_of(account, language), amount)
        for account, amount in zip(row.accounts, row.amounts, strict=True)
    ]
    return TransactionView(
        row.transaction_id,
        row.source,
        row.source_id,
        row.description,
        row.occurred_at,
        row.posted_at,
        row.booked_on,
        periods.day_of(row.occurred_at) != row.booked_on,
        entries,
    )


def turnover_views(rows: Sequence[Turnover], language: str) -> list[TurnoverView]:
    """A trial balance for a reader, in the chart's order."""
    of_account = {row.account: row for row in rows}
    return [
        TurnoverView(
            account,
            name_of(account, language),
            known.kind,
            row.opening_fen,
            row.debit_fen,
            row.credit_fen,
            row.closing_fen,
        )
        for account, known in rules.CHART.items()
        if (row := of_account.get(account)) is not None
    ]
