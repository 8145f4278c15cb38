"""Alipay, spoken through its SDK: a thin, typed, asynchronous client that keeps no state but keys.

Requests are signed, answers and notifications verified (RSA2) before anything in them is used, and an answer must
be about what was asked. Public-key mode or certificate mode. Every call may be repeated. Lowest layer:
knows nothing of merchants, orders or databases. What was checked against what stands in docs/alipay.md.
"""

from bihuan.alipay.bills import BillMalformed, BillRow, read_bill
from bihuan.alipay.certs import Certificates, check_certificates, public_key_of, valid_until
from bihuan.alipay.client import GATEWAY, AlipayClient, Undone, notification_fields
from bihuan.alipay.errors import (
    AlipayError,
    AlipayNotInstalled,
    AlipayRefused,
    AlipayUnavailable,
    AlipayUntrusted,
    KeyNotUsable,
)
from bihuan.alipay.keys import private_fingerprint, public_fingerprint, same_pair
from bihuan.alipay.sdk import installed
from bihuan.alipay.types import AlipayKeys, CodeOrder, Notice, RefundDone, RefundOrder, Trade, TradeOrder

__all__ = [
    "GATEWAY",
    "AlipayClient",
    "AlipayError",
    "AlipayKeys",
    "AlipayNotInstalled",
    "AlipayRefused",
    "AlipayUnavailable",
    "AlipayUntrusted",
    "BillMalformed",
    "BillRow",
    "Certificates",
    "CodeOrder",
    "KeyNotUsable",
    "Notice",
    "RefundDone",
    "RefundOrder",
    "Trade",
    "TradeOrder",
    "Undone",
    "check_certificates",
    "installed",
    "notification_fields",
    "private_fingerprint",
    "public_fingerprint",
    "public_key_of",
    "read_bill",
    "same_pair",
    "valid_until",
]
