"""Facts of the channels: who follows, and who scanned which label."""

from datetime import datetime
from typing import ClassVar

from bihuan.facts import Fact
from bihuan.kernel.ids import CounterId, LabelId, ShopperId, StaffId, StoreId


class ChannelFact(Fact, frozen=True, kw_only=True):
    """What every fact of a channel tells: who, and by which label, and for whom that label speaks.

    `occurred_at` is WeChat's time of the event, to the second.
    """

    shopper_id: ShopperId
    label_id: LabelId | None = None
    label_code: str | None = None
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None


class ShopperFollowed(ChannelFact, frozen=True, kw_only=True):
    """Somebody follows the official account, by a labelled code or otherwise; `first`: never did before."""

    kind: ClassVar[str] = "channel.followed"

    first: bool = True


class LabelScanned(ChannelFact, frozen=True, kw_only=True):
    """A follower scanned a labelled code."""

    kind: ClassVar[str] = "channel.scanned"


class ShopperUnfollowed(Fact, frozen=True, kw_only=True):
    """A follower left."""

    kind: ClassVar[str] = "channel.unfollowed"

    shopper_id: ShopperId
    following_since: datetime | None = None


class TradeReceived(Fact, frozen=True, kw_only=True):
    """WeChat says that the shopper confirmed the receipt of what she paid for, or that her time for it ran out.

    `occurred_at` is the moment of that, by WeChat's clock.
    """

    kind: ClassVar[str] = "channel.trade_received"

    out_trade_no: str
    transaction_id: str
    by_itself: bool = False
