"""Requests and answers of WeChat Pay v3. Money in fen (int); times as WeChat writes them (RFC 3339).

Unknown fields of an answer are ignored and those that WeChat leaves out until payment default to empty.
Schemas: github.com/TheNorthMemory/wechatpay-openapi, docs/v3.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

import msgspec

from bihuan.wechat.errors import MalformedMessage

OUT_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_OUT_REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
_CHINA = timezone(timedelta(hours=8))

TradeType = Literal["JSAPI", "NATIVE", "APP", "MWEB", "MICROPAY", "FACEPAY", ""]
TradeState = Literal["SUCCESS", "REFUND", "NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR"]
RefundStatus = Literal["SUCCESS", "CLOSED", "PROCESSING", "ABNORMAL"]


def to_rfc3339(at: datetime) -> str:
    """A time as WeChat Pay takes it: to the second, in China's time zone."""
    return at.astimezone(_CHINA).isoformat(timespec="seconds")


def from_rfc3339(text: str) -> datetime | None:
    """A time of WeChat's in UTC; None for the empty text. Raises MalformedMessage."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedMessage("not a time") from error
    return (at if at.tzinfo else at.replace(tzinfo=_CHINA)).astimezone(UTC)


class Seller(msgspec.Struct, frozen=True):
    """Whose money it becomes: a direct merchant's, or that of a service provider's merchant (`sub_mchid`)."""

    mchid: str  # who signs: the direct merchant, or the service provider
    sub_mchid: str = ""
    sub_appid: str = ""  # the sub-merchant's own app; empty: shoppers are known by the service provider's

    def names(self, appid: str) -> dict[str, object]:
        """Apps and accounts as prepay, codepay and reverse name them; `appid` is the signer's app."""
        if not self.sub_mchid:
            return {"appid": appid, "mchid": self.mchid}
        names: dict[str, object] = {"sp_appid": appid, **self.accounts()}
        if self.sub_appid:
            names["sub_appid"] = self.sub_appid
        return names

    def accounts(self) -> dict[str, str]:
        """The accounts alone, as query and close name them."""
        if not self.sub_mchid:
            return {"mchid": self.mchid}
        return {"sp_mchid": self.mchid, "sub_mchid": self.sub_mchid}

    def sub(self) -> dict[str, str]:
        """`sub_mchid` where interfaces take it beside what the signature tells."""
        return {"sub_mchid": self.sub_mchid} if self.sub_mchid else {}

    def payer(self, openid: str) -> dict[str, str]:
        """The payer, by the app that their openid belongs to."""
        if not self.sub_mchid:
            return {"openid": openid}
        return {"sub_openid" if self.sub_appid else "sp_openid": openid}

    @property
    def transactions_path(self) -> str:
        """`/v3/pay/transactions` or `/v3/pay/partner/transactions`."""
        return f"/v3/pay/{'partner/' if self.sub_mchid else ''}transactions"


class PrepayOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid, the same for JSAPI, mini program, Native, H5 and App.

    Raises ValueError at construction for what WeChat would refuse anyway.
    """

    appid: str
    description: str  # 1-127 characters
    out_trade_no: str  # 6-32 of 0-9A-Za-z_-|*, unique within the merchant
    total_fen: int
    notify_url: str  # absolute, without a query
    expires_at: datetime | None = None  # WeChat closes the order then; at least a minute ahead
    attach: str = ""  # at most 128 characters, comes back in notifications and queries
    goods_tag: str = ""
    payer_client_ip: str = ""
    profit_sharing: bool = False  # freeze the money for profit sharing

    def __post_init__(self) -> None:
        if not OUT_NO.fullmatch(self.out_trade_no):
            raise ValueError("out_trade_no: 6-32 of 0-9A-Za-z_-|*")
        if not 1 <= len(self.description) <= 127:
            raise ValueError("description: 1-127 characters")
        if self.total_fen < 1:
            raise ValueError("total_fen: at least 1")
        if len(self.attach) > 128:
            raise ValueError("attach: at most 128 characters")
        if "?" in self.notify_url or not self.notify_url.startswith(("https://", "http://")):
            raise ValueError("notify_url: absolute, without a query")
        if self.expires_at is not None and self.expires_at.tzinfo is None:
            raise ValueError("expires_at: needs a time zone")

    def body(self, seller: Seller) -> dict[str, object]:
        """The JSON that the four prepay interfaces share."""
        out: dict[str, object] = {
            **seller.names(self.appid),
            "description": self.description,
            "out_trade_no": self.out_trade_no,
            "notify_url": self.notify_url,
            "amount": {"total": self.total_fen, "currency": "CNY"},
        }
        if self.expires_at is not None:
            out["time_expire"] = to_rfc3339(self.expires_at)
        if self.attach:
            out["attach"] = self.attach
        if self.goods_tag:
            out["goods_tag"] = self.goods_tag
        if self.payer_client_ip:
            out["scene_info"] = {"payer_client_ip": self.payer_client_ip}
        if self.profit_sharing:
            out["settle_info"] = {"profit_sharing": True}
        return out


class Payer(msgspec.Struct, frozen=True):
    """Who paid; the `sp_`/`sub_` pair is the service-provider mode's."""

    openid: str = ""
    sp_openid: str = ""
    sub_openid: str = ""


class TransactionAmount(msgspec.Struct, frozen=True):
    """`total` is the order's, `payer_total` what the shopper gave (coupons of WeChat taken off)."""

    total: int
    payer_total: int = 0
    currency: str = "CNY"
    payer_currency: str = "CNY"


class PromotionDetail(msgspec.Struct, frozen=True):
    """A coupon of WeChat's that took part in a payment."""

    coupon_id: str = ""
    name: str = ""
    scope: str = ""
    type: str = ""
    amount: int = 0
    stock_id: str = ""
    wechatpay_contribute: int = 0
    merchant_contribute: int = 0
    other_contribute: int = 0
    currency: str = "CNY"


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as queries and `TRANSACTION.SUCCESS` tell it, direct or service-provider."""

    out_trade_no: str
    trade_state: str  # one of TradeState
    appid: str = ""
    mchid: str = ""
    sp_appid: str = ""
    sp_mchid: str = ""
    sub_appid: str = ""
    sub_mchid: str = ""
    transaction_id: str = ""
    trade_type: str = ""  # one of TradeType
    trade_state_desc: str = ""
    bank_type: str = ""
    attach: str = ""
    success_time: str = ""
    payer: Payer = msgspec.field(default_factory=Payer)
    amount: TransactionAmount | None = None
    promotion_detail: tuple[PromotionDetail, ...] = ()

    @property
    def is_paid(self) -> bool:
        """The money was taken (REFUND: and some of it given back since)."""
        return self.trade_state in {"SUCCESS", "REFUND"}

    @property
    def total_fen(self) -> int | None:
        """The order's total; None where WeChat did not say."""
        return self.amount.total if self.amount else None

    @property
    def paid_at(self) -> datetime | None:
        """When the money was taken, UTC."""
        return from_rfc3339(self.success_time)


class RefundFunds(msgspec.Struct, frozen=True):
    """A part of a refund and the balance that it is taken from."""

    account: Literal["AVAILABLE", "UNAVAILABLE"]
    amount: int


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A refund of all or part of a payment, named by `transaction_id` or `out_trade_no`."""

    out_refund_no: str  # 1-64 of 0-9A-Za-z_-|*@, unique within the merchant; repeating it repeats nothing
    refund_fen: int
    total_fen: int  # the order's, not what is left
    transaction_id: str = ""
    out_trade_no: str = ""
    reason: str = ""  # at most 80 characters, shown to the shopper
    notify_url: str = ""
    from_available: bool = False  # take it from the available balance instead of the unsettled one
    funds_from: tuple[RefundFunds, ...] = ()  # or from several, which add up to refund_fen

    def __post_init__(self) -> None:
        if not _OUT_REFUND_NO.fullmatch(self.out_refund_no):
            raise ValueError("out_refund_no: 1-64 of 0-9A-Za-z_-|*@")
        if bool(self.transaction_id) == bool(self.out_trade_no):
            raise ValueError("one of transaction_id and out_trade_no")
        if not 1 <= self.refund_fen <= self.total_fen:
            raise ValueError("refund_fen: from 1 to total_fen")
        if len(self.reason) > 80:
            raise ValueError("reason: at most 80 characters")
        if self.funds_from and (self.from_available or sum(f.amount for f in self.funds_from) != self.refund_fen):
            raise ValueError("funds_from: adds up to refund_fen, and excludes from_available")

    def body(self, seller: Seller) -> dict[str, object]:
        """The JSON of POST /v3/refund/domestic/refunds."""
        amount: dict[str, object] = {"refund": self.refund_fen, "total": self.total_fen, "currency": "CNY"}
        if self.funds_from:
            amount["from"] = [{"account": f.account, "amount": f.amount} for f in self.funds_from]
        out: dict[str, object] = {**seller.sub(), "out_refund_no": self.out_refund_no, "amount": amount}
        for name in ("transaction_id", "out_trade_no", "reason", "notify_url"):
            value: str = getattr(self, name)
            if value:
                out[name] = value
        if self.from_available:
            out["funds_account"] = "AVAILABLE"
        return out


class RefundAmount(msgspec.Struct, frozen=True):
    """Notifications carry the first four, answers all."""

    total: int
    refund: int
    payer_total: int = 0
    payer_refund: int = 0
    settlement_refund: int = 0
    settlement_total: int = 0
    discount_refund: int = 0
    currency: str = "CNY"


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as its answer, its query and its notification tell it (`refund_status` read as `status`)."""

    refund_id: str
    out_refund_no: str
    out_trade_no: str
    status: str  # one of RefundStatus
    amount: RefundAmount
    transaction_id: str = ""
    mchid: str = ""  # only in notifications
    sp_mchid: str = ""
    sub_mchid: str = ""
    channel: str = ""
    user_received_account: str = ""
    create_time: str = ""
    success_time: str = ""
    funds_account: str = ""

    @property
    def refund_fen(self) -> int:
        """What goes back of the order's total."""
        return self.amount.refund

    @property
    def refunded_at(self) -> datetime | None:
        """When it arrived, UTC."""
        return from_rfc3339(self.success_time)


class PlatformCertificate(msgspec.Struct, frozen=True):
    """A platform certificate, already decrypted."""

    serial_no: str
    pem: str
    effective_at: datetime
    expires_at: datetime
