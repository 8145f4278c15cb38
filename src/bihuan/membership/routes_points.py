"""Points over HTTP: the shopper's statement, the same for staff, the merchant's terms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import get, post, put
from litestar.params import JSONBody

from bihuan.identity import ShopperSession
from bihuan.kernel import paging
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import MemberId, MerchantId, StaffId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.membership import by_hand, db, db_lots, terms
from bihuan.membership.by_hand import AdjustmentInput
from bihuan.membership.db import Member, StatementEntry
from bihuan.membership.rules import months_after, worth_of
from bihuan.membership.terms import PointsSettings
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession, list_names


class NotAMember(NotFound):
    """The shopper has not paid anything here yet."""

    code = "not_a_member"
    zh = "您还不是会员，首次支付后自动开卡。"
    en = "You are not a member yet; the first payment opens the card."


class PointsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Points that came or went. `source`: order (its id in `source_id`) earned them, gift, redeem (an order's id) spent
    them, return gave spent ones back with a refund, refund took earned ones back, owed did so later, expire, merge_in
    or merge_out; grant and deduct are by hand, with a `reason` that the member reads and who did it for staff alone."""

    points: int
    source: str
    source_id: UUID
    occurred_at: datetime
    reason: str | None = None
    staff_name: str | None = None


class ExpiringOut(msgspec.Struct, frozen=True):
    """The points that are the next to expire."""

    points: int
    expires_at: datetime


class PointsSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of all points of a card: `available` can be spent, `held` wait for the payment of orders, the rest
    is over. `worth_fen`: what the available ones are worth; null where orders cannot be paid with points."""

    available: int
    held: int
    earned: int
    redeemed: int
    returned: int
    expired: int
    revoked: int
    next_to_expire: ExpiringOut | None
    worth_fen: int | None
    settings: PointsSettings


@get("/api/shop/{m:str}/member/points", opt=access("shopper"))
async def list_points(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, limit: Limit = 20, cursor: Cursor = None
) -> Page[PointsOut]:
    """How the shopper's points came together, the latest first."""
    async with rt.db.transaction(readonly=True) as tx:
        member = await _own(tx, merchant, shopper)
        return await _page(tx, merchant.merchant_id, member.member_id, limit, cursor, named=False)


@get("/api/shop/{m:str}/member/points-summary", opt=access("shopper"))
async def summarize_points(rt: Runtime, merchant: Merchant, shopper: ShopperSession) -> PointsSummary:
    """What became of the shopper's points, and which are the next to expire."""
    async with rt.db.transaction(readonly=True) as tx:
        return await _summary(tx, merchant.merchant_id, (await _own(tx, merchant, shopper)).member_id)


@get("/api/merchant/members/{member_id:uuid}/points", opt=access("staff:members.read"))
async def list_member_points(
    rt: Runtime, staff: StaffSession, member_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> Page[PointsOut]:
    """How a member's points came together, the latest first."""
    async with rt.db.transaction(readonly=True) as tx:
        member = await _of_staff(tx, staff, member_id)
        return await _page(tx, staff.merchant_id, member.member_id, limit, cursor, named=True)


@get("/api/merchant/members/{member_id:uuid}/points-summary", opt=access("staff:members.read"))
async def summarize_member_points(rt: Runtime, staff: StaffSession, member_id: UUID) -> PointsSummary:
    """What became of a member's points."""
    async with rt.db.transaction(readonly=True) as tx:
        return await _summary(tx, staff.merchant_id, (await _of_staff(tx, staff, member_id)).member_id)


async def _own(tx: Tx, merchant: Merchant, shopper: ShopperSession) -> Member:
    member = await db.find_member(tx, merchant.merchant_id, shopper.shopper_id)
    if member is None:
        raise NotAMember
    return member


async def _of_staff(tx: Tx, staff: StaffSession, member_id: UUID) -> Member:
    member = await db.find_by_id(tx, staff.merchant_id, MemberId(member_id))
    if member is None:
        raise NotFound
    return member


async def _page(
    tx: Tx, merchant_id: MerchantId, member_id: MemberId, limit: int, cursor: str | None, *, named: bool
) -> Page[PointsOut]:
    """Entries; with `named`, who made those by hand."""
    after = paging.decode(cursor, tuple[datetime, UUID])
    found = await db.list_entries(tx, merchant_id, member_id, after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_cursor = paging.encode(last.occurred_at.isoformat(), str(last.entry_id)) if last else None
    people = [one.staff_id for one in found if one.staff_id] if named else []
    names = await list_names(tx, merchant_id, people) if people else {}
    return Page([_points(entry, names) for entry in found[:limit]], next_cursor)


async def _summary(tx: Tx, merchant_id: MerchantId, member_id: MemberId) -> PointsSummary:
    settings = await terms.get_settings(tx, merchant_id)
    life = settings.life_months
    since = terms.alive_since(settings, tx.now)
    available, held = await db_lots.sum_places(tx, merchant_id, member_id, since)
    sums = await db.sum_sources(tx, merchant_id, member_id)
    oldest = await db_lots.next_to_go(tx, merchant_id, member_id, since) if life else None
    return PointsSummary(
        available=available,
        held=held,
        earned=sums.get("order", 0) + sums.get("gift", 0) + sums.get("grant", 0),
        redeemed=-sums.get("redeem", 0),
        returned=sums.get("return", 0),
        expired=-sums.get("expire", 0),
        revoked=-sums.get("refund", 0) - sums.get("owed", 0) - sums.get("deduct", 0),
        next_to_expire=ExpiringOut(oldest[1], months_after(oldest[0], life)) if oldest and life else None,
        worth_fen=worth_of(available, settings.points_per_yuan) if settings.redeem else None,
        settings=settings,
    )


@get("/api/merchant/points-settings", opt=access("staff:members.read"))
async def show_points_settings(rt: Runtime, staff: StaffSession) -> PointsSettings:
    """How points are earned, how long they live, and what they are worth."""
    async with rt.db.session() as tx:
        return await terms.get_settings(tx, staff.merchant_id)


@put("/api/merchant/points-settings", opt=access("staff:members.write"))
async def save_points_settings(rt: Runtime, staff: StaffSession, data: JSONBody[PointsSettings]) -> PointsSettings:
    """Sets the terms of points. Rates count for orders from now on; an hourly job takes what is too old."""
    async with rt.db.transaction() as tx:
        return await terms.save_settings(tx, staff.merchant_id, data)


@post("/api/merchant/members/{member_id:uuid}/points", opt=access("staff:members.write"))
async def adjust_member_points(
    rt: Runtime,
    staff: StaffSession,
    member_id: UUID,
    data: JSONBody[AdjustmentInput],
    idempotency_key: IdempotencyKey = None,
) -> PointsOut:
    """Gives points to a member or takes some of hers, with a reason that she reads.

    422 `points_out_of_range`; 409 `points_not_there` for more than she has free.
    """
    async with rt.db.transaction() as tx:

        async def work() -> PointsOut:
            entry = await by_hand.adjust(tx, staff.merchant_id, MemberId(member_id), data, staff.staff_id)
            return PointsOut(
                points=entry.points,
                source=entry.source,
                source_id=entry.source_id,
                occurred_at=entry.occurred_at,
                reason=data.reason.strip(),
                staff_name=staff.name,
            )

        actor, command = f"staff:{staff.staff_id}", [str(member_id), data]
        return await run_once(
            tx, staff.merchant_id, actor, idempotency_key, "membership.adjust_points", command, PointsOut, work
        )


def _points(entry: StatementEntry, names: Mapping[StaffId, str]) -> PointsOut:
    return PointsOut(
        points=entry.points,
        source=entry.source,
        source_id=entry.source_id,
        occurred_at=entry.occurred_at,
        reason=entry.reason,
        staff_name=names.get(entry.staff_id) if entry.staff_id else None,
    )


ROUTES: tuple[Any, ...] = (
    list_points,
    summarize_points,
    list_member_points,
    summarize_member_points,
    adjust_member_points,
    show_points_settings,
    save_points_settings,
)
