"""Payments that other providers collected before Bihuan: recorded with their means, never asked for at WeChat.

The tables are those of live payments, so that the console shows them and refunds find them. An order paid by
several means (a card and a voucher) is one payment that keeps several attempts' money; attempts elsewhere
have no account at WeChat Pay (`mchid` is empty), and their money stands at `external_clearing` in the books.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id_at
from bihuan.kernel.ids import MerchantId, ShopperId
from bihuan.ledger import Entry, PastTransaction, Transaction, post_books


class PastMeans(msgspec.Struct, frozen=True):
    """A part of a payment: `method` in the provider's word, `number` as the provider knows it."""

    method: str
    number: str
    amount_fen: int


class PastPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What another system collected for one thing.

    Without `paid_at` no money came; with `refunded_at` it came and went back whole, for `refund_reason`.
    """

    merchant_id: MerchantId
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId
    description: str
    means: list[PastMeans]
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None = None
    refunded_at: datetime | None = None
    refund_reason: str = ""

    @property
    def amount_fen(self) -> int:
        """All means together."""
        return sum(means.amount_fen for means in self.means)


_PAYMENT = ("merchant_id", "payment_id", "purpose", "reference_id", "shopper_id", "amount_fen", "state", "expires_at",
            "created_at", "paid_at")  # fmt: skip
_ATTEMPT = ("merchant_id", "attempt_id", "payment_id", "out_trade_no", "method", "mchid", "appid", "amount_fen",
            "description", "state", "expires_at", "due_at", "transaction_id", "paid_fen", "paid_at", "verdict",
            "refund_fen", "tender", "created_at")  # fmt: skip
_REFUND = ("merchant_id", "refund_id", "attempt_id", "amount_fen", "reason", "state", "due_at", "created_at",
           "succeeded_at")  # fmt: skip


async def import_payments(tx: Tx, payments: Sequence[PastPayment]) -> None:
    """Writes payments with their attempts and refunds by COPY, and posts them.

    Receipts and refunds are posted as live ones are, but for the account. Raises ValueError for a payment
    without means or a part that is not above zero, UniqueViolationError for one that is there.
    """
    rows: tuple[list[tuple[object, ...]], ...] = ([], [], [])
    postings: list[PastTransaction] = []
    for payment in payments:
        if not payment.means or min(means.amount_fen for means in payment.means) <= 0:
            raise ValueError(f"{payment.description}: a payment has parts above zero")
        payment_id = derived_id_at(payment.created_at, "payment", str(payment.reference_id))
        rows[0].append(_payment_row(payment, payment_id))
        for place, means in enumerate(payment.means):
            attempt_id = derived_id_at(payment.created_at, "attempt", str(payment.reference_id), place=place)
            rows[1].append(_attempt_row(payment, payment_id, attempt_id, means))
            if payment.paid_at is None:
                continue
            postings.append(_receipt(payment, payment.paid_at, attempt_id, means))
            if payment.refunded_at is not None:
                refund_id = derived_id_at(payment.refunded_at, "refund", str(attempt_id))
                rows[2].append(_refund_row(payment, attempt_id, refund_id, means))
                postings.append(_refund(payment, payment.refunded_at, refund_id, means))
    for table, columns, values in zip(
        ("payments", "payment_attempts", "payment_refunds"), (_PAYMENT, _ATTEMPT, _REFUND), rows, strict=True
    ):
        if values:
            await tx.copy(table, columns, values)
    await post_books(tx, postings)


def _payment_row(payment: PastPayment, payment_id: UUID) -> tuple[object, ...]:
    state = "paid" if payment.paid_at else "closed"
    return (payment.merchant_id, payment_id, payment.purpose, payment.reference_id, payment.shopper_id,
            payment.amount_fen, state, payment.expires_at, payment.created_at, payment.paid_at)  # fmt: skip


def _attempt_row(payment: PastPayment, payment_id: UUID, attempt_id: UUID, means: PastMeans) -> tuple[object, ...]:
    came = payment.paid_at is not None
    return (payment.merchant_id, attempt_id, payment_id, means.number, means.method, "", "", means.amount_fen,
            payment.description, "paid" if came else "closed", payment.expires_at, payment.expires_at,
            means.number if came else None, means.amount_fen if came else None, payment.paid_at,
            "accepted" if came else None, means.amount_fen if payment.refunded_at else 0,
            "external", payment.created_at)  # fmt: skip


def _refund_row(payment: PastPayment, attempt_id: UUID, refund_id: UUID, means: PastMeans) -> tuple[object, ...]:
    at = payment.refunded_at
    return (payment.merchant_id, refund_id, attempt_id, means.amount_fen, payment.refund_reason, "success", at, at,
            at)  # fmt: skip


def _receipt(payment: PastPayment, at: datetime, attempt_id: UUID, means: PastMeans) -> PastTransaction:
    entries = [Entry("external_clearing", means.amount_fen), Entry("receipts", -means.amount_fen)]
    what = f"历史收款 {means.method} {means.number}"
    return PastTransaction(payment.merchant_id, Transaction("receipt", attempt_id, what, entries, at))


def _refund(payment: PastPayment, at: datetime, refund_id: UUID, means: PastMeans) -> PastTransaction:
    entries = [Entry("refunds_payable", means.amount_fen), Entry("external_clearing", -means.amount_fen)]
    what = f"历史退款 {means.method} {means.number}"
    return PastTransaction(payment.merchant_id, Transaction("refund", refund_id, what, entries, at))
