"""Late payments and placements lock pools in one order: made to meet the other way round, they wait for one another.

Each is let to its second lock by a lock of the test's own, held until both are there.
"""

import asyncio
import time
from datetime import timedelta
from uuid import UUID

import httpx

from bihuan import inventory, orders
from bihuan.inventory import find_pools
from bihuan.kernel.ids import OrderId, PaymentId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import Receipt
from tests.shop import new_shop


async def waiting(rt: Runtime, count: int) -> None:
    """Until so many statements wait for a lock."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        async with rt.db.session() as tx:
            if await tx.fetchval("select count(*) from pg_locks where not granted") >= count:
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{count} never waited")


async def test_late_payments_and_a_placement_want_the_same_pools(rt: Runtime, client: httpx.AsyncClient) -> None:
    shop = await new_shop(rt)
    merchant_id = shop.merchant.merchant_id
    skus = [await shop.add_sku(), await shop.add_sku()]
    async with rt.db.session() as tx:
        found = await find_pools(tx, merchant_id, skus, [shop.warehouse] * 2)
    pools = {sku_id: pool_id for (sku_id, _), pool_id in found.items()}
    low, high = sorted(skus, key=lambda sku_id: pools[sku_id])
    buyer = await shop.new_shopper()

    async def late(sku_id: object) -> Receipt:
        """An order that was cancelled, and the money that comes for it all the same."""
        placed = (await buyer.place(client, buyer.order(sku_id))).json()  # pyright: ignore[reportArgumentType]
        order_id, number = UUID(placed["order_id"]), new_id().hex
        async with rt.db.transaction() as tx:
            await orders.cancel(tx, merchant_id, [OrderId(order_id)], "expired")
            return Receipt(PaymentId(new_id()), "order", order_id, placed["total_fen"], number, number, tx.now)

    receipts = [await late(high), await late(low)]

    async def place() -> None:
        async with rt.db.transaction() as tx:
            rows = [(pools[low], 1), (pools[high], 1)]
            await inventory.hold(tx, merchant_id, new_id(), rows, tx.now + timedelta(minutes=15))

    async def settle() -> list[bool]:
        async with rt.db.transaction() as tx:
            return [verdict.accepted for verdict in await orders.settle(tx, merchant_id, receipts)]

    async with rt.db.transaction() as tx:
        lock = "select 1 from pools where merchant_id = $1 and pool_id = $2 for no key update"
        await tx.fetch(lock, merchant_id, pools[low])
        placing = asyncio.create_task(place())
        await waiting(rt, 1)
        settling = asyncio.create_task(settle())
        await waiting(rt, 2)
    _, accepted = await asyncio.gather(placing, settling)
    assert accepted == [True, True]
    assert [await shop.stock(sku_id) for sku_id in skus] == [(8, 1, 1), (8, 1, 1)]
