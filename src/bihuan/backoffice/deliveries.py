"""Parked deliveries: facts that a handler could not digest, seen and replayed by a person."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from bihuan.kernel import events, paging
from bihuan.kernel.events import Parked, ParkedCount, ParkedDelivery
from bihuan.kernel.http import access
from bihuan.kernel.ids import FactId, MerchantId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession

OfHandler = Annotated[str | None, QueryParameter(name="handler", required=False, max_length=100)]


class Replayed(msgspec.Struct, frozen=True):
    """The delivery is due again."""

    fact_id: FactId
    handler: str


class ReplayAll(msgspec.Struct, frozen=True):
    """Which deliveries to replay: those of one handler, or all."""

    handler: Annotated[str, Meta(max_length=100)] | None = None


class AllReplayed(msgspec.Struct, frozen=True):
    """How many deliveries are due again; at 10,000 there may be more: ask again."""

    replayed: int


class ParkedCounts(msgspec.Struct, frozen=True):
    """How many are parked, by handler."""

    items: list[ParkedCount]


async def _page(
    rt: Runtime, merchant_id: MerchantId | None, handler: str | None, limit: int, cursor: str | None
) -> Page[ParkedDelivery]:
    after = paging.decode(cursor, Parked)
    async with rt.db.session() as tx:
        found = await events.list_parked(tx, merchant_id, limit + 1, handler=handler, after=after)
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    return Page(found[:limit], paging.encode(last.parked_at.isoformat(), str(last.fact_id), last.handler))


@get("/api/merchant/deliveries", opt=access("staff:deliveries.read"))
async def list_parked(
    rt: Runtime, staff: StaffSession, of_handler: OfHandler = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[ParkedDelivery]:
    """The merchant's parked deliveries, the oldest first."""
    return await _page(rt, staff.merchant_id, of_handler, limit, cursor)


@get("/api/merchant/deliveries/handlers", opt=access("staff:deliveries.read"))
async def count_parked(rt: Runtime, staff: StaffSession) -> ParkedCounts:
    """How many of the merchant's deliveries are parked, by handler."""
    async with rt.db.session() as tx:
        return ParkedCounts(await events.count_parked(tx, staff.merchant_id))


@post("/api/merchant/deliveries/replay", status_code=200, opt=access("staff:deliveries.write"))
async def replay_many(rt: Runtime, staff: StaffSession, data: JSONBody[ReplayAll]) -> AllReplayed:
    """Hands the merchant's parked deliveries (of one handler, or all) to their handlers again."""
    async with rt.db.transaction() as tx:
        return AllReplayed(await events.replay_all(tx, staff.merchant_id, data.handler))


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


@get("/api/platform/deliveries", opt=access("operator:platform.read"))
async def list_all_parked(
    rt: Runtime, of_handler: OfHandler = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[ParkedDelivery]:
    """The parked deliveries of all merchants, the oldest first."""
    return await _page(rt, None, of_handler, limit, cursor)


@get("/api/platform/deliveries/handlers", opt=access("operator:platform.read"))
async def count_all_parked(rt: Runtime) -> ParkedCounts:
    """How many deliveries of all merchants are parked, by handler."""
    async with rt.db.session() as tx:
        return ParkedCounts(await events.count_parked(tx, None))


@post("/api/platform/deliveries/replay", status_code=200, opt=access("operator:platform.write"))
async def replay_many_of_all(rt: Runtime, data: JSONBody[ReplayAll]) -> AllReplayed:
    """Hands all merchants' parked deliveries (of one handler, or all) to their handlers again."""
    async with rt.db.transaction() as tx:
        return AllReplayed(await events.replay_all(tx, None, data.handler))


@post(
    "/api/platform/deliveries/{merchant_id:uuid}/{fact_id:uuid}/{handler:str}/replay",
    status_code=200,
    opt=access("operator:platform.write"),
)
async def replay_any(rt: Runtime, merchant_id: UUID, fact_id: UUID, handler: str) -> Replayed:
    """Hands any merchant's parked delivery to its handler again."""
    async with rt.db.transaction() as tx:
        await events.replay(tx, MerchantId(merchant_id), handler, fact_id)
    return Replayed(FactId(fact_id), handler)


ROUTES = (
    list_parked,
    count_parked,
    replay_many,
    replay,
    list_all_parked,
    count_all_parked,
    replay_many_of_all,
    replay_any,
)
