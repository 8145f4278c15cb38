"""Payments' reactions and periodic work. Those that settle are made with the settlers that wiring hands in."""

from collections.abc import Sequence

from bihuan.facts.orders import OrderCancelled
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.jobs import Periodic
from bihuan.kernel.runtime import Runtime
from bihuan.payments import db_watch, refunds, refused, tenders, watching
from bihuan.payments.refunds import BeforeRefund
from bihuan.payments.settlers import Settlers


async def close_cancelled(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Nobody shall pay a cancelled order: its payment closes, and its wallet part goes back at once.

    Its attempts are closed at WeChat by the job.
    """
    orders = [envelope.fact.order_id for envelope in envelopes]
    await db_watch.close_references(tx, merchant_id, "order", orders)
    await tenders.release_references(tx, merchant_id, "order", orders)


HANDLERS = (Handler(name="payments.close_cancelled", facts=(OrderCancelled,), run=close_cancelled),)


def jobs(settlers: Settlers, before_refund: Sequence[BeforeRefund] = ()) -> tuple[Periodic, ...]:
    """The periodic work."""

    async def refund(rt: Runtime) -> int:
        return await refunds.run_due(rt, before_refund)

    async def watch(rt: Runtime) -> int:
        return await watching.watch(rt, settlers)

    return (
        Periodic(name="payments.watch", every_seconds=2, run=watch),
        Periodic(name="payments.release_parts", every_seconds=60, run=tenders.release_left),
        Periodic(name="payments.refund", every_seconds=2, run=refund),
        Periodic(name="payments.forget_notifications", every_seconds=3600, run=watching.forget_old),
        Periodic(name="payments.forget_refused_callbacks", every_seconds=3600, run=refused.forget_old),
    )
