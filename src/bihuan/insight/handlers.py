"""Counting facts."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from bihuan.facts.attribution import PageVisited
from bihuan.facts.channels import LabelScanned, ShopperFollowed
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.membership import MemberJoined
from bihuan.facts.orders import OrderPaid, OrderPlaced
from bihuan.insight import db
from bihuan.insight.rules import NO_STORE, counts_of, day_of
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, ShopperId


async def count(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Raises the loop's numbers by a batch of facts: one upsert."""
    counts: defaultdict[tuple[date, UUID], Counter[str]] = defaultdict(Counter)
    met: dict[ShopperId, datetime] = {}
    for envelope in envelopes:
        fact = envelope.fact
        counts[day_of(fact.occurred_at), fact.store_id or NO_STORE].update(counts_of(fact))
        met.setdefault(fact.shopper_id, fact.occurred_at)
    await db.add_counts(tx, merchant_id, counts)
    await db.meet_shoppers(tx, merchant_id, met)


async def merge(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers who were one person were met once."""
    for envelope in envelopes:
        await db.merge_shoppers(tx, merchant_id, envelope.fact.former_id, envelope.fact.shopper_id)


HANDLERS = (
    Handler(
        name="insight.count",
        facts=(ShopperFollowed, LabelScanned, PageVisited, OrderPlaced, OrderPaid, MemberJoined),
        run=count,
    ),
    Handler(name="insight.merge_shoppers", facts=(ShoppersMerged,), run=merge),
)
