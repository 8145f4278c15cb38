"""What reconciliation needs of payments: whose bills there are, what was recorded, and to ask WeChat once more.

Bills hold a million rows, so what was recorded is not returned but laid into a temporary table of the caller's
transaction, `payments_recorded`, for set-based comparison:

kind            payment | refund
out_number      our number at WeChat (out_trade_no, out_refund_no)
number          WeChat's (transaction_id, refund_id); empty when it never told
record_id       the attempt or the refund
amount_fen      paid, or given back
at              when it was paid or given back; null: it was not
state           received | parked | unpaid | <state of the refund>
began_at        when the attempt or the refund was made
purpose, reference_id
"""

from typing import Literal
from uuid import UUID

from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, db_billed, db_refunds, refunds
from bihuan.payments.db_billed import BilledAccount, list_billed, stage_numbers, stage_recorded
from bihuan.payments.inbox import INBOX
from bihuan.payments.settling import Heard
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import Bills

__all__ = [
    "Asked",
    "BilledAccount",
    "ask_payment",
    "ask_refund",
    "bills_of",
    "list_billed",
    "stage_numbers",
    "stage_recorded",
]

Asked = Literal["settled", "unpaid", "unknown", "unreachable"]
"""What came of asking: recorded now; WeChat says that nothing was paid; it knows no such number; it did not answer."""


async def bills_of(rt: Runtime, merchant_id: MerchantId, mchid: str) -> Bills | None:
    """The client for an account's bills, of a partner the provider's; None when its keys are not there."""
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(mchid)
    return None if line is None else line.reader.bills


async def ask_payment(rt: Runtime, merchant_id: MerchantId, mchid: str, out_trade_no: str) -> Asked:
    """Asks WeChat about a payment and settles what it says: money that came is kept or goes back by the usual rules.

    Raises SettlementBusy. A number that no attempt here has is not settled: "unknown", whatever WeChat says.
    """
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(mchid)
    if line is None:
        return "unreachable"
    async with rt.db.session() as tx:
        known = await db_billed.knows_number(tx, merchant_id, mchid, out_trade_no)
    if not known:
        return "unknown"
    try:
        told = await line.client.query_by_out_trade_no(out_trade_no)
    except WeChatError as error:
        gone = isinstance(error, PayError) and error.verified and error.code == "ORDER_NOT_EXIST"
        return "unknown" if gone else "unreachable"
    if not told.is_paid:
        return "unpaid"
    await INBOX.settle(rt, merchant_id, Heard(told))
    return "settled"


async def ask_refund(rt: Runtime, merchant_id: MerchantId, refund_id: UUID) -> Asked:
    """Asks WeChat how a refund stands and records it."""
    async with rt.db.transaction() as tx:
        row = await db_refunds.lock_refund(tx, merchant_id, refund_id)
    if row is None:
        return "unknown"
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(row.mchid)
    if line is None:
        return "unreachable"
    try:
        told = await line.client.query_refund(row.out_refund_no)
    except WeChatError as error:
        gone = isinstance(error, PayError) and error.verified and error.code == "RESOURCE_NOT_EXISTS"
        return "unknown" if gone else "unreachable"
    async with rt.db.transaction() as tx:
        await refunds.record(tx, merchant_id, told)
    return "settled"
