"""A complaint in the tables, for tests that need one and no WeChat."""

from uuid import UUID

from bihuan.aftersale.complaints import rules
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id

_PICTURE = "https://api.mch.weixin.qq.com/v3/merchant-service/images/A1"
PICTURE_NAME = rules.picture_name(_PICTURE)
"""What its picture is called."""


async def make_complaint(tx: Tx, merchant_id: MerchantId, order_id: str, order_no: str) -> str:
    """A complaint of an order, answered once; its id."""
    complaint_id = new_id()
    await tx.execute(
        """insert into complaints (merchant_id, complaint_id, complaint_no, mchid, state, problem_type, problem, detail,
             pictures, amount_fen, full_refunded, user_waits, platform_helps, times, order_id, order_no, complained_at,
             answered_at, fetched_at, created_at)
           values ($1, $2, $3, '1900000109', 'processing', 'other', '其他类型', '少发了一件', $4, 1000, false, false,
             false, 1, $5, $6, $7, $7, $7, $7)""",
        merchant_id,
        complaint_id,
        f"2002{new_id().hex[-20:]}",
        [_PICTURE],
        UUID(order_id),
        order_no,
        tx.now,
    )
    await tx.execute(
        """insert into complaint_events
             (merchant_id, complaint_id, log_no, ordinal, operator, kind, details, happened_at)
           values ($1, $2, '3002', 0, '商家', 'MERCHANT_RESPONSE', '您好', $3)""",
        merchant_id,
        complaint_id,
        tx.now,
    )
    return str(complaint_id)
