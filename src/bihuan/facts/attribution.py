"""Facts of attribution."""

from typing import ClassVar

from bihuan.facts import Fact
from bihuan.kernel.ids import CounterId, LabelId, ShopperId, StaffId, StoreId, TouchpointId


class PageVisited(Fact, frozen=True, kw_only=True):
    """A shopper opened a page by a label's link, a friend's share (`sharer_id`), or both."""

    kind: ClassVar[str] = "attribution.visited"

    touchpoint_id: TouchpointId
    shopper_id: ShopperId
    label_id: LabelId | None = None
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None
    sharer_id: ShopperId | None = None
