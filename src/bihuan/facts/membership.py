"""Facts of membership."""

from datetime import datetime
from typing import ClassVar

from bihuan.facts import Fact
from bihuan.kernel.ids import MemberId, OrderId, ShopperId, StoreId


class MemberJoined(Fact, frozen=True, kw_only=True):
    """A first payment opened a member card; `points` are those that it brought, `store_id` is the order's."""

    kind: ClassVar[str] = "member.joined"

    member_id: MemberId
    shopper_id: ShopperId
    number: str
    level_name: str
    points: int
    order_id: OrderId
    store_id: StoreId | None = None


class MemberLevelChanged(Fact, frozen=True, kw_only=True):
    """A member's growth reached another level."""

    kind: ClassVar[str] = "member.level_changed"

    member_id: MemberId
    shopper_id: ShopperId
    level_code: str
    level_name: str


class PointsExpired(Fact, frozen=True, kw_only=True):
    """Points grew too old, the oldest first."""

    kind: ClassVar[str] = "member.points_expired"

    member_id: MemberId
    shopper_id: ShopperId
    points: int


class PointsExpiring(Fact, frozen=True, kw_only=True):
    """Points are about to expire, the first of them at `expires_at`; told once of each."""

    kind: ClassVar[str] = "member.points_expiring"

    member_id: MemberId
    shopper_id: ShopperId
    points: int
    expires_at: datetime
