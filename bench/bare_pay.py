"""The limit that `bench.sandbox` is held against: the sandbox's server, one RSA verify and one sign per request.

`python -m bench.bare_pay PORT MCHID`: answers any POST as a signed prepay, and does nothing else.
"""

import asyncio
import re
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from granian.constants import Interfaces
from granian.server.embed import Server

_SIGNED = re.compile(r'nonce_str="([^"]*)".*timestamp="([^"]*)".*signature="([^"]*)"')
_BODY = b'{"prepay_id":"wx201410272009395522657a690389285100"}'
Send = Callable[[dict[str, Any]], Awaitable[None]]


def _app(key: RSAPrivateKey) -> Any:
    public, padding, digest = key.public_key(), PKCS1v15(), SHA256()

    async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
        if scope["type"] != "http":
            return
        body: bytes = (await receive()).get("body", b"")
        header = next((value.decode() for name, value in scope["headers"] if name == b"authorization"), "")
        match = _SIGNED.search(header)
        if match is not None:
            nonce, timestamp, signature = match.groups()
            message = f"POST\n{scope['path']}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
            public.verify(b64decode(signature), message, padding, digest)
        signed = b64encode(key.sign(f"{int(time.time())}\nnonce\n".encode() + _BODY + b"\n", padding, digest))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_BODY)).encode())]
        await send(
            {"type": "http.response.start", "status": 200, "headers": [*headers, (b"wechatpay-signature", signed)]}
        )
        await send({"type": "http.response.body", "body": _BODY})

    return app


async def _serve(port: int, pem: bytes) -> None:
    key = load_pem_private_key(pem, None)
    assert isinstance(key, RSAPrivateKey)
    server = Server(
        _app(key), address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False, websockets=False
    )
    await server.serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(int(sys.argv[1]), sys.stdin.buffer.read()))
