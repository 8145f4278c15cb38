"""Verbs about merchants, their stores, counters and locations."""

from typing import Any, Literal
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import PLATFORM_CODE, CounterId, LocationId, MerchantId, StoreId, new_id
from bihuan.kernel.money import MAX_FEN
from bihuan.merchants import db
from bihuan.merchants.db import Counter, Location, Merchant, Store
from bihuan.merchants.errors import CodeTaken, StoreRetired
from bihuan.merchants.rules import check_code

DEFAULT_THEME = "#07c160"


async def create(
    tx: Tx,
    *,
    code: str,
    name: str,
    intro: str = "",
    logo_url: str | None = None,
    theme_color: str = DEFAULT_THEME,
    is_platform: bool = False,
    freight_fen: int = 0,
    freight_free_from_fen: int | None = None,
    order_ttl_seconds: int = 900,
) -> Merchant:
    """A new merchant with a default warehouse. Raises CodeNotAcceptable, CodeTaken."""
    _check_fen(freight_fen, freight_free_from_fen)
    merchant = Merchant(
        merchant_id=MerchantId(new_id()),
        code=check_code(code, is_platform=is_platform),
        name=name,
        intro=intro,
        logo_url=logo_url,
        theme_color=theme_color.lower(),
        state="active",
        is_platform=is_platform,
        freight_fen=freight_fen,
        freight_free_from_fen=freight_free_from_fen,
        order_ttl_seconds=order_ttl_seconds,
        created_at=tx.now,
    )
    if not await db.insert_merchant(tx, merchant):
        raise CodeTaken(taken=code)
    warehouse = Location(LocationId(new_id()), "warehouse", None, "总仓", is_default=True)
    await db.insert_location(tx, merchant.merchant_id, warehouse)
    return merchant


def _check_fen(*amounts: int | None) -> None:
    if any(amount is not None and not 0 <= amount <= MAX_FEN for amount in amounts):
        raise ValueError("freight must be between nothing and MAX_FEN")


async def ensure_platform(tx: Tx) -> Merchant:
    """The merchant that is the platform itself, made when it is missing."""
    found = await db.find_merchant_by_code(tx, PLATFORM_CODE)
    if found is not None:
        return found
    try:
        async with tx.savepoint():
            return await create(tx, code=PLATFORM_CODE, name="闭环", intro="平台运营", is_platform=True)
    except CodeTaken:
        return await get_by_code(tx, PLATFORM_CODE)


async def update(tx: Tx, merchant_id: MerchantId, **changes: Any) -> Merchant:
    """Changes the named columns of a merchant. Raises NotFound; its callers check the values."""
    merchant = msgspec.structs.replace(await get(tx, merchant_id), **changes)
    merchant = msgspec.structs.replace(merchant, theme_color=merchant.theme_color.lower())
    _check_fen(merchant.freight_fen, merchant.freight_free_from_fen)
    await db.update_merchant(tx, merchant)
    return merchant


async def get(tx: Tx, merchant_id: MerchantId) -> Merchant:
    """One merchant. Raises NotFound."""
    merchant = await db.find_merchant(tx, merchant_id)
    if merchant is None:
        raise NotFound
    return merchant


async def get_by_code(tx: Tx, code: str) -> Merchant:
    """One merchant. Raises NotFound."""
    merchant = await db.find_merchant_by_code(tx, code)
    if merchant is None:
        raise NotFound
    return merchant


async def create_store(
    tx: Tx,
    merchant_id: MerchantId,
    *,
    code: str,
    name: str,
    province: str = "",
    city: str = "",
    district: str = "",
    address: str = "",
    phone: str = "",
    hours: str = "",
    pickup: bool = True,
    state: Literal["open", "closed"] = "open",
) -> Store:
    """A new store, with the location where its stock lies. Raises CodeTaken."""
    store = Store(
        store_id=StoreId(new_id()),
        code=code,
        name=name,
        province=province,
        city=city,
        district=district,
        address=address,
        phone=phone,
        hours=hours,
        pickup=pickup,
        state=state,
    )
    if not await db.insert_store(tx, merchant_id, store):
        raise CodeTaken(taken=code)
    location = Location(LocationId(new_id()), "store", store.store_id, name, is_default=False)
    await db.insert_location(tx, merchant_id, location)
    return store


async def update_store(tx: Tx, merchant_id: MerchantId, store: Store) -> Store:
    """Replaces a store; its location takes its name. Raises NotFound, CodeTaken."""
    if await db.store_code_taken(tx, merchant_id, store.code, store.store_id):
        raise CodeTaken(taken=store.code)
    if not await db.update_store(tx, merchant_id, store):
        raise NotFound
    await db.rename_store_location(tx, merchant_id, store.store_id, store.name)
    return store


async def get_store(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> Store:
    """One store of this merchant. Raises NotFound, also for another's."""
    store = await db.find_store(tx, merchant_id, store_id)
    if store is None:
        raise NotFound
    return store


async def get_running_store(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> Store:
    """A store where something new can be put. Raises NotFound, StoreRetired."""
    store = await get_store(tx, merchant_id, store_id)
    if store.state == "retired":
        raise StoreRetired
    return store


async def create_counter(tx: Tx, merchant_id: MerchantId, store_id: StoreId, *, code: str, name: str) -> Counter:
    """A new counter in a store. Raises NotFound, StoreRetired, CodeTaken."""
    await get_running_store(tx, merchant_id, store_id)
    counter = Counter(CounterId(new_id()), store_id, code, name)
    if not await db.insert_counter(tx, merchant_id, counter):
        raise CodeTaken(taken=code)
    return counter


async def update_counter(
    tx: Tx,
    merchant_id: MerchantId,
    store_id: StoreId,
    counter_id: CounterId,
    *,
    name: str,
    state: Literal["open", "retired"],
) -> Counter:
    """Renames a counter, gives it up or takes it back. Raises NotFound; StoreRetired for one to be opened there."""
    before = await db.find_counter(tx, merchant_id, counter_id)
    if before is None or before.store_id != store_id:
        raise NotFound
    if state == "open":
        await get_running_store(tx, merchant_id, store_id)
    counter = msgspec.structs.replace(before, name=name, state=state)
    await db.update_counter(tx, merchant_id, counter)
    return counter


async def retire_store(tx: Tx, merchant_id: MerchantId, store_id: StoreId) -> Store:
    """Gives a store up with its counters; a repeat changes nothing. Raises NotFound.

    Whether it is empty, its caller knows.
    """
    store = msgspec.structs.replace(await get_store(tx, merchant_id, store_id), state="retired")
    await db.update_store(tx, merchant_id, store)
    await db.retire_counters(tx, merchant_id, store_id)
    return store


async def default_location(tx: Tx, merchant_id: MerchantId) -> LocationId:
    """The warehouse that ships. Raises NotFound for an unknown merchant."""
    location_id = await db.find_default_location(tx, merchant_id)
    if location_id is None:
        raise NotFound
    return location_id


async def store_location(tx: Tx, merchant_id: MerchantId, store_id: UUID) -> LocationId:
    """Where a store's stock lies. Raises NotFound."""
    location_id = await db.find_store_location(tx, merchant_id, StoreId(store_id))
    if location_id is None:
        raise NotFound
    return location_id
