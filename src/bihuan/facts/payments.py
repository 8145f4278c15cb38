"""Facts of payments."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from bihuan.facts import Fact
from bihuan.kernel.ids import PaymentId, RefundId, ShopperId


class PaymentFact(Fact, frozen=True, kw_only=True):
    """What every fact of received money tells. `purpose` says whose id `reference_id` is ("order")."""

    payment_id: PaymentId
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId
    amount_fen: int
    method: str
    out_trade_no: str
    transaction_id: str
    paid_at: datetime


class PaymentReceived(PaymentFact, frozen=True, kw_only=True):
    """Money came and was kept."""

    kind: ClassVar[str] = "payment.received"


class PaymentRefused(PaymentFact, frozen=True, kw_only=True):
    """Money came and is given back by itself: a second payment, a late one without stock, another amount."""

    kind: ClassVar[str] = "payment.refused"

    reason: str
    refund_id: RefundId


class RefundFact(Fact, frozen=True, kw_only=True):
    """What every fact of a refund tells. `cause` and `cause_id` name who decided it; none: it went back by itself."""

    payment_id: PaymentId
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId
    amount_fen: int
    cause: str | None = None
    cause_id: UUID | None = None


class RefundSucceeded(RefundFact, frozen=True, kw_only=True):
    """Money of one tender ("wechat", "wallet" ...) is back with the shopper."""

    kind: ClassVar[str] = "refund.succeeded"

    refund_id: RefundId
    reason: str
    tender: str = "wechat"


class RefundSettled(RefundFact, frozen=True, kw_only=True):
    """Every part of a decided refund is back with the shopper; `amount_fen` is the whole."""

    kind: ClassVar[str] = "refund.settled"

    decision_id: UUID


class RefundFailed(RefundFact, frozen=True, kw_only=True):
    """WeChat cannot give it back the way it came; it is parked for a person, and may still succeed."""

    kind: ClassVar[str] = "refund.failed"

    refund_id: RefundId
    error: str
