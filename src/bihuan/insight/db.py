"""Rows and SQL of insight."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId, StoreId

from .rules import NO_STORE, NUMBERS

_SUMS = ", ".join(f"coalesce(sum({name}), 0)::bigint as {name}" for name in NUMBERS)


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """The loop's numbers: codes scanned, follows, orders placed, orders paid and their fen, new members."""

    scans: int = 0
    follows: int = 0
    orders: int = 0
    paid_orders: int = 0
    paid_fen: int = 0
    members: int = 0


class OfStore(Numbers, frozen=True, kw_only=True):
    """A store's numbers; the nil uuid: what no store can claim."""

    store_id: UUID


class OfDay(Numbers, frozen=True, kw_only=True):
    """A day's numbers."""

    day: date


class OfMerchant(Numbers, frozen=True, kw_only=True):
    """A merchant's numbers, and how many shoppers it has met in all."""

    merchant_id: MerchantId
    shoppers: int


async def add_counts(tx: Tx, merchant_id: MerchantId, counts: Mapping[tuple[date, UUID], Mapping[str, int]]) -> None:
    """Raises the numbers of days and stores; rows in one order, so that two batches do not wait for each other."""
    keys = sorted(counts)
    await tx.execute(
        """insert into loop_daily as l (merchant_id, day, store_id, scans, follows, orders, paid_orders, paid_fen,
             members)
           select $1, c.* from unnest($2::date[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
             $8::bigint[], $9::bigint[]) as c
           on conflict (merchant_id, day, store_id) do update set scans = l.scans + excluded.scans,
             follows = l.follows + excluded.follows, orders = l.orders + excluded.orders,
             paid_orders = l.paid_orders + excluded.paid_orders, paid_fen = l.paid_fen + excluded.paid_fen,
             members = l.members + excluded.members""",
        merchant_id,
        [day for day, _ in keys],
        [store_id for _, store_id in keys],
        *([counts[key].get(name, 0) for key in keys] for name in NUMBERS),
    )


async def meet_shoppers(tx: Tx, merchant_id: MerchantId, met: Mapping[ShopperId, datetime]) -> None:
    """Remembers whom the merchant has met."""
    ids = sorted(met)
    await tx.execute(
        """insert into loop_shoppers (merchant_id, shopper_id, met_at)
           select $1, m.* from unnest($2::uuid[], $3::timestamptz[]) as m
           on conflict (merchant_id, shopper_id) do nothing""",
        merchant_id,
        ids,
        [met[i] for i in ids],
    )


async def merge_shoppers(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Two were one."""
    met_at = await tx.fetchval(
        "delete from loop_shoppers where merchant_id = $1 and shopper_id = $2 returning met_at", merchant_id, former_id
    )
    if met_at is not None:
        await meet_shoppers(tx, merchant_id, {shopper_id: met_at})


async def by_store(tx: Tx, merchant_id: MerchantId, first: date, last: date) -> dict[StoreId | None, Numbers]:
    """The numbers of each store that has any; None: no store."""
    rows = await tx.fetch(
        f"""select store_id, {_SUMS} from loop_daily
            where merchant_id = $1 and day between $2 and $3 group by store_id""",  # noqa: S608
        merchant_id,
        first,
        last,
    )
    return {None if r.store_id == NO_STORE else StoreId(r.store_id): r for r in db.many(OfStore, rows)}


async def by_day(tx: Tx, merchant_id: MerchantId, first: date, last: date) -> dict[date, Numbers]:
    """The numbers of each day that has any."""
    rows = await tx.fetch(
        f"""select day, {_SUMS} from loop_daily
            where merchant_id = $1 and day between $2 and $3 group by day""",  # noqa: S608
        merchant_id,
        first,
        last,
    )
    return {row.day: row for row in db.many(OfDay, rows)}


async def by_merchant(tx: Tx, first: date | None) -> list[OfMerchant]:
    """The numbers of each merchant that has any, since a day or since ever."""
    rows = await tx.fetch(
        f"""select merchant_id, {_SUMS},
              (select count(*) from loop_shoppers s where s.merchant_id = l.merchant_id) as shoppers
            from loop_daily l where $1::date is null or day >= $1 group by merchant_id""",  # noqa: S608
        first,
    )
    return db.many(OfMerchant, rows)


async def count_shoppers(tx: Tx) -> int:
    """How many people the merchants have met together."""
    count: int = await tx.fetchval("select count(distinct shopper_id) from loop_shoppers")
    return count
