"""How a push is closed: whose keys sign and encrypt it, what stands clear, and where it goes.

The same scheme serves official accounts, mini programs, third-party platforms (wire.md sections 3
and 5) and WeCom, which leaves out the plain `signature` and always encrypts.
"""

import secrets
import time
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct, field

from wechat_sandbox.crypto import encrypt_message, sha1_sorted
from wechat_sandbox.models import MessageMode

Fields = dict[str, Any]
"""A message: texts, numbers, and for the newer events groups (dict) and repeated groups (list)."""


class Envelope(Struct, frozen=True):
    """Whose keys close a push. `receiver` is the appid or corpid inside the ciphertext."""

    url: str
    token: str
    encoding_aes_key: str
    receiver: str
    mode: MessageMode
    outer: dict[str, str] = field(default_factory=dict[str, str])
    """What stands beside `Encrypt` in safe mode."""
    as_json: bool = False
    plain_signature: bool = True
    """WeCom has `msg_signature` alone."""

    def write(self, fields: Fields) -> str:
        """The message as text, in the format that the receiver chose."""
        return msgspec.json.encode(_lifted(fields)).decode() if self.as_json else build_xml(fields)

    def close(self, text: str, openid: str = "") -> tuple[str, bytes]:
        """Address and body of one delivery, freshly signed."""
        if self.mode == "plain":
            return self._address(openid, None), text.encode()
        encrypted = encrypt_message(self.encoding_aes_key, self.receiver, text)
        if self.mode == "safe":
            body = self.write({**self.outer, "Encrypt": encrypted})
        elif self.as_json:
            body = self.write({**msgspec.json.decode(text, type=dict[str, Any]), "Encrypt": encrypted})
        else:
            body = text.removesuffix("</xml>") + f"<Encrypt>{cdata(encrypted)}</Encrypt></xml>"
        return self._address(openid, encrypted), body.encode()

    def _address(self, openid: str, encrypted: str | None) -> str:
        timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
        query = {"timestamp": timestamp, "nonce": nonce}
        if self.plain_signature:
            query = {"signature": sha1_sorted(self.token, timestamp, nonce), **query}
            if openid:
                query["openid"] = openid
        if encrypted is not None:
            if self.plain_signature:
                query["encrypt_type"] = "aes"
            query["msg_signature"] = sha1_sorted(self.token, timestamp, nonce, encrypted)
        return with_query(self.url, urlencode(query, quote_via=quote))


def _lifted(fields: Fields) -> Fields:
    """In JSON a group that holds nothing but `List` is left out: the list stands in its place."""
    out: Fields = {}
    for name, value in fields.items():
        if isinstance(value, dict) and list(cast("Fields", value)) == ["List"]:
            out["List"] = value["List"]
        else:
            out[name] = value
    return out


def cdata(value: str) -> str:
    """Text that may hold anything."""
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def build_xml(fields: Fields) -> str:
    """The XML of WeChat: numbers bare, texts in CDATA, groups nested, lists repeated."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Fields) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, item) for item in cast("list[Any]", value))
    if isinstance(value, dict):
        return f"<{name}>{_elements(cast('Fields', value))}</{name}>"
    if isinstance(value, int | float):
        return f"<{name}>{int(value) if isinstance(value, bool) else value}</{name}>"
    return f"<{name}>{cdata(str(value))}</{name}>"


def with_query(url: str, query: str) -> str:
    """The callback address with the push's query."""
    return f"{url}{'&' if '?' in url else '?'}{query}"
