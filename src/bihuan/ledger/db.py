"""The ledger's SQL. The only writer is the function `ledger_post`."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.ledger.rules import Transaction


class BalanceRow(msgspec.Struct, frozen=True):
    """An account's balance."""

    account: str
    balance_fen: int


class TransactionRow(msgspec.Struct, frozen=True):
    """A transaction without its entries."""

    transaction_id: UUID
    source: str
    source_id: UUID
    description: str
    occurred_at: datetime
    posted_at: datetime


class EntryRow(msgspec.Struct, frozen=True):
    """An entry."""

    transaction_id: UUID
    account: str
    amount_fen: int


async def post(tx: Tx, merchant_id: MerchantId, transactions: Sequence[Transaction]) -> int:
    """Posts a batch by `ledger_post`; returns how many were new."""
    entries = [(place, e) for place, t in enumerate(transactions, 1) for e in t.entries]
    return await tx.fetchval(
        "select ledger_post($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        merchant_id,
        tx.now,
        [new_id() for _ in transactions],
        [t.source for t in transactions],
        [t.source_id for t in transactions],
        [t.description[:200] for t in transactions],
        [t.occurred_at or tx.now for t in transactions],
        [place for place, _ in entries],
        [e.account for _, e in entries],
        [e.amount_fen for _, e in entries],
    )


async def list_balances(tx: Tx, merchant_id: MerchantId) -> list[BalanceRow]:
    """Every account of the book."""
    rows = await tx.fetch("select account, balance_fen from ledger_balances where merchant_id = $1", merchant_id)
    return db.many(BalanceRow, rows)


async def list_transactions(
    tx: Tx, merchant_id: MerchantId, account: str | None, before: UUID | None, limit: int
) -> list[TransactionRow]:
    """Newest first, from below `before`; those with an entry on `account` when given."""
    columns = "t.transaction_id, t.source, t.source_id, t.description, t.occurred_at, t.posted_at"
    if account is None:
        rows = await tx.fetch(
            f"""select {columns} from ledger_transactions t
                where t.merchant_id = $1 and ($2::uuid is null or t.transaction_id < $2)
                order by t.transaction_id desc limit $3""",  # noqa: S608 - names of columns
            merchant_id,
            before,
            limit,
        )
    else:
        rows = await tx.fetch(
            f"""with page as (
                  select distinct e.transaction_id from ledger_entries e
                  where e.merchant_id = $1 and e.account = $4 and ($2::uuid is null or e.transaction_id < $2)
                  order by e.transaction_id desc limit $3)
                select {columns} from page join ledger_transactions t
                  on t.merchant_id = $1 and t.transaction_id = page.transaction_id
                order by t.transaction_id desc""",  # noqa: S608 - names of columns
            merchant_id,
            before,
            limit,
            account,
        )
    return db.many(TransactionRow, rows)


async def list_entries(tx: Tx, merchant_id: MerchantId, transaction_ids: Sequence[UUID]) -> list[EntryRow]:
    """The entries of transactions, in their order."""
    rows = await tx.fetch(
        """select transaction_id, account, amount_fen from ledger_entries
           where merchant_id = $1 and transaction_id = any($2) order by transaction_id, line""",
        merchant_id,
        transaction_ids,
    )
    return db.many(EntryRow, rows)
