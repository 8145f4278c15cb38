"""The outbound client, against servers that misbehave byte by byte."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest

from bihuan.kernel.outbound import new_http_client

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-One: 1\r\n\r\nok"


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with new_http_client() as client:
        yield client


class Server:
    """A listener whose behaviour is the test's; counts its connections and keeps what it read."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self.connections = 0
        self.heads: list[bytes] = []

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                length = next(
                    (line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), b":0"
                )
                await reader.readexactly(int(length.partition(b":")[2]))
                await self._talk(reader, writer)
                await writer.drain()
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def well(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()


async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it")
    await writer.drain()
    writer.close()


async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"what?\r\n\r\n")


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()  # until the client goes


async def test_the_target_and_the_headers_go_out_as_they_are(http: httpx.AsyncClient) -> None:
    server = Server(well)
    async with server as url:
        answer = await http.post(f"{url}/v3/a%20b?c=%2F&d=1", content=b"{}", headers={"X-Mine": "a"})
        assert (answer.status_code, answer.text, answer.headers["x-one"]) == (200, "ok", "1")
        await http.get(f"{url}/again")
    assert server.heads[0].startswith(b"POST /v3/a%20b?c=%2F&d=1 HTTP/1.1\r\n")
    assert server.heads[0].lower().count(b"host:") == server.heads[0].lower().count(b"content-length:") == 1
    assert b"x-mine: a" in server.heads[0].lower()
    assert server.connections == 1


async def test_what_was_never_sent_may_be_sent_again(http: httpx.AsyncClient) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(httpx.ConnectError):
            await http.post(f"http://127.0.0.1:{nobody.getsockname()[1]}/")


@pytest.mark.parametrize("talk", [hang_up, reset, half, nonsense, silence])
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_what_was_sent_is_never_called_unsent(http: httpx.AsyncClient, talk: Talk, method: str) -> None:
    async with Server(talk) as url:
        with pytest.raises(httpx.TransportError) as caught:
            await http.request(method, url, content=b"{}", timeout=0.5)
    assert not isinstance(caught.value, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
    assert isinstance(caught.value, httpx.ReadTimeout) == (talk is silence)


async def test_a_command_on_a_connection_that_died_is_not_sent_twice(http: httpx.AsyncClient) -> None:
    asked = 0

    async def once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            writer.write(OK)
        else:
            writer.close()  # it was read, and may have been acted on

    server = Server(once)
    async with server as url:
        await http.post(url, content=b"1")
        with pytest.raises(httpx.TransportError) as caught:
            await http.post(url, content=b"2")
    assert not isinstance(caught.value, (httpx.ConnectError, httpx.ConnectTimeout))
    assert asked == 2


async def test_a_redirect_is_an_answer(http: httpx.AsyncClient) -> None:
    async def elsewhere(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")

    async with Server(elsewhere) as url:
        assert (await http.get(url)).status_code == 302


async def test_an_answer_left_half_read_does_not_poison_the_next(http: httpx.AsyncClient) -> None:
    async def long(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 1_000_000)

    server = Server(long)
    async with server as url:
        async with http.stream("GET", url) as answer:
            async for _ in answer.aiter_bytes():
                break
        assert len((await http.get(url)).content) == 1_000_000
    assert server.connections == 2
