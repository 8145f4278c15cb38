"""Rows and SQL of merchants, stores, counters and locations."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CounterId, LocationId, MerchantId, StoreId


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who sells; the platform is one too. `order_ttl_seconds`: how long an unpaid order holds its stock."""

    merchant_id: MerchantId
    code: str
    name: str
    intro: str
    logo_url: str | None
    theme_color: str
    state: Literal["active", "suspended"]
    is_platform: bool
    freight_fen: int
    freight_free_from_fen: int | None
    order_ttl_seconds: int
    created_at: datetime


class Store(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a merchant receives customers. `pickup`: orders can be fetched here.

    A closed store may open again; a retired one is given up, and named only in what happened there.
    """

    store_id: StoreId
    code: str
    name: str
    province: str
    city: str
    district: str
    address: str
    phone: str
    hours: str
    pickup: bool
    state: Literal["open", "closed", "retired"]


class Counter(msgspec.Struct, frozen=True):
    """A till or counter in a store; a retired one keeps its name in what happened there."""

    counter_id: CounterId
    store_id: StoreId
    code: str
    name: str
    state: Literal["open", "retired"] = "open"


class Location(msgspec.Struct, frozen=True):
    """Where stock lies; the default one ships."""

    location_id: LocationId
    kind: Literal["warehouse", "store"]
    store_id: StoreId | None
    name: str
    is_default: bool


# -- merchants --------------------------------------------------------------------------------------

_MERCHANT = """merchant_id, code, name, intro, logo_url, theme_color, state, is_platform, freight_fen,
  freight_free_from_fen, order_ttl_seconds, created_at"""


async def insert_merchant(tx: Tx, merchant: Merchant) -> bool:
    """A new merchant; False when the code is taken."""
    return bool(
        await tx.fetchval(
            """insert into merchants (merchant_id, code, name, intro, logo_url, theme_color, state, is_platform,
                 freight_fen, freight_free_from_fen, order_ttl_seconds, created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
               on conflict (code) do nothing returning true""",
            merchant.merchant_id,
            merchant.code,
            merchant.name,
            merchant.intro,
            merchant.logo_url,
            merchant.theme_color,
            merchant.state,
            merchant.is_platform,
            merchant.freight_fen,
            merchant.freight_free_from_fen,
            merchant.order_ttl_seconds,
            merchant.created_at,
        )
    )


async def update_merchant(tx: Tx, merchant: Merchant) -> None:
    """Writes what may change of a merchant."""
    await tx.execute(
        """update merchants set name = $2, intro = $3, logo_url = $4, theme_color = $5, state = $6, freight_fen = $7,
             freight_free_from_fen = $8, order_ttl_seconds = $9, updated_at = $10 where merchant_id = $1""",
        merchant.merchant_id,
        merchant.name,
        merchant.intro,
        merchant.logo_url,
        merchant.theme_color,
        merchant.state,
        merchant.freight_fen,
        merchant.freight_free_from_fen,
        merchant.order_ttl_seconds,
        tx.now,
    )


async def find_merchant(tx: Tx, merchant_id: MerchantId) -> Merchant | None:
    """By id."""
    row = await tx.fetchrow(f"select {_MERCHANT} from merchants where merchant_id = $1", merchant_id)  # noqa: S608
    return db.one_or_none(Merchant, row)


async def find_merchant_by_code(tx: Tx, code: str) -> Merchant | None:
    """By code."""
    row = await tx.fetchrow(f"select {_MERCHANT} from merchants where code = $1", code)  # noqa: S608
    return db.one_or_none(Merchant, row)


async def list_merchants(
    tx: Tx, after: UUID | None, limit: int, *, selling_only: bool, q: str | None = None
) -> list[Merchant]:
    """In the order of their ids; `selling_only` leaves out the platform and the suspended."""
    rows = await tx.fetch(
        f"""select {_MERCHANT} from merchants
            where ($1::uuid is null or merchant_id > $1) and (not $3 or (state = 'active' and not is_platform))
              and ($4::text is null or name ilike $4 or code ilike $4)
            order by merchant_id limit $2""",  # noqa: S608
        after,
        limit,
        selling_only,
        f"%{_literal(q)}%" if q else None,
    )
    return db.many(Merchant, rows)


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


# -- stores -----------------------------------------------------------------------------------------

_STORE = "store_id, code, name, province, city, district, address, phone, hours, pickup, state"


async def insert_store(tx: Tx, merchant_id: MerchantId, store: Store) -> bool:
    """A new store; False when the merchant has one with this code."""
    return bool(
        await tx.fetchval(
            """insert into stores (merchant_id, store_id, code, name, province, city, district, address, phone,
                 hours, pickup, state, created_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
               on conflict (merchant_id, code) do nothing returning true""",
            merchant_id,
            *msgspec.structs.astuple(store),
            tx.now,
        )
    )


async def update_store(tx: Tx, merchant_id: MerchantId, store: Store) -> bool:
    """Replaces a store; whether there was one."""
    return bool(
        await tx.execute(
            """update stores set code = $3, name = $4, province = $5, city = $6, district = $7, address = $8,
                 phone = $9, hours = $10, pickup = $11, state = $12, updated_at = $13
               where merchant_id = $1 and store_id = $2""",
            merchant_id,
            *msgspec.structs.astuple(store),
            tx.now,
        )
    )


async def store_code_taken(tx: Tx, merchant_id: MerchantId, code: str, but: StoreId) -> bool:
    """Whether another store of the merchant has this code."""
    return bool(
        await tx.fetchval(
            "select true from stores where merchant_id = $1 and code = $2 and store_id <> $3", merchant_id, code, but
        )
    )


async def find_store(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> Store | None:
    """One store of this merchant."""
    row = await tx.fetchrow(
        f"select {_STORE} from stores where merchant_id = $1 and store_id = $2",  # noqa: S608
        merchant_id,
        store_id,
    )
    return db.one_or_none(Store, row)


async def list_stores(
    tx: Tx, merchant_id: MerchantId, after: UUID | None = None, limit: int = 1000, *, open_only: bool = False
) -> list[Store]:
    """In the order in which they were made."""
    rows = await tx.fetch(
        f"""select {_STORE} from stores
            where merchant_id = $1 and ($2::uuid is null or store_id > $2) and (not $4 or state = 'open')
            order by store_id limit $3""",  # noqa: S608
        merchant_id,
        after,
        limit,
        open_only,
    )
    return db.many(Store, rows)


# -- counters ---------------------------------------------------------------------------------------

_COUNTER = "counter_id, store_id, code, name, state"


async def insert_counter(tx: Tx, merchant_id: MerchantId, counter: Counter) -> bool:
    """A new counter; False when the store has one with this code."""
    return bool(
        await tx.fetchval(
            """insert into counters (merchant_id, counter_id, store_id, code, name, state, created_at)
               values ($1, $2, $3, $4, $5, $6, $7)
               on conflict (merchant_id, store_id, code) do nothing returning true""",
            merchant_id,
            *msgspec.structs.astuple(counter),
            tx.now,
        )
    )


async def update_counter(tx: Tx, merchant_id: MerchantId, counter: Counter) -> None:
    """Writes what may change of a counter."""
    await tx.execute(
        "update counters set name = $3, state = $4 where merchant_id = $1 and counter_id = $2",
        merchant_id,
        counter.counter_id,
        counter.name,
        counter.state,
    )


async def retire_counters(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> None:
    """No counter of the store is used any more."""
    await tx.execute(
        "update counters set state = 'retired' where merchant_id = $1 and store_id = $2", merchant_id, store_id
    )


async def find_counter(tx: Tx, merchant_id: MerchantId, counter_id: CounterId) -> Counter | None:
    """One counter of this merchant."""
    row = await tx.fetchrow(
        f"select {_COUNTER} from counters where merchant_id = $1 and counter_id = $2",  # noqa: S608
        merchant_id,
        counter_id,
    )
    return db.one_or_none(Counter, row)


async def list_counters(
    tx: Tx, merchant_id: MerchantId, store_id: StoreId | None = None, after: UUID | None = None, limit: int = 1000
) -> list[Counter]:
    """Of one store, or of all, in the order in which they were made."""
    rows = await tx.fetch(
        f"""select {_COUNTER} from counters
            where merchant_id = $1 and ($2::uuid is null or store_id = $2) and ($3::uuid is null or counter_id > $3)
            order by counter_id limit $4""",  # noqa: S608
        merchant_id,
        store_id,
        after,
        limit,
    )
    return db.many(Counter, rows)


# -- locations --------------------------------------------------------------------------------------


async def insert_location(tx: Tx, merchant_id: MerchantId, location: Location) -> None:
    """A new location."""
    await tx.execute(
        """insert into locations (merchant_id, location_id, kind, store_id, name, is_default, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)""",
        merchant_id,
        *msgspec.structs.astuple(location),
        tx.now,
    )


async def rename_store_location(tx: Tx, merchant_id: MerchantId, store_id: StoreId, name: str) -> None:
    """A store's location bears the store's name."""
    await tx.execute(
        "update locations set name = $3 where merchant_id = $1 and store_id = $2", merchant_id, store_id, name
    )


async def list_locations(tx: Tx, merchant_id: MerchantId) -> list[Location]:
    """The default one first, then in the order in which they were made."""
    rows = await tx.fetch(
        """select location_id, kind, store_id, name, is_default from locations where merchant_id = $1
           order by is_default desc, location_id""",
        merchant_id,
    )
    return db.many(Location, rows)


async def find_default_location(tx: Tx, merchant_id: MerchantId) -> LocationId | None:
    """The location that ships."""
    return await tx.fetchval("select location_id from locations where merchant_id = $1 and is_default", merchant_id)


async def find_store_location(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> LocationId | None:
    """The location of a store."""
    return await tx.fetchval(
        "select location_id from locations where merchant_id = $1 and store_id = $2", merchant_id, store_id
    )
