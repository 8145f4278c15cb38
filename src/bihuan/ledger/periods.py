"""Months of a book: closed one after another, reopened from the last backwards. See ADR 10."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.ledger.errors import StillClosed, StillOpen

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The days of the books; China has one time and has not changed its clocks since 1991."""


class Closing(msgspec.Struct, frozen=True):
    """That a month was closed or reopened. `closed_through` is the last closed day as this left it."""

    closing_id: UUID
    kind: str
    month: date
    closed_through: date | None
    at: datetime
    by_user_id: UUID
    by_name: str
    reason: str
    checklist: list[Any]
    balances: dict[str, int]


def day_of(at: datetime) -> date:
    """The day of the book on which something at this time is booked, if it is open."""
    return at.astimezone(CHINA).date()


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def end_of(month: date) -> date:
    """The last day of its month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def closed_through(tx: Tx, merchant_id: MerchantId) -> date | None:
    """The last day that is closed; None when none is."""
    found: date | None = await tx.fetchval(
        "select closed_through from ledger_books where merchant_id = $1", merchant_id
    )
    return found


async def close(
    tx: Tx, merchant_id: MerchantId, month: date, by: tuple[UUID, str], checklist: Sequence[object]
) -> None:
    """Closes a book to the end of a month, with all that is before; waits for postings under way.

    `by` is the user's id and name. Raises StillClosed. What occurred there and is heard of later is booked on the
    first open day.
    """
    proof = msgspec.to_builtins(list(checklist))
    if not await tx.fetchval(
        "select ledger_close($1, $2, $3, $4, $5, $6, $7)", merchant_id, month, tx.now, new_id(), *by, proof
    ):
        raise StillClosed


async def reopen(tx: Tx, merchant_id: MerchantId, month: date, by: tuple[UUID, str], reason: str) -> None:
    """Opens a month and all that are after it. Raises StillOpen. What was booked late stays where it was booked."""
    if not await tx.fetchval(
        "select ledger_reopen($1, $2, $3, $4, $5, $6, $7)", merchant_id, month, tx.now, new_id(), *by, reason
    ):
        raise StillOpen


async def list_closings(tx: Tx, merchant_id: MerchantId, limit: int = 100) -> list[Closing]:
    """What was closed and reopened, newest first."""
    rows = await tx.fetch(
        """select closing_id, kind, month, closed_through, at, by_user_id, by_name, reason, checklist, balances
           from ledger_closings where merchant_id = $1 order by closing_id desc limit $2""",
        merchant_id,
        limit,
    )
    return db.many(Closing, rows)
