"""Where orders came from, in names: whom they are owed to, and the way that the shopper took."""

from collections.abc import Sequence

import msgspec

from bihuan import attribution, channels, identity, merchants, staff
from bihuan.attribution import Touch
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CounterId, LabelId, MerchantId, OrderId, ShopperId, StaffId, StoreId
from bihuan.orders.db import OrderRow
from bihuan.orders.schemas import AttributionView, TouchpointView

MOST_STEPS = 50
"""How many contacts before an order are told."""


class _Names(msgspec.Struct, frozen=True):
    """What things are called today, also those that were given up."""

    stores: dict[StoreId, str]
    counters: dict[CounterId, str]
    people: dict[StaffId, str]
    labels: dict[LabelId, str]
    shoppers: dict[ShopperId, str | None]

    def view(self, touch: Touch, *, decisive: bool) -> TouchpointView:
        """A touchpoint for a reader."""
        return TouchpointView(
            touchpoint_id=str(touch.touchpoint_id),
            kind=touch.kind,
            label_code=touch.label_code,
            label_name=self.labels.get(touch.label_id) if touch.label_id else None,
            store_name=self.stores.get(touch.store_id) if touch.store_id else None,
            counter_name=self.counters.get(touch.counter_id) if touch.counter_id else None,
            staff_name=self.people.get(touch.staff_id) if touch.staff_id else None,
            sharer_name=self.shoppers.get(touch.sharer_id) if touch.sharer_id else None,
            decisive=decisive,
            occurred_at=touch.occurred_at,
        )


async def _names(
    tx: Tx, merchant_id: MerchantId, touches: Sequence[Touch], sharers: Sequence[ShopperId] = ()
) -> _Names:
    sharing = {*sharers, *(t.sharer_id for t in touches if t.sharer_id)}
    labels = list({t.label_id for t in touches if t.label_id})
    known = await channels.select_labels(tx, merchant_id, labels) if labels else {}
    return _Names(
        stores={s.store_id: s.name for s in await merchants.list_stores(tx, merchant_id)},
        counters={c.counter_id: c.name for c in await merchants.list_counters(tx, merchant_id)},
        people={s.staff_id: s.name for s in await staff.list_staff(tx, merchant_id)},
        labels={label_id: label.name for label_id, label in known.items()},
        shoppers={s.shopper_id: s.nickname for s in (await identity.list_shoppers(tx, list(sharing))).values()},
    )


async def attributions(tx: Tx, merchant_id: MerchantId, rows: Sequence[OrderRow]) -> dict[OrderId, AttributionView]:
    """Whom each order is owed to, and by which touchpoints: a query per kind of name, however many orders."""
    wanted = [t for row in rows for t in row.attribution.touchpoint_ids]
    touches = await attribution.list_touchpoints(tx, merchant_id, wanted) if wanted else []
    found = {t.touchpoint_id: t for t in touches}
    names = await _names(tx, merchant_id, touches, [row.sharer_id for row in rows if row.sharer_id])
    return {
        row.order_id: AttributionView(
            row.store_id,
            names.stores.get(row.store_id) if row.store_id else None,
            row.counter_id,
            names.counters.get(row.counter_id) if row.counter_id else None,
            row.staff_id,
            names.people.get(row.staff_id) if row.staff_id else None,
            row.sharer_id,
            names.shoppers.get(row.sharer_id) if row.sharer_id else None,
            row.attribution.rule,
            [
                names.view(touch, decisive=True)
                for touchpoint_id in row.attribution.touchpoint_ids
                if (touch := found.get(touchpoint_id))
            ],
        )
        for row in rows
    }


async def journey(tx: Tx, merchant_id: MerchantId, row: OrderRow) -> list[TouchpointView]:
    """How the shopper met the merchant until she placed this order, the oldest contact first."""
    touches = await attribution.list_journey(tx, merchant_id, row.shopper_id, row.created_at, MOST_STEPS)
    names = await _names(tx, merchant_id, touches)
    deciding = set(row.attribution.touchpoint_ids)
    return [names.view(touch, decisive=touch.touchpoint_id in deciding) for touch in touches]
