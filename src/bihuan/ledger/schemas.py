"""Wire types of the ledger."""

from datetime import datetime
from uuid import UUID

import msgspec


class AccountView(msgspec.Struct, frozen=True):
    """An account of the book; the balance is in fen, debit positive."""

    account: str
    name: str
    kind: str
    balance_fen: int


class EntryView(msgspec.Struct, frozen=True):
    """One entry; debit positive."""

    account: str
    name: str
    amount_fen: int


class TransactionView(msgspec.Struct, frozen=True):
    """A transaction with its entries, which sum to zero."""

    transaction_id: UUID
    source: str
    source_id: UUID
    memo: str
    occurred_at: datetime
    posted_at: datetime
    entries: list[EntryView]
