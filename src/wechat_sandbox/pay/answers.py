"""Answers of Pay v3, signed as WeChat signs them, 204 included."""

import secrets
import time
from typing import Any

import msgspec

from wechat_sandbox.asgi import Answer
from wechat_sandbox.crypto import answer_message, rsa_sign
from wechat_sandbox.models import Merchant
from wechat_sandbox.pay.auth import SCHEME
from wechat_sandbox.pay.errors import PayError
from wechat_sandbox.world import World

_encode = msgspec.json.Encoder().encode


def signature_headers(world: World, merchant: Merchant, body: bytes) -> dict[str, str]:
    """The five headers that prove an answer or notification to be the platform's."""
    serial, pair = world.keys.platform(merchant)
    timestamp = str(int(time.time()))
    nonce = secrets.token_hex(16)
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": rsa_sign(pair.private, answer_message(timestamp, nonce, body)),
        "Wechatpay-Signature-Type": SCHEME,
    }


def signed_answer(world: World, merchant: Merchant, data: Any, status: int | None = None, number: int = 0) -> Answer:
    """200 with `data`, or 204 when it is None; `number` is what Request-ID ends with."""
    body = b"" if data is None else _encode(data)
    headers = [(name.encode(), value.encode()) for name, value in signature_headers(world, merchant, body).items()]
    headers.append((b"Request-ID", _request_id(number)))
    headers.append((b"Cache-Control", b"no-cache, must-revalidate"))
    return Answer(status or (204 if data is None else 200), body, headers=headers)


def error_answer(world: World, merchant: Merchant | None, error: PayError) -> Answer:
    """An error; signed once the caller is known to be the merchant."""
    if merchant is None:
        headers = [(b"Request-ID", _request_id(268435456 + error.status))]
        return Answer(error.status, _encode(error.body()), headers=headers)
    return signed_answer(world, merchant, error.body(), error.status, error.number or 268435456 + error.status)


def _request_id(code: int) -> bytes:
    return f"{secrets.token_hex(16).upper()}-{code}".encode()
