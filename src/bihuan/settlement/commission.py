"""Charging commissions when an order is paid, and giving them back as it is refunded."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from bihuan import catalog, orders
from bihuan.kernel import money
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.orders import LineRow, OrderRow
from bihuan.settlement import books, db_commission, db_plans, rules
from bihuan.settlement.books import Pair
from bihuan.settlement.db_commission import Commission
from bihuan.settlement.rules import Charged, LineCommission, Rule


class Refunded(msgspec.Struct, frozen=True):
    """A decided refund of an order; its part of the commission goes back."""

    decision_id: UUID
    order_id: OrderId
    amount_fen: int


async def settle(
    tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId], refunds: Sequence[Refunded] = ()
) -> None:
    """Freezes the commissions of paid orders and gives back those of refunds; what was done before stays as it is.

    Locks, in this order: the months' turnover, the commissions by order, both books. They are posted to once, at the
    end: a book that is held while a commission is waited for would be a deadlock with whoever has it the other way.
    """
    platform = await books.platform_of(tx)
    if platform is None or platform.merchant_id == merchant_id:
        return
    pairs = await _charge(tx, merchant_id, platform.merchant_id, [*order_ids, *(one.order_id for one in refunds)])
    for refund in sorted(refunds, key=lambda one: (one.order_id, one.decision_id)):
        pairs += await _give_back(tx, merchant_id, refund)
    await books.post(tx, merchant_id, platform.merchant_id, pairs)


async def _charge(tx: Tx, merchant_id: MerchantId, platform_id: MerchantId, order_ids: Sequence[OrderId]) -> list[Pair]:
    """The commissions of paid orders that have none, and their postings.

    The rules are those that held when the order was paid; a tier is decided by the month's turnover before it.
    """
    rule_rows = await db_commission.list_rules(tx, platform_id, merchant_id)
    if not rule_rows:
        return []
    found = await orders.list_orders(tx, merchant_id, order_ids)
    paid = sorted((order for order in found.values() if order.paid_at is not None), key=lambda o: o.order_id)
    turnover: dict[date, int] = {}
    for month in sorted({rules.month_of(order.paid_at or tx.now) for order in paid}):
        turnover[month] = await db_commission.lock_turnover(tx, merchant_id, month)
    # after the locks: who charged one of these meanwhile has committed
    known = await db_commission.list_charged(tx, merchant_id, order_ids)
    paid = [order for order in paid if order.order_id not in known]
    if not paid:
        return []
    charged = await _charged(tx, merchant_id, paid, rule_rows, turnover)
    await db_commission.insert(tx, merchant_id, charged)
    for month, base_fen in turnover.items():
        await db_commission.set_turnover(tx, merchant_id, month, base_fen)
    return [books.commission(head.order_id, head.order_no, head.amount_fen) for head, _ in charged if head.amount_fen]


async def _charged(
    tx: Tx, merchant_id: MerchantId, paid: Sequence[OrderRow], rule_rows: Sequence[Rule], turnover: dict[date, int]
) -> list[tuple[Commission, list[LineCommission]]]:
    """The commissions of orders, one after another: each adds to the turnover that decides the tier of the next."""
    lines = await orders.list_lines(tx, merchant_id, [order.order_id for order in paid])
    categories = await catalog.list_category_names(tx, merchant_id, sorted({line.product_id for line in lines}))
    plan = await db_plans.find_subscription(tx, merchant_id)
    charged: list[tuple[Commission, list[LineCommission]]] = []
    for order in paid:
        paid_at = order.paid_at or tx.now
        month = rules.month_of(paid_at)
        bases = [
            Charged(line.line_id, line.title, base, categories.get(line.product_id, frozenset()))
            for line, base in _bases(order, [line for line in lines if line.order_id == order.order_id])
        ]
        result = rules.charge(bases, rule_rows, paid_at, merchant_id, plan.plan_code if plan else None, turnover[month])
        base = sum(line.base_fen for line in result)
        turnover[month] += base
        charged.append((_head(tx, order, base, sum(line.amount_fen for line in result)), result))
    return charged


def _head(tx: Tx, order: OrderRow, base_fen: int, amount_fen: int) -> Commission:
    return Commission(
        order_id=order.order_id,
        order_no=order.order_no,
        paid_fen=order.total_fen,
        base_fen=base_fen,
        amount_fen=amount_fen,
        refunded_fen=0,
        returned_fen=0,
        charged_at=tx.now,
    )


def _bases(order: OrderRow, lines: Sequence[LineRow]) -> list[tuple[LineRow, int]]:
    """What was paid for each line: its price less its part of the order's discounts; freight is nobody's base."""
    if not lines:
        return []
    goods = max(0, min(order.goods_fen - order.discount_fen, order.total_fen))
    return list(zip(lines, money.split(goods, [line.total_fen for line in lines]), strict=True))


async def _give_back(tx: Tx, merchant_id: MerchantId, refund: Refunded) -> list[Pair]:
    """What a decided refund returns of a commission, once, and its posting.

    The parts follow what is refunded of what was paid, cumulatively: a full refund by parts returns all of it.
    """
    before = await db_commission.find(tx, merchant_id, refund.order_id, lock=True)
    if before is None or await db_commission.is_returned(tx, merchant_id, refund.decision_id):
        return []
    refunded = min(before.refunded_fen + refund.amount_fen, before.paid_fen)
    amount = rules.give_back(before.amount_fen, before.paid_fen, refunded, before.returned_fen)
    await db_commission.insert_return(tx, merchant_id, refund.decision_id, refund.order_id, refund.amount_fen, amount)
    return [books.commission_return(refund.decision_id, before.order_no, amount)] if amount else []
