"""What the tests stand on: a running sandbox, a server that receives, a merchant that signs.

The merchant's side is written with `cryptography` alone, so that a mistake of the sandbox's own
code does not cancel itself out.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.wechat_sandbox.schemas import check_exchange, check_notices

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "bihuan-bytecode")
}
"""Of a sandbox that tests start: compiled once and not beside the sources, since it is started many times."""
SHARED = ROOT.parent / "shared" / "wechat"


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Sandbox:
    """A sandbox in its own process."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.options = options
        self.http = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "wechat_sandbox", "--port", str(self.port), "--quiet", *self.options],
            env=ENVIRONMENT,
        )
        for _ in range(400):
            if process.poll() is not None:
                raise RuntimeError(f"the sandbox ended with {process.returncode}")
            try:
                if self.http.get("/_sandbox/healthz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.02)
        else:
            process.kill()
            raise RuntimeError("the sandbox did not start")
        return process

    def restart(self, *, hard: bool) -> None:
        (self.process.kill if hard else self.process.terminate)()
        self.process.wait(10)
        self.process = self._start()

    def stop(self) -> int:
        if self.process.poll() is None:
            check_notices(self.get("/_sandbox/notifications", params={"limit": 500})["items"])
            self.process.terminate()
        code = self.process.wait(10)
        self.http.close()
        return code

    def get(self, path: str, **kwargs: Any) -> Any:
        return self.http.get(path, **kwargs).raise_for_status().json()

    def post(self, path: str, data: Any = None) -> Any:
        return self.http.post(path, json=data if data is not None else {}).raise_for_status().json()

    def merchant(self, mchid: str) -> "Merchant":
        rows = self.get("/_sandbox/accounts")["merchants"]
        return Merchant(self, next(row for row in rows if row["mchid"] == mchid))

    def official_account(self, name: str) -> dict[str, Any]:
        rows = self.get("/_sandbox/accounts")["official_accounts"]
        return next(row for row in rows if row["name"] == name)

    def mini_program(self, name: str) -> dict[str, Any]:
        rows = self.get("/_sandbox/accounts")["mini_programs"]
        return next(row for row in rows if row["name"] == name)

    def openid(self, shopper_id: str, appid: str) -> str:
        code = self.post(f"/_sandbox/shoppers/{shopper_id}/jscode", {"appid": appid})["code"]
        row = next(
            row
            for kind in ("official_accounts", "mini_programs")
            for row in self.get("/_sandbox/accounts")[kind]
            if row["appid"] == appid
        )
        query = {"appid": appid, "secret": row["secret"], "js_code": code, "grant_type": "authorization_code"}
        return self.get("/sns/jscode2session", params=query)["openid"]

    def token(self, app: dict[str, Any]) -> str:
        query = {"grant_type": "client_credential", "appid": app["appid"], "secret": app["secret"]}
        return self.get("/cgi-bin/token", params=query)["access_token"]


@dataclass
class Received:
    """A request that a receiver got."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What a receiver answers."""

    status: int = 200
    body: bytes = b""
    wait: float = 0.0


@dataclass
class Receiver:
    """A server that keeps what it gets; `answer` may be replaced."""

    answer: Callable[[Received], Reply] = lambda _: Reply()
    got: list[Received] = field(default_factory=list[Received])
    echo: bool = True
    """Whether it passes WeChat's handshake."""

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.handle(self)

            def do_GET(self) -> None:
                receiver.handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        parts = httpx.URL("http://x" + request.path)
        length = int(request.headers.get("content-length") or 0)
        received = Received(
            request.command,
            parts.path,
            dict(parts.params),
            {name.lower(): value for name, value in request.headers.items()},
            request.rfile.read(length),
        )
        if "echostr" in received.query:
            reply = Reply(200, received.query["echostr"].encode() if self.echo else b"no")
        else:
            self.got.append(received)
            reply = self.answer(received)
        if reply.wait:
            time.sleep(reply.wait)
        try:
            request.send_response(reply.status)
            request.send_header("Content-Length", str(len(reply.body)))
            request.end_headers()
            request.wfile.write(reply.body)
        except OSError:
            request.close_connection = True

    def wait(self, count: int = 1, seconds: float = 8.0) -> list[Received]:
        wait_for(lambda: len(self.got) >= count, seconds, f"{count} requests, got {len(self.got)}")
        return self.got

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def wait_for(condition: Callable[[], bool], seconds: float = 8.0, what: str = "the condition") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.01)


@dataclass
class Merchant:
    """A merchant's server: signs, verifies, decrypts."""

    sandbox: Sandbox
    row: dict[str, Any]

    def __post_init__(self) -> None:
        key = load_pem_private_key(self.row["private_key_pem"].encode(), None)
        assert isinstance(key, RSAPrivateKey)
        self.key = key
        self.mchid: str = self.row["mchid"]
        self.appid: str = self.row["appids"][0]

    def sign(self, message: str) -> str:
        return b64encode(self.key.sign(message.encode(), PKCS1v15(), SHA256())).decode()

    def authorization(self, method: str, target: str, body: str, **changes: str) -> str:
        items = {
            "mchid": self.mchid,
            "nonce_str": secrets.token_hex(16),
            "timestamp": str(int(time.time())),
            "serial_no": self.row["serial_no"],
        } | changes
        message = f"{method}\n{target}\n{items['timestamp']}\n{items['nonce_str']}\n{body}\n"
        items.setdefault("signature", self.sign(message))
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{name}="{value}"' for name, value in items.items())

    def call(self, method: str, target: str, data: Any = None, **changes: str) -> httpx.Response:
        """A signed call; the answer's signature is verified unless it is a refusal to listen.

        Request and answer are validated against the published schemas.
        """
        body = data if isinstance(data, str) else "" if data is None else json.dumps(data, ensure_ascii=False)
        headers = {
            "Authorization": self.authorization(method, target, body, **changes),
            "Accept": "application/json",
            "User-Agent": "test",
            "Content-Type": "application/json",
        }
        response = self.sandbox.http.request(method, target, content=body.encode(), headers=headers)
        if response.is_success:
            assert self.verifies(response.headers, response.content)
        kind = response.headers.get("content-type", "")
        check_exchange(method, target, body, response.status_code, kind, response.content)
        return response

    def platform_key(self, serial: str) -> RSAPublicKey:
        if serial == self.row["public_key_id"]:
            key = load_pem_public_key(self.row["public_key_pem"].encode())
        else:
            assert serial == self.row["platform_serial_no"]
            pem = self.row["platform_certificate_pem"].encode()
            key = x509.load_pem_x509_certificate(pem).public_key()
        assert isinstance(key, RSAPublicKey)
        return key

    def verifies(self, headers: Any, body: bytes) -> bool:
        wanted = "public_key_id" if self.row["mode"] == "public_key" else "platform_serial_no"
        assert headers["wechatpay-serial"] == self.row[wanted]
        assert headers["wechatpay-signature-type"] == "WECHATPAY2-SHA256-RSA2048"
        assert abs(time.time() - int(headers["wechatpay-timestamp"])) < 300
        message = f"{headers['wechatpay-timestamp']}\n{headers['wechatpay-nonce']}\n".encode() + body + b"\n"
        key = self.platform_key(headers["wechatpay-serial"])
        key.verify(b64decode(headers["wechatpay-signature"]), message, PKCS1v15(), SHA256())
        return True

    def decrypt(self, resource: dict[str, str]) -> Any:
        cipher = AESGCM(self.row["apiv3_key"].encode())
        plain = cipher.decrypt(
            resource["nonce"].encode(), b64decode(resource["ciphertext"]), resource["associated_data"].encode()
        )
        return json.loads(plain)

    def prepay(self, openid: str, notify_url: str = "http://127.0.0.1:9/none", **changes: Any) -> dict[str, Any]:
        return {
            "appid": self.appid,
            "mchid": self.mchid,
            "description": "青衫 亚麻衬衫 × 1",
            "out_trade_no": "T" + secrets.token_hex(12),
            "notify_url": notify_url,
            "amount": {"total": 12900, "currency": "CNY"},
            "payer": {"openid": openid},
        } | changes

    def pay_params(self, prepay_id: str, **changes: str) -> dict[str, str]:
        params = {
            "appId": self.appid,
            "timeStamp": str(int(time.time())),
            "nonceStr": secrets.token_hex(16),
            "package": f"prepay_id={prepay_id}",
            "signType": "RSA",
        } | changes
        message = f"{params['appId']}\n{params['timeStamp']}\n{params['nonceStr']}\n{params['package']}\n"
        return {"paySign": self.sign(message), **params}
