"""WeChat Pay v3: sign, send, verify, decrypt."""

from .client import PAY_URL, PayAccount, PayClient
from .connection import PayConnection
from .notifications import FAIL_BODY, MAX_NOTIFICATION_BYTES, open_notification
from .signer import AppParams, JsapiParams, Signer
from .types import (
    Notification,
    OtherResource,
    Payer,
    PlatformCertificate,
    PrepayOrder,
    Refund,
    RefundAmount,
    RefundRequest,
    Transaction,
    TransactionAmount,
)
from .verifier import MAX_AGE_SECONDS, KeyRing, Verifier

__all__ = [
    "FAIL_BODY",
    "MAX_AGE_SECONDS",
    "MAX_NOTIFICATION_BYTES",
    "PAY_URL",
    "AppParams",
    "JsapiParams",
    "KeyRing",
    "Notification",
    "OtherResource",
    "PayAccount",
    "PayClient",
    "PayConnection",
    "Payer",
    "PlatformCertificate",
    "PrepayOrder",
    "Refund",
    "RefundAmount",
    "RefundRequest",
    "Signer",
    "Transaction",
    "TransactionAmount",
    "Verifier",
    "open_notification",
]
