"""Rows of what apps do beyond tokens and menus. Times are seconds of sandbox time, money is fen."""

from typing import Any, Literal

from msgspec import Struct, field

from wechat_sandbox.models import MessageMode


class AppSettings(Struct):
    """What the admin of an official account or mini program set in its console."""

    appid: str
    strict_templates: bool | None = None
    """Whether an unknown template_id is refused; None: only for subscribe messages."""
    quotas: dict[str, int] = field(default_factory=dict[str, int])
    """Calls a day by path, where fewer than the usual are allowed."""
    pages: list[str] | None = None
    """The published pages; None: every page exists."""
    jump_path: str = ""
    trade_managed: bool = True
    """Whether the shipping-information service looks after its orders."""
    money_held: bool = False
    """Whether a mini program's money is frozen until its order is settled, as WeChat's is that it looks after."""
    risky_words: dict[str, int] = field(default_factory=dict[str, int])
    """Words that the safety check finds, by label, beside the usual ones."""


class MiniCallback(Struct):
    """Where a mini program's events are pushed (消息推送)."""

    appid: str
    original_id: str
    token: str
    encoding_aes_key: str
    callback_url: str | None = None
    mode: MessageMode = "plain"
    data_format: Literal["xml", "json"] = "xml"


class Template(Struct):
    """A template that an account added: of a subscribe message, or (`kind`) the older template message."""

    appid: str
    template_id: str
    kind: Literal["subscribe", "template"]
    tid: str
    title: str
    content: str
    example: str
    keywords: list[str]
    scene: str = ""


class Consent(Struct):
    """What a shopper granted of one template: one grant is one message."""

    appid: str
    shopper_id: str
    template_id: str
    left: int = 0
    banned: bool = False
    """Switched off in the settings: neither asked again nor reachable."""


class Parcel(Struct):
    """One of a shipment."""

    item_desc: str
    uploaded_at: float
    tracking_no: str = ""
    express_company: str = ""
    consignor_contact: str = ""
    receiver_contact: str = ""


class Shipment(Struct):
    """What a mini program told about the shipping of one payment order."""

    transaction_id: str
    logistics_type: int
    delivery_mode: int
    upload_time: float
    parcels: list[Parcel]
    finished: bool = False
    finish_count: int = 0
    shipped_at: float = 0.0
    reshipped: bool = False
    reminded: bool = False
    """The shopper was asked once to confirm."""
    confirmed_at: float = 0.0
    confirm_method: int = 0
    """1 by itself after the time, 2 by the shopper."""
    settled_at: float = 0.0


class Media(Struct):
    """An uploaded file; temporary ones end. `content` is kept beside the row, base64."""

    media_id: str
    owner: str
    kind: str
    name: str
    content_type: str
    content: str
    created_at: float
    expires_at: float | None
    info: dict[str, Any] = field(default_factory=dict[str, Any])
    """A permanent video's title and introduction; a news item's articles."""


class ServiceAccount(Struct):
    """A customer-service account (客服) of an official account."""

    appid: str
    kf_account: str
    nick: str
    kf_id: int
    head_img: str = ""
    online: bool = True


class ServiceSession(Struct):
    """A shopper in the care of a customer-service account; without one, waiting."""

    appid: str
    openid: str
    created_at: float
    kf_account: str = ""
    latest_at: float = 0.0


class ServiceRecord(Struct):
    """One line of the customer-service record."""

    appid: str
    openid: str
    worker: str
    opercode: int
    text: str
    at: float


class Blacklist(Struct):
    """Whom an official account does not want to hear from."""

    appid: str
    openids: list[str]


class UrlCode(Struct):
    """A short key, URL link, URL scheme or short link."""

    key: str
    appid: str
    kind: Literal["short_key", "url_link", "scheme", "short_link"]
    target: dict[str, Any]
    created_at: float
    expires_at: float | None


# --- third-party platform ---------------------------------------------------------------------


class Component(Struct):
    """A third-party platform (第三方平台)."""

    appid: str
    secret: str
    name: str
    token: str
    encoding_aes_key: str
    event_url: str | None = None
    """授权事件接收URL: ticket and authorization events."""
    message_url: str | None = None
    """消息与事件接收URL: `$APPID$` in it becomes the authorizer's appid."""
    tickets: dict[str, float] = field(default_factory=dict[str, float])
    """Tickets of the last twelve hours and when they were pushed."""


class Authorization(Struct):
    """An account in the hands of a platform."""

    component_appid: str
    appid: str
    refresh_token: str
    func_ids: list[int]
    authorized_at: float
    options: dict[str, str] = field(default_factory=dict[str, str])


class ComponentToken(Struct):
    """A token of a platform's own interfaces."""

    token: str
    component_appid: str
    expires_at: float


class AuthCode(Struct):
    """A pre-authorization code (`appid` empty) or an authorization code."""

    code: str
    component_appid: str
    expires_at: float
    appid: str = ""
    used: bool = False


# --- WeCom ------------------------------------------------------------------------------------


class Corp(Struct):
    """A company on WeCom (企业微信) with one app of its own and the customer-contact secret."""

    corpid: str
    name: str
    secret: str
    agentid: int
    agent_name: str
    token: str
    encoding_aes_key: str
    callback_url: str | None = None


class Department(Struct):
    """A department; 1 is the root."""

    corpid: str
    id: int
    name: str
    parentid: int
    order: int


class Member(Struct):
    """An employee."""

    corpid: str
    userid: str
    name: str
    mobile: str
    department: list[int]
    position: str = ""
    gender: str = "0"
    status: int = 1


class ContactWay(Struct):
    """「联系我」: a code by which shoppers add employees."""

    corpid: str
    config_id: str
    type: int
    scene: int
    qr_code: str
    code_url: str
    created_at: float
    style: int = 0
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    user: list[str] = field(default_factory=list[str])
    party: list[int] = field(default_factory=list[int])
    is_temp: bool = False
    expires_at: float | None = None
    chat_expires_in: int = 86400
    unionid: str = ""
    conclusions: dict[str, Any] = field(default_factory=dict[str, Any])


class CustomerTag(Struct):
    """A tag of the company's customers."""

    corpid: str
    tag_id: str
    name: str
    group_id: str
    created_at: float
    order: int = 0


class CustomerTagGroup(Struct):
    """A group of such tags."""

    corpid: str
    group_id: str
    name: str
    created_at: float
    order: int = 0


class Follow(Struct):
    """An employee follows a customer."""

    corpid: str
    userid: str
    shopper_id: str
    external_userid: str
    created_at: float
    state: str = ""
    add_way: int = 1
    remark: str = ""
    description: str = ""
    remark_company: str = ""
    remark_mobiles: list[str] = field(default_factory=list[str])
    tag_ids: list[str] = field(default_factory=list[str])
    deleted_by_shopper: bool = False


class Welcome(Struct):
    """A welcome code: for one message within 20 seconds."""

    code: str
    corpid: str
    userid: str
    shopper_id: str
    created_at: float
    used_at: float = 0.0


class CorpLine(Struct):
    """One line between an employee and a customer, or of an app to an employee (`shopper_id` empty)."""

    line_id: str
    corpid: str
    userid: str
    shopper_id: str
    at: float
    sender: Literal["member", "shopper", "app"]
    kind: str
    body: dict[str, Any]


class CorpToken(Struct):
    """A token of WeCom's interfaces."""

    token: str
    corpid: str
    expires_at: float
