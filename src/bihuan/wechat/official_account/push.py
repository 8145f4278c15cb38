"""What WeChat pushes to our server about one Official Account or mini program: verified, decrypted, typed; and replies.

Plain mode signs only token, timestamp and nonce, so the body is as trustworthy as the token is secret and
the line encrypted; safe mode signs and encrypts the body. Compatible mode carries both: we read the
encrypted one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypedDict

import msgspec

from bihuan.wechat import crypto
from bihuan.wechat.envelope import MAX_AGE_SECONDS, MAX_PUSH_BYTES, Envelope, check_age, parse_fields
from bihuan.wechat.errors import MalformedMessage, SignatureInvalid
from bihuan.wechat.transport import Now, utc_now

from .types import Article

Mode = Literal["plain", "safe", "compatible"]

# "Received, nothing to say": WeChat neither retries nor shows anything.
NO_REPLY = b"success"

_SCENE_PREFIX = "qrscene_"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Push(msgspec.Struct, frozen=True, kw_only=True):
    """What all pushes have. `dedupe_key` is the same each time WeChat delivers the same push (three tries)."""

    openid: str  # who did it
    original_id: str  # the account's gh_...
    created_at: datetime
    dedupe_key: str
    fields: Mapping[str, str]  # everything WeChat sent; nested names joined by dots


class Subscribe(_Push, frozen=True, kw_only=True):
    """A follower; `scene` is that of the code scanned, empty when there was none."""

    scene: str
    ticket: str


class Scan(_Push, frozen=True, kw_only=True):
    """Somebody who follows already scanned a code with a scene."""

    scene: str
    ticket: str


class Unsubscribe(_Push, frozen=True, kw_only=True):
    """A follower left."""


class Click(_Push, frozen=True, kw_only=True):
    """A menu button with a key was tapped."""

    key: str


class View(_Push, frozen=True, kw_only=True):
    """A menu button that opens a page was tapped."""

    url: str


class Text(_Push, frozen=True, kw_only=True):
    """A text message; answered by hand or by keyword."""

    content: str
    msg_id: str


class Other(_Push, frozen=True, kw_only=True):
    """Any other message (`event` empty) or event (`kind` is "event")."""

    kind: str
    event: str


Push = Subscribe | Scan | Unsubscribe | Click | View | Text | Other


class PushReceiver:
    """Reads the pushes of one account. Cheap to make; raises ValueError for a bad key or a missing one.

    `max_age_seconds=None` switches the check of the timestamp off.
    """

    def __init__(
        self,
        *,
        appid: str,
        token: str,
        mode: Mode = "plain",
        encoding_aes_key: str = "",
        now: Now = utc_now,
        max_age_seconds: int | None = MAX_AGE_SECONDS,
    ) -> None:
        if mode != "plain" and not encoding_aes_key:
            raise ValueError(f"{mode} mode needs an EncodingAESKey")
        self.mode: Mode = mode
        self._token = token
        self._now = now
        self._max_age_seconds = max_age_seconds
        self._envelope = (
            Envelope(
                token=token,
                encoding_aes_key=encoding_aes_key,
                receive_id=appid,
                now=now,
                max_age_seconds=max_age_seconds,
            )
            if encoding_aes_key
            else None
        )

    def verify_handshake(self, query: Mapping[str, str]) -> str:
        """The GET by which WeChat checks our URL: answers the `echostr` to send back as plain text.

        Raises SignatureInvalid, StaleTimestamp.
        """
        self._check_signature(query)
        echo = query.get("echostr", "")
        if not echo:
            raise MalformedMessage("no echostr")
        return echo

    def parse(self, query: Mapping[str, str], body: bytes) -> Push:
        """Verify and read a push.

        Raises SignatureInvalid, StaleTimestamp, DecryptionFailed, MalformedMessage (no or hostile XML, too
        large).
        """
        if len(body) > MAX_PUSH_BYTES:
            raise MalformedMessage("push too large")
        if self.mode == "plain" or self._envelope is None:
            self._check_signature(query)
            return _typed(parse_fields(body))
        return _typed(parse_fields(self._envelope.open(query, body)))

    def reply_text(self, push: Push, content: str) -> bytes:
        """The answer's body that shows `content` in the chat (at most 2048 bytes of it)."""
        return self._reply(push, "text", f"<Content>{_cdata(content)}</Content>")

    def reply_news(self, push: Push, articles: Sequence[Article]) -> bytes:
        """The answer's body that shows a card; WeChat shows one article in most cases, eight at most."""
        if not 1 <= len(articles) <= 8:
            raise ValueError("1-8 articles")
        items = "".join(
            f"<item><Title>{_cdata(a.title)}</Title><Description>{_cdata(a.description)}</Description>"
            f"<PicUrl>{_cdata(a.picurl)}</PicUrl><Url>{_cdata(a.url)}</Url></item>"
            for a in articles
        )
        count = f"<ArticleCount>{len(articles)}</ArticleCount>"
        return self._reply(push, "news", f"{count}<Articles>{items}</Articles>")

    def _reply(self, push: Push, kind: str, content: str) -> bytes:
        timestamp = str(int(self._now().timestamp()))
        xml = (
            f"<xml><ToUserName>{_cdata(push.openid)}</ToUserName>"
            f"<FromUserName>{_cdata(push.original_id)}</FromUserName>"
            f"<CreateTime>{timestamp}</CreateTime><MsgType>{_cdata(kind)}</MsgType>{content}</xml>"
        ).encode()
        return self._envelope.seal(xml) if self.mode == "safe" and self._envelope is not None else xml

    def _check_signature(self, query: Mapping[str, str]) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not crypto.same(crypto.sha1_of_sorted(self._token, timestamp, nonce), query.get("signature", "")):
            raise SignatureInvalid("wrong signature")
        check_age(timestamp, self._now, self._max_age_seconds)


class _Common(TypedDict):
    openid: str
    original_id: str
    created_at: datetime
    dedupe_key: str
    fields: Mapping[str, str]


def _typed(fields: dict[str, str]) -> Push:
    openid, created, kind = (fields.get(n, "") for n in ("FromUserName", "CreateTime", "MsgType"))
    if not openid or not kind or not (created.isascii() and created.isdigit() and len(created) <= 10):
        raise MalformedMessage("push without sender, time or kind")
    event, key = fields.get("Event", ""), fields.get("EventKey", "")
    msg_id = fields.get("MsgId", "")
    common = _Common(
        openid=openid,
        original_id=fields.get("ToUserName", ""),
        created_at=datetime.fromtimestamp(int(created), UTC),
        dedupe_key=f"message:{msg_id[:32]}" if msg_id else _event_key(openid, created, event, key, fields),
        fields=fields,
    )
    if kind == "text":
        return Text(**common, content=fields.get("Content", ""), msg_id=msg_id)
    if kind != "event":
        return Other(**common, kind=kind, event="")
    match event.lower():
        case "subscribe":
            scene = key[len(_SCENE_PREFIX) :] if key.startswith(_SCENE_PREFIX) else ""
            return Subscribe(**common, scene=scene, ticket=fields.get("Ticket", ""))
        case "scan":
            return Scan(**common, scene=key, ticket=fields.get("Ticket", ""))
        case "unsubscribe":
            return Unsubscribe(**common)
        case "click":
            return Click(**common, key=key)
        case "view":
            return View(**common, url=key)
        case _:
            return Other(**common, kind=kind, event=event)


_KEYED = frozenset({"subscribe", "scan", "unsubscribe", "click", "view"})


def _event_key(openid: str, created: str, event: str, key: str, fields: Mapping[str, str]) -> str:
    """WeChat says sender and second; the event's own name and key keep two of one second apart.

    Events of other kinds differ in fields of their own (two payments settled in one second): all of them count.
    """
    told = f"{event}\n{key}"
    if event.lower() not in _KEYED:
        told += "".join(f"\n{name}={fields[name]}" for name in sorted(fields))
    digest = hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"event:{openid[:64]}:{created}:{digest}"


def _cdata(text: str) -> str:
    clean = _NOT_XML.sub("", text)
    return "<![CDATA[" + clean.replace("]]>", "]]]]><![CDATA[>") + "]]>"
