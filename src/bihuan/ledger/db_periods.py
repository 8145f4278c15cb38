"""SQL of a book's months: what is closed, closing and reopening."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id


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


async def closed_through(tx: Tx, merchant_id: MerchantId) -> date | None:
    """The last day that is closed; None when none is."""
    found: date | None = await tx.fetchval(
        "select closed_through from ledger_books where merchant_id = $1", merchant_id
    )
    return found


async def close(tx: Tx, merchant_id: MerchantId, month: date, by: tuple[UUID, str], checklist: Any) -> bool:
    """Closes a book to the end of a month; False when it is closed."""
    return await tx.fetchval(
        "select ledger_close($1, $2, $3, $4, $5, $6, $7)", merchant_id, month, tx.now, new_id(), *by, checklist
    )


async def reopen(tx: Tx, merchant_id: MerchantId, month: date, by: tuple[UUID, str], reason: str) -> bool:
    """Opens a month and all that are after it; False when it is open."""
    return await tx.fetchval(
        "select ledger_reopen($1, $2, $3, $4, $5, $6, $7)", merchant_id, month, tx.now, new_id(), *by, reason
    )


async def list_closings(tx: Tx, merchant_id: MerchantId, limit: int = 100) -> list[Closing]:
    """What was closed and reopened, newest first."""
    rows = await tx.fetch(
        """select closing_id, kind, month, closed_through, at, by_user_id, by_name, reason, checklist, balances
           from ledger_closings where merchant_id = $1 order by closing_id desc limit $2""",
        merchant_id,
        limit,
    )
    return db.many(Closing, rows)
