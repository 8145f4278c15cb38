"""What members' points did at a till during a shift."""

from uuid import UUID

from bihuan import identity, membership
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.membership import MemberOrder, PointsTotals
from bihuan.till import db_reports


async def of_shift(tx: Tx, merchant_id: MerchantId, shift_id: UUID) -> PointsTotals:
    """Spent on its paid sales, earned by them, and given back with its refunds; walk-in shoppers have none."""
    paid = await db_reports.list_paid(tx, merchant_id, shift_id, identity.walk_in_id(merchant_id))
    refunds = await db_reports.list_refunds(tx, merchant_id, shift_id)
    return await membership.totals_of(tx, merchant_id, [MemberOrder(*one) for one in paid], refunds)
