"""Whom an order is owed to: a pure decision over a shopper's touchpoints."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from bihuan.kernel.ids import CounterId, LabelId, ShopperId, StaffId, StoreId, TouchpointId

PLACE_WINDOW = timedelta(days=30)
"""How long a store's, counter's or guide's code keeps its claim."""

SHARE_WINDOW = timedelta(days=7)
"""How long a friend's share keeps its claim."""

Kind = Literal["scan", "follow", "visit", "share"]

Rule = Literal["last_touch", "follower_store", "share", "till", "none"]
"""What decided: the last placed touchpoint; the home store; a share alone; the till that sold it; nothing."""


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """A touchpoint. `label_code` is the label's code as it was then."""

    touchpoint_id: TouchpointId
    shopper_id: ShopperId
    kind: Kind
    occurred_at: datetime
    label_id: LabelId | None = None
    label_code: str | None = None
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None
    sharer_id: ShopperId | None = None

    @property
    def placed(self) -> bool:
        """Whether it speaks for a store, a counter or a member of staff."""
        return self.store_id is not None or self.counter_id is not None or self.staff_id is not None


class Home(msgspec.Struct, frozen=True):
    """The store of a shopper's first follow, and that follow."""

    store_id: StoreId
    touchpoint_id: TouchpointId


class Attribution(msgspec.Struct, frozen=True):
    """The decision; `touchpoint_ids` are those that made it, the place's first."""

    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None
    sharer_id: ShopperId | None = None
    rule: Rule = "none"
    touchpoint_ids: list[TouchpointId] = []


def decide(shopper_id: ShopperId, touches: Sequence[Touch], home: Home | None, at: datetime) -> Attribution:
    """The winning store, counter, staff and sharer of `shopper_id` at `at`.

    The place: the last placed touchpoint of the last 30 days as a whole (its counter and staff, or their
    absence, come with its store), else the home store. The sharer: the last share of the last 7 days; a
    shopper is never her own. Of two at one moment the later id wins. Touchpoints after `at` do not count.
    """
    if not touches:
        return _of_home(home) if home else Attribution()
    past = [t for t in touches if t.shopper_id == shopper_id and t.occurred_at <= at]
    place = _last(t for t in past if t.placed and at - t.occurred_at <= PLACE_WINDOW)
    share = _last(t for t in past if t.sharer_id not in (None, shopper_id) and at - t.occurred_at <= SHARE_WINDOW)
    sharer_id = share.sharer_id if share else None
    shared_by = [share.touchpoint_id] if share else []
    if place is not None:
        decided_by = [place.touchpoint_id, *(t for t in shared_by if t != place.touchpoint_id)]
        return Attribution(place.store_id, place.counter_id, place.staff_id, sharer_id, "last_touch", decided_by)
    if home is not None:
        return Attribution(home.store_id, None, None, sharer_id, "follower_store", [home.touchpoint_id, *shared_by])
    return Attribution(None, None, None, sharer_id, "share" if share else "none", shared_by)


def _of_home(home: Home) -> Attribution:
    return Attribution(home.store_id, None, None, None, "follower_store", [home.touchpoint_id])


def _last(touches: Iterable[Touch]) -> Touch | None:
    return max(touches, key=lambda t: (t.occurred_at, t.touchpoint_id), default=None)
