"""Settlement's reactions and periodic work."""

from collections.abc import Sequence

from bihuan.facts.orders import OrderCompleted, OrderPaid
from bihuan.facts.payments import RefundSettled
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.kernel.jobs import Periodic
from bihuan.settlement import closing, commission, db_sharing, plans, returning, rules, sharing
from bihuan.settlement.commission import Refunded


async def charge_and_give_back(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Paid orders are charged and their sharing is planned; settled refunds return their part of the commission.

    A refund through WeChat returned it before it was made; one by another tender returns it here.
    """
    paid = [OrderId(e.fact.order_id) for e in envelopes if isinstance(e.fact, OrderPaid)]
    settled = [e.fact for e in envelopes if isinstance(e.fact, RefundSettled) and e.fact.purpose == "order"]
    # the sharings first, as everywhere: their rows are locked before commissions and books
    if paid:
        await sharing.begin(tx, merchant_id, paid)
    back = [Refunded(fact.decision_id, OrderId(fact.reference_id), fact.amount_fen) for fact in settled]
    await commission.settle(tx, merchant_id, paid, back)


async def share_completed(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Completed orders are shared now."""
    order_ids = [e.fact.order_id for e in envelopes]
    await db_sharing.complete(tx, merchant_id, order_ids, rules.SHARE_AFTER.total_seconds())


HANDLERS = (
    Handler(name="settlement.charge", facts=(OrderPaid, RefundSettled), run=charge_and_give_back),
    Handler(name="settlement.share_completed", facts=(OrderCompleted,), run=share_completed),
)

JOBS = (
    Periodic(name="settlement.share", every_seconds=2, run=sharing.run_due),
    Periodic(name="settlement.take_back", every_seconds=2, run=returning.run_due),
    Periodic(name="settlement.watch_ends", every_seconds=600, run=sharing.watch_ends),
    Periodic(name="settlement.bill_plans", every_seconds=3600, run=plans.bill_due),
    Periodic(name="settlement.close_statements", every_seconds=600, run=closing.close_due),
)
