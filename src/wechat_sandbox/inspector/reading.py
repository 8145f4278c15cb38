"""What an exchange is about: whose it is, and the plaintext of what is encrypted in it."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from msgspec import Struct

from wechat_sandbox.crypto import CryptoError, decrypt_message, gcm_decrypt
from wechat_sandbox.inspector.ring import Exchange
from wechat_sandbox.store import Table

if TYPE_CHECKING:
    from wechat_sandbox.world import World

_MCHID = re.compile(r'mchid="([^"]*)"')
_FIELD = re.compile(r"<(\w+)>(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))</\1>", re.DOTALL)
_IDENTS = ("appid", "component_appid", "corpid", "corp_id")


class Push(Struct):
    """A message of an account's callback, in the clear."""

    appid: str
    event: str
    xml: str


def xml_fields(xml: str) -> dict[str, str]:
    """The flat fields of a message; of a repeated name the first."""
    fields: dict[str, str] = {}
    for name, text, number in _FIELD.findall(xml.removeprefix("<xml>")):
        fields.setdefault(name, text or number)
    return fields


class Receiver(Struct):
    """Something that gets pushes: an account, a corp's app, a platform."""

    ident: str
    """appid or corp id."""
    name: str
    """How messages name it (`ToUserName`)."""
    token: str
    encoding_aes_key: str


def receivers(world: "World") -> Iterator[Receiver]:
    """Everything of the world that has an EncodingAESKey."""
    for table in (*vars(world).values(), *vars(world.apps).values()):
        if not isinstance(table, Table):
            continue
        for row in table.values():  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            fields: dict[str, Any] = {name: getattr(row, name) for name in row.__struct_fields__}  # pyright: ignore
            if not fields.get("encoding_aes_key"):
                break  # no row of this table has one
            ident = next((str(fields[name]) for name in _IDENTS if fields.get(name)), "")
            name = str(fields.get("original_id", ident))
            yield Receiver(ident, name, str(fields.get("token", "")), str(fields["encoding_aes_key"]))


def read_push(world: "World", body: bytes) -> Push:
    """A push as its receiver reads it: decrypted with the key that fits."""
    xml = body.decode("utf-8", "replace")
    fields = xml_fields(xml)
    to = fields.get("ToUserName") or fields.get("AppId", "")
    rows = sorted(receivers(world), key=lambda row: to not in (row.ident, row.name))
    appid = next((row.ident for row in rows if to in (row.ident, row.name)), to)
    encrypted = fields.get("Encrypt", "")
    if encrypted:
        for row in rows:
            try:
                xml, receiver = decrypt_message(row.encoding_aes_key, encrypted)
            except CryptoError:
                continue
            fields, appid = xml_fields(xml), receiver
            break
    event = fields.get("Event") or fields.get("InfoType") or fields.get("MsgType", "")
    return Push(appid, event, xml)


def read_notice(world: "World", body: bytes) -> tuple[str, dict[str, Any] | None, Any]:
    """mchid, envelope and plaintext of a notification; what cannot be read is empty."""
    try:
        envelope: Any = json.loads(body)
        resource = envelope["resource"]
    except (ValueError, KeyError, TypeError):
        return "", None, None
    notice = world.notices.get(str(envelope.get("id", "")))
    merchant = world.merchants.get(notice.mchid) if notice else None
    candidates = [merchant] if merchant else world.merchants.values()
    for row in candidates:
        try:
            plain = gcm_decrypt(
                row.apiv3_key, resource["nonce"], resource.get("associated_data", ""), resource["ciphertext"]
            )
        except (CryptoError, KeyError):
            continue
        return row.mchid, envelope, json.loads(plain)
    return "", envelope, None


def look(world: "World", exchange: Exchange) -> None:
    """Fill in whose exchange it is."""
    if exchange.known:
        return
    exchange.known = True
    if exchange.kind == "notification":
        exchange.mchid, _, plain = read_notice(world, exchange.body)
        if isinstance(plain, dict):
            exchange.appid = str(plain.get("appid") or plain.get("sp_appid") or plain.get("combine_appid") or "")  # pyright: ignore
    elif exchange.kind == "push":
        exchange.appid = read_push(world, exchange.body).appid
    elif exchange.direction == "in":
        _look_at_call(world, exchange)


def _look_at_call(world: "World", exchange: Exchange) -> None:
    match = _MCHID.search(exchange.headers.get("authorization", ""))
    exchange.mchid = match.group(1) if match else ""
    query = parse_qs(exchange.target.partition("?")[2])
    token = world.tokens.get(query.get("access_token", [""])[0])
    exchange.appid = token.appid if token else query.get("appid", [""])[0]
    if not exchange.appid and exchange.body[:1] == b"{":
        try:
            data: Any = json.loads(exchange.body)
        except (ValueError, RecursionError):
            return
        exchange.appid = str(data.get("appid") or data.get("sp_appid") or data.get("combine_appid") or "")
