"""What the merchant reads on an order: names, not codes, and the way that the shopper took."""

import httpx

from bihuan import channels, merchants
from bihuan.channels import NewLabel
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.runtime import Runtime
from tests.business import Business, open_business
from tests.shop import Buyer


async def order_of(client: httpx.AsyncClient, business: Business, buyer: Buyer) -> str:
    """An order placed now; its id."""
    placed = await buyer.place(client, buyer.order(business.shop.skus[0]))
    assert placed.status_code == 201, placed.text
    return placed.json()["order_id"]


async def test_an_order_names_what_the_shopper_met(rt: Runtime, client: httpx.AsyncClient, clock: OffsetClock) -> None:
    business = await open_business(rt, client)
    friend, buyer = await business.shop.new_shopper("阿宁"), await business.shop.new_shopper("小林")
    async with rt.db.transaction() as tx:
        counters = await merchants.list_counters(tx, business.merchant_id)
        new = NewLabel(kind="counter", name="收银台立牌", counter_id=counters[0].counter_id)
        label = await channels.create_label(tx, business.merchant_id, new)
    met = await buyer.post(client, "/touchpoints", {"label": label.code})
    assert met.status_code == 204, met.text
    shared = await buyer.post(client, "/touchpoints", {"sharer_id": str(friend.shopper_id)})
    assert shared.status_code == 204, shared.text
    order_id = await order_of(client, business, buyer)
    await buyer.post(client, "/touchpoints", {"label": label.code})  # afterwards: no part of this order's story

    path = f"/api/merchant/orders/{order_id}"
    order = (await business.send(client, "GET", path)).json()
    visit, share = order["journey"]
    assert (visit["kind"], visit["label_name"], visit["label_code"]) == ("visit", "收银台立牌", label.code)
    assert (visit["store_name"], visit["counter_name"], visit["decisive"]) == ("一店", "一号柜", True)
    assert (share["kind"], share["sharer_name"], share["label_name"]) == ("share", "阿宁", None)
    assert order["attribution"]["sharer_name"] == "阿宁"
    assert [t["touchpoint_id"] for t in order["attribution"]["touchpoints"]] == [
        visit["touchpoint_id"],
        share["touchpoint_id"],
    ]
    counter = f"/api/merchant/stores/{business.store}/counters/{business.counter}"
    await business.send(client, "PUT", counter, {"name": "旧柜", "state": "retired"})
    order = (await business.send(client, "GET", path)).json()
    assert order["journey"][0]["counter_name"] == "旧柜"  # given up, and still named


async def test_an_order_out_of_nowhere_has_no_journey(rt: Runtime, client: httpx.AsyncClient) -> None:
    business = await open_business(rt, client)
    order = (await business.send(client, "GET", f"/api/merchant/orders/{business.unpaid}")).json()
    assert order["journey"] == []
    assert order["attribution"]["rule"] == "none"
