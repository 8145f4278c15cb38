"""What of the days up to a month's end is not reconciled yet: asked before the month is closed."""

from datetime import date

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class Unsettled(msgspec.Struct, frozen=True):
    """Days whose bills are not matched, and differences that nobody has resolved."""

    days: int
    differences: int


async def unsettled(tx: Tx, merchant_id: MerchantId, last: date) -> Unsettled:
    """Of the days up to and with `last`."""
    row = await tx.fetchrow(
        """select (select count(*) from reconciliation_days
                   where merchant_id = $1 and day <= $2 and state <> 'matched') as days,
             (select count(*) from reconciliation_differences
              where merchant_id = $1 and day <= $2 and state <> 'resolved') as differences""",
        merchant_id,
        last,
    )
    assert row is not None
    return db.one(Unsettled, row)
