"""Reactions to facts: what was paid counts as sold on its product, until it goes back."""

from collections import Counter
from collections.abc import Sequence

from bihuan import catalog
from bihuan.facts.aftersale import RefundDecided
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


async def count_back(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Takes pieces that were never sent, or came back, off what their products sold."""
    pieces: Counter[SkuId] = Counter()
    for envelope in envelopes:
        fact: RefundDecided = envelope.fact
        for line in fact.lines:
            pieces[line.sku_id] -= line.back_quantity
    await catalog.add_sold(tx, merchant_id, {sku_id: count for sku_id, count in pieces.items() if count})


HANDLERS = (
    Handler(name="storefront.count_sold", facts=(OrderPaid,), run=count_sold),
    Handler(name="storefront.count_back", facts=(RefundDecided,), run=count_back),
)
