"""The same once more: calls signed afresh with the merchant's key, notifications and pushes delivered again."""

import json
import re
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from wechat_sandbox.crypto import request_message, rsa_sign, sha1_sorted
from wechat_sandbox.inspector.reading import look, receivers, xml_fields
from wechat_sandbox.inspector.ring import Exchange
from wechat_sandbox.inspector.verdict import signed_body
from wechat_sandbox.outbound import SendError
from wechat_sandbox.pay import notify
from wechat_sandbox.pay.auth import SCHEME

if TYPE_CHECKING:
    from wechat_sandbox.models import Merchant
    from wechat_sandbox.world import World


class ReplayError(Exception):
    """It cannot be done again; the text says why."""


async def replay(world: "World", exchange: Exchange) -> int:
    """Do an exchange again; the number of the new one. Raises ReplayError."""
    look(world, exchange)
    if exchange.size > len(exchange.body):
        raise ReplayError("the body was too large to be kept whole")
    before = world.exchanges.last
    if exchange.direction == "in":
        return await _call(world, exchange)
    if exchange.kind == "notification":
        notice = world.notices.get(_notice_id(exchange))
        if notice is None:
            raise ReplayError("the notification is no longer known")
        await notify.redeliver(world, notice)
        return before + 1
    url = _resigned(world, exchange)
    with suppress(SendError):  # the new exchange says so
        await world.outbound.send(exchange.method, url, exchange.headers, exchange.body)
    return before + 1


def _notice_id(exchange: Exchange) -> str:
    try:
        told: Any = json.loads(exchange.body)
    except ValueError:
        return ""
    return str(told.get("id", ""))


async def _call(world: "World", exchange: Exchange) -> int:
    serve = world.exchanges.serve
    if serve is None:
        raise ReplayError("the sandbox is not serving")
    headers = {name: value for name, value in exchange.headers.items() if name not in ("authorization",)}
    if exchange.path.startswith("/v3/"):
        merchant = world.merchants.get(exchange.mchid)
        if merchant is None:
            raise ReplayError(f"no merchant {exchange.mchid or 'is named'}: it cannot be signed")
        headers["authorization"] = _authorization(world, merchant, exchange)
    path, _, query = exchange.target.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": exchange.method,
        "path": _unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
        "client": ("127.0.0.1", 0),
        "extensions": {},
    }
    messages = [{"type": "http.request", "body": exchange.body, "more_body": False}]
    number = 0

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal number
        number = number or world.exchanges.last  # kept just before the first byte of the answer

    await serve(scope, receive, send)
    return number or world.exchanges.last


def _unquote(path: str) -> str:
    return re.sub(
        r"(?:%[0-9A-Fa-f]{2})+", lambda run: bytes.fromhex(run[0].replace("%", "")).decode("utf-8", "replace"), path
    )


def _authorization(world: "World", merchant: "Merchant", exchange: Exchange) -> str:
    now, nonce = str(int(time.time())), secrets.token_hex(16)
    message = request_message(exchange.method, exchange.target.encode("latin-1"), now, nonce, signed_body(exchange))
    signature = rsa_sign(world.keys.merchant(merchant).private, message)
    return (
        f'{SCHEME} mchid="{merchant.mchid}",nonce_str="{nonce}",timestamp="{now}",'
        f'serial_no="{merchant.serial_no}",signature="{signature}"'
    )


def _resigned(world: "World", exchange: Exchange) -> str:
    """A push's address with a fresh timestamp, nonce and signatures, where the token is known."""
    token = next((row.token for row in receivers(world) if exchange.appid in (row.ident, row.name)), "")
    parts = urlsplit(exchange.target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not token or "timestamp" not in query:
        return exchange.target
    now, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    encrypted = xml_fields(exchange.body.decode("utf-8", "replace")).get("Encrypt", "")
    fresh = {"timestamp": now, "nonce": nonce, "signature": sha1_sorted(token, now, nonce)}
    fresh["msg_signature"] = sha1_sorted(token, now, nonce, encrypted)
    query |= {name: value for name, value in fresh.items() if name in query}
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))
