"""What a received payment does to its order: the one place that decides whether money is kept."""

from collections.abc import Sequence

from bihuan import inventory, ledger, membership
from bihuan.facts.orders import OrderPaid
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.orders import db, points
from bihuan.orders.db import OrderRow
from bihuan.payments import Receipt, Verdict


async def settle(tx: Tx, merchant_id: MerchantId, receipts: Sequence[Receipt]) -> list[Verdict]:
    """Applies receipts to their orders; one verdict each, in order. What is refused, payments refunds.

    accepted: the order waited for this amount, or was cancelled in the meantime and its stock, and the points that
    pay a part of it, are still there. Refused: unknown_order, amount_differs, second_payment, late_out_of_stock,
    late_points_gone.

    Locks, in this order: the orders, members' cards, all pools that the orders have a part in, the book.
    """
    orders = await db.lock_orders(tx, merchant_id, sorted({OrderId(r.reference_id) for r in receipts}))
    if spent := points.paid_with(orders.values()):
        await membership.lock(tx, merchant_id, spent)  # cards before stock, as placement does
    if any(order.state == "cancelled" for order in orders.values()):
        # late ones are served one after another, and the pools of each are in no order over all
        await inventory.lock_pools_of(tx, merchant_id, list(orders))
    accepted: dict[OrderId, OrderRow] = {}
    verdicts: list[Verdict] = []
    for receipt in receipts:
        order = orders.get(OrderId(receipt.reference_id))
        reason = await _reason_to_refuse(tx, receipt, order, accepted)
        if reason is None and order is not None:
            accepted[order.order_id] = order
        verdicts.append(Verdict(receipt.payment_id, reason is None, reason))
    if accepted:
        await _pay(tx, merchant_id, list(accepted.values()))
    return verdicts


async def _reason_to_refuse(
    tx: Tx, receipt: Receipt, order: OrderRow | None, accepted: dict[OrderId, OrderRow]
) -> str | None:
    if order is None:
        return "unknown_order"
    if order.order_id in accepted or order.state not in ("unpaid", "cancelled") or order.payment_status != "unpaid":
        return "second_payment"
    if receipt.amount_fen != order.total_fen:
        return "amount_differs"
    return await _reason_not_to_revive(tx, order) if order.state == "cancelled" else None


async def _reason_not_to_revive(tx: Tx, order: OrderRow) -> str | None:
    """Takes what a cancelled order had given back; nothing is taken when one of it is gone."""
    spent = points.paid_with([order])
    if spent and not await membership.hold_again(tx, order.merchant_id, order.order_id):
        return "late_points_gone"
    if await inventory.sell_released(tx, order.merchant_id, order.order_id):
        return None
    if spent:
        await membership.release(tx, order.merchant_id, spent)
    return "late_out_of_stock"


async def _pay(tx: Tx, merchant_id: MerchantId, orders: Sequence[OrderRow]) -> None:
    ids = [order.order_id for order in orders]
    spent = points.paid_with(orders)
    if spent and await membership.redeem(tx, merchant_id, spent) != len(spent):
        raise RuntimeError("an order is paid whose points are not held")
    await inventory.confirm(tx, merchant_id, [order.order_id for order in orders if order.state == "unpaid"])
    changed = await db.set_paid(tx, merchant_id, ids)
    if changed != len(ids):  # the rows are locked, so this cannot be; money stops here if it is
        raise RuntimeError(f"{len(ids) - changed} locked orders changed under their lock")
    await ledger.post(tx, merchant_id, [_posting(order) for order in orders])
    paid = [OrderPaid(**db.fact_members(tx, order), paid_fen=order.total_fen) for order in orders]
    await events.emit(tx, *paid)


def _posting(order: OrderRow) -> ledger.Transaction:
    by_points = points.worth_of(order.adjustments)
    entries = [
        ledger.Entry("receipts", order.total_fen),
        ledger.Entry("sales", -order.goods_fen),
        ledger.Entry("freight", -order.freight_fen),
        ledger.Entry("discounts", order.discount_fen - by_points),
        ledger.Entry("points_discounts", by_points),
    ]
    return ledger.Transaction(
        "order", order.order_id, f"订单 {order.order_no}", [entry for entry in entries if entry.amount_fen]
    )
