"""A web server of a few lines, for the sandbox to deliver to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Delivery(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


Reply = tuple[int, bytes]


class Listener:
    """Hands each request to `answers[path]`; keeps the deliveries."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Delivery], Reply]] = {}
        self.deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self.base_url = ""

    async def __aenter__(self) -> Listener:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    async def next(self, path: str) -> Delivery:
        """The next delivery to a path, within ten seconds."""
        async with asyncio.timeout(10):
            while (got := await self.deliveries.get()).path != path or got.method != "POST":
                pass
            return got

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers: Mapping[str, str] = {
            n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        got = Delivery(method, parts.path, query, dict(headers), body)
        status, content = self.answers.get(parts.path, lambda _: (404, b""))(got)
        writer.write(
            b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(content)) + content
        )
        await writer.drain()
        writer.close()
        self.deliveries.put_nowait(got)
