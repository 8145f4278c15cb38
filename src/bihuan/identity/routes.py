"""The shopper's session and addresses: `/api/shop/session`, `/api/shop/addresses`."""

from typing import Any
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from bihuan.identity import db, shoppers
from bihuan.identity.callers import ShopperSession, shopper_cookie
from bihuan.identity.db import Address
from bihuan.identity.schemas import AddressIn, ShopperOut, ShopperSessionOut
from bihuan.kernel.errors import Unauthorized
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import AddressId, MerchantId, new_id
from bihuan.kernel.paging import Page
from bihuan.kernel.runtime import Runtime

NO_MERCHANT = MerchantId(UUID(int=0))
"""Under whom the idempotency keys of a shopper's own rows lie."""


@get("/api/shop/session", opt=access("shopper"))
async def show_session(rt: Runtime, shopper: ShopperSession) -> ShopperSessionOut:
    """Who is signed in; 401 when nobody is."""
    async with rt.db.session() as tx:
        known = await db.find_shopper(tx, shopper.shopper_id)
    if known is None:
        raise Unauthorized
    return ShopperSessionOut(ShopperOut(known.shopper_id, known.nickname, known.avatar_url))


@delete("/api/shop/session", opt=access("public"))
async def end_session(rt: Runtime) -> Response[None]:
    """Signs out: the browser forgets the cookie. Nobody signed in is no error."""
    return Response(None, status_code=204, cookies=[shopper_cookie(rt, None)])


@get("/api/shop/addresses", opt=access("shopper"))
async def list_addresses(rt: Runtime, shopper: ShopperSession) -> Page[Address]:
    """All of the shopper's addresses, the default one first."""
    async with rt.db.session() as tx:
        return Page(await db.list_addresses(tx, shopper.shopper_id))


@post("/api/shop/addresses", opt=access("shopper"))
async def create_address(
    rt: Runtime, shopper: ShopperSession, data: JSONBody[AddressIn], idempotency_key: IdempotencyKey = None
) -> Address:
    """Adds an address; the first one is the default one whatever it says."""
    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            NO_MERCHANT,
            f"shopper:{shopper.shopper_id}",
            idempotency_key,
            "identity.create_address",
            data,
            Address,
            lambda: shoppers.save_address(tx, shopper.shopper_id, data.as_address(new_id()), new=True),
        )


@put("/api/shop/addresses/{address_id:uuid}", opt=access("shopper"))
async def update_address(
    rt: Runtime, shopper: ShopperSession, address_id: FromPath[UUID], data: JSONBody[AddressIn]
) -> Address:
    """Replaces an address."""
    async with rt.db.transaction() as tx:
        return await shoppers.save_address(tx, shopper.shopper_id, data.as_address(address_id), new=False)


@delete("/api/shop/addresses/{address_id:uuid}", opt=access("shopper"))
async def delete_address(rt: Runtime, shopper: ShopperSession, address_id: FromPath[UUID]) -> None:
    """Removes an address; orders keep their own copy."""
    async with rt.db.transaction() as tx:
        await shoppers.delete_address(tx, shopper.shopper_id, AddressId(address_id))


ROUTES: tuple[Any, ...] = (
    show_session,
    end_session,
    list_addresses,
    create_address,
    update_address,
    delete_address,
)
