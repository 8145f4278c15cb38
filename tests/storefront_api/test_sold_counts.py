"""What was paid counts as sold."""

import httpx

from bihuan import wiring
from bihuan.facts.orders import OrderPaid
from bihuan.kernel.events import Envelope
from bihuan.kernel.ids import FactId, OrderId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.storefront.handlers import HANDLERS, count_sold
from tests.shop import new_shop


async def test_pieces_of_paid_orders_are_counted_on_their_products(rt: Runtime, client: httpx.AsyncClient) -> None:
    shop = await new_shop(rt)
    first, second = await shop.add_sku(stock=9), await shop.add_sku(stock=9)
    buyer = await shop.new_shopper()
    facts: list[Envelope] = []
    for sku, quantity in ((first, 2), (first, 3), (second, 1)):
        order = (await buyer.place(client, buyer.order(sku, quantity=quantity))).json()
        fact = OrderPaid(
            merchant_id=shop.merchant.merchant_id,
            occurred_at=rt.clock.now(),
            order_id=OrderId(order["order_id"]),
            order_no=order["order_no"],
            shopper_id=buyer.shopper_id,
            total_fen=order["total_fen"],
            paid_fen=order["total_fen"],
        )
        facts.append(Envelope(FactId(new_id()), fact))
    async with rt.db.transaction() as tx:
        await count_sold(tx, shop.merchant.merchant_id, facts)
    cards = (await client.get(f"{shop.url}/products", params={"sort": "sold"})).json()["items"]
    assert [card["sold_count"] for card in cards] == [5, 1]
    assert HANDLERS[0] in wiring.HANDLERS
