"""Orders' periodic work (what nobody paid expires, what nobody confirmed completes) and reactions."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from bihuan.facts.identity import ShoppersMerged
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import WrongState
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.kernel.jobs import Periodic
from bihuan.kernel.runtime import Runtime
from bihuan.orders import cart_db, db, rules, service

log = structlog.get_logger(__name__)

BATCH = 500


async def expire(rt: Runtime) -> int:
    """Cancels unpaid orders whose time is over; returns how many.

    A merchant's orders go in one transaction; an order paid in the meantime is left alone.
    """
    done = 0
    while True:
        async with rt.db.session() as tx:
            expired = await db.list_expired(tx, BATCH)
        groups: dict[MerchantId, list[OrderId]] = {}
        for merchant_id, order_id in expired:
            groups.setdefault(merchant_id, []).append(order_id)
        for merchant_id, order_ids in groups.items():
            async with rt.db.transaction() as tx:
                done += await service.cancel(tx, merchant_id, sorted(order_ids), "expired", must=False)
        if len(expired) < BATCH:
            return done


async def complete_delivered(rt: Runtime) -> int:
    """Completes orders that were delivered AUTO_COMPLETE_DAYS ago; returns how many."""
    done = 0
    async with rt.db.session() as tx:
        due = await db.list_to_complete(tx, tx.now - timedelta(days=rules.AUTO_COMPLETE_DAYS), BATCH)
    for merchant_id, order_id in due:
        try:
            async with rt.db.transaction() as tx:
                await service.complete(tx, merchant_id, order_id, None)
                done += 1
        except WrongState:
            log.info("order moved on before it was completed", order_id=str(order_id))
    return done


async def move_orders(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: her orders and carts are the remaining one's."""
    for envelope in envelopes:
        fact: ShoppersMerged = envelope.fact
        await db.move_shopper(tx, merchant_id, fact.former_id, fact.shopper_id)
        await cart_db.move_shopper(tx, merchant_id, fact.former_id, fact.shopper_id)


HANDLERS = (Handler(name="orders.move_orders", facts=(ShoppersMerged,), run=move_orders),)

JOBS = (
    Periodic(name="orders.expire", every_seconds=2, run=expire),
    Periodic(name="orders.complete_delivered", every_seconds=600, run=complete_delivered),
)
