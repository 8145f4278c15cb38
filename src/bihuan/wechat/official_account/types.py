"""What an Official Account sends and reads, typed. Field names are WeChat's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

OAuthScope = Literal["snsapi_base", "snsapi_userinfo"]


class QrTicket(msgspec.Struct, frozen=True):
    """A QR code with a scene. `url` is the code's content, to be drawn; `ticket` names WeChat's picture."""

    ticket: str
    url: str
    expire_seconds: int = 0  # 0: for ever


class Follower(msgspec.Struct, frozen=True):
    """GET /cgi-bin/user/info; someone who does not follow has `subscribe` 0 and only an openid."""

    openid: str
    subscribe: int = 0
    language: str = ""
    subscribe_time: int = 0
    unionid: str = ""
    remark: str = ""
    groupid: int = 0
    tagid_list: tuple[int, ...] = ()
    subscribe_scene: str = ""
    qr_scene: int = 0
    qr_scene_str: str = ""

    @property
    def following(self) -> bool:
        """Whether this person follows the account now."""
        return self.subscribe == 1

    @property
    def subscribed_at(self) -> datetime | None:
        """When the following began, UTC."""
        return datetime.fromtimestamp(self.subscribe_time, UTC) if self.subscribe_time else None


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """The one article of a news message."""

    title: str
    url: str
    description: str = ""
    picurl: str = ""


class MiniProgramPage(msgspec.Struct, frozen=True, kw_only=True):
    """A mini-program card in the chat; `thumb_media_id` is an uploaded picture's."""

    title: str
    appid: str
    pagepath: str
    thumb_media_id: str


class MiniProgramLink(msgspec.Struct, frozen=True):
    """Where a template message leads inside a mini program."""

    appid: str
    pagepath: str = ""


class Button(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A menu button: `click` with a key, `view` with a url, `miniprogram`, or a name over `sub_button`s.

    At most three of them, with five below each; WeChat checks and refuses.
    """

    name: str
    type: str = ""
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    sub_button: tuple[Button, ...] = ()

    @classmethod
    def click(cls, name: str, key: str) -> Button:
        """Tapping pushes a CLICK with `key`."""
        return cls(name=name, type="click", key=key)

    @classmethod
    def view(cls, name: str, url: str) -> Button:
        """Tapping opens `url`."""
        return cls(name=name, type="view", url=url)

    @classmethod
    def mini_program(cls, name: str, *, appid: str, pagepath: str, url: str) -> Button:
        """Tapping opens a mini program's page; old WeChats open `url`."""
        return cls(name=name, type="miniprogram", appid=appid, pagepath=pagepath, url=url)

    @classmethod
    def group(cls, name: str, *buttons: Button) -> Button:
        """A name under which others unfold."""
        return cls(name=name, sub_button=buttons)


class OAuthGrant(msgspec.Struct, frozen=True):
    """What a code was exchanged for. This access token is the shopper's, not the account's.

    `is_snapshotuser` 1: the shopper looks at a page snapshot and this openid is a virtual one: show the
    page, but let nobody buy.
    """

    openid: str
    access_token: str = ""
    expires_in: int = 0
    refresh_token: str = ""
    scope: str = ""
    unionid: str = ""
    is_snapshotuser: int = 0

    def __repr__(self) -> str:
        return f"OAuthGrant(openid={self.openid!r}, scope={self.scope!r})"


class OAuthUser(msgspec.Struct, frozen=True):
    """GET /sns/userinfo: the shopper's profile."""

    openid: str
    nickname: str = ""
    sex: int = 0
    province: str = ""
    city: str = ""
    country: str = ""
    headimgurl: str = ""
    privilege: tuple[str, ...] = ()
    unionid: str = ""


class JsSdkConfig(msgspec.Struct, frozen=True):
    """What a page needs for `wx.config`."""

    app_id: str
    timestamp: str
    nonce_str: str
    signature: str
