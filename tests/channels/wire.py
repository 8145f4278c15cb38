"""WeChat's side of a push, written from wire.md and not from our client, so that one misreading shows."""

import base64
import hashlib
import os
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bihuan.kernel.ids import new_id


def sha1(*parts: str) -> str:
    """The signature: SHA-1 over the sorted parts."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def xml(**fields: object) -> str:
    """A push's body."""
    inner = "".join(f"<{k}>{v if isinstance(v, int) else f'<![CDATA[{v}]]>'}</{k}>" for k, v in fields.items())
    return f"<xml>{inner}</xml>"


def encrypt(key: str, appid: str, text: str) -> str:
    """Safe mode: random16, length, text, appid; padded to 32; AES-256-CBC."""
    aes = base64.b64decode(key + "=")
    body = os.urandom(16) + len(text.encode()).to_bytes(4, "big") + text.encode() + appid.encode()
    pad = 32 - len(body) % 32
    encryptor = Cipher(algorithms.AES(aes), modes.CBC(aes[:16])).encryptor()
    return base64.b64encode(encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()).decode()


class Pusher:
    """WeChat, for one account, with every lever to lie."""

    def __init__(self, http: httpx.AsyncClient, path: str, account: dict[str, Any], mode: str) -> None:
        self.http = http
        self.path = path
        self.account = account
        self.mode = mode

    def event(self, name: str, openid: str, **fields: object) -> str:
        """An event's XML."""
        at = fields.pop("CreateTime", int(time.time()))
        head = {"ToUserName": self.account["original_id"], "FromUserName": openid, "CreateTime": at}
        return xml(**head, MsgType="event", Event=name, **fields)

    def text(self, openid: str, content: str, msg_id: int | None = None) -> str:
        """A text's XML."""
        head = {"ToUserName": self.account["original_id"], "FromUserName": openid, "CreateTime": int(time.time())}
        return xml(**head, MsgType="text", Content=content, MsgId=msg_id or new_id().int % 10**16)

    def sign(self, body: str, *, age: int = 0, token: str | None = None) -> tuple[dict[str, str], bytes]:
        """Query and body as WeChat sends them."""
        timestamp, nonce = str(int(time.time()) - age), new_id().hex[-10:]
        key = token or str(self.account["token"])
        query = {"timestamp": timestamp, "nonce": nonce, "signature": sha1(key, timestamp, nonce)}
        if self.mode == "plain":
            return query, body.encode()
        sealed = encrypt(self.account["encoding_aes_key"], self.account["appid"], body)
        query |= {"encrypt_type": "aes", "msg_signature": sha1(key, timestamp, nonce, sealed)}
        return query, xml(ToUserName=self.account["original_id"], Encrypt=sealed).encode()

    async def post(self, query: dict[str, str], body: bytes) -> httpx.Response:
        """Sends what was signed, or something else."""
        return await self.http.post(self.path, params=query, content=body, headers={"Content-Type": "text/xml"})

    async def push(self, body: str, **how: Any) -> httpx.Response:
        """Signs and sends."""
        return await self.post(*self.sign(body, **how))
