"""Wire types of the ledger."""

from datetime import date, datetime
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
    """A transaction with its entries, which sum to zero.

    `late`: it is booked on another day than that of the business, which was closed already.
    """

    transaction_id: UUID
    source: str
    source_id: UUID
    memo: str
    occurred_at: datetime
    posted_at: datetime
    booked_on: date
    late: bool
    entries: list[EntryView]


class TurnoverView(msgspec.Struct, frozen=True):
    """An account over some days: closing = opening + debit - credit; balances are debit positive."""

    account: str
    name: str
    kind: str
    opening_fen: int
    debit_fen: int
    credit_fen: int
    closing_fen: int
