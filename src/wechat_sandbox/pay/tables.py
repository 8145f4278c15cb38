"""The tables and indexes of combined orders, payment codes, transfers and complaints."""

from wechat_sandbox.pay.rows import (
    CombinedOrder,
    Complaint,
    ComplaintUrl,
    Media,
    PaymentCode,
    Receipt,
    Transfer,
)
from wechat_sandbox.store import Store, Table


class PayTables:
    """What Pay keeps besides orders, refunds and sheets."""

    def __init__(self, store: Store) -> None:
        self.combined = Table(store, "combined_order", CombinedOrder)
        self.codes = Table(store, "payment_code", PaymentCode)
        self.transfers = Table(store, "transfer", Transfer)
        self.receipts = Table(store, "pay_receipt", Receipt)
        self.complaints = Table(store, "complaint", Complaint)
        self.complaint_urls = Table(store, "complaint_url", ComplaintUrl)
        self.media = Table(store, "pay_media", Media)
        self.transfer_of_number: dict[str, Transfer] = {row.transfer_bill_no: row for row in self.transfers.values()}
        self.code_of_shopper: dict[str, PaymentCode] = {row.shopper_id: row for row in self.codes.values()}
