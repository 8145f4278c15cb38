"""The postings of settlement: each between a merchant's book and the platform's, in one call.

What one owes the other stands on `interbook_clearing`, which sums to zero over all books.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan import merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import PLATFORM_CODE, MerchantId
from bihuan.ledger import Entry, PastTransaction, Transaction, post_books
from bihuan.merchants import Merchant


class Pair(msgspec.Struct, frozen=True):
    """A posting in both books. Amounts in fen, debit positive; entries of nothing are left out."""

    source: str
    source_id: UUID
    description: str
    merchants_entries: Sequence[Entry]
    platforms_entries: Sequence[Entry]


async def platform_of(tx: Tx) -> Merchant | None:
    """The platform; None before there is one, and then nothing is settled."""
    try:
        return await merchants.get_by_code(tx, PLATFORM_CODE)
    except NotFound:
        return None


async def post(tx: Tx, merchant_id: MerchantId, platform_id: MerchantId, pairs: Sequence[Pair]) -> None:
    """Posts pairs; what was posted before posts nothing. Locks both books: post last, and once in a transaction."""
    rows = [
        PastTransaction(book, Transaction(pair.source, pair.source_id, pair.description, kept, tx.now))
        for pair in pairs
        for book, entries in ((merchant_id, pair.merchants_entries), (platform_id, pair.platforms_entries))
        if (kept := [entry for entry in entries if entry.amount_fen])
    ]
    await post_books(tx, rows)


def commission(order_id: UUID, order_no: str, amount_fen: int) -> Pair:
    """A commission is charged."""
    return Pair(
        "commission",
        order_id,
        f"平台佣金 订单 {order_no}",
        [Entry("platform_fee", amount_fen), Entry("interbook_clearing", -amount_fen)],
        [Entry("interbook_clearing", amount_fen), Entry("commission_income", -amount_fen)],
    )


def commission_return(decision_id: UUID, order_no: str, amount_fen: int) -> Pair:
    """A part of a commission goes back with a refund."""
    return Pair(
        "commission_return",
        decision_id,
        f"退款退回佣金 订单 {order_no}",
        [Entry("interbook_clearing", amount_fen), Entry("platform_fee", -amount_fen)],
        [Entry("commission_income", amount_fen), Entry("interbook_clearing", -amount_fen)],
    )


def shared(sharing_order_id: UUID, order_no: str, amount_fen: int) -> Pair:
    """WeChat has given a commission to the platform."""
    return Pair(
        "sharing",
        sharing_order_id,
        f"微信分账 订单 {order_no}",
        [Entry("interbook_clearing", amount_fen), Entry("wechat_clearing", -amount_fen)],
        [Entry("wechat_clearing", amount_fen), Entry("interbook_clearing", -amount_fen)],
    )


def shared_back(return_id: UUID, order_no: str, amount_fen: int) -> Pair:
    """WeChat has taken a commission back from the platform."""
    return Pair(
        "sharing_return",
        return_id,
        f"微信分账回退 订单 {order_no}",
        [Entry("wechat_clearing", amount_fen), Entry("interbook_clearing", -amount_fen)],
        [Entry("interbook_clearing", amount_fen), Entry("wechat_clearing", -amount_fen)],
    )


def plan_invoice(invoice_id: UUID, month: str, amount_fen: int) -> Pair:
    """A month of a tool plan is billed."""
    return Pair(
        "plan_invoice",
        invoice_id,
        f"工具套餐 {month}",
        [Entry("tool_costs", amount_fen), Entry("interbook_clearing", -amount_fen)],
        [Entry("interbook_clearing", amount_fen), Entry("tool_fees", -amount_fen)],
    )


def adjustment(adjustment_id: UUID, reason: str, amount_fen: int) -> Pair:
    """The platform credits (or, negative, charges) a merchant by hand."""
    return Pair(
        "settlement_adjustment",
        adjustment_id,
        f"结算调整：{reason}",
        [Entry("interbook_clearing", amount_fen), Entry("compensation", -amount_fen)],
        [Entry("compensation", amount_fen), Entry("interbook_clearing", -amount_fen)],
    )


def closing(statement_id: UUID, number: str, wechat_fen: int, interbook_fen: int) -> Pair:
    """A period is closed: what stood between the books, and what the platform collected, becomes due."""
    due = wechat_fen + interbook_fen
    return Pair(
        "statement",
        statement_id,
        f"结账 {number}",
        [
            Entry("merchant_payable", due),
            Entry("interbook_clearing", -interbook_fen),
            Entry("wechat_clearing", -wechat_fen),
        ],
        [
            Entry("merchant_payable", -due),
            Entry("interbook_clearing", interbook_fen),
            Entry("wechat_clearing", wechat_fen),
        ],
    )


def payout(payout_id: UUID, number: str, amount_fen: int) -> Pair:
    """The platform paid a merchant by bank (or, negative, was paid)."""
    return Pair(
        "payout",
        payout_id,
        f"结算付款 {number}",
        [Entry("bank", amount_fen), Entry("merchant_payable", -amount_fen)],
        [Entry("merchant_payable", amount_fen), Entry("bank", -amount_fen)],
    )
