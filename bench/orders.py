"""Placing one-line orders over HTTP by signed-in shoppers, on 1,000 SKUs and on one hot SKU.

Limits of the same run: (a) a bare ASGI handler on the same server; (b) one transaction per order in one
statement, two connections per worker. Orders and (a) are measured in turn, several times over: a machine is not
equally fast for a minute, and what is compared must have met the same of it.
"""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from bench import load, shops, stack
from bench.load import Measured
from bench.results import report
from bench.shops import PRICE_FEN, Buyers
from bihuan.kernel.ids import SkuId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

CONNECTIONS = 256
ROUNDS = 4
SECONDS = 3.0
WARM_UP_SECONDS = 1.0
_serial = itertools.count()


def order_requests(url: str, merchant: Merchant, skus: Sequence[SkuId], buyers: Buyers) -> Iterator[bytes]:
    """Orders without end: buyers and SKUs in turn, a fresh key each."""
    path = f"{url}/api/shop/{merchant.code}/orders"
    bodies = [
        [
            msgspec.json.encode(
                {
                    "lines": [{"sku_id": sku, "quantity": 1, "price_fen": PRICE_FEN}],
                    "delivery": {"method": "ship", "address_id": address},
                    "total_fen": PRICE_FEN,
                }
            )
            for sku in (skus[n % len(skus)], skus[(n * 7 + 3) % len(skus)])
        ]
        for n, address in enumerate(buyers.addresses)
    ]
    while True:
        for n, token in enumerate(buyers.tokens):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"bench-{next(_serial):012d}"}
            yield load.request("POST", path, bodies[n][next(_serial) % 2], headers)


async def measure(url: str, requests: Iterator[bytes]) -> Measured:
    """A warm-up, then the run that counts."""
    await load.run(url, requests, connections=CONNECTIONS, seconds=WARM_UP_SECONDS)
    return await load.run(url, requests, connections=CONNECTIONS, seconds=SECONDS)


def in_turn(runs: Mapping[str, tuple[str, Iterator[bytes]]]) -> dict[str, Measured]:
    """Measures what each name stands for (URL, requests) in ROUNDS turns."""
    seen: dict[str, list[Measured]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, (url, requests) in runs.items():
            seen[name].append(asyncio.run(measure(url, requests)))
    return {name: load.together(turns) for name, turns in seen.items()}


async def _oversold(rt: Runtime) -> int:
    async with rt.db.session() as tx:
        return int(
            await tx.fetchval(
                """select count(*) from pools p where p.available < 0 or p.held <> (
                     select coalesce(sum(quantity), 0) from holds h
                     where h.merchant_id = p.merchant_id and h.pool_id = p.pool_id and h.state = 'open')"""
            )
        )


def main() -> None:
    """Runs the bench."""
    with stack.home() as (folder, server):
        port = stack.free_port()
        chosen = stack.settings(folder, server, port=port)

        async def seed() -> tuple[Merchant, list[SkuId], SkuId, Buyers]:
            async with stack.runtime(chosen) as rt:
                merchant, skus = await shops.make_merchant(rt, "bench", 1001, 10_000_000)
                buyers = await shops.make_buyers(rt, 2000)
            return merchant, skus[:1000], skus[1000], buyers

        merchant, skus, hot, buyers = asyncio.run(seed())
        env = stack.env_of(chosen)
        with stack.served("bihuan.app:asgi", port, env) as url:  # rows first: plans made on empty tables stay slow
            asyncio.run(load.run(url, order_requests(url, merchant, skus, buyers), connections=32, seconds=2))
        asyncio.run(shops.analyze(server.url))
        with stack.served("bihuan.app:asgi", port, env) as url:
            sample = asyncio.run(_sample(url, merchant, skus, buyers))
            limits = {**env, "BENCH_ORDER_JSON": sample, "BENCH_MERCHANT": str(merchant.merchant_id)}
            with stack.served("bench.bare:echo", stack.free_port(), limits) as echo:
                measured = in_turn(
                    {
                        "spread over 1,000 SKUs": (url, order_requests(url, merchant, skus, buyers)),
                        "bare ASGI handler": (echo, order_requests(echo, merchant, skus, buyers)),
                        "hot SKU": (url, order_requests(url, merchant, [hot], buyers)),
                    }
                )
        with stack.served("bench.bare:single", port, limits) as url:
            alone = {"one transaction per order": (url, order_requests(url, merchant, [hot], buyers))}
            measured |= in_turn(alone)
        spread, bare, on_hot, single = measured.values()

        async def count() -> int:
            async with stack.runtime(chosen) as rt:
                return await _oversold(rt)

        for name, one in measured.items():
            print(f"{name}: {one.rate:,.0f}/s p50 {one.p50_ms:.0f} ms p99 {one.p99_ms:.0f} ms "
                  f"worst {one.worst_ms:.0f} ms {one.statuses}")  # fmt: skip
        report("orders.spread", spread.rate, "orders/s", "bare ASGI handler", bare.rate)
        report("orders.hot", on_hot.rate, "orders/s", "bare ASGI handler", bare.rate)
        report("orders.hot_vs_single", on_hot.rate, "orders/s", "one transaction per order", single.rate)
        report("orders.p99", max(spread.p99_ms, on_hot.p99_ms), "ms", "120 ms at 256 connections", 120)
        report("orders.oversold", asyncio.run(count()), "pools", "none", 0)


async def _sample(url: str, merchant: Merchant, skus: Sequence[SkuId], buyers: Buyers) -> str:
    """The JSON of one placed order, for the bare handler to answer."""
    import httpx

    raw = next(order_requests(url, merchant, skus, buyers))
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{url}/api/shop/{merchant.code}/orders", content=body, headers=headers)
    answer.raise_for_status()
    return answer.text
