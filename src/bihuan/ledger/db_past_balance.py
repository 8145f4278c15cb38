"""An account as it stood at a past moment, and what moved it in between, by source."""

from datetime import date, datetime, timedelta, timezone

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

_CHINA = timezone(timedelta(hours=8))


def _day(at: datetime) -> date:
    """The day of the book."""
    return at.astimezone(_CHINA).date()


class Stretch(msgspec.Struct, frozen=True):
    """An account from one moment to another, by when things occurred: balances in fen and changes by source."""

    opening_fen: int
    closing_fen: int
    changes: dict[str, int]


async def stretch(tx: Tx, merchant_id: MerchantId, account: str, since: datetime, until: datetime) -> Stretch:
    """How an account stood at `since` and at `until`: its balance now, less what occurred later.

    Reads the account's entries booked since that day, not the whole book: nothing is booked before it occurs.
    """
    rows = await tx.fetch(
        """select case when t.occurred_at < $5 then t.source end as source, sum(e.amount_fen)::bigint as amount
           from ledger_entries e
           join ledger_transactions t on t.merchant_id = e.merchant_id and t.transaction_id = e.transaction_id
           where e.merchant_id = $1 and e.account = $2 and e.booked_on >= $3 and t.occurred_at >= $4
           group by 1""",
        merchant_id,
        account,
        _day(since),
        since,
        until,
    )
    now = await tx.fetchval(
        "select balance_fen from ledger_balances where merchant_id = $1 and account = $2", merchant_id, account
    )
    changes = {row["source"]: int(row["amount"]) for row in rows if row["source"] is not None}
    later = sum(int(row["amount"]) for row in rows if row["source"] is None)
    closing = int(now or 0) - later
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
