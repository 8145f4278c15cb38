"""What a till's postings come from: the shift."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class OfShift(msgspec.Struct, frozen=True):
    """A shift: at which till, and when it was opened."""

    shift_id: UUID
    till: str
    opened_at: datetime


_SHIFT = "select s.shift_id, s.till, s.opened_at from till_shifts s"
_OF_MOVEMENT = f"""{_SHIFT} join till_movements m on m.merchant_id = s.merchant_id and m.shift_id = s.shift_id
  where m.merchant_id = $1 and m.kind in ('pay_in', 'pay_out', 'expense') and m.source_id = $2"""
_OF_BANKING = f"""{_SHIFT} join till_bankings b on b.merchant_id = s.merchant_id and b.shift_id = s.shift_id
  where b.merchant_id = $1 and b.banking_id = $2"""
_OF_SHIFT = f"{_SHIFT} where s.merchant_id = $1 and s.shift_id = $2"
_BY_SOURCE = {
    "till_float": _OF_SHIFT,
    "till_difference": _OF_SHIFT,
    "till_pay_in": _OF_MOVEMENT,
    "till_pay_out": _OF_MOVEMENT,
    "till_expense": _OF_MOVEMENT,
    "till_banking": _OF_BANKING,
}


async def trace(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> OfShift | None:
    """The shift behind a posting; None for another source, or when it is not this merchant's."""
    sql = _BY_SOURCE.get(source)
    return db.one_or_none(OfShift, await tx.fetchrow(sql, merchant_id, source_id)) if sql else None
