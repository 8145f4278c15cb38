"""Requests and answers of Alipay. Money in fen here, in yuan on the wire; times in UTC here, China's on the wire.

Sources: opendocs.alipay.com, the pages of alipay.trade.page.pay, .wap.pay, .precreate, .pay, .cancel, .query, .close,
.refund, .fastpay.refund.query and of asynchronous notifications.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

import msgspec

from bihuan.alipay.certs import Certificates
from bihuan.alipay.errors import AlipayUntrusted

CHINA = timezone(timedelta(hours=8))
_SPECIAL = re.compile(r"[\x00-\x1f/=&{}<>\"'\\]+")
_PLAIN = re.compile(r"[0-9A-Za-z_-]{1,32}")
_YUAN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")
PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})
"""FINISHED: and no refund is possible any more."""


class AlipayKeys(msgspec.Struct, frozen=True):
    """An app of the open platform with its keys: ours signs, Alipay's verifies.

    With `certificates` in certificate mode; Alipay's public key is its certificate's then.
    """

    app_id: str
    seller_id: str  # the merchant's PID, 2088...
    private_key_pem: str
    alipay_public_key_pem: str
    certificates: Certificates | None = None

    def __repr__(self) -> str:
        return f"AlipayKeys(app_id={self.app_id!r}, seller_id={self.seller_id!r})"


class TradeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid, by page or by code. Alipay takes no payment after `expires_at`."""

    out_trade_no: str
    subject: str
    total_fen: int
    notify_url: str
    expires_at: datetime
    return_url: str = ""  # where a page leads back to

    def content(self) -> dict[str, object]:
        """The `biz_content` that pages and codes share."""
        return {
            "out_trade_no": self.out_trade_no,
            "total_amount": to_yuan(self.total_fen),
            "subject": plain_subject(self.subject),
            "time_expire": to_china(self.expires_at),
        }


class CodeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment code is to pay, at which store and till (left out where Alipay would not take their names)."""

    out_trade_no: str
    subject: str
    total_fen: int
    auth_code: str
    store_id: str = ""
    terminal_id: str = ""

    def content(self) -> dict[str, object]:
        """Its `biz_content`. Nobody pays it five minutes later: the shortest life that Alipay advises."""
        content: dict[str, object] = {
            "out_trade_no": self.out_trade_no,
            "scene": "bar_code",
            "auth_code": self.auth_code,
            "product_code": "FACE_TO_FACE_PAYMENT",
            "subject": plain_subject(self.subject),
            "total_amount": to_yuan(self.total_fen),
            "timeout_express": "5m",
        }
        where = {"store_id": self.store_id, "terminal_id": self.terminal_id}
        return content | {name: value for name, value in where.items() if _PLAIN.fullmatch(value)}

    def __repr__(self) -> str:
        return f"CodeOrder(out_trade_no={self.out_trade_no!r}, total_fen={self.total_fen})"


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as queries and notifications tell it.

    `total_fen` is the order's. Queries name neither seller nor app: they are the asker's own, and empty here.
    """

    out_trade_no: str
    trade_status: str  # WAIT_BUYER_PAY | TRADE_CLOSED | TRADE_SUCCESS | TRADE_FINISHED
    trade_no: str = ""
    total_fen: int | None = None
    seller_id: str = ""
    app_id: str = ""
    paid_at: datetime | None = None

    @property
    def is_paid(self) -> bool:
        """The money was taken, and not all of it given back."""
        return self.trade_status in PAID

    @property
    def is_given_back(self) -> bool:
        """The money was taken and all of it given back: closed, with a time of payment."""
        return self.trade_status == "TRADE_CLOSED" and self.paid_at is not None

    @property
    def transaction_id(self) -> str:
        """Alipay's number, as payments call it."""
        return self.trade_no


class Notice(msgspec.Struct, frozen=True):
    """A verified notification. Those of refunds tell the trade as well, with what was given back so far."""

    notify_id: str
    kind: str  # notify_type: trade_status_sync
    trade: Trade


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of all or part of a trade. The same `out_request_no` and amount again gives nothing again."""

    out_request_no: str
    trade_no: str
    refund_fen: int
    reason: str

    def content(self) -> dict[str, object]:
        """Its `biz_content`."""
        return {
            "trade_no": self.trade_no,
            "refund_amount": to_yuan(self.refund_fen),
            "out_request_no": self.out_request_no,
            "refund_reason": plain_subject(self.reason, 128),
        }


class RefundDone(msgspec.Struct, frozen=True):
    """A refund that the query found done."""

    out_request_no: str
    refund_fen: int
    refunded_at: datetime | None


def to_yuan(fen: int) -> str:
    """12345 -> "123.45". Raises ValueError below one fen."""
    if fen < 1:
        raise ValueError("an amount is one fen at least")
    return f"{fen // 100}.{fen % 100:02d}"


def to_fen(text: object) -> int:
    """ "123.45" -> 12345, exactly. Raises AlipayUntrusted."""
    written = str(text)
    if not _YUAN.fullmatch(written):
        raise AlipayUntrusted("malformed", f"not an amount: {written[:40]!r}")
    try:
        return int(Decimal(written) * 100)
    except InvalidOperation as error:
        raise AlipayUntrusted("malformed", "not an amount") from error


def to_china(at: datetime) -> str:
    """`yyyy-MM-dd HH:mm:ss` in China's time."""
    return at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def from_china(text: object) -> datetime | None:
    """A time of Alipay's in UTC; None for the empty text. Raises AlipayUntrusted."""
    if not text:
        return None
    try:
        return datetime.strptime(str(text)[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).astimezone(UTC)
    except ValueError as error:
        raise AlipayUntrusted("malformed", f"not a time: {str(text)[:40]!r}") from error


def plain_subject(text: str, most: int = 128) -> str:
    """Without what Alipay takes in no subject (`/`, `=`, `&`) nor what its answers would have to escape."""
    return _SPECIAL.sub(" ", text).strip()[:most] or "订单"
