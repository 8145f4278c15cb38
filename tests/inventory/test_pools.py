"""Pools under any sequence of holds and their ends: nothing is lost, made or oversold."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bihuan import inventory
from bihuan.inventory.errors import StockBelowZero
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, SkuId, new_id
from bihuan.kernel.runtime import Runtime
from tests.shop import Shop, new_shop

Wish = list[tuple[int, int]]
"""An order: (which SKU, how many) pairs, each SKU once."""

wishes = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=3, unique_by=lambda w: w[0]),
    min_size=1,
    max_size=8,
)
ends = st.lists(st.sampled_from(["confirm", "release", "sell", "nothing"]), min_size=8, max_size=8)


async def _hold(tx: Tx, shop: Shop, orders: dict[OrderId, Wish]) -> dict[OrderId, str]:
    pools = await inventory.find_pools(tx, shop.merchant.merchant_id, shop.skus, [shop.warehouse] * len(shop.skus))
    lines = [(order, pools[shop.skus[sku], shop.warehouse], n) for order, wish in orders.items() for sku, n in wish]
    rows = await tx.fetch(
        "select * from hold_stock($1, $2, $3, $4, now() + interval '15 minutes')",
        shop.merchant.merchant_id,
        [order for order, _, _ in lines],
        [pool for _, pool, _ in lines],
        [n for _, _, n in lines],
    )
    return {row["reference_id"]: row["outcome"] for row in rows}


async def _levels(tx: Tx, merchant_id: MerchantId, skus: list[SkuId]) -> list[tuple[int, int, int]]:
    levels = {level.sku_id: level for level in await inventory.list_stock(tx, merchant_id, skus)}
    return [(levels[sku].available, levels[sku].held, levels[sku].sold) for sku in skus]


def _check_outcomes(
    orders: dict[OrderId, Wish], outcomes: dict[OrderId, str], before: list[tuple[int, int, int]]
) -> None:
    for order, wish in orders.items():
        alone = all(n <= before[sku][0] for sku, n in wish)
        assert outcomes[order] in (("held", "retry") if alone else ("short",))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stock=st.tuples(*[st.integers(0, 8)] * 3), rounds=st.lists(st.tuples(wishes, ends), min_size=1, max_size=3))
async def test_any_sequence_of_holds_conserves_stock(
    rt: Runtime, stock: tuple[int, int, int], rounds: list[tuple[list[Wish], list[str]]]
) -> None:
    shop = await new_shop(rt)
    for pieces in stock:
        await shop.add_sku(stock=max(pieces, 1))
    merchant_id = shop.merchant.merchant_id
    total = [max(pieces, 1) for pieces in stock]
    for batch, verbs in rounds:
        orders = {OrderId(new_id()): wish for wish in batch}
        async with rt.db.transaction() as tx:
            before = await _levels(tx, merchant_id, shop.skus)
            outcomes = await _hold(tx, shop, orders)
            after = await _levels(tx, merchant_id, shop.skus)
        _check_outcomes(orders, outcomes, before)
        fitting = [order for order, wish in orders.items() if all(n <= before[sku][0] for sku, n in wish)]
        if fitting:
            assert outcomes[fitting[0]] == "held", "the first that fits is always served, so rounds end"
        held = [line for order, outcome in outcomes.items() if outcome == "held" for line in orders[order]]
        taken = [sum(n for sku, n in held if sku == which) for which in range(3)]
        assert [b[0] - a[0] for b, a in zip(before, after, strict=True)] == taken
        async with rt.db.transaction() as tx:
            for order, verb in zip(orders, verbs, strict=False):
                if verb == "confirm":
                    await inventory.confirm(tx, merchant_id, [order])
                elif verb == "release":
                    await inventory.release(tx, merchant_id, [order])
                elif verb == "sell":
                    await inventory.release(tx, merchant_id, [order])
                    await inventory.sell_released(tx, merchant_id, order)
            now = await _levels(tx, merchant_id, shop.skus)
        assert [sum(level) for level in now] == total
        assert all(count >= 0 for level in now for count in level)


async def test_ending_a_hold_twice_changes_nothing(rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=5)
    order = OrderId(new_id())
    merchant_id = shop.merchant.merchant_id
    async with rt.db.transaction() as tx:
        await _hold(tx, shop, {order: [(0, 2)]})
        assert await inventory.confirm(tx, merchant_id, [order]) == {order}
        assert await inventory.confirm(tx, merchant_id, [order]) == set()
        assert await inventory.release(tx, merchant_id, [order]) == set()
        assert not await inventory.sell_released(tx, merchant_id, order)
    assert await shop.stock(sku) == (3, 0, 2)


async def test_holds_of_many_connections_never_oversell(rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=7)

    async def hold() -> str:
        order = OrderId(new_id())
        async with rt.db.transaction() as tx:
            return (await _hold(tx, shop, {order: [(0, 1)]}))[order]

    outcomes = await asyncio.gather(*(hold() for _ in range(40)))

    assert sorted(outcomes) == ["held"] * 7 + ["short"] * 33
    assert await shop.stock(sku) == (0, 7, 0)


async def test_an_adjustment_below_zero_is_refused(rt: Runtime) -> None:
    shop = await new_shop(rt)
    sku = await shop.add_sku(stock=5)
    async with rt.db.transaction() as tx:
        await inventory.adjust(tx, shop.merchant.merchant_id, sku, shop.warehouse, -2, "盘亏")
    with pytest.raises(StockBelowZero):
        async with rt.db.transaction() as tx:
            await inventory.adjust(tx, shop.merchant.merchant_id, sku, shop.warehouse, -4, "盘亏")
    assert await shop.stock(sku) == (3, 0, 0)
    async with rt.db.session() as tx:
        (adjustment,) = [
            a for a in await inventory.list_adjustments(tx, shop.merchant.merchant_id, sku, 10) if a.reason == "盘亏"
        ]
    assert adjustment.delta == -2
