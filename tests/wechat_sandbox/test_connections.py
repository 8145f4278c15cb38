"""Many who keep their connection keep nobody else out."""

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx

from tests.wechat_sandbox.desk import Sandbox

ASK = b"GET /_sandbox/healthz HTTP/1.1\r\nHost: wechat\r\n\r\n"


def test_idle_connections_do_not_shut_the_door(sandbox: Sandbox) -> None:
    at = urlsplit(sandbox.url)
    with ExitStack() as kept:
        for _ in range(300):
            line = kept.enter_context(socket.create_connection((at.hostname or "", at.port or 0), timeout=10))
            line.sendall(ASK)
            assert line.recv(16).startswith(b"HTTP/1.1 200")
        answer = httpx.get(f"{sandbox.url}/_sandbox/healthz", trust_env=False, timeout=10)
    assert answer.status_code == 200
