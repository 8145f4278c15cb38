"""SQL of what is given back at a till."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, StaffId


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """Money given back at a till."""

    refund_id: UUID
    shift_id: UUID
    order_id: OrderId
    order_no: str
    amount_fen: int
    cash_fen: int
    card_fen: int
    card_slip: str
    other_fen: int
    lines: list[dict[str, Any]]
    reason: str
    staff_id: StaffId
    created_at: datetime


_REFUND = ", ".join(RefundRow.__struct_fields__)


async def insert_refund(tx: Tx, merchant_id: MerchantId, row: RefundRow) -> None:
    """Records a refund."""
    await tx.execute(
        f"""insert into till_refunds (merchant_id, {_REFUND})
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",  # noqa: S608 - names of columns
        merchant_id,
        *(getattr(row, name) for name in RefundRow.__struct_fields__),
    )
