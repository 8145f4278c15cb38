"""Giving back through Alipay what came through Alipay.

A refund is named by our number (`out_request_no`), so a lost answer is asked for again and never pays twice. The
answer tells by `fund_change` whether this very call moved money; when it did not, the query says whether an earlier
one did.
"""

from bihuan.alipay import AlipayError, AlipayRefused, RefundDone, RefundOrder
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay.lines import lines_of
from bihuan.payments.db_refunds import RefundRow


async def carry_out(rt: Runtime, row: RefundRow, reason: str) -> RefundDone:
    """Has one refund done. Raises AlipayError: to be tried again later, under the same number."""
    line = (await lines_of(rt, row.merchant_id)).of_seller(row.mchid)
    if line is None:
        raise AlipayError("no_account", f"account {row.mchid} is not usable")
    order = RefundOrder(
        out_request_no=row.out_refund_no, trade_no=row.transaction_id, refund_fen=row.amount_fen, reason=reason
    )
    refused: AlipayRefused | None = None
    try:
        if await line.client.refund(order):
            return RefundDone(row.out_refund_no, row.amount_fen, None)
    except AlipayRefused as error:  # perhaps an earlier call did it: a trade that is all refunded refuses more
        refused = error
    done = await line.client.find_refund(row.transaction_id, row.out_refund_no)
    if done is None:
        raise refused or AlipayError("not_moved", "no money was moved, and no earlier refund is known")
    return done
