"""Wire types of the control API."""

from typing import Any, Literal

from msgspec import Struct, field

from wechat_sandbox.models import MessageMode, VerifyMode
from wechat_sandbox.models_apps import Component, Corp


class MerchantView(Struct):
    """A merchant with everything that a platform has to be configured with."""

    mchid: str
    name: str
    apiv3_key: str
    serial_no: str
    private_key_pem: str
    certificate_pem: str
    mode: VerifyMode
    platform_serial_no: str
    platform_certificate_pem: str
    public_key_id: str
    public_key_pem: str
    appids: list[str]
    sp_mchids: list[str]
    """The service providers that may take money for it."""


class OfficialAccountView(Struct):
    """An official account with its secrets."""

    appid: str
    secret: str
    name: str
    original_id: str
    token: str
    encoding_aes_key: str
    mode: MessageMode
    callback_url: str | None
    avatar_color: str


class MiniProgramView(Struct):
    """A mini program with its secret."""

    appid: str
    secret: str
    name: str
    home_url: str | None = None
    """Where the phone finds its pages."""


class AccountsView(Struct):
    """All accounts."""

    merchants: list[MerchantView]
    official_accounts: list[OfficialAccountView]
    mini_programs: list[MiniProgramView]
    components: list[Component]
    corps: list[Corp]


class NewMerchant(Struct, forbid_unknown_fields=True):
    """A merchant to make; `appids` are bound to it, `sp_mchid` is its service provider."""

    name: str
    mchid: str | None = None
    mode: VerifyMode = "public_key"
    appids: list[str] = field(default_factory=list[str])
    sp_mchid: str | None = None


class ProviderBody(Struct, forbid_unknown_fields=True):
    """A service provider."""

    sp_mchid: str


class NewOfficialAccount(Struct, forbid_unknown_fields=True):
    """An official account to make; what is left out is derived from the seed."""

    name: str
    appid: str | None = None
    secret: str | None = None
    token: str | None = None
    encoding_aes_key: str | None = None
    mode: MessageMode = "plain"
    mchid: str | None = None
    """A merchant to bind it to."""


class NewMiniProgram(Struct, forbid_unknown_fields=True):
    """A mini program to make."""

    name: str
    appid: str | None = None
    secret: str | None = None
    mchid: str | None = None
    """A merchant to bind it to."""
    home_url: str | None = None
    """Where the phone finds its pages: an H5 build with a hash router."""


class CallbackSettings(Struct, forbid_unknown_fields=True):
    """Where and how an account's events are pushed; null stops the pushes."""

    callback_url: str | None
    token: str | None = None
    encoding_aes_key: str | None = None
    mode: MessageMode | None = None


class CodeCaption(Struct, forbid_unknown_fields=True):
    """What is printed beside a code, so that a person at the phone can tell codes apart; at most 60 characters."""

    content: str
    """What the code says: its `url`."""
    caption: str


class NewShopper(Struct, forbid_unknown_fields=True):
    """A shopper to make."""

    nickname: str | None = None


class ShopperView(Struct):
    """A shopper."""

    shopper_id: str
    nickname: str
    avatar_url: str
    unionid: str


class IdentityView(Struct):
    """A shopper as one app knows them."""

    appid: str
    openid: str
    following: bool


class BillView(Struct):
    """A line of the wallet."""

    transaction_id: str
    out_trade_no: str
    merchant_name: str
    description: str
    total_fen: int
    refunded_fen: int
    paid_at: str


class WalletView(Struct):
    """What the shopper paid."""

    spent_fen: int
    refunded_fen: int
    bills: list[BillView]


class ShopperDetail(ShopperView):
    """A shopper with identities and wallet."""

    phone: str
    identities: list[IdentityView]
    wallet: WalletView


class ShopperList(Struct):
    """Shoppers."""

    items: list[ShopperView]


class ScanBody(Struct):
    """The text of a QR code."""

    content: str


class FollowBody(Struct):
    """Whom to follow; `ticket` when by a scanned code."""

    appid: str
    ticket: str | None = None


class AppBody(Struct):
    """An app."""

    appid: str


class CodeBody(Struct):
    """An app and what the code is for."""

    appid: str
    purpose: Literal["login", "phone"] = "login"


class TextBody(Struct):
    """A text."""

    content: str


class TapBody(Struct):
    """A menu button, by its key or its url."""

    key: str | None = None
    url: str | None = None


class UrlBody(Struct):
    """An address."""

    url: str


class OpenUrlView(Struct):
    """How a script opens the address as this shopper."""

    url: str
    headers: dict[str, str]
    cookies: dict[str, str]
    webview_url: str


class SheetBody(Struct):
    """One of: the parameters of a payment call, a Native code, an H5 address."""

    pay_params: dict[str, Any] | None = None
    code_url: str | None = None
    h5_url: str | None = None


class SheetPart(Struct):
    """What one of a combined order's merchants is paid for."""

    merchant_name: str
    description: str
    total_fen: int


class SheetView(Struct):
    """A payment sheet."""

    sheet_id: str
    merchant_name: str
    description: str
    total_fen: int
    state: str
    transaction_id: str | None = None
    parts: list[SheetPart] = field(default_factory=list[SheetPart])
    """Of a combined order: each merchant's part, in the order of the call."""


class JsConfigBody(Struct, rename="camel"):
    """What a page gave to `wx.config`, and the page's address."""

    app_id: str
    timestamp: int | str
    nonce_str: str
    signature: str
    url: str


class JsConfigView(Struct):
    """What `wx.config` would say."""

    ok: bool
    err_msg: str


class ClockBody(Struct):
    """How far to move the clock, or to when (RFC 3339 with an offset): one of the two."""

    advance_seconds: float | None = None
    to: str | None = None
