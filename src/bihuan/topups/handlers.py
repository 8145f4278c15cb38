"""Top-ups' reactions."""

from collections.abc import Sequence

from bihuan.facts.identity import ShoppersMerged
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.topups import db


async def move_topups(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: her top-ups are the remaining one's."""
    for envelope in envelopes:
        fact: ShoppersMerged = envelope.fact
        await db.move_shopper(tx, merchant_id, fact.former_id, fact.shopper_id)


HANDLERS = (Handler(name="topups.move", facts=(ShoppersMerged,), run=move_topups),)
