"""The console's rooms about people and places: `/api/merchant/staff`, `/stores`, `/counters`."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody

from bihuan import identity, merchants
from bihuan.kernel import paging
from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import CounterId, StaffId, StoreId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Counter, CounterChange, CounterIn, Store, StoreIn
from bihuan.staff import db, platform_routes, profile_routes, service, session_routes
from bihuan.staff.callers import StaffSession
from bihuan.staff.errors import LoginFixed
from bihuan.staff.schemas import StaffIn, StaffOut


@get("/api/merchant/staff", opt=access("staff:staff.read"))
async def list_staff(rt: Runtime, staff: StaffSession, limit: Limit = 20, cursor: Cursor = None) -> Page[StaffOut]:
    """The merchant's people, in the order in which they came."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.transaction(readonly=True) as tx:
        found = await db.list_staff(tx, staff.merchant_id, after, limit + 1)
        logins = await identity.list_logins(tx, [one.user_id for one in found])
    more = paging.encode(str(found[limit - 1].staff_id)) if len(found) > limit else None
    return Page([StaffOut.of(one, logins[one.user_id]) for one in found[:limit]], more)


@post("/api/merchant/staff", opt=access("staff:staff.write"))
async def add_staff(
    rt: Runtime, staff: StaffSession, data: JSONBody[StaffIn], idempotency_key: IdempotencyKey = None
) -> StaffOut:
    """Adds a person who can sign in at once."""

    async def work() -> StaffOut:
        added = await service.add(
            tx,
            staff,
            login=data.login or "",
            password=data.password or "",
            name=data.name.strip(),
            role=data.role,
            store_id=StoreId(data.store_id) if data.store_id else None,
        )
        logins = await identity.list_logins(tx, [added.user_id])
        return StaffOut.of(added, logins[added.user_id])

    # The key's row keeps a fast hash of the input, in which a password has no place.
    said = msgspec.structs.replace(data, password=None)
    async with rt.db.transaction() as tx:
        return await run_once(tx, staff.merchant_id, _actor(staff), idempotency_key, "staff.add", said, StaffOut, work)


@put("/api/merchant/staff/{staff_id:uuid}", opt=access("staff:staff.write"))
async def change_staff(rt: Runtime, staff: StaffSession, staff_id: FromPath[UUID], data: JSONBody[StaffIn]) -> StaffOut:
    """Changes a person; disabling her or giving her a new password signs her out everywhere."""
    async with rt.db.transaction() as tx:
        known = await db.find_staff(tx, staff.merchant_id, StaffId(staff_id))
        if known is None:
            raise NotFound
        login = (await identity.list_logins(tx, [known.user_id]))[known.user_id]
        if data.login is not None and data.login.strip().lower() != login:
            raise LoginFixed
        changed = await service.change(
            tx,
            staff,
            known.staff_id,
            name=data.name.strip(),
            role=data.role,
            store_id=StoreId(data.store_id) if data.store_id else None,
            active=data.active,
            password=data.password,
        )
    return StaffOut.of(changed, login)


@get("/api/merchant/stores", opt=access("staff:stores.read"))
async def list_stores(rt: Runtime, staff: StaffSession, limit: Limit = 20, cursor: Cursor = None) -> Page[Store]:
    """The merchant's stores, the closed ones too."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        found = await merchants.list_stores(tx, staff.merchant_id, after, limit + 1)
    more = paging.encode(str(found[limit - 1].store_id)) if len(found) > limit else None
    return Page(found[:limit], more)


@post("/api/merchant/stores", opt=access("staff:stores.write"))
async def add_store(
    rt: Runtime, staff: StaffSession, data: JSONBody[StoreIn], idempotency_key: IdempotencyKey = None
) -> Store:
    """Adds a store, with the location where its stock lies."""
    async with rt.db.transaction() as tx:
        store = await run_once(
            tx,
            staff.merchant_id,
            _actor(staff),
            idempotency_key,
            "merchants.create_store",
            data,
            Store,
            lambda: merchants.create_store(tx, staff.merchant_id, **msgspec.structs.asdict(data)),
        )
    merchants.forget_stock_locations(staff.merchant_id)
    return store


@put("/api/merchant/stores/{store_id:uuid}", opt=access("staff:stores.write"))
async def change_store(rt: Runtime, staff: StaffSession, store_id: FromPath[UUID], data: JSONBody[StoreIn]) -> Store:
    """Replaces a store; one that was retired is in use again."""
    async with rt.db.transaction() as tx:
        store = await merchants.update_store(tx, staff.merchant_id, data.as_store(store_id))
    merchants.forget_stock_locations(staff.merchant_id)
    return store


@get("/api/merchant/stores/{store_id:uuid}/counters", opt=access("staff:stores.read"))
async def list_counters(
    rt: Runtime, staff: StaffSession, store_id: FromPath[UUID], limit: Limit = 20, cursor: Cursor = None
) -> Page[Counter]:
    """The counters of a store."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        store = await merchants.get_store(tx, staff.merchant_id, StoreId(store_id))
        found = await merchants.list_counters(tx, staff.merchant_id, store.store_id, after, limit + 1)
    more = paging.encode(str(found[limit - 1].counter_id)) if len(found) > limit else None
    return Page(found[:limit], more)


@post("/api/merchant/stores/{store_id:uuid}/counters", opt=access("staff:stores.write"))
async def add_counter(
    rt: Runtime,
    staff: StaffSession,
    store_id: FromPath[UUID],
    data: JSONBody[CounterIn],
    idempotency_key: IdempotencyKey = None,
) -> Counter:
    """Adds a counter to a store."""
    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            staff.merchant_id,
            _actor(staff),
            idempotency_key,
            "merchants.create_counter",
            [store_id, data],
            Counter,
            lambda: merchants.create_counter(
                tx, staff.merchant_id, StoreId(store_id), code=data.code, name=data.name.strip()
            ),
        )


@put("/api/merchant/stores/{store_id:uuid}/counters/{counter_id:uuid}", opt=access("staff:stores.write"))
async def change_counter(
    rt: Runtime,
    staff: StaffSession,
    store_id: FromPath[UUID],
    counter_id: FromPath[UUID],
    data: JSONBody[CounterChange],
) -> Counter:
    """Renames a counter, retires it or takes it back; its printed codes go on telling where they stand."""
    async with rt.db.transaction() as tx:
        return await merchants.update_counter(
            tx,
            staff.merchant_id,
            StoreId(store_id),
            CounterId(counter_id),
            name=data.name.strip(),
            state=data.state,
        )


def _actor(staff: StaffSession) -> str:
    return f"staff:{staff.staff_id}"


ROUTES: tuple[Any, ...] = (
    *session_routes.ROUTES,
    *platform_routes.ROUTES,
    *profile_routes.ROUTES,
    list_staff,
    add_staff,
    change_staff,
    list_stores,
    add_store,
    change_store,
    list_counters,
    add_counter,
    change_counter,
)
