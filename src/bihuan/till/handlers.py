"""Reactions of tills to facts, and their periodic work."""

from collections.abc import Sequence

from bihuan import orders
from bihuan.facts.orders import OrderCancelled, OrderPaid
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.jobs import Periodic
from bihuan.till import db_sales, sales


async def follow_orders(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """A sale's order ended: void, unless a code is being decided (what comes of it decides). It was paid on the
    shopper's phone: handed over, the sale is paid."""
    found = await db_sales.open_of_orders(tx, merchant_id, [envelope.fact.order_id for envelope in envelopes])
    paid = {envelope.fact.order_id for envelope in envelopes if isinstance(envelope.fact, OrderPaid)}
    for sale in found:
        order = await orders.returns.find(tx, merchant_id, sale.order_id)
        if sale.order_id in paid and order.state == "paid":
            await db_sales.end_sale(tx, merchant_id, sale.sale_id, "paid")
            await orders.hand_over_order(tx, merchant_id, sale.order_id)
        elif order.state == "cancelled" and not await sales.is_being_paid(tx, merchant_id, sale.sale_id):
            await db_sales.end_sale(tx, merchant_id, sale.sale_id, "void")


HANDLERS = (Handler(name="till.follow_orders", facts=(OrderPaid, OrderCancelled), run=follow_orders),)

JOBS = (Periodic(name="till.decide_left", every_seconds=5, run=sales.decide_left),)
