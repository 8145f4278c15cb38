"""What settlement's postings come from: the order, the statement, the payout, the adjustment, the bill behind an id."""

from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class Traced(msgspec.Struct, frozen=True, kw_only=True):
    """What a posting comes from, and whose it is; a payout leads on to its statement."""

    kind: str
    id: UUID
    label: str
    merchant_id: MerchantId
    statement_id: UUID | None = None
    statement_no: str | None = None


_BY_SOURCE = {
    "commission": """select 'order' as kind, c.order_id as id, c.order_no as label, c.merchant_id
      from commissions c where {whose} c.order_id = $2""",
    "commission_return": """select 'order' as kind, c.order_id as id, c.order_no as label, c.merchant_id
      from commission_returns r
      join commissions c on c.merchant_id = r.merchant_id and c.order_id = r.order_id
      where {whose} r.decision_id = $2""",
    "sharing": """select 'order' as kind, c.order_id as id, c.order_no as label, c.merchant_id
      from sharing_orders o
      join sharings c on c.merchant_id = o.merchant_id and c.order_id = o.order_id
      where {whose} o.sharing_order_id = $2""",
    "sharing_return": """select 'order' as kind, c.order_id as id, c.order_no as label, c.merchant_id
      from sharing_returns r
      join sharings c on c.merchant_id = r.merchant_id and c.order_id = r.order_id
      where {whose} r.return_id = $2""",
    "plan_invoice": """select 'plan_invoice' as kind, c.invoice_id as id, to_char(c.month, 'YYYY-MM') as label,
        c.merchant_id
      from plan_invoices c where {whose} c.invoice_id = $2""",
    "settlement_adjustment": """select 'adjustment' as kind, c.adjustment_id as id, c.reason as label, c.merchant_id
      from settlement_adjustments c where {whose} c.adjustment_id = $2""",
    "statement": """select 'statement' as kind, c.statement_id as id, c.statement_no as label, c.merchant_id
      from statements c where {whose} c.statement_id = $2""",
    "payout": """select 'payout' as kind, c.payout_id as id, c.reference as label, c.merchant_id, s.statement_id,
        s.statement_no
      from payouts c join statements s on s.merchant_id = c.merchant_id and s.statement_id = c.statement_id
      where {whose} c.payout_id = $2""",
}


async def trace(tx: Tx, merchant_id: MerchantId | None, source: str, source_id: UUID) -> Traced | None:
    """What a posting of settlement comes from; None for another source, or when it is not this merchant's.

    Without a merchant it is looked for among all: in the platform's book, each posting is about some merchant.
    """
    sql = _BY_SOURCE.get(source)
    if sql is None:
        return None
    whose = "c.merchant_id = $1 and" if merchant_id else "$1::uuid is null and"
    return db.one_or_none(Traced, await tx.fetchrow(sql.format(whose=whose), merchant_id, source_id))
