"""Posting to many books at once: for imports, and for what stands in two books."""

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
    times = [row.transaction.occurred_at for row in rows]
    known = [at for at in times if at is not None]
    if len(known) < len(times):
        raise ValueError("a past transaction must say when it occurred")
    ids = [
        derived_id_at(at, row.transaction.source, str(row.transaction.source_id))
        for at, row in zip(known, rows, strict=True)
    ]
    return await db.post_books(tx, [row.merchant_id for row in rows], ids, [row.transaction for row in rows], known)
