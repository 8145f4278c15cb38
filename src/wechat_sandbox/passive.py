"""Passive replies: what a server answers to a push, clear or encrypted, as a chat line."""

from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wechat_sandbox.crypto import CryptoError, decrypt_message, sha1_sorted
from wechat_sandbox.envelope import Envelope


class ReplyError(Exception):
    """A reply that WeChat would not take."""


def parse_reply(envelope: Envelope, original_id: str, openid: str, body: bytes) -> tuple[str, dict[str, Any]] | None:
    """Kind and body of the chat line, or None for an empty reply. Raises ReplyError."""
    if body.strip() in (b"", b"success"):
        return None
    root = _xml(body)
    if envelope.mode == "safe" or (envelope.mode == "compatible" and root.find("Encrypt") is not None):
        root = _open(envelope, root)
    if _text(root, "ToUserName") != openid:
        raise ReplyError("ToUserName is not the openid of the push")
    if _text(root, "FromUserName") != original_id:
        raise ReplyError("FromUserName is not the account's original id")
    return _line(root)


def _xml(body: bytes | str) -> Element:
    try:
        root: Element = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise ReplyError(f"not XML: {error}") from error
    return root


def _open(envelope: Envelope, root: Element) -> Element:
    encrypted = _text(root, "Encrypt")
    if not encrypted:
        raise ReplyError("safe mode wants an encrypted reply")
    expected = sha1_sorted(envelope.token, _text(root, "TimeStamp"), _text(root, "Nonce"), encrypted)
    if _text(root, "MsgSignature") != expected:
        raise ReplyError("MsgSignature is wrong")
    try:
        text, appid = decrypt_message(envelope.encoding_aes_key, encrypted)
    except CryptoError as error:
        raise ReplyError(str(error)) from error
    if appid != envelope.receiver:
        raise ReplyError("the reply is encrypted for another appid")
    return _xml(text)


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()


def _line(root: Element) -> tuple[str, dict[str, Any]] | None:
    kind = _text(root, "MsgType")
    if kind == "text":
        return "text", {"content": _text(root, "Content")}
    if kind == "news":
        articles = [
            {
                "title": _text(item, "Title"),
                "description": _text(item, "Description"),
                "url": _text(item, "Url"),
                "pic_url": _text(item, "PicUrl"),
            }
            for item in root.findall("Articles/item")
        ]
        if not articles:
            raise ReplyError("news without articles")
        return "news", {"articles": articles}
    if kind in ("image", "voice", "video"):
        return kind, {"media_id": _text(root, f"{kind.capitalize()}/MediaId")}
    if kind == "music":
        return kind, {"title": _text(root, "Music/Title"), "url": _text(root, "Music/MusicUrl")}
    if kind == "transfer_customer_service":
        return kind, {"kf_account": _text(root, "TransInfo/KfAccount")}
    raise ReplyError(f"MsgType {kind!r} is not a reply")
