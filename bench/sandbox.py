"""Signed prepays per second of the WeChat sandbox, which must never be the bottleneck of what is tried on it.

Limit of the same run: the same server answering barely, with the one RSA verification and the one signature that
each call needs. Wanted: 1,500/s on two cores, load generator included; once more with 2,000 exchanges kept and the
inspector looking on.
"""

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench import load
from bench.results import report

PATH = "/v3/pay/transactions/native"
MCHID = "1900000101"
CALLS = 4000
CONNECTIONS = 32
WANTED = 1500


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code < 500:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError(f"{url} does not answer")


@contextmanager
def _serving(*command: str, url: str, stdin: bytes = b"") -> Generator[None]:
    process = subprocess.Popen([sys.executable, "-m", *command], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    try:
        _wait(url)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _calls(url: str, merchant: dict[str, Any], key: RSAPrivateKey) -> list[bytes]:
    """Prepays of different numbers, signed before the run: the merchant's work is not what is measured."""
    calls: list[bytes] = []
    for _ in range(CALLS):
        order = {
            "appid": merchant["appids"][0],
            "mchid": MCHID,
            "description": "青衫 亚麻衬衫 × 1",
            "out_trade_no": "B" + secrets.token_hex(12),
            "notify_url": "http://127.0.0.1:9/none",
            "amount": {"total": 12900, "currency": "CNY"},
        }
        body = json.dumps(order, ensure_ascii=False).encode()
        now, nonce = str(int(time.time())), secrets.token_hex(16)
        message = f"POST\n{PATH}\n{now}\n{nonce}\n".encode() + body + b"\n"
        signature = b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()
        items = f'mchid="{MCHID}",nonce_str="{nonce}",timestamp="{now}",serial_no="{merchant["serial_no"]}"'
        headers = {
            "Authorization": f'WECHATPAY2-SHA256-RSA2048 {items},signature="{signature}"',
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "bench",
        }
        calls.append(load.request("POST", url + PATH, body, headers))
    return calls


@contextmanager
def _looked_on(url: str) -> Generator[None]:
    """Somebody has the inspector open."""
    done = threading.Event()

    def look() -> None:
        target = f"{url}/_sandbox/exchange-events"
        with httpx.Client(trust_env=False, timeout=20) as http, http.stream("GET", target) as stream:
            for _ in stream.iter_raw():
                if done.is_set():
                    return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield
    done.set()


def _measure(url: str, calls: list[bytes]) -> load.Measured:
    measured = asyncio.run(load.run(url, iter(calls), connections=CONNECTIONS))
    print(f"{measured.rate:,.0f}/s p50 {measured.p50_ms:.0f} ms p99 {measured.p99_ms:.0f} ms {measured.statuses}")
    return measured


def main() -> None:
    """Runs the bench."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    with _serving("wechat_sandbox", "--port", str(port), "--quiet", url=f"{url}/_sandbox/healthz"):
        merchant = httpx.get(f"{url}/_sandbox/merchants/{MCHID}", trust_env=False).json()
        key = load_pem_private_key(merchant["private_key_pem"].encode(), None)
        assert isinstance(key, RSAPrivateKey)
        first = _measure(url, _calls(url, merchant, key))
        calls = _calls(url, merchant, key)
        with _looked_on(url):
            watched = _measure(url, calls)
    with _serving("bench.bare_pay", str(port), url=url, stdin=merchant["private_key_pem"].encode()):
        bare = _measure(url, calls)
    limit = "bare ASGI answer with one RSA verify and sign"
    report("sandbox.prepays", first.rate, "prepays/s", limit, bare.rate)
    report("sandbox.prepays_inspected", watched.rate, "prepays/s", limit, bare.rate)
    report("sandbox.prepays_wanted", first.rate, "prepays/s", "wanted", WANTED)


if __name__ == "__main__":
    main()
