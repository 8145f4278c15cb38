"""The shopper's card, and the console's room of members."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import get, put
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta

from bihuan import identity
from bihuan.identity import Shopper, ShopperSession
from bihuan.kernel import paging
from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import access
from bihuan.kernel.ids import MemberId, ShopperId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.membership import db, lots, service, terms
from bihuan.membership.db import Entry, Member
from bihuan.membership.rules import Level, level_for, months_after, months_before, next_level, worth_of
from bihuan.membership.terms import PointsSettings
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession


class NotAMember(NotFound):
    """The shopper has not paid anything here yet."""

    code = "not_a_member"
    zh = "您还不是会员，首次支付后自动开卡。"
    en = "You are not a member yet; the first payment opens the card."


class LevelOut(msgspec.Struct, frozen=True):
    """A member's level and what it brings, in words."""

    code: str
    name: str
    benefits: str = ""


class NextLevel(msgspec.Struct, frozen=True):
    """The level above, and the growth from which on it is reached."""

    name: str
    growth: int


class CardOut(msgspec.Struct, frozen=True, kw_only=True):
    """A shopper's card; `card_code` is what a till reads."""

    number: str
    level: LevelOut
    points: int
    growth: int
    next_level: NextLevel | None
    joined_at: datetime
    card_code: str


class PointsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Points that came or went. `source`: order (its id in `source_id`) earned them, gift, redeem (an order's id) spent
    them, return gave spent ones back with a refund, refund took earned ones back, owed did so later, expire, merge_in
    or merge_out."""

    points: int
    source: str
    source_id: UUID
    occurred_at: datetime


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


class MemberShopper(msgspec.Struct, frozen=True):
    """Whose card it is."""

    shopper_id: ShopperId
    nickname: str | None
    avatar_url: str | None


class MemberOut(msgspec.Struct, frozen=True, kw_only=True):
    """A member as staff see her."""

    member_id: MemberId
    number: str
    shopper: MemberShopper
    level: LevelOut
    points: int
    growth: int
    joined_at: datetime


class Levels(msgspec.Struct, frozen=True):
    """A merchant's levels, the lowest first; the first begins at growth 0."""

    levels: Annotated[list[Level], Meta(min_length=1, max_length=10)]


@get("/api/shop/{m:str}/member", opt=access("shopper"))
async def show_card(rt: Runtime, merchant: Merchant, shopper: ShopperSession) -> CardOut:
    """The shopper's member card; 404 `not_a_member` before her first payment."""
    async with rt.db.session() as tx:
        member = await db.find_member(tx, merchant.merchant_id, shopper.shopper_id)
        if member is None:
            raise NotAMember
        levels = await service.get_levels(tx, merchant.merchant_id)
    above = next_level(levels, member.growth)
    return CardOut(
        number=member.number,
        level=_level(levels, member),
        points=member.points,
        growth=member.growth,
        next_level=NextLevel(above.name, above.growth) if above else None,
        joined_at=member.joined_at,
        card_code=member.number,
    )


@get("/api/shop/{m:str}/member/points", opt=access("shopper"))
async def list_points(
    rt: Runtime, merchant: Merchant, shopper: ShopperSession, limit: Limit = 20, cursor: Cursor = None
) -> Page[PointsOut]:
    """How the shopper's points came together, the latest first."""
    after = paging.decode(cursor, tuple[datetime, UUID])
    async with rt.db.transaction(readonly=True) as tx:
        member = await db.find_member(tx, merchant.merchant_id, shopper.shopper_id)
        if member is None:
            raise NotAMember
        found = await db.list_entries(tx, merchant.merchant_id, member.member_id, after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_cursor = paging.encode(last[1].occurred_at.isoformat(), str(last[0])) if last else None
    return Page([_points(entry) for _, entry in found[:limit]], next_cursor)


@get("/api/shop/{m:str}/member/points-summary", opt=access("shopper"))
async def summarize_points(rt: Runtime, merchant: Merchant, shopper: ShopperSession) -> PointsSummary:
    """What became of the shopper's points, and which are the next to expire."""
    merchant_id = merchant.merchant_id
    async with rt.db.transaction(readonly=True) as tx:
        member = await db.find_member(tx, merchant_id, shopper.shopper_id)
        if member is None:
            raise NotAMember
        settings = await terms.get_settings(tx, merchant_id)
        since = months_before(tx.now, settings.life_months) if settings.life_months else None
        available, held = await lots.sum_places(tx, merchant_id, member.member_id, since)
        sums = await db.sum_sources(tx, merchant_id, member.member_id)
        oldest = await lots.next_to_go(tx, merchant_id, member.member_id, since) if settings.life_months else None
    return PointsSummary(
        available=available,
        held=held,
        earned=sums.get("order", 0) + sums.get("gift", 0),
        redeemed=-sums.get("redeem", 0),
        returned=sums.get("return", 0),
        expired=-sums.get("expire", 0),
        revoked=-sums.get("refund", 0) - sums.get("owed", 0),
        next_to_expire=ExpiringOut(oldest[1], months_after(oldest[0], settings.life_months))
        if oldest and settings.life_months
        else None,
        worth_fen=worth_of(available, settings.points_per_yuan) if settings.redeem else None,
        settings=settings,
    )


@get("/api/merchant/members", opt=access("staff:members.read"))
async def list_members(
    rt: Runtime,
    staff: StaffSession,
    q: Annotated[str | None, QueryParameter(max_length=20, description="A card number or its beginning.")] = None,
    level: Annotated[str | None, QueryParameter(max_length=20)] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[MemberOut]:
    """The members, the latest first."""
    after = paging.decode(cursor, tuple[datetime, UUID])
    number = (q or "").strip().upper() or None
    async with rt.db.transaction(readonly=True) as tx:
        found = await db.list_members(
            tx, staff.merchant_id, number=number, level_code=level, after=after, limit=limit + 1
        )
        levels = await service.get_levels(tx, staff.merchant_id)
        shoppers = await identity.list_shoppers(tx, [member.shopper_id for member in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    next_cursor = paging.encode(last.joined_at.isoformat(), str(last.member_id)) if last else None
    return Page([_member(levels, m, shoppers.get(m.shopper_id)) for m in found[:limit]], next_cursor)


@get("/api/merchant/member-levels", opt=access("staff:members.read"))
async def show_levels(rt: Runtime, staff: StaffSession) -> Levels:
    """The merchant's levels."""
    async with rt.db.session() as tx:
        return Levels(list(await service.get_levels(tx, staff.merchant_id)))


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


@put("/api/merchant/member-levels", opt=access("staff:members.write"))
async def save_levels(rt: Runtime, staff: StaffSession, data: JSONBody[Levels]) -> Levels:
    """Writes the levels; every member goes where her growth says."""
    async with rt.db.transaction() as tx:
        return Levels(list(await service.save_levels(tx, staff.merchant_id, data.levels)))


def _level(levels: Sequence[Level], member: Member) -> LevelOut:
    level = level_for(levels, member.growth)
    return LevelOut(level.code, level.name, level.benefits)


def _points(entry: Entry) -> PointsOut:
    return PointsOut(points=entry.points, source=entry.source, source_id=entry.source_id, occurred_at=entry.occurred_at)


def _member(levels: Sequence[Level], member: Member, shopper: Shopper | None) -> MemberOut:
    return MemberOut(
        member_id=member.member_id,
        number=member.number,
        shopper=MemberShopper(
            member.shopper_id, shopper.nickname if shopper else None, shopper.avatar_url if shopper else None
        ),
        level=_level(levels, member),
        points=member.points,
        growth=member.growth,
        joined_at=member.joined_at,
    )


ROUTES: tuple[Any, ...] = (
    show_card,
    list_points,
    summarize_points,
    list_members,
    show_levels,
    save_levels,
    show_points_settings,
    save_points_settings,
)
