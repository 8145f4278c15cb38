"""An account as it stood at a past moment, and what moved it in between, by source."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.ledger.rules import Transaction

_CHINA = timezone(timedelta(hours=8))


def _day(at: datetime) -> date:
    """The day of the book."""
    return at.astimezone(_CHINA).date()


class Stretch(msgspec.Struct, frozen=True):
    """An account from one moment to another, by when things occurred: balances in fen and changes by source."""

    opening_fen: int
    closing_fen: int
    changes: dict[str, int]

    def after(self, account: str, postings: Sequence[Transaction], since: datetime, until: datetime) -> "Stretch":
        """The same once these are posted, which are not yet; their `occurred_at` is said."""
        opening, closing, changes = self.opening_fen, self.closing_fen, dict(self.changes)
        for posting in postings:
            amount = sum(entry.amount_fen for entry in posting.entries if entry.account == account)
            at = posting.occurred_at
            if at is None or at >= until or not amount:
                continue
            closing += amount
            if at < since:
                opening += amount
            else:
                changes[posting.source] = changes.get(posting.source, 0) + amount
        return Stretch(opening, closing, changes)


async def stretch(tx: Tx, merchant_id: MerchantId, account: str, since: datetime, until: datetime) -> Stretch:
    """How an account stood at `since` and at `until`: its balance now, less what occurred later.

    Reads the account's entries booked since that day, not the whole book: nothing is booked before it occurs. One
    statement, so that the balance and the entries are of one moment while others post.
    """
    rows = await tx.fetch(
        """select coalesce(b.balance_fen, 0) as now, m.source, coalesce(m.amount, 0) as amount
           from (select case when t.occurred_at < $5 then t.source end as source, sum(e.amount_fen)::bigint as amount
                 from ledger_entries e
                 join ledger_transactions t on t.merchant_id = e.merchant_id and t.transaction_id = e.transaction_id
                 where e.merchant_id = $1 and e.account = $2 and e.booked_on >= $3 and t.occurred_at >= $4
                 group by 1) m
           full join (select balance_fen from ledger_balances where merchant_id = $1 and account = $2) b on true""",
        merchant_id,
        account,
        _day(since),
        since,
        until,
    )
    changes = {row["source"]: int(row["amount"]) for row in rows if row["source"] is not None}
    later = sum(int(row["amount"]) for row in rows if row["source"] is None)
    closing = (int(rows[0]["now"]) if rows else 0) - later
    return Stretch(closing - sum(changes.values()), closing, changes)


async def stage_occurred(tx: Tx, merchant_id: MerchantId, source: str, since: datetime, until: datetime) -> None:
    """Makes `ledger_occurred (source_id)`, gone with the transaction: what of a source occurred in between."""
    await tx.execute("create temporary table ledger_occurred (source_id uuid not null) on commit drop")
    await tx.execute(
        """insert into ledger_occurred select source_id from ledger_transactions
           where merchant_id = $1 and booked_on >= $2 and source = $3
             and occurred_at >= $4 and occurred_at < $5""",
        merchant_id,
        _day(since),
        source,
        since,
        until,
    )
