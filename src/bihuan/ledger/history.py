"""Posting to many books at once, for imports."""

from collections.abc import Sequence

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id_at
from bihuan.kernel.ids import MerchantId
from bihuan.ledger import db, rules
from bihuan.ledger.rules import Transaction


class PastTransaction(msgspec.Struct, frozen=True):
    """A transaction with its book. It must say when it occurred: it is listed there, not where it was posted."""

    merchant_id: MerchantId
    transaction: Transaction


async def post_books(tx: Tx, rows: Sequence[PastTransaction]) -> int:
    """Posts transactions of many merchants in one statement; returns how many were new.

    Raises ValueError for one without its time, Unbalanced, UnknownAccount and PeriodClosed; nothing is posted
    then. The books stay locked until the caller's transaction ends: post last.
    """
    if not rows:
        return 0
    # the same cause twice in one call is one transaction, as with `ledger.post`
    causes = {(row.merchant_id, row.transaction.source, row.transaction.source_id): row for row in reversed(rows)}
    rows = list(reversed(causes.values()))
    for row in rows:
        rules.check(row.transaction)
    entries = [(place, entry) for place, row in enumerate(rows, 1) for entry in row.transaction.entries]
    times = [row.transaction.occurred_at for row in rows]
    known = [at for at in times if at is not None]
    if len(known) < len(times):
        raise ValueError("a past transaction must say when it occurred")
    async with db.refused_if_closed():
        return await tx.fetchval(
            "select ledger_post_books($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            tx.now,
            [row.merchant_id for row in rows],
            [
                derived_id_at(at, row.transaction.source, str(row.transaction.source_id))
                for at, row in zip(known, rows, strict=True)
            ],
            [row.transaction.source for row in rows],
            [row.transaction.source_id for row in rows],
            [row.transaction.description[:200] for row in rows],
            known,
            [place for place, _ in entries],
            [entry.account for _, entry in entries],
            [entry.amount_fen for _, entry in entries],
            [row.transaction.booked_on for row in rows],
        )
