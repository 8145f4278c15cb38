"""Posting to a book and reading it."""

from collections.abc import Sequence
from uuid import UUID

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.ledger import db, rules
from bihuan.ledger.rules import Transaction
from bihuan.ledger.schemas import AccountView, EntryView, TransactionView

BATCH = 1000


async def post(tx: Tx, merchant_id: MerchantId, transactions: Sequence[Transaction]) -> int:
    """Posts transactions of one merchant; returns how many were new (the rest was posted before).

    One statement per BATCH. Raises Unbalanced and UnknownAccount, and nothing is posted then. The book stays
    locked until the caller's transaction ends: post last.
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


async def list_accounts(tx: Tx, merchant_id: MerchantId, language: str) -> list[AccountView]:
    """The whole book in the chart's order; accounts without postings stand at zero."""
    known = await balances(tx, merchant_id)
    return [
        AccountView(row.account, name_of(row.account, language), row.kind, known.get(row.account, 0))
        for row in rules.CHART.values()
    ]


def name_of(account: str, language: str) -> str:
    """An account's name for a reader; the code itself when the chart no longer has it."""
    row = rules.CHART.get(account)
    return account if row is None else row.name_en if language == "en" else row.name_zh


async def list_transactions(
    tx: Tx, merchant_id: MerchantId, account: str | None, before: UUID | None, limit: int, language: str
) -> list[TransactionView]:
    """Transactions with all their entries, newest first; of one account when given."""
    rows = await db.list_transactions(tx, merchant_id, account, before, limit)
    entries: dict[UUID, list[EntryView]] = {}
    for entry in await db.list_entries(tx, merchant_id, [row.transaction_id for row in rows]):
        view = EntryView(entry.account, name_of(entry.account, language), entry.amount_fen)
        entries.setdefault(entry.transaction_id, []).append(view)
    return [
        TransactionView(
            row.transaction_id,
            row.source,
            row.source_id,
            row.description,
            row.occurred_at,
            row.posted_at,
            entries.get(row.transaction_id, []),
        )
        for row in rows
    ]
