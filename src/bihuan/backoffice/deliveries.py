"""Parked deliveries: facts that a handler could not digest, seen and replayed by a person."""

from uuid import UUID

import msgspec
from litestar import get, post

from bihuan.kernel import events
from bihuan.kernel.events import ParkedDelivery
from bihuan.kernel.http import access
from bihuan.kernel.ids import FactId, MerchantId
from bihuan.kernel.paging import Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession


class Replayed(msgspec.Struct, frozen=True):
    """The delivery is due again."""

    fact_id: FactId
    handler: str


@get("/api/merchant/deliveries", opt=access("staff:deliveries.read"))
async def list_parked(rt: Runtime, staff: StaffSession) -> Page[ParkedDelivery]:
    """The merchant's parked deliveries, the oldest first (at most 100: mend these, then look again)."""
    async with rt.db.session() as tx:
        return Page(await events.list_parked(tx, staff.merchant_id))


@post(
    "/api/merchant/deliveries/{fact_id:uuid}/{handler:str}/replay",
    status_code=200,
    opt=access("staff:deliveries.write"),
)
async def replay(rt: Runtime, staff: StaffSession, fact_id: UUID, handler: str) -> Replayed:
    """Hands a parked delivery to its handler again."""
    async with rt.db.transaction() as tx:
        await events.replay(tx, staff.merchant_id, handler, fact_id)
    return Replayed(FactId(fact_id), handler)


@get("/api/platform/deliveries", opt=access("operator"))
async def list_all_parked(rt: Runtime) -> Page[ParkedDelivery]:
    """The parked deliveries of all merchants, the oldest first (at most 100)."""
    async with rt.db.session() as tx:
        return Page(await events.list_parked(tx, None))


@post(
    "/api/platform/deliveries/{merchant_id:uuid}/{fact_id:uuid}/{handler:str}/replay",
    status_code=200,
    opt=access("operator"),
)
async def replay_any(rt: Runtime, merchant_id: UUID, fact_id: UUID, handler: str) -> Replayed:
    """Hands any merchant's parked delivery to its handler again."""
    async with rt.db.transaction() as tx:
        await events.replay(tx, MerchantId(merchant_id), handler, fact_id)
    return Replayed(FactId(fact_id), handler)


ROUTES = (list_parked, replay, list_all_parked, replay_any)
