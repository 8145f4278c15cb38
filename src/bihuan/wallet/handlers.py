"""The wallet's reactions."""

from collections.abc import Sequence

from bihuan.facts.identity import ShoppersMerged
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.wallet import service


async def merge_wallets(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: one wallet remains."""
    for envelope in envelopes:
        fact: ShoppersMerged = envelope.fact
        await service.merge(tx, merchant_id, fact.former_id, fact.shopper_id)


HANDLERS = (Handler(name="wallet.merge", facts=(ShoppersMerged,), run=merge_wallets),)
