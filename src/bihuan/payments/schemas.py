"""Wire types of payments, and what `prepare` takes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from bihuan.kernel.ids import PaymentId, RefundId, ShopperId
from bihuan.payments.rules import Method


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be paid, by whom, until when. `purpose` and `reference_id` name it; there is one payment of each."""

    purpose: str
    reference_id: UUID
    amount_fen: int
    shopper_id: ShopperId
    description: str
    expires_at: datetime


class PayParams(msgspec.Struct, frozen=True):
    """What the page hands to WeixinJSBridge, wx.chooseWXPay or wx.requestPayment."""

    appId: str  # noqa: N815 - WeChat's names
    timeStamp: str  # noqa: N815
    nonceStr: str  # noqa: N815
    package: str
    signType: str  # noqa: N815
    paySign: str  # noqa: N815


class Prepared(msgspec.Struct, frozen=True):
    """A payment that the shopper can make now: by `pay_params`, the QR code of `code_url`, or the page `h5_url`.

    `wallet_fen` of it is set aside in her wallet; method "wallet": that was all, and it is `paid`.
    """

    payment_id: PaymentId
    method: Method | Literal["wallet"]
    pay_params: PayParams | None
    code_url: str | None
    expires_at: datetime
    h5_url: str | None = None
    wallet_fen: int = 0
    paid: bool = False


class RefundView(msgspec.Struct, frozen=True):
    """Money on its way back, or back."""

    refund_id: RefundId
    out_refund_no: str
    state: str
    amount_fen: int
    reason: str
    error: str | None
    parked: bool
    created_at: datetime
    succeeded_at: datetime | None


class RefundPart(msgspec.Struct, frozen=True):
    """What one tender of a payment gives back; `tender` is a rules.Tender."""

    refund_id: RefundId
    tender: str
    amount_fen: int


class RefundSplit(msgspec.Struct, frozen=True):
    """A decided refund by tender; the parts sum to `amount_fen`."""

    decision_id: UUID
    amount_fen: int
    parts: list[RefundPart]


class PaymentView(msgspec.Struct, frozen=True):
    """One attempt at a payment, as its merchant sees it; `verdict` says whether received money was kept."""

    payment_id: PaymentId
    attempt_id: UUID
    out_trade_no: str
    method: str
    state: str
    amount_fen: int
    transaction_id: str | None
    paid_at: datetime | None
    verdict: str | None
    reason: str | None
    error: str | None
    created_at: datetime
    refunds: list[RefundView]


ParkedKind = Literal["payment", "refund", "notification"]


class ParkedView(msgspec.Struct, frozen=True):
    """Money, a refund or a notification that a person must look at."""

    kind: str  # a ParkedKind
    id: str
    reference: str
    amount_fen: int | None
    reason: str
    since: datetime


_Text = Annotated[str, Meta(max_length=8192)]


class PaymentAccountIn(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the account at WeChat Pay. A secret left empty stays as it is."""

    mchid: Annotated[str, Meta(pattern=r"^[0-9]{8,10}$(?!\n)")]
    serial_no: Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{8,64}$(?!\n)")]
    app_id: Annotated[str, Meta(pattern=r"^(wx[0-9A-Za-z]{4,30})?$(?!\n)")] | None = None
    private_key_pem: _Text | None = None
    apiv3_key: Annotated[str, Meta(max_length=64)] | None = None
    public_key_id: Annotated[str, Meta(pattern=r"^(PUB_KEY_ID_[0-9A-Za-z]{1,64})?$(?!\n)")] | None = None
    public_key_pem: _Text | None = None
    profit_sharing: bool = False

    def __repr__(self) -> str:
        return f"PaymentAccountIn(mchid={self.mchid!r}, serial_no={self.serial_no!r})"


class PartnerAccountIn(msgspec.Struct, frozen=True, kw_only=True):
    """A sub-merchant under the platform's service-provider account; it has no keys of its own."""

    sub_mchid: Annotated[str, Meta(pattern=r"^[0-9]{8,10}$(?!\n)")]
    app_id: Annotated[str, Meta(pattern=r"^(wx[0-9A-Za-z]{4,30})?$(?!\n)")] | None = None
    profit_sharing: bool = False


class RefusedCallback(msgspec.Struct, frozen=True):
    """Callbacks of one hour that were refused for one reason; `detail` is of the last, and nothing to believe."""

    hour: datetime
    reason: str
    status: int
    times: int
    detail: str
    last_at: datetime


class PaymentAccountView(msgspec.Struct, frozen=True):
    """The account as it may be seen: secrets as fingerprints."""

    mchid: str
    app_id: str
    serial_no: str
    mode: str  # public_key | certificate
    kind: str  # direct | partner
    sp_mchid: str | None  # of a partner: who signs
    profit_sharing: bool
    public_key_id: str | None
    private_key_fingerprint: str
    apiv3_key_fingerprint: str
    public_key_fingerprint: str | None
    notify_url: str
    updated_at: datetime
