"""What the storefront reports: a page opened by a label's link or a friend's share."""

from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.params import JSONBody
from msgspec import Meta

from bihuan import channels, identity
from bihuan.attribution import service
from bihuan.attribution.service import NewTouch
from bihuan.facts.attribution import PageVisited
from bihuan.identity import ShopperSession
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.events import emit
from bihuan.kernel.http import access
from bihuan.kernel.ids import MerchantId, ShopperId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant


class TouchpointIn(msgspec.Struct, frozen=True):
    """How the shopper came in: a label's code, the shopper who shared the page, or both."""

    label: Annotated[str, Meta(max_length=32)] | None = None
    sharer_id: ShopperId | None = None
    page: Annotated[str, Meta(max_length=200)] | None = None


@post("/api/shop/{m:str}/touchpoints", opt=access("shopper"), status_code=204)
async def add_touchpoint(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, data: JSONBody[TouchpointIn]
) -> None:
    """Records how the shopper came in. One's own share, and a page reloaded, count for nothing.

    404 for a label that is not this merchant's or a sharer who does not exist.
    """
    async with rt.db.transaction() as tx:
        await _visit(tx, merchant.merchant_id, shopper.shopper_id, data)


async def _visit(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, data: TouchpointIn) -> None:
    sharer_id = data.sharer_id if data.sharer_id != shopper_id else None
    if sharer_id is not None and not await identity.list_shoppers(tx, [sharer_id]):
        raise NotFound
    label = await channels.find_label(tx, merchant_id, data.label) if data.label else None
    if data.label and label is None:
        raise NotFound
    if label is None and sharer_id is None:
        return
    new = NewTouch(
        shopper_id=shopper_id,
        kind="share" if sharer_id else "visit",
        label_id=label.label_id if label else None,
        label_code=label.code if label else None,
        store_id=label.store_id if label else None,
        counter_id=label.counter_id if label else None,
        staff_id=label.staff_id if label else None,
        sharer_id=sharer_id,
        page=data.page,
    )
    touch = await service.record(tx, merchant_id, new)
    if touch is None:
        return
    await emit(
        tx,
        PageVisited(
            merchant_id=merchant_id,
            occurred_at=tx.now,
            touchpoint_id=touch.touchpoint_id,
            shopper_id=shopper_id,
            label_id=touch.label_id,
            store_id=touch.store_id,
            counter_id=touch.counter_id,
            staff_id=touch.staff_id,
            sharer_id=touch.sharer_id,
        ),
    )
    if label is not None:
        await channels.count_scan(tx, merchant_id, label.label_id)


ROUTES: tuple[Any, ...] = (add_touchpoint,)
