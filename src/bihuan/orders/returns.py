"""What after-sale does to an order: pieces held back, cancelled, refunded; money that was decided to go back.

The caller holds the order's row (`lock`) through all of it: that orders its work against shipping and other cases.
"""

from collections.abc import Mapping

from bihuan.facts.orders import OrderDelivered
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import WrongState
from bihuan.kernel.ids import LineId, MerchantId, OrderId, ShopperId
from bihuan.orders import db, db_returns, rules, service
from bihuan.orders.db import LineRow, OrderRow
from bihuan.orders.errors import SentMeanwhile


async def lock(tx: Tx, merchant_id: MerchantId, order_id: OrderId, shopper_id: ShopperId | None = None) -> OrderRow:
    """An order, its row held until the transaction ends. Raises NotFound, for another's as for none."""
    return await service.get_own(tx, merchant_id, order_id, shopper_id, lock=True)


async def find(tx: Tx, merchant_id: MerchantId, order_id: OrderId, shopper_id: ShopperId | None = None) -> OrderRow:
    """The same, without holding it."""
    return await service.get_own(tx, merchant_id, order_id, shopper_id)


async def hold_back(tx: Tx, merchant_id: MerchantId, order_id: OrderId, pieces: Mapping[LineId, int]) -> None:
    """Pieces that are not to be sent while a case is open; below zero: they may be again. Raises SentMeanwhile."""
    wanted = {line_id: count for line_id, count in pieces.items() if count}
    if wanted and await db_returns.add_held_back(tx, merchant_id, order_id, wanted) != len(wanted):
        raise SentMeanwhile


async def cancel_pieces(tx: Tx, order: OrderRow, pieces: Mapping[LineId, int]) -> None:
    """Pieces that were held back will never be sent.

    With nothing left to send the order moves on: cancelled when nothing ever left, delivered when all the rest did.
    """
    wanted = {line_id: count for line_id, count in pieces.items() if count}
    if not wanted:
        return
    if await db_returns.add_cancelled(tx, order.merchant_id, order.order_id, wanted) != len(wanted):
        raise RuntimeError("pieces are cancelled that were not held back")
    lines = await db.list_lines(tx, order.merchant_id, [order.order_id])
    if any(line.to_send or line.held_back_quantity for line in lines):
        return
    if not any(line.delivered_quantity for line in lines):
        rules.check_transition(order.state, "cancelled")
        if not await db_returns.set_refunded_unsent(tx, order.merchant_id, order.order_id, order.state):
            raise WrongState(state=order.state)
    elif order.state == "partially_delivered":
        if not await db.set_delivery(tx, order.merchant_id, order.order_id, order.state, "delivered"):
            raise WrongState(state=order.state)
        await events.emit(tx, OrderDelivered(**db.fact_members(tx, order), method=order.delivery_method))


async def record_refunded(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, amount_fen: int, pieces: Mapping[LineId, int]
) -> OrderRow:
    """Counts money that was decided to go back, and the pieces that it is for; returns the order as it is then.

    The database refuses more than was paid, and more pieces than there are.
    """
    await db_returns.add_refunded(tx, merchant_id, order_id, amount_fen, pieces)
    return await service.get_own(tx, merchant_id, order_id, None)


async def add_open_cases(tx: Tx, merchant_id: MerchantId, order_id: OrderId, count: int) -> None:
    """A case opened (1) or ended (-1)."""
    await db_returns.add_open_cases(tx, merchant_id, order_id, count)


async def lines_of(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> list[LineRow]:
    """The lines of an order."""
    return await db.list_lines(tx, merchant_id, [order_id])
