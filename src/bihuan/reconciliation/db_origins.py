"""What reconciliation's postings come from: the day of the bills, a transfer to the bank, a difference."""

from datetime import date
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class OfBill(msgspec.Struct, frozen=True):
    """The day and the account of the bill; `label` is the difference's or the transfer's number."""

    mchid: str
    day: date
    label: str = ""


_BY_SOURCE = {
    "bank_transfer": """select mchid, day, number as label from reconciliation_moves
      where merchant_id = $1 and move_id = $2""",
    "reconciliation": """select mchid, day, number as label from reconciliation_differences
      where merchant_id = $1 and difference_id = $2""",
}


async def trace(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> OfBill | None:
    """The bill behind a transfer or a difference; None for another source, or when it is not this merchant's."""
    sql = _BY_SOURCE.get(source)
    return db.one_or_none(OfBill, await tx.fetchrow(sql, merchant_id, source_id)) if sql else None


async def trace_fees(tx: Tx, merchant_id: MerchantId, day: date, description: str) -> OfBill | None:
    """The bill whose fees a posting sums: it is booked for its day and names its account (`matching`).

    A day has a row for each account, its bill up to a million: the rows themselves are not looked through.
    """
    row = await tx.fetchrow(
        """select mchid, day from reconciliation_days
           where merchant_id = $1 and day = $2 and position(mchid in $3) > 0 limit 1""",
        merchant_id,
        day,
        description,
    )
    return db.one_or_none(OfBill, row)
