"""What an account sends: customer-service messages within their quota, template messages."""

import secrets
from typing import Any

import msgspec
from msgspec import Struct, field

from wechat_sandbox import chat, media, push
from wechat_sandbox.accounts import save_identity
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Identity, OfficialAccount, Window
from wechat_sandbox.official.users import identity_by_openid
from wechat_sandbox.templates import library
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError

AFTER_MESSAGE = (48 * 3600, 5)
"""A shopper's message opens 48 hours for 5 messages; each new one opens them again."""
AFTER_EVENT = (60, 3)
"""Following, scanning or tapping the menu opens a minute for 3."""


def open_after_message(world: World, identity: Identity) -> None:
    """The shopper wrote."""
    seconds, count = AFTER_MESSAGE
    identity.after_message = Window(world.clock.now() + seconds, count)
    save_identity(world, identity)


def open_after_event(world: World, identity: Identity) -> None:
    """The shopper followed, scanned or tapped."""
    seconds, count = AFTER_EVENT
    identity.after_event = Window(world.clock.now() + seconds, count)
    save_identity(world, identity)


class TextPart(Struct):
    """`text`."""

    content: str = ""


class Article(Struct):
    """One of `news.articles`."""

    title: str = ""
    description: str = ""
    url: str = ""
    picurl: str = ""


class NewsPart(Struct):
    """`news`."""

    articles: list[Article] = field(default_factory=list[Article])


class MiniProgramPart(Struct):
    """`miniprogrampage`."""

    title: str = ""
    appid: str = ""
    pagepath: str = ""
    thumb_media_id: str = ""


class MenuOption(Struct):
    """One of `msgmenu.list`."""

    id: str | int = ""
    content: str = ""


class MenuPart(Struct):
    """`msgmenu`."""

    head_content: str = ""
    options: list[MenuOption] = field(default_factory=list[MenuOption], name="list")
    tail_content: str = ""


class MediaPart(Struct):
    """`image`, `voice`, `video`, `mpnews`."""

    media_id: str = ""
    title: str = ""
    description: str = ""


class WorkerPart(Struct):
    """`customservice`: as which worker the message is sent."""

    kf_account: str = ""


class CustomBody(Struct):
    """POST /cgi-bin/message/custom/send."""

    touser: str = ""
    msgtype: str = ""
    text: TextPart = field(default_factory=TextPart)
    news: NewsPart = field(default_factory=NewsPart)
    miniprogrampage: MiniProgramPart = field(default_factory=MiniProgramPart)
    msgmenu: MenuPart = field(default_factory=MenuPart)
    image: MediaPart = field(default_factory=MediaPart)
    voice: MediaPart = field(default_factory=MediaPart)
    video: MediaPart = field(default_factory=MediaPart)
    mpnews: MediaPart = field(default_factory=MediaPart)
    customservice: WorkerPart | None = None


class MiniProgramLink(Struct):
    """`miniprogram` of a template message."""

    appid: str
    pagepath: str = ""


class TemplateValue(Struct):
    """One of `data`."""

    value: str | int | float
    color: str = ""


class TemplateBody(Struct):
    """POST /cgi-bin/message/template/send."""

    touser: str = ""
    template_id: str = ""
    url: str = ""
    miniprogram: MiniProgramLink | None = None
    data: dict[str, TemplateValue] = field(default_factory=dict[str, TemplateValue])
    client_msg_id: str = ""


def custom_send(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/message/custom/send. 45015 outside every window, 45047 when one is used up."""
    account = account_of(world, request)
    asked = read_body(request, CustomBody)
    identity = identity_by_openid(world, account, asked.touser)
    kind, body = _content(asked)
    if asked.msgtype in ("image", "voice", "video"):
        media.find(world, account.appid, body["media_id"])
    if asked.customservice is not None:
        body["kf_account"] = _worker(world, account, asked.customservice.kf_account)
    _take_quota(world, identity)
    chat.say(world, account.appid, identity.shopper_id, "account", kind, body)
    return OK


def _worker(world: World, account: OfficialAccount, kf_account: str) -> str:
    if f"{account.appid}:{kf_account}" not in world.apps.service_accounts:
        raise WxError(65401)
    return kf_account


def _content(asked: CustomBody) -> tuple[str, dict[str, Any]]:
    if asked.msgtype == "text":
        return "text", {"content": _text(asked.text.content)}
    if asked.msgtype == "news":
        if len(asked.news.articles) != 1:
            raise WxError(40097, "invalid articles size")
        return "news", {"articles": [article_body(item) for item in asked.news.articles]}
    if asked.msgtype == "miniprogrampage":
        part = asked.miniprogrampage
        if not (part.appid and part.pagepath):
            raise WxError(40097)
        return "miniprogram", {"appid": part.appid, "title": part.title, "pagepath": part.pagepath}
    if asked.msgtype == "msgmenu":
        return "msgmenu", msgspec.to_builtins(asked.msgmenu)
    if asked.msgtype in ("image", "voice", "video", "mpnews"):
        media: MediaPart = getattr(asked, asked.msgtype)
        if not media.media_id:
            raise WxError(40097, "invalid media_id")
        return asked.msgtype, {"media_id": media.media_id}
    raise WxError(40008)


def _text(content: str) -> str:
    if not content:
        raise WxError(44004)
    if len(content.encode()) > 2048:
        raise WxError(45002)
    return content


def article_body(article: Article) -> dict[str, Any]:
    """An article as a chat line keeps it."""
    return {
        "title": article.title,
        "description": article.description,
        "url": article.url,
        "pic_url": article.picurl,
    }


def _take_quota(world: World, identity: Identity) -> None:
    now = world.clock.now()
    open_windows = [row for row in (identity.after_event, identity.after_message) if row.closes_at > now]
    if not open_windows or not identity.following:
        raise WxError(45015)
    for window in open_windows:
        if window.left > 0:
            window.left -= 1
            save_identity(world, identity)
            return
    raise WxError(45047)


def template_send(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/message/template/send -> msgid, then the event TEMPLATESENDJOBFINISH."""
    account = account_of(world, request)
    asked = read_body(request, TemplateBody)
    known = library.find(world, account.appid, asked.template_id, "template")
    if not asked.template_id or (known is None and library.strict(world, account.appid, "template")):
        raise WxError(40037)
    if not asked.data:
        raise WxError(47003)
    identity = identity_by_openid(world, account, asked.touser)
    if not identity.following:
        raise WxError(43004)
    body: dict[str, Any] = {
        "template_id": asked.template_id,
        "title": known.title if known else "",
        "url": asked.url,
        "miniprogram": msgspec.to_builtins(asked.miniprogram),
        "data": {name: str(value.value) for name, value in asked.data.items()},
    }
    chat.say(world, account.appid, identity.shopper_id, "account", "template", body)
    msgid = 2_000_000_000_000_000_000 + secrets.randbelow(10**18)
    push.event(world, account, identity, "TEMPLATESENDJOBFINISH", MsgID=msgid, Status="success")
    return {"errcode": 0, "errmsg": "ok", "msgid": msgid}
