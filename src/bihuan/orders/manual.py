"""A discount by hand: a person takes something off an order that is not paid yet; the order says who and why."""

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import WrongState
from bihuan.kernel.ids import MerchantId, OrderId, StaffId
from bihuan.orders import db_manual, service
from bihuan.orders.db import OrderRow
from bihuan.orders.errors import DiscountTooLarge
from bihuan.orders.schemas import Adjustment


async def set_manual_discount(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, amount_fen: int, staff_id: StaffId, reason: str
) -> OrderRow:
    """Takes `amount_fen` off in place of what was taken off by hand before (0: nothing any more).

    Locks the order and returns it as it is then. Raises NotFound, WrongState for what is not unpaid, DiscountTooLarge
    when nothing would be left to pay.
    """
    order = await service.get_own(tx, merchant_id, order_id, None, lock=True)
    if order.state != "unpaid":
        raise WrongState(state=order.state)
    others = [one for one in order.adjustments if one.kind != "manual"]
    before = -sum(one.amount_fen for one in order.adjustments if one.kind == "manual")
    whole = order.total_fen + before
    if not 0 <= amount_fen < whole:
        raise DiscountTooLarge(most_fen=max(whole - 1, 0))
    if amount_fen:
        others.append(Adjustment("manual", f"staff:{staff_id}", reason, -amount_fen))
    discount = order.discount_fen - before + amount_fen
    if not await db_manual.set_adjustments(tx, merchant_id, order_id, others, discount):
        raise WrongState(state=order.state)
    return msgspec.structs.replace(order, adjustments=others, discount_fen=discount, total_fen=whole - amount_fen)
