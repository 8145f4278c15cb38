"""What WeChat pushes, before it is anything in particular: fields, and the encrypted envelope around them.

One envelope serves the Official Account, the mini program, the Open Platform and WeCom; what differs is the
token, the key and the receiver (appid, component's appid, corpid).
https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import cast
from xml.etree.ElementTree import Element, ParseError

import msgspec
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from . import crypto
from .errors import MalformedMessage, SignatureInvalid, StaleTimestamp
from .transport import Now

MAX_PUSH_BYTES = 128 * 1024
MAX_AGE_SECONDS = 300
MAX_FIELDS = 200
MAX_DEPTH = 4


class Envelope:
    """Opens what was signed with `token` and sealed with `encoding_aes_key` for `receive_id`, and seals answers.

    `max_age_seconds=None` switches the check of the timestamp off. Raises ValueError for a bad key.
    """

    def __init__(
        self,
        *,
        token: str,
        encoding_aes_key: str,
        receive_id: str,
        now: Now,
        max_age_seconds: int | None = MAX_AGE_SECONDS,
    ) -> None:
        self._crypt = crypto.MessageCrypt(token=token, encoding_aes_key=encoding_aes_key, receive_id=receive_id)
        self._now = now
        self._max_age_seconds = max_age_seconds

    def open(self, query: Mapping[str, str], body: bytes) -> bytes:
        """The plaintext of a push.

        Raises SignatureInvalid, StaleTimestamp, DecryptionFailed, MalformedMessage.
        """
        encrypted = parse_fields(body).get("Encrypt", "")
        if not encrypted:
            raise SignatureInvalid("unencrypted push in safe mode")
        return self._open(query, encrypted)

    def echo(self, query: Mapping[str, str]) -> str:
        """WeCom's handshake: the `echostr` is sealed, and its plaintext is the answer. Raises as `open`."""
        encrypted = query.get("echostr", "")
        if not encrypted:
            raise MalformedMessage("no echostr")
        try:
            return self._open(query, encrypted).decode()
        except UnicodeDecodeError as error:
            raise MalformedMessage("echostr is no text") from error

    def seal(self, answer: bytes) -> bytes:
        """An answer in its envelope."""
        timestamp, nonce = str(int(self._now().timestamp())), crypto.nonce(16)
        encrypted = self._crypt.encrypt(answer)
        signature = self._crypt.signature(timestamp, nonce, encrypted)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode()

    def _open(self, query: Mapping[str, str], encrypted: str) -> bytes:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        expected = self._crypt.signature(timestamp, nonce, encrypted)
        if not crypto.same(expected, query.get("msg_signature", "")):
            raise SignatureInvalid("wrong msg_signature")
        check_age(timestamp, self._now, self._max_age_seconds)
        return self._crypt.decrypt(encrypted)


def check_age(timestamp: str, now: Now, max_age_seconds: int | None) -> None:
    """Raises StaleTimestamp for what was signed too long ago or in the future, SignatureInvalid for no time."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid("timestamp is no time")
    age = int(now().timestamp()) - int(timestamp)
    if max_age_seconds is not None and abs(age) > max_age_seconds:
        raise StaleTimestamp(int(timestamp), age)


def parse_fields(body: bytes) -> dict[str, str]:
    """The fields of `<xml>...</xml>`, or of the JSON that a mini program's account may choose instead.

    Nested ones as `Outer.Inner`, of repeated groups the second as `Outer.2.Inner` and so on; of equal names the
    first counts. DTDs and entities are refused, expanded or not. Raises MalformedMessage.
    """
    if len(body) > MAX_PUSH_BYTES:
        raise MalformedMessage("push too large")
    return _parse_json(body) if body.lstrip()[:1] == b"{" else _parse_xml(body)


def _parse_xml(body: bytes) -> dict[str, str]:
    try:
        root: Element = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedMessage(f"XML: {type(error).__name__}") from error
    fields: dict[str, str] = {}
    _collect_xml(root, "", fields)
    return fields


def _collect_xml(element: Element, prefix: str, fields: dict[str, str]) -> None:
    if prefix.count(".") > MAX_DEPTH:
        raise MalformedMessage("XML: too deep")
    times: Counter[str] = Counter()
    for child in element:
        name = prefix + child.tag
        if len(child):
            times[name] += 1
            _collect_xml(child, _group(name, times[name]), fields)
        else:
            fields.setdefault(name, child.text or "")
        if len(fields) > MAX_FIELDS:
            raise MalformedMessage("XML: too many fields")


def _group(name: str, time: int) -> str:
    """The prefix of the fields of a group that comes for the first, second .. time."""
    return f"{name}." if time == 1 else f"{name}.{time}."


def _parse_json(body: bytes) -> dict[str, str]:
    try:
        root = msgspec.json.decode(body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage("JSON") from error
    fields: dict[str, str] = {}
    _collect_json(root, "", fields)
    return fields


def _collect_json(given: Mapping[str, object], prefix: str, fields: dict[str, str]) -> None:
    if prefix.count(".") > MAX_DEPTH:
        raise MalformedMessage("JSON: too deep")
    for name, found in given.items():
        items = cast("list[object]", found) if isinstance(found, list) else [found]
        value = items[0] if items else ""  # as XML repeats an element: the first counts, of groups each
        if isinstance(value, dict):
            for time, group in enumerate(items, 1):
                if isinstance(group, dict):
                    _collect_json(cast("dict[str, object]", group), _group(prefix + name, time), fields)
        elif isinstance(value, bool):
            fields.setdefault(prefix + name, str(value).lower())
        else:
            fields.setdefault(prefix + name, "" if value is None else str(value))
        if len(fields) > MAX_FIELDS:
            raise MalformedMessage("JSON: too many fields")
