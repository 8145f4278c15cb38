"""The dashboard of a merchant, and the platform's overview."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import QueryParameter

from bihuan import merchants
from bihuan.insight import db
from bihuan.insight.db import Numbers
from bihuan.insight.rules import NUMBERS, day_of
from bihuan.kernel import events
from bihuan.kernel.http import access
from bihuan.kernel.ids import MerchantId, StoreId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Store
from bihuan.staff import StaffSession

Days = Annotated[int, QueryParameter(ge=1, le=90, description="Today and the days before it.")]


class StoreNumbers(Numbers, frozen=True, kw_only=True):
    """A store's numbers; null: what no store can claim."""

    store_id: StoreId | None
    store_name: str | None


class DayNumbers(Numbers, frozen=True, kw_only=True):
    """A day's numbers, Asia/Shanghai."""

    date: date


class Dashboard(msgspec.Struct, frozen=True):
    """The loop in numbers: in all, by store (the best first), by day (each day, also an empty one)."""

    totals: Numbers
    by_store: list[StoreNumbers]
    trend: list[DayNumbers]


class MerchantNumbers(Numbers, frozen=True, kw_only=True):
    """A merchant's numbers."""

    merchant_id: MerchantId
    code: str
    name: str
    state: str
    shoppers: int = 0


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """All merchants together and one by one, the best first. `shoppers`: people whom merchants have met."""

    merchants: int
    shoppers: int
    scans: int
    follows: int
    orders: int
    paid_orders: int
    paid_fen: int
    members: int
    parked_deliveries: int
    by_merchant: list[MerchantNumbers]


def _plain(numbers: Numbers | None) -> dict[str, int]:
    return {name: getattr(numbers, name) if numbers else 0 for name in NUMBERS}


def _best_first(numbers: Numbers) -> tuple[int, ...]:
    return (-numbers.paid_fen, -numbers.orders, -numbers.follows, -numbers.scans)


@get("/api/merchant/dashboard", opt=access("staff:dashboard.read"))
async def dashboard(rt: Runtime, staff: StaffSession, days: Days = 7) -> Dashboard:
    """The loop's numbers of the last days."""
    async with rt.db.transaction(readonly=True) as tx:
        last = day_of(tx.now)
        first = last - timedelta(days=days - 1)
        of_store = await db.by_store(tx, staff.merchant_id, first, last)
        of_day = await db.by_day(tx, staff.merchant_id, first, last)
        stores = await merchants.list_stores(tx, staff.merchant_id)
    every_day = [first + timedelta(days=n) for n in range(days)]
    return Dashboard(
        totals=Numbers(**{name: sum(getattr(n, name) for n in of_day.values()) for name in NUMBERS}),
        by_store=_by_store(stores, of_store),
        trend=[DayNumbers(date=day, **_plain(of_day.get(day))) for day in every_day],
    )


def _by_store(stores: list[Store], of_store: dict[StoreId | None, Numbers]) -> list[StoreNumbers]:
    """Open stores, closed ones with numbers, and what is left."""
    rows = [
        StoreNumbers(store_id=store.store_id, store_name=store.name, **_plain(of_store.get(store.store_id)))
        for store in stores
        if store.state == "open" or store.store_id in of_store
    ]
    if None in of_store:
        rows.append(StoreNumbers(store_id=None, store_name=None, **_plain(of_store[None])))
    return sorted(rows, key=_best_first)


@get("/api/platform/overview", opt=access("operator:platform.read"))
async def overview(
    rt: Runtime, days: Annotated[int | None, QueryParameter(ge=1, le=365, description="All time without it.")] = None
) -> Overview:
    """The loop's numbers of all merchants, in all or of the last days."""
    async with rt.db.transaction(readonly=True) as tx:
        first = day_of(tx.now) - timedelta(days=days - 1) if days else None
        of_merchant = {row.merchant_id: row for row in await db.by_merchant(tx, first)}
        sellers = await merchants.list_merchants(tx, None, 1000, selling_only=False)
        shoppers = await db.count_shoppers(tx)
        parked = sum(one.parked for one in await events.count_parked(tx, None))
    rows = [
        MerchantNumbers(
            merchant_id=m.merchant_id,
            code=m.code,
            name=m.name,
            state=m.state,
            shoppers=of_merchant[m.merchant_id].shoppers if m.merchant_id in of_merchant else 0,
            **_plain(of_merchant.get(m.merchant_id)),
        )
        for m in sellers
        if not m.is_platform
    ]
    totals = {name: sum(getattr(n, name) for n in of_merchant.values()) for name in NUMBERS}
    return Overview(
        merchants=len(rows),
        shoppers=shoppers,
        parked_deliveries=parked,
        by_merchant=sorted(rows, key=_best_first),
        **totals,
    )


ROUTES: tuple[Any, ...] = (dashboard, overview)
