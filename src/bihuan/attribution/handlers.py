"""Reactions of attribution: what channels saw becomes touchpoints and homes.

At once: a shopper who scans a code and buys is faster than a worker in a rush, and her order would be nobody's.
"""

from collections.abc import Sequence

from bihuan.attribution import db
from bihuan.attribution.rules import Touch
from bihuan.facts.channels import LabelScanned, ShopperFollowed
from bihuan.facts.identity import ShoppersMerged
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, TouchpointId


async def record_touches(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """A touchpoint for each follow and scan; a home for whoever follows by a store's label for the first time."""
    touches = [_touch(e) for e in envelopes]
    await db.insert_touches(tx, merchant_id, touches)
    homes = [t for t in touches if t.kind == "follow" and t.store_id is not None]
    if homes:
        await db.insert_homes(tx, merchant_id, homes)


def _touch(envelope: Envelope) -> Touch:
    fact: ShopperFollowed | LabelScanned = envelope.fact
    return Touch(
        touchpoint_id=TouchpointId(envelope.fact_id),
        shopper_id=fact.shopper_id,
        kind="follow" if isinstance(fact, ShopperFollowed) else "scan",
        occurred_at=fact.occurred_at,
        label_id=fact.label_id,
        label_code=fact.label_code,
        store_id=fact.store_id,
        counter_id=fact.counter_id,
        staff_id=fact.staff_id,
    )


async def move_touches(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: her touchpoints and her earlier home are the remaining one's."""
    for envelope in envelopes:
        await db.move_shopper(tx, merchant_id, envelope.fact.former_id, envelope.fact.shopper_id)


HANDLERS = (
    Handler(name="attribution.record_touches", facts=(ShopperFollowed, LabelScanned), run=record_touches, at_once=True),
    Handler(name="attribution.move_touches", facts=(ShoppersMerged,), run=move_touches, at_once=True),
)
