"""The sender: connections kept, odd answers told as errors, never raised as anything else."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from wechat_sandbox import outbound
from wechat_sandbox.outbound import NoAnswerInTimeError, Outbound, SendError


class Server:
    """Answers each request with the next of the given texts, then closes if told so."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.close_after = False
        self.server: asyncio.Server | None = None

    async def start(self) -> str:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
                body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
                self.requests.append(head + body)
                writer.write(self.answers.pop(0))
                await writer.drain()
                if self.close_after:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    yield server
    if server.server:
        server.server.close()


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_connections_are_kept(server: Server) -> None:
    url = await server.start()
    sender = Outbound()
    server.answers = [OK, b"HTTP/1.1 204 No Content\r\n\r\n", OK]
    assert (await sender.send("POST", url + "/店?a=b%20c&d=汉", {"X": "1"}, b"body")).body == b"ok"
    assert (await sender.send("POST", url, {})).status == 204
    assert (await sender.send("GET", url, {})).status == 200
    assert server.connections == 1
    assert server.requests[0].startswith(b"POST /%E5%BA%97?a=b%20c&d=%E6%B1%89 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert server.requests[0].endswith(b"Content-Length: 4\r\n\r\nbody")
    sender.close()


async def test_a_connection_closed_meanwhile_is_made_again(server: Server) -> None:
    url = await server.start()
    sender = Outbound()
    server.answers, server.close_after = [OK, OK], True
    for _ in range(2):
        assert (await sender.send("POST", url, {})).status == 200
        await asyncio.sleep(0.01)
    assert server.connections == 2
    sender.close()


async def test_chunks_and_answers_without_a_length(server: Server) -> None:
    url = await server.start()
    sender = Outbound()
    server.answers = [
        b"HTTP/1.1 100 Continue\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=1\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
        b"HTTP/1.0 500 No\r\n\r\nuntil the end",
    ]
    assert (await sender.send("POST", url, {})).body == b"abc"
    server.close_after = True
    reply = await sender.send("POST", url, {})
    assert (reply.status, reply.body) == (500, b"until the end")
    sender.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_broken_answers(server: Server, answer: bytes) -> None:
    url = await server.start()
    server.answers, server.close_after = [answer], True
    with pytest.raises(SendError):
        await Outbound().send("POST", url, {})


async def test_no_answer_in_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await server.start()
    server.answers = [b"HTTP/1.1 200 OK\r\n"]
    monkeypatch.setattr(outbound, "TIMEOUT_SECONDS", 0.05)
    with pytest.raises(NoAnswerInTimeError):
        await Outbound().send("POST", url, {})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "ftp://x/",
        "http://",
        "http://a:b/",
        "http://[",
        "http://127.0.0.1:9/",
        "http://x.invalid/",
        "http://a\r\nb/",
    ],
)
async def test_bad_addresses(url: str) -> None:
    with pytest.raises(SendError):
        await Outbound().send("POST", url, {})
