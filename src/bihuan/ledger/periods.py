"""Months of a book: closed one after another, reopened from the last backwards. See ADR 10."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.ledger import db_periods
from bihuan.ledger.db_periods import Closing, closed_through, list_closings
from bihuan.ledger.errors import StillClosed, StillOpen

__all__ = ["CHINA", "Closing", "close", "closed_through", "day_of", "end_of", "list_closings", "month_of", "reopen"]

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The days of the books; China has one time and has not changed its clocks since 1991."""


def day_of(at: datetime) -> date:
    """The day of the book on which something at this time is booked, if it is open."""
    return at.astimezone(CHINA).date()


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def end_of(month: date) -> date:
    """The last day of its month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def close(
    tx: Tx, merchant_id: MerchantId, month: date, by: tuple[UUID, str], checklist: Sequence[object]
) -> None:
    """Closes a book to the end of a month, with all that is before; waits for postings under way.

    `by` is the user's id and name. Raises StillClosed. What occurred there and is heard of later is booked on the
    first open day.
    """
    if not await db_periods.close(tx, merchant_id, month, by, msgspec.to_builtins(list(checklist))):
        raise StillClosed


async def reopen(tx: Tx, merchant_id: MerchantId, month: date, by: tuple[UUID, str], reason: str) -> None:
    """Opens a month and all that are after it. Raises StillOpen. What was booked late stays where it was booked."""
    if not await db_periods.reopen(tx, merchant_id, month, by, reason):
        raise StillOpen
