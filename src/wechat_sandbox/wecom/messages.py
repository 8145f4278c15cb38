"""The welcome message in its twenty seconds, messages of the app, and the chat lines of both.

Sources: developer.work.weixin.qq.com 发送新客户欢迎语 (92599: 20 seconds, once; 41051 when it was sent or the customer
writes already, 41096 while it is being distributed), 发送应用消息 (90236: 81013 when nobody is left).
A code that is unknown or over is answered with 41050, which is our guess.
"""

import secrets
from typing import Any, Literal, cast

from msgspec import Struct, field

from wechat_sandbox import media
from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.models_apps import CorpLine, Welcome
from wechat_sandbox.multipart import read_file
from wechat_sandbox.wecom import corps
from wechat_sandbox.wecom.api import CorpError, corp_of
from wechat_sandbox.wecom.ways import OK
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import read_body

WELCOME_SECONDS = 20
DISTRIBUTE_SECONDS = 1.0
MAX_ATTACHMENTS = 9
KINDS = ("text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown", "miniprogram_notice")


class TextPart(Struct):
    """`text`."""

    content: str = ""


class WelcomeBody(Struct):
    """POST send_welcome_msg."""

    welcome_code: str = ""
    text: TextPart | None = None
    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


def say(
    world: World,
    corpid: str,
    userid: str,
    shopper_id: str,
    sender: Literal["member", "shopper", "app"],
    kind: str,
    body: dict[str, Any],
) -> CorpLine:
    """Add a line; the shopper's phone is told."""
    row = CorpLine(secrets.token_hex(8), corpid, userid, shopper_id, world.clock.now(), sender, kind, body)
    world.apps.corp_lines.put(row.line_id, row)
    if shopper_id:
        event = {"type": "corp_message", "corpid": corpid, "userid": userid, "message": public(row)}
        world.hub.publish(shopper_id, event)
    return row


def public(row: CorpLine) -> dict[str, Any]:
    """A line as the control API shows it."""
    return {"id": row.line_id, "at": rfc3339_utc(row.at), "from": row.sender, "kind": row.kind, **row.body}


def send_welcome(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/send_welcome_msg"""
    corp = corp_of(world, request)
    asked = read_body(request, WelcomeBody)
    content = asked.text.content if asked.text else ""
    _check_welcome(content, asked.attachments)
    code = world.apps.welcomes.get(asked.welcome_code)
    now = world.clock.now()
    if code is None or code.corpid != corp.corpid:
        raise CorpError(41050)
    if code.used_at:
        raise CorpError(41096 if now < code.used_at + DISTRIBUTE_SECONDS else 41051)
    if _has_written(world, code):
        raise CorpError(41051)
    if now >= code.created_at + WELCOME_SECONDS:
        raise CorpError(41050)
    code.used_at = now
    world.apps.welcomes.put(code.code, code)
    if content:
        say(world, code.corpid, code.userid, code.shopper_id, "member", "text", {"content": content})
    for part in asked.attachments:
        kind = str(part["msgtype"])
        body = cast("dict[str, Any]", part[kind])
        say(world, code.corpid, code.userid, code.shopper_id, "member", kind, {"content": "", **body})
    return OK


def _check_welcome(content: str, attachments: list[dict[str, Any]]) -> None:
    if not content and not attachments:
        raise CorpError(40058)
    if len(attachments) > MAX_ATTACHMENTS:
        raise CorpError(40058)
    if len(content.encode()) > 4000:
        raise CorpError(45002)
    for part in attachments:
        kind = part.get("msgtype")
        if kind not in ("image", "link", "miniprogram", "video", "file") or not isinstance(part.get(str(kind)), dict):
            raise CorpError(40008)


def _has_written(world: World, code: Welcome) -> bool:
    return any(
        row.corpid == code.corpid
        and row.userid == code.userid
        and row.shopper_id == code.shopper_id
        and row.sender == "shopper"
        and row.at >= code.created_at
        for row in world.apps.corp_lines.values()
    )


def send(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/message/send: the app writes to members, by user or department; `@all` is everybody."""
    corp = corp_of(world, request)
    asked = read_body(request, dict[str, Any])
    kind = asked.get("msgtype")
    if str(asked.get("agentid", "")) != str(corp.agentid):
        raise CorpError(40056)
    if kind not in KINDS:
        raise CorpError(40008)
    body = asked.get(str(kind))
    if not isinstance(body, dict) or not body:
        raise CorpError(40058)
    content = cast("dict[str, Any]", body)
    if kind in ("text", "markdown") and not content.get("content"):
        raise CorpError(44004)
    wanted = [word for word in str(asked.get("touser") or "").split("|") if word]
    parties = [word for word in str(asked.get("toparty") or "").split("|") if word]
    people = corps.members(world, corp.corpid)
    known = {row.userid for row in people}
    chosen = known if "@all" in wanted else known.intersection(wanted)
    invalid = [word for word in wanted if word not in known and word != "@all"]
    numbers = {str(row.id) for row in corps.departments(world, corp.corpid)}
    for row in people:
        if {str(number) for number in row.department}.intersection(parties):
            chosen = chosen | {row.userid}
    if not chosen:
        raise CorpError(81013)
    for userid in sorted(chosen):
        say(world, corp.corpid, userid, "", "app", str(kind), {"content": "", **content})
    return {
        **OK,
        "invaliduser": "|".join(invalid),
        "invalidparty": "|".join(word for word in parties if word not in numbers),
        "invalidtag": "",
        "msgid": secrets.token_urlsafe(48),
    }


def upload(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/media/upload?type= of a company."""
    corp = corp_of(world, request)
    kind = request.query.get("type", "")
    if kind not in ("image", "voice", "video", "file"):
        raise CorpError(40004)
    row = media.keep(world, corp.corpid, kind, read_file(request, "media"), permanent=False)
    return {**OK, "type": kind, "media_id": row.media_id, "created_at": str(int(row.created_at))}


def download(world: World, request: Request) -> Answer:
    """GET /cgi-bin/media/get?media_id= of a company."""
    corp = corp_of(world, request)
    return media.content(media.find(world, corp.corpid, request.query.get("media_id", "")))


def upload_image(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/media/uploadimg of a company: an address that stays."""
    corp = corp_of(world, request)
    row = media.keep(world, "article:" + corp.corpid, "image", read_file(request, "media"), permanent=True)
    return {**OK, "url": media.url(world, row)}


def ips(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/getcallbackip and get_api_domain_ip of a company."""
    corp_of(world, request)
    return {**OK, "ip_list": ["127.0.0.1"]}
