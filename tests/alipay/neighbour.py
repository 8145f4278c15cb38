"""A neighbour's day of Alipay's bills that failed, with something that differs."""

from datetime import date

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id

DAY = date(2026, 8, 3)


async def make_alipay_day(tx: Tx, merchant_id: MerchantId) -> tuple[str, str]:
    """The seller's number and the id of a difference."""
    seller_id, difference_id = f"2088{new_id().int % 10**12:012}", new_id()
    await tx.execute(
        """insert into alipay_bill_days (merchant_id, seller_id, day, state, due_at, error)
           values ($1, $2, $3, 'failed', $4, 'no_account')""",
        merchant_id,
        seller_id,
        DAY,
        tx.now,
    )
    await tx.execute(
        """insert into alipay_bill_differences (merchant_id, difference_id, seller_id, day, kind, subject, number,
             trade_no, at, there_fen, found_at)
           values ($1, $2, $3, $4, 'missing_here', 'refund', $5, '2026', $6, 100, $6)""",
        merchant_id,
        difference_id,
        seller_id,
        DAY,
        new_id().hex,
        tx.now,
    )
    return seller_id, str(difference_id)
