"""Many buyers for few items, whole purchases: exactly as many sold as there are, everybody else told so."""

import asyncio
import time
from collections import Counter

from bench import purchases, stack
from bench.purchases import Scene
from bench.results import report
from bihuan.kernel.ids import SkuId

RACES = ((200, 50), (10_000, 500))
CONNECTIONS = 400
"""Buyers beyond this many wait for a place: a process may not have 10,000 sockets open."""


async def _race(scene: Scene, sku: SkuId, buyers: int) -> tuple[Counter[str], float]:
    places = asyncio.Semaphore(CONNECTIONS)
    outcomes: Counter[str] = Counter()

    async def buy(number: int) -> None:
        async with places, purchases.buyer(scene, number) as buyer:
            status, order = await buyer.place(sku)
            if status != 201:
                outcomes[order["code"]] += 1
                return
            if await buyer.pay(order["order_id"]):
                await buyer.wait_until_paid(order["order_id"])
                outcomes["bought"] += 1

    started = time.perf_counter()
    await asyncio.gather(*(buy(number) for number in range(buyers)))
    return outcomes, time.perf_counter() - started


async def _sold(scene: Scene, sku: SkuId) -> int:
    async with stack.runtime(scene.settings) as rt, rt.db.session() as tx:
        return int(await tx.fetchval("select sold from pools where kind = 'stock' and subject_id = $1", sku))


def main() -> None:
    """Runs the races."""
    most = max(buyers for buyers, _ in RACES)
    for buyers, items in RACES:
        with purchases.scene(skus=1, stock=items, buyers=min(buyers, most)) as scene:
            outcomes, seconds = asyncio.run(_race(scene, scene.skus[0], buyers))
            sold = asyncio.run(_sold(scene, scene.skus[0]))
        print(f"{buyers} buyers for {items}: {dict(outcomes)} in {seconds:.1f} s")
        report(f"race.sold_{buyers}_for_{items}", sold, "sold", "items in stock", items)
        report(
            f"race.told_{buyers}_for_{items}", outcomes["out_of_stock"], "told", "buyers without one", buyers - items
        )
