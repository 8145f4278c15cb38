"""Reactions to facts: what was paid counts as sold on its product."""

from collections import Counter
from collections.abc import Sequence

from bihuan import catalog
from bihuan.facts.orders import OrderPaid
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, SkuId
from bihuan.orders import list_lines


async def count_sold(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Adds the pieces of paid orders to their products: two statements, however many orders."""
    paid: list[OrderPaid] = [envelope.fact for envelope in envelopes]
    pieces: Counter[SkuId] = Counter()
    for line in await list_lines(tx, merchant_id, [fact.order_id for fact in paid]):
        pieces[line.sku_id] += line.quantity
    await catalog.add_sold(tx, merchant_id, pieces)


HANDLERS = (Handler(name="storefront.count_sold", facts=(OrderPaid,), run=count_sold),)
