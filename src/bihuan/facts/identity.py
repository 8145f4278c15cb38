"""Facts of identity."""

from typing import ClassVar

from bihuan.facts import Fact
from bihuan.kernel.ids import ShopperId


class ShoppersMerged(Fact, frozen=True, kw_only=True):
    """Two shoppers turned out to be one person: what was `former_id`'s at this merchant is `shopper_id`'s now."""

    kind: ClassVar[str] = "identity.shoppers_merged"

    shopper_id: ShopperId
    former_id: ShopperId
