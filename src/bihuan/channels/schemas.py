"""Wire types of channels."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bihuan.channels import accounts, labels, links
from bihuan.channels.accounts import NewAccount
from bihuan.channels.db.accounts import Account, Connection, KeywordReply, MemberTemplate
from bihuan.channels.db.labels import Label, LabelKind
from bihuan.channels.labels import NewLabel
from bihuan.channels.replies import Replies
from bihuan.identity import Shopper
from bihuan.kernel.ids import CounterId, LabelId, ShopperId, StaffId, StoreId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.vault import Vault
from bihuan.merchants import Merchant
from bihuan.wechat.official_account import Button

Line = Annotated[str, Meta(max_length=100)]


class AccountOut(msgspec.Struct, frozen=True, kw_only=True):
    """The official account as staff see it; `app_id` is empty while none is connected.

    `token` is shown (it has to be copied to WeChat's page); of the other secrets only fingerprints are.
    """

    app_id: str
    name: str
    original_id: str
    token: str
    mode: Literal["plain", "safe", "compatible"]
    callback_url: str
    secret_fingerprint: str | None
    encoding_aes_key_fingerprint: str | None
    mini_program_app_id: str | None
    mini_program_secret_fingerprint: str | None
    member_template: MemberTemplate | None
    verified_at: datetime | None
    connection: Connection
    mini_program_connection: Connection
    mini_program_token: str
    mini_program_encoding_aes_key_fingerprint: str | None
    mini_program_callback_url: str
    mini_program_verified_at: datetime | None
    shipping_upload: bool

    @classmethod
    def of(cls, rt: Runtime, merchant: Merchant, account: Account | None, secrets: dict[str, str]) -> "AccountOut":
        """From the rows."""
        vault: Vault = rt.vault
        return cls(
            app_id=account.appid if account else "",
            name=account.name if account else "",
            original_id=account.original_id if account else "",
            token=secrets.get(accounts.TOKEN, ""),
            mode=account.mode if account else "safe",
            callback_url=f"{rt.settings.public_url}/wechat/{merchant.code}/official-account",
            secret_fingerprint=accounts.fingerprint(vault, secrets.get(accounts.SECRET)),
            encoding_aes_key_fingerprint=accounts.fingerprint(vault, secrets.get(accounts.AES_KEY)),
            mini_program_app_id=account.mini_program_appid if account else None,
            mini_program_secret_fingerprint=accounts.fingerprint(vault, secrets.get(accounts.MINI_SECRET)),
            member_template=account.member_template if account else None,
            verified_at=account.verified_at if account else None,
            connection=account.connection if account else "direct",
            mini_program_connection=account.mini_program_connection if account else "direct",
            mini_program_token=secrets.get(accounts.MINI_TOKEN, ""),
            mini_program_encoding_aes_key_fingerprint=accounts.fingerprint(vault, secrets.get(accounts.MINI_AES_KEY)),
            mini_program_callback_url=f"{rt.settings.public_url}/wechat/{merchant.code}/mini-program",
            mini_program_verified_at=account.mini_program_verified_at if account else None,
            shipping_upload=account.shipping_upload if account else False,
        )


class AccountIn(msgspec.Struct, frozen=True, kw_only=True):
    """Settings to write; a secret that is left out, null or empty stays as it is."""

    app_id: Line
    name: Line
    original_id: Line = ""
    mode: Literal["plain", "safe", "compatible"] = "safe"
    secret: Line | None = None
    token: Line | None = None
    encoding_aes_key: Line | None = None
    mini_program_app_id: Line | None = None
    mini_program_secret: Line | None = None
    mini_program_token: Line | None = None
    mini_program_encoding_aes_key: Line | None = None
    shipping_upload: bool | None = None
    member_template: MemberTemplate | msgspec.UnsetType | None = msgspec.UNSET

    def as_account(self, before: Account | None) -> NewAccount:
        """What to write; the template and the mini program of before stay when they are left out."""
        mini = self.mini_program_app_id
        template = self.member_template
        return NewAccount(
            appid=self.app_id.strip(),
            name=self.name.strip(),
            original_id=self.original_id.strip(),
            mode=self.mode,
            secret=(self.secret or "").strip(),
            token=(self.token or "").strip(),
            encoding_aes_key=(self.encoding_aes_key or "").strip(),
            mini_program_appid=(before.mini_program_appid if before else None) if mini is None else mini.strip(),
            mini_program_secret=(self.mini_program_secret or "").strip(),
            mini_program_token=(self.mini_program_token or "").strip(),
            mini_program_encoding_aes_key=(self.mini_program_encoding_aes_key or "").strip(),
            shipping_upload=(before.shipping_upload if before else False)
            if self.shipping_upload is None
            else self.shipping_upload,
            member_template=(before.member_template if before else None)
            if isinstance(template, msgspec.UnsetType)
            else template,
        )


class LabelIn(msgspec.Struct, frozen=True):
    """A label to make. A counter brings its store; a member of staff hers, unless another is given."""

    kind: LabelKind
    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
    store_id: StoreId | None = None
    counter_id: CounterId | None = None
    staff_id: StaffId | None = None

    def as_label(self) -> NewLabel:
        """The label to make."""
        return NewLabel(
            kind=self.kind,
            name=self.name.strip(),
            store_id=self.store_id,
            counter_id=self.counter_id,
            staff_id=self.staff_id,
        )


class LabelOut(msgspec.Struct, frozen=True, kw_only=True):
    """A label. `qr_content` is what its printed code says (null until WeChat has made it), `url` the mall by it."""

    label_id: LabelId
    code: str
    kind: LabelKind
    name: str
    store_id: StoreId | None
    counter_id: CounterId | None
    staff_id: StaffId | None
    qr_content: str | None
    url: str
    scans: int
    created_at: datetime

    @classmethod
    def of(cls, rt: Runtime, merchant: Merchant, account: Account | None, label: Label) -> "LabelOut":
        """From the rows."""
        return cls(
            label_id=label.label_id,
            code=label.code,
            kind=label.kind,
            name=label.name,
            store_id=label.store_id,
            counter_id=label.counter_id,
            staff_id=label.staff_id,
            qr_content=labels.qr_content(rt, merchant, account, label),
            url=links.label_url(rt, merchant.code, label.code),
            scans=label.scans,
            created_at=label.created_at,
        )


class KeywordIn(msgspec.Struct, frozen=True):
    """A keyword (or a menu button's key) and the answer to it."""

    keyword: Annotated[str, Meta(min_length=1, max_length=60, pattern=r"\S")]
    reply: Annotated[str, Meta(min_length=1, max_length=1000)]
    match: Literal["exact", "contains"] = "exact"


class RepliesIn(msgspec.Struct, frozen=True):
    """All replies; an empty welcome: none. {merchant}, {store}, {mall} are filled in."""

    welcome: Annotated[str, Meta(max_length=1000)]
    keywords: Annotated[list[KeywordIn], Meta(max_length=200)] = []

    def as_replies(self) -> Replies:
        """The replies to write."""
        return Replies(self.welcome, [KeywordReply(k.keyword.strip(), k.match, k.reply) for k in self.keywords])


class MenuIn(msgspec.Struct, frozen=True):
    """The menu to write."""

    buttons: Annotated[list[Button], Meta(max_length=3)]


class FollowerOut(msgspec.Struct, frozen=True, kw_only=True):
    """A follower; `store_name` and `label_name` are those of the first follow."""

    openid: str
    shopper_id: ShopperId | None
    nickname: str | None
    avatar_url: str | None
    following: bool
    store_id: StoreId | None
    store_name: str | None
    label_name: str | None
    followed_at: datetime


class CodeIn(msgspec.Struct, frozen=True):
    """The code of `wx.login`."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


class ShopperOut(msgspec.Struct, frozen=True):
    """A shopper as she sees herself."""

    shopper_id: ShopperId
    nickname: str | None
    avatar_url: str | None

    @classmethod
    def of(cls, shopper: Shopper) -> "ShopperOut":
        """From the row."""
        return cls(shopper.shopper_id, shopper.nickname, shopper.avatar_url)


class LoginOut(msgspec.Struct, frozen=True):
    """A token for `Authorization: Bearer`."""

    token: str
    expires_at: datetime
    shopper: ShopperOut


class JsSdkOut(msgspec.Struct, frozen=True):
    """What `wx.config` needs, and where the script is."""

    app_id: str
    timestamp: str
    nonce_str: str
    signature: str
    script_url: str
