"""Reactions of membership to facts."""

from collections.abc import Sequence

from bihuan import identity
from bihuan.facts.aftersale import RefundDecided
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.orders import OrderPaid
from bihuan.facts.payments import RefundSettled
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.jobs import Periodic
from bihuan.membership import aging, holds, service, terms


async def reward_orders(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Paying opens the card and brings points, to all but a till's walk-in shopper, who is nobody.

    What is refunded takes its points back. One handler for both: it gets facts in their order.
    """
    nobody = identity.walk_in_id(merchant_id)
    facts = [e.fact for e in envelopes if e.fact.shopper_id != nobody]
    paid = [fact for fact in facts if isinstance(fact, OrderPaid)]
    if paid:
        rate = (await terms.get_settings(tx, merchant_id)).earn_per_yuan
        await service.reward(tx, merchant_id, paid, rate)
        await aging.remember(tx, merchant_id, paid, rate)
    refunds = [fact for fact in facts if isinstance(fact, RefundSettled) and fact.purpose == "order"]
    await aging.revoke(tx, merchant_id, refunds)


async def return_points(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """What of refunded pieces had been paid with points comes back as points."""
    for envelope in envelopes:
        fact: RefundDecided = envelope.fact
        if fact.points_fen:
            await holds.return_worth(tx, merchant_id, fact.order_id, fact.case_id, fact.points_fen)


async def merge_members(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """One person, one card."""
    for envelope in envelopes:
        await service.merge(tx, merchant_id, envelope.fact.former_id, envelope.fact.shopper_id)


HANDLERS = (
    Handler(name="membership.reward_orders", facts=(OrderPaid, RefundSettled), run=reward_orders),
    Handler(name="membership.return_points", facts=(RefundDecided,), run=return_points),
    Handler(name="membership.merge_members", facts=(ShoppersMerged,), run=merge_members),
)

JOBS = (
    Periodic(name="membership.expire_points", every_seconds=3600, run=aging.expire),
    Periodic(name="membership.warn_of_expiry", every_seconds=3600, run=aging.warn),
)
