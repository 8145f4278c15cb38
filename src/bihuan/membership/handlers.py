"""Reactions of membership to facts."""

from collections.abc import Sequence

from bihuan import identity
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.orders import OrderPaid
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.membership import service


async def reward_orders(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Paying opens the card and brings points, to all but a till's walk-in shopper, who is nobody."""
    nobody = identity.walk_in_id(merchant_id)
    await service.reward(tx, merchant_id, [e.fact for e in envelopes if e.fact.shopper_id != nobody])


async def merge_members(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """One person, one card."""
    for envelope in envelopes:
        await service.merge(tx, merchant_id, envelope.fact.former_id, envelope.fact.shopper_id)


HANDLERS = (
    Handler(name="membership.reward_orders", facts=(OrderPaid,), run=reward_orders),
    Handler(name="membership.merge_members", facts=(ShoppersMerged,), run=merge_members),
)
