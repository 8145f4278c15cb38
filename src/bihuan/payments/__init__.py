"""Payments: what is to be collected, attempts at WeChat Pay and Alipay, notifications, refunds.

Payments knows no orders: a charge has a purpose and a reference, and the settler of that purpose decides whether
money is kept (`settlers`). Invariants: money that came is recorded, posted and either applied once or refunded;
a transaction told twice changes nothing; refunds never exceed what was paid; nothing is called inside a
transaction.

One way in: notifications, queries of a shopper who waits, and the watching job all end in `settling.settle_in`.
"""

from bihuan.payments import alipay, billed, codes, complained, counter, origins, sharing
from bihuan.payments.accounts import PaymentAccount, connect_account, get_account, join_provider
from bihuan.payments.checks import CHECKS
from bihuan.payments.db_counter import HandRefund, Part
from bihuan.payments.db_refunds import RefundRow
from bihuan.payments.decisions import list_refunds, refund, refundable_fen
from bihuan.payments.errors import (
    AlreadyPaid,
    H5Unavailable,
    NoPaymentAccount,
    OpenidRequired,
    PaymentClosed,
    PaymentNotConfigured,
    RefundByHand,
    RefundDecidedOtherwise,
    RefundTooLarge,
    TooManyRefunds,
)
from bihuan.payments.inbox import INBOX
from bihuan.payments.parked import Looked, Parked, list_everywhere, replay_everywhere
from bihuan.payments.prepare import prepare
from bihuan.payments.rules import Method
from bihuan.payments.schemas import (
    Charge,
    PartnerAccountIn,
    PaymentAccountIn,
    PaymentView,
    Prepared,
    RefundPart,
    RefundSplit,
    RefundView,
)
from bihuan.payments.settlers import Receipt, Settler, Settlers, Verdict
from bihuan.payments.tenders import pay_whole
from bihuan.payments.watching import list_for, list_parked, sync

__all__ = [
    "CHECKS",
    "INBOX",
    "AlreadyPaid",
    "Charge",
    "H5Unavailable",
    "HandRefund",
    "Looked",
    "Method",
    "NoPaymentAccount",
    "OpenidRequired",
    "Parked",
    "Part",
    "PartnerAccountIn",
    "PaymentAccount",
    "PaymentAccountIn",
    "PaymentClosed",
    "PaymentNotConfigured",
    "PaymentView",
    "Prepared",
    "Receipt",
    "RefundByHand",
    "RefundDecidedOtherwise",
    "RefundPart",
    "RefundRow",
    "RefundSplit",
    "RefundTooLarge",
    "RefundView",
    "Settler",
    "Settlers",
    "TooManyRefunds",
    "Verdict",
    "alipay",
    "billed",
    "codes",
    "complained",
    "connect_account",
    "counter",
    "get_account",
    "join_provider",
    "list_everywhere",
    "list_for",
    "list_parked",
    "list_refunds",
    "origins",
    "pay_whole",
    "prepare",
    "refund",
    "refundable_fen",
    "replay_everywhere",
    "sharing",
    "sync",
]
