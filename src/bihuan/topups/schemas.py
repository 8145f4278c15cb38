"""Top-ups on the wire. Amounts are fen."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import ShopperId
from bihuan.kernel.money import MAX_FEN

Amount = Annotated[int, Meta(ge=1, le=MAX_FEN)]


class TopUpInput(msgspec.Struct, frozen=True):
    """What the shopper wants to store."""

    amount_fen: Amount


class TopUpPayInput(msgspec.Struct, frozen=True):
    """How she pays it."""

    method: Literal[
        "wechat_jsapi", "wechat_mini", "wechat_native", "wechat_h5", "alipay_page", "alipay_wap", "alipay_qr"
    ]


class TopUpOut(msgspec.Struct, frozen=True, kw_only=True):
    """A top-up. `returned_fen` of it was taken back, `clawed_fen` of its gift."""

    topup_id: UUID
    shopper_id: ShopperId
    amount_fen: int
    gift_fen: int
    state: Literal["unpaid", "paid", "refunded"]
    returned_fen: int
    clawed_fen: int
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None


class ReturnInput(msgspec.Struct, frozen=True):
    """How much of a top-up's principal goes back, and why; the shopper reads it."""

    amount_fen: Amount
    reason: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")]


class ReturnOut(msgspec.Struct, frozen=True, kw_only=True):
    """What taking a top-up back did: `refund_fen` goes to WeChat, the rest of the gift's share was spent already."""

    topup: TopUpOut
    principal_fen: int
    gift_fen: int
    refund_fen: int
