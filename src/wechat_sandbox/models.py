"""The rows of the sandbox's world. Times are seconds of sandbox time, money is fen."""

from typing import Any, Literal

from msgspec import Struct, field

VerifyMode = Literal["public_key", "certificate"]
MessageMode = Literal["plain", "safe", "compatible"]


class KeyRow(Struct):
    """An RSA key pair as PEM; `certificate_pem` is empty for a bare public key."""

    private_pem: str
    certificate_pem: str = ""


class ClockRow(Struct):
    """How far the sandbox's clock was moved."""

    offset_seconds: float


class Merchant(Struct):
    """A WeChat Pay merchant and the serials of its three keys."""

    mchid: str
    name: str
    apiv3_key: str
    mode: VerifyMode
    serial_no: str
    platform_serial_no: str
    public_key_id: str
    appids: list[str] = field(default_factory=list[str])
    sp_mchids: list[str] = field(default_factory=list[str])
    """The service providers (服务商) that may take money for it; empty: a direct merchant only."""


class OfficialAccount(Struct):
    """An official account (公众号) with its callback settings and menu."""

    appid: str
    secret: str
    name: str
    original_id: str
    token: str
    encoding_aes_key: str
    avatar_color: str
    mode: MessageMode = "plain"
    callback_url: str | None = None
    menu: list[dict[str, Any]] | None = None


class MiniProgram(Struct):
    """A mini program (小程序)."""

    appid: str
    secret: str
    name: str


class Shopper(Struct):
    """A WeChat user. All apps of the sandbox stand under one open-platform account: one unionid."""

    shopper_id: str
    nickname: str
    unionid: str
    phone: str
    created_at: float
    spent_fen: int = 0
    real_name: str = ""
    """As the bank knows them; empty: the nickname."""
    password_above_fen: int = 100_000
    """A payment code pays up to this without the shopper's password."""
    pays_up_to_fen: int | None = None
    """What their money is enough for; None: anything."""
    received_fen: int = 0
    """What merchants transferred to them."""
    card_closed: bool = False
    """Refunds to this shopper end ABNORMAL: the card that paid is closed."""


class Window(Struct):
    """A time in which an account may send customer-service messages, and how many are left."""

    closes_at: float = 0.0
    left: int = 0


class Identity(Struct):
    """A shopper as one app sees them."""

    appid: str
    openid: str
    shopper_id: str
    following: bool = False
    followed_at: float = 0.0
    subscribe_scene: str = ""
    qr_scene: int = 0
    qr_scene_str: str = ""
    remark: str = ""
    tagid_list: list[int] = field(default_factory=list[int])
    after_message: Window = field(default_factory=Window)
    after_event: Window = field(default_factory=Window)
    read_at: float = 0.0


class QrCode(Struct):
    """A code with a scene (official account) or a mini-program code (`page` is set)."""

    ticket: str
    appid: str
    url: str
    scene: str
    scene_is_str: bool
    created_at: float
    expires_at: float | None = None
    page: str | None = None
    caption: str = ""
    """What is printed beside it; WeChat does not know it, but who scans does."""


class Tag(Struct):
    """A tag that an account puts on followers."""

    appid: str
    tagid: int
    name: str


class Message(Struct):
    """One line of a chat."""

    message_id: str
    appid: str
    shopper_id: str
    at: float
    sender: Literal["shopper", "account"]
    kind: str
    body: dict[str, Any]


class AccessToken(Struct):
    """A token of an app's own interfaces (`/cgi-bin/token`, `/cgi-bin/stable_token`)."""

    token: str
    appid: str
    stable: bool
    created_at: float
    expires_at: float
    component_appid: str = ""
    """A third-party platform that holds it for the app."""


class JsTicket(Struct):
    """A JS-SDK ticket."""

    ticket: str
    appid: str
    type: str
    expires_at: float


class LoginCode(Struct):
    """A single-use code: OAuth (`scope` set), `wx.login` or phone number."""

    code: str
    appid: str
    shopper_id: str
    purpose: Literal["oauth", "login", "phone"]
    expires_at: float
    scope: str = ""
    used: bool = False


class OAuthGrant(Struct):
    """What an OAuth code was exchanged for."""

    access_token: str
    refresh_token: str
    appid: str
    openid: str
    shopper_id: str
    scope: str
    expires_at: float
    refresh_expires_at: float


class Payable(Struct, omit_defaults=True, kw_only=True):
    """What a payment sheet can pay: an order, or a combined one. `state` is WeChat's trade_state.

    With `sub_mchid`, `mchid` and `appid` are the service provider's, `openid` is the shopper's there.
    """

    mchid: str
    appid: str
    out_trade_no: str
    trade_type: str
    description: str
    total: int
    notify_url: str
    created_at: float
    expires_at: float
    fingerprint: str
    prepay_id: str
    prepaid_at: float
    code_key: str = ""
    openid: str = ""
    state: str = "NOTPAY"
    transaction_id: str = ""
    payer_openid: str = ""
    sub_mchid: str = ""
    """Partner mode: whom the order is paid to; `mchid` is then the service provider's."""
    sub_appid: str = ""
    sub_openid: str = ""

    @property
    def key(self) -> str:
        """Its place in its table."""
        return f"{self.mchid}:{self.out_trade_no}"


class Order(Payable, omit_defaults=True, kw_only=True):
    """A payment order."""

    attach: str = ""
    profit_sharing: bool = False
    paid_at: float = 0.0
    bank_type: str = ""
    refunded: int = 0
    refund_count: int = 0
    fee_bp: int = 0
    """WeChat's fee when it was paid, in hundredths of a percent."""
    fee: int = 0
    fee_returned: int = 0
    frozen: int = 0
    """What of it still waits for profit sharing, or, `held`, for its shipment."""
    held: bool = False
    """A mini program's, whose money is frozen until the order is settled."""
    share_count: int = 0
    """How often it was asked to be shared."""
    shared: int = 0
    """What was asked to be shared and did not fail."""
    sharing_done: bool = False
    """What is left was asked to be unfrozen: nothing more can be shared."""
    payer_sub_openid: str = ""
    combine_key: str = ""
    """The combined order that it is a part of, in the table of those."""

    @property
    def payee(self) -> str:
        """The merchant whose money it is."""
        return self.sub_mchid or self.mchid


def refund_key(mchid: str, sub_mchid: str, out_refund_no: str) -> str:
    """A refund's place in the table: the number is the merchant's own, in partner mode the sub-merchant's."""
    return f"{mchid}:{sub_mchid}:{out_refund_no}" if sub_mchid else f"{mchid}:{out_refund_no}"


class Refund(Struct):
    """A refund of an order."""

    mchid: str
    refund_id: str
    out_refund_no: str
    transaction_id: str
    out_trade_no: str
    amount: int
    total: int
    created_at: float
    fingerprint: str
    reason: str = ""
    notify_url: str = ""
    state: str = "PROCESSING"
    succeeded_at: float = 0.0
    sub_mchid: str = ""
    order_key: str = ""
    due_at: float = 0.0
    """When what is in progress ends."""
    funds_account: str = ""
    sources: dict[str, int] = field(default_factory=dict[str, int])
    """`amount.from`: how much of it each account pays, AVAILABLE and UNAVAILABLE."""
    channel: str = "ORIGINAL"
    account: str = "支付用户零钱"
    """Where the money goes, in words."""
    fee_returned: int = 0
    from_frozen: int = 0
    outcome: Literal["", "SUCCESS", "ABNORMAL", "CLOSED"] = ""
    """How it shall end; empty: as the shopper's card lets it."""
    ended_at: float = 0.0
    to_merchant: bool = False
    """An abnormal refund that goes to the merchant's own bank."""

    @property
    def key(self) -> str:
        """Its place in the table of refunds."""
        return refund_key(self.mchid, self.sub_mchid, self.out_refund_no)


class Sheet(Struct):
    """The payment sheet that a shopper sees before paying."""

    sheet_id: str
    shopper_id: str
    order_key: str
    created_at: float
    state: Literal["open", "paid", "cancelled"] = "open"
    combined: bool = False
    """`order_key` is that of a combined order."""


class Attempt(Struct):
    """One try to deliver a notification or push."""

    at: float
    status: int
    error: str = ""


class Notice(Struct):
    """A Pay notification on its way to a merchant."""

    notice_id: str
    mchid: str
    url: str
    event_type: str
    summary: str
    original_type: str
    reference: str
    plaintext: str
    created_at: float
    state: Literal["pending", "accepted", "given_up"] = "pending"
    next_at: float = 0.0
    attempts: list[Attempt] = field(default_factory=list[Attempt])


class Delivery(Struct):
    """A push to an official account and how it went; the latest are remembered, not stored."""

    appid: str
    openid: str
    what: str
    xml: str
    at: float
    state: Literal["pending", "accepted", "given_up"] = "pending"
    attempts: list[Attempt] = field(default_factory=list[Attempt])
