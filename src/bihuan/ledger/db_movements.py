"""Reading a book transaction by transaction: for those who settle or reconcile what stands on some accounts."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class Movement(msgspec.Struct, frozen=True):
    """A transaction with its entries, which are parallel: accounts and amounts in fen, debit positive."""

    transaction_id: UUID
    source: str
    source_id: UUID
    description: str
    occurred_at: datetime
    posted_at: datetime
    accounts: list[str]
    amounts: list[int]

    def on(self, account: str) -> int:
        """What it moves on an account."""
        return sum(amount for name, amount in zip(self.accounts, self.amounts, strict=True) if name == account)


async def list_movements(
    tx: Tx, merchant_id: MerchantId, accounts: Sequence[str], after: UUID | None, limit: int
) -> list[Movement]:
    """Transactions with an entry on one of `accounts`, in the order of their ids, from above `after`; at most `limit`.

    An id leads with the time of posting; one that an import posted, with the time when it occurred.
    """
    rows = await tx.fetch(
        """with page as (
             select distinct e.transaction_id from unnest($2::text[]) as a (account)
             cross join lateral (
               select l.transaction_id from ledger_entries l
               where l.merchant_id = $1 and l.account = a.account and ($3::uuid is null or l.transaction_id > $3)
               order by l.transaction_id limit $4) e
             order by e.transaction_id limit $4)
           select t.transaction_id, t.source, t.source_id, t.description, t.occurred_at, t.posted_at,
             e.accounts, e.amounts
           from page join ledger_transactions t on t.merchant_id = $1 and t.transaction_id = page.transaction_id
           cross join lateral (
             select array_agg(l.account order by l.line) as accounts, array_agg(l.amount_fen order by l.line) as amounts
             from ledger_entries l where l.merchant_id = $1 and l.transaction_id = t.transaction_id) e
           order by t.transaction_id""",
        merchant_id,
        accounts,
        after,
        limit,
    )
    return db.many(Movement, rows)
