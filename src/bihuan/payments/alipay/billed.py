"""What reconciliation needs of payments by Alipay: whose bills there are, what was recorded, and to ask once more.

`stage_recorded` lays what was received and given back into a temporary table of the caller's transaction,
`alipay_recorded` (kind payment | refund, our number, trade_no, record_id, amount_fen, at; null: not kept).
"""

from datetime import date

from bihuan.alipay import AlipayError
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay.db_billed import BilledSeller, create_stage, list_billed, stage_numbers, stage_recorded
from bihuan.payments.alipay.lines import lines_of
from bihuan.payments.inbox import INBOX
from bihuan.payments.settling import Heard

__all__ = [
    "BilledSeller",
    "create_stage",
    "find_bill",
    "list_billed",
    "look_up",
    "stage_numbers",
    "stage_recorded",
]


async def find_bill(rt: Runtime, merchant_id: MerchantId, seller_id: str, day: date) -> bytes | None:
    """A day's bill; None when nothing happened. Raises AlipayError."""
    line = (await lines_of(rt, merchant_id)).of_seller(seller_id)
    if line is None:
        raise AlipayError("no_account", f"seller {seller_id} is not usable")
    return await line.client.find_bill(day)


async def look_up(rt: Runtime, merchant_id: MerchantId, seller_id: str, out_trade_no: str) -> bool:
    """Asks about a payment and settles what Alipay says; whether it is paid. False too when it does not answer.

    Raises SettlementBusy.
    """
    line = (await lines_of(rt, merchant_id)).of_seller(seller_id)
    if line is None:
        return False
    try:
        trade = await line.client.query(out_trade_no)
    except AlipayError:
        return False
    if trade.is_paid:
        await INBOX.settle(rt, merchant_id, Heard(trade))
    return trade.is_paid
