"""WeChat Pay v3: sign, send, verify, decrypt.

`PayClient` is a merchant's whole face: its own payments (prepay in four ways, the till, query, close, refund) on
itself, those of a sub-merchant on `partner(...)`, and `combine`, `bills`, `profit_sharing()`, `transfers`,
`complaints` beside them. `open_notification` knows the resources of all of these.
"""

from .account import PAY_URL, PayAccount
from .bill_rows import FundRow, SharingRow, TradeRow, fen_of_yuan, read_funds, read_sharings, read_trades
from .bills import Bill, BillAltered, Bills
from .client import PayClient
from .combine import Combine, CombineOrder, CombineTransaction, SubOrder, SubTransaction
from .complaints import Complaint, ComplaintDesk, ComplaintEvent, Complaints, Negotiation, NotificationUrl
from .connection import PayConnection
from .notifications import (
    FAIL_BODY,
    MAX_NOTIFICATION_BYTES,
    Notification,
    OtherResource,
    SharedReceiver,
    SharingNotice,
    open_notification,
)
from .profit_sharing import ProfitSharing, Receiver, Share, SharedPart, SharingOrder, SharingReturn
from .signer import AppParams, JsapiParams, Signer
from .till import CodeOrder, Reversal, Till
from .transactions import BankCard, PartnerClient, Transactions
from .transfers import Transfer, TransferOrder, TransferParams, TransferReport, Transfers
from .types import (
    Payer,
    PlatformCertificate,
    PrepayOrder,
    Refund,
    RefundAmount,
    RefundFunds,
    RefundRequest,
    Seller,
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
    "BankCard",
    "Bill",
    "BillAltered",
    "Bills",
    "CodeOrder",
    "Combine",
    "CombineOrder",
    "CombineTransaction",
    "Complaint",
    "ComplaintDesk",
    "ComplaintEvent",
    "Complaints",
    "FundRow",
    "JsapiParams",
    "KeyRing",
    "Negotiation",
    "Notification",
    "NotificationUrl",
    "OtherResource",
    "PartnerClient",
    "PayAccount",
    "PayClient",
    "PayConnection",
    "Payer",
    "PlatformCertificate",
    "PrepayOrder",
    "ProfitSharing",
    "Receiver",
    "Refund",
    "RefundAmount",
    "RefundFunds",
    "RefundRequest",
    "Reversal",
    "Seller",
    "Share",
    "SharedPart",
    "SharedReceiver",
    "SharingNotice",
    "SharingOrder",
    "SharingReturn",
    "SharingRow",
    "Signer",
    "SubOrder",
    "SubTransaction",
    "Till",
    "TradeRow",
    "Transaction",
    "TransactionAmount",
    "Transactions",
    "Transfer",
    "TransferOrder",
    "TransferParams",
    "TransferReport",
    "Transfers",
    "Verifier",
    "fen_of_yuan",
    "open_notification",
    "read_funds",
    "read_sharings",
    "read_trades",
]
