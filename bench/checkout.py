"""The whole purchase as a storefront does it, in orders per second.

Product, cart, quote, place, prepay, the payment on the phone with its signed notification, the paid order, the
member card. Limit: 50 times the best peer on the same two cores and PostgreSQL 18 (Vendure, 5 orders/s).
"""

import asyncio
import itertools
import time

from bench import purchases, shops
from bench.purchases import Buyer, Scene
from bench.results import report

PARALLEL = 192
"""Shoppers at once; most of their time they wait for us, or look at WeChat's 支付成功."""
SECONDS = 15.0
WARM_UP = 640
PEER_ORDERS_PER_SECOND = 5.0


async def _purchase(buyer: Buyer, n: int) -> None:
    sku = buyer.scene.skus[n % len(buyer.scene.skus)]
    status, listed = await buyer.shop.call("GET", f"{buyer.base}/products?limit=1&sort=newest")
    product_id = listed["items"][0]["product_id"]
    status, _ = await buyer.shop.call("GET", f"{buyer.base}/products/{product_id}")
    assert status == 200, status
    status, cart = await buyer.shop.call("PUT", f"{buyer.base}/cart/items/{sku}", {"quantity": 1})
    assert status == 200, cart
    wish = {
        "lines": [{"sku_id": sku, "quantity": 1}],
        "delivery": {"method": "ship", "address_id": buyer.address},
    }
    status, quote = await buyer.shop.call("POST", f"{buyer.base}/quote", wish)
    assert status == 200, quote
    status, order = await buyer.place(sku, from_cart=True)
    assert status == 201, order
    assert await buyer.pay(order["order_id"])
    await buyer.wait_until_paid(order["order_id"])
    await buyer.shop.call("GET", f"{buyer.base}/member")


async def _run(scene: Scene) -> tuple[float, float, list[float]]:
    """Orders per second, HTTP calls of the storefront per order, and the purchases' durations."""
    numbers = itertools.count()
    durations: list[float] = []
    calls = 0
    end = 0.0

    async def shop(first: int, until: float | None, count: int) -> None:
        nonlocal calls
        async with purchases.buyer(scene, first) as buyer:
            done = 0
            while (until is None and done < count) or (until is not None and time.perf_counter() < until):
                started = time.perf_counter()
                before = buyer.shop.calls
                await _purchase(buyer, next(numbers))
                if until is not None:
                    durations.append(time.perf_counter() - started)
                    calls += buyer.shop.calls - before
                done += 1

    await asyncio.gather(*(shop(n, None, WARM_UP // PARALLEL) for n in range(PARALLEL)))
    await shops.analyze(scene.settings.database_url or "")  # plans made on empty tables are slow ones
    started = time.perf_counter()
    end = started + SECONDS
    await asyncio.gather(*(shop(n, end, 0) for n in range(PARALLEL)))
    elapsed = time.perf_counter() - started
    return len(durations) / elapsed, calls / max(1, len(durations)), sorted(durations)


def main() -> None:
    """Runs the bench."""
    with purchases.scene(skus=100, stock=1_000_000, buyers=PARALLEL) as scene:
        rate, calls, durations = asyncio.run(_run(scene))
    p50, p99 = durations[len(durations) // 2] * 1000, durations[int(len(durations) * 0.99)] * 1000
    print(f"{rate:.0f} orders/s, {calls:.1f} HTTP calls per order, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    report("checkout.orders", rate, "orders/s", "50 x the best peer (5/s)", 50 * PEER_ORDERS_PER_SECOND)
