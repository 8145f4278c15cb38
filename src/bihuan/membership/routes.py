"""The shopper's card, and the console's room of members. Points have routes of their own (`routes_points`)."""

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
from bihuan.kernel.http import access
from bihuan.kernel.ids import MemberId, ShopperId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.membership import db, routes_points, service
from bihuan.membership.db import Member
from bihuan.membership.routes_points import NotAMember
from bihuan.membership.rules import DEFAULT_LEVELS, Level, level_for, next_level
from bihuan.merchants import Merchant
from bihuan.staff import StaffSession


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
    member = await db.MEMBERS.find(rt, merchant.merchant_id, shopper.shopper_id)
    if member is None:
        raise NotAMember
    levels = await db.LEVELS.find(rt, merchant.merchant_id, None) or DEFAULT_LEVELS
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


@put("/api/merchant/member-levels", opt=access("staff:members.write"))
async def save_levels(rt: Runtime, staff: StaffSession, data: JSONBody[Levels]) -> Levels:
    """Writes the levels; every member goes where her growth says."""
    async with rt.db.transaction() as tx:
        return Levels(list(await service.save_levels(tx, staff.merchant_id, data.levels)))


def _level(levels: Sequence[Level], member: Member) -> LevelOut:
    level = level_for(levels, member.growth)
    return LevelOut(level.code, level.name, level.benefits)


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
    list_members,
    show_levels,
    save_levels,
    *routes_points.ROUTES,
)
