"""The operators' merchants: `/api/platform/merchants`."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import FromPath, JSONBody, Parameter

from bihuan import merchants
from bihuan.kernel import paging
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.staff import service
from bihuan.staff.callers import StaffSession
from bihuan.staff.errors import PlatformCannotBeSuspended
from bihuan.staff.schemas import MerchantChange, MerchantIn

Query = Annotated[str | None, Parameter(max_length=60, description="Part of a name or code.")]


@get("/api/platform/merchants", opt=access("operator:platform.read"))
async def list_merchants(rt: Runtime, q: Query = None, limit: Limit = 20, cursor: Cursor = None) -> Page[Merchant]:
    """All merchants, in the order in which they joined."""
    (after,) = paging.decode(cursor, tuple[UUID]) or (None,)
    async with rt.db.session() as tx:
        found = await merchants.list_merchants(tx, after, limit + 1, selling_only=False, q=q)
    more = paging.encode(str(found[limit - 1].merchant_id)) if len(found) > limit else None
    return Page(found[:limit], more)


@post("/api/platform/merchants", opt=access("operator:platform.write"))
async def add_merchant(
    rt: Runtime, staff: StaffSession, data: JSONBody[MerchantIn], idempotency_key: IdempotencyKey = None
) -> Merchant:
    """Adds a merchant with its owner, who can sign in at once."""

    async def work() -> Merchant:
        merchant = await merchants.create(
            tx,
            code=data.code,
            name=data.name.strip(),
            intro=data.intro.strip(),
            logo_url=data.logo_url,
            theme_color=data.theme_color,
            freight_fen=data.freight_fen,
            freight_free_from_fen=data.freight_free_from_fen,
        )
        owner = data.owner
        await service.create_owner(tx, merchant.merchant_id, owner.login, owner.password, owner.name.strip())
        return merchant

    # The key's row keeps a fast hash of the input, in which a password has no place.
    said = msgspec.structs.replace(data, owner=msgspec.structs.replace(data.owner, password=""))
    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "merchants.create",
            said,
            Merchant,
            work,
        )


@get("/api/platform/merchants/{merchant_id:uuid}", opt=access("operator:platform.read"))
async def show_merchant(rt: Runtime, merchant_id: FromPath[UUID]) -> Merchant:
    """One merchant."""
    async with rt.db.session() as tx:
        return await merchants.get(tx, MerchantId(merchant_id))


@put("/api/platform/merchants/{merchant_id:uuid}", opt=access("operator:platform.write"))
async def change_merchant(rt: Runtime, merchant_id: FromPath[UUID], data: JSONBody[MerchantChange]) -> Merchant:
    """Changes a merchant; a suspended one sells nothing, but sends out what it has sold."""
    changes = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not msgspec.UNSET}
    async with rt.db.transaction() as tx:
        before = await merchants.get(tx, MerchantId(merchant_id))
        if before.is_platform and changes.get("state") == "suspended":
            raise PlatformCannotBeSuspended
        changed = await merchants.update(tx, before.merchant_id, **changes)
    return merchants.remember(changed)


ROUTES: tuple[Any, ...] = (list_merchants, add_merchant, show_merchant, change_merchant)
