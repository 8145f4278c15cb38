"""The face towards those whose things are paid for: payments knows no orders, they hand in a settler."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId


class Receipt(msgspec.Struct, frozen=True):
    """Money that came for `reference_id`, of the amount, currency, app and account that were asked for."""

    payment_id: PaymentId
    purpose: str
    reference_id: UUID
    amount_fen: int
    out_trade_no: str
    transaction_id: str
    paid_at: datetime


class Verdict(msgspec.Struct, frozen=True):
    """Whether the money is kept; what is not is refunded, with `reason`."""

    payment_id: PaymentId
    accepted: bool
    reason: str | None = None


Settler = Callable[[Tx, MerchantId, Sequence[Receipt]], Awaitable[Sequence[Verdict]]]
"""Applies receipts of one purpose in the transaction that records them: one verdict each, in order."""

Settlers = Mapping[str, Settler]
"""Purpose -> settler; `wiring.SETTLERS`."""
