"""Answers that are the same for everybody, remembered for a moment.

What the whole town looks at (a shop's shelves, the product of the hour) is made once a second and process, however
many ask: those who come meanwhile wait for the first one's answer. A route asks for it with
`opt=access("public") | REMEMBERED`; what it answers must depend on nothing but path, query and Accept-Encoding.
Prices and stock are read anew when an order is placed, so that an old page can sell nothing wrongly.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

REMEMBERED: dict[str, Any] = {"remembered": True}

_MOST = 2000
_MOST_BYTES = 256 * 1024
_PART = re.compile(r"\\\{\w+:\w+\\\}")


class _Page(msgspec.Struct, frozen=True):
    made_at: float
    headers: list[tuple[bytes, bytes]]
    etag: bytes
    body: bytes


class PageMemory:
    """The remembered answers of one process, in front of `rest`."""

    def __init__(self, handlers: Sequence[Any], seconds: float, rest: ASGIApp) -> None:
        self._seconds = seconds
        self._rest = rest
        self._pages: dict[tuple[str, bytes, str], _Page] = {}
        self._making: dict[tuple[str, bytes, str], asyncio.Future[_Page | None]] = {}
        paths = [
            _PART.sub("[^/]+", re.escape(path))
            for handler in handlers
            if isinstance(handler, HTTPRouteHandler) and handler.opt.get("remembered")
            for path in handler.paths
        ]
        self._path = re.compile(f"^(?:{'|'.join(paths)})$") if paths and seconds > 0 else None

    def covers(self, scope: Scope) -> bool:
        """Whether this request may be answered from memory."""
        if self._path is None or scope["type"] != "http" or scope["method"] != "GET":
            return False
        return self._path.match(scope["path"]) is not None

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers from memory, or lets the route answer and remembers that."""
        encoding, known = _asked(scope)
        key = (scope["path"], scope["query_string"], encoding)
        page = self._pages.get(key)
        if page is None or time.monotonic() - page.made_at >= self._seconds:
            page = await self._make(key, scope, receive, send)
            if page is None:  # not one to remember; it has been answered
                return
        if page.etag and page.etag in known:
            headers = [(name, value) for name, value in page.headers if name in (b"etag", b"cache-control", b"vary")]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(page.headers)})
        await send({"type": "http.response.body", "body": page.body, "more_body": False})

    async def _make(self, key: tuple[str, bytes, str], scope: Scope, receive: Receive, send: Send) -> _Page | None:
        """The fresh page; None when this request was answered otherwise (an error, something large)."""
        making = self._making.get(key)
        if making is not None:
            page = await asyncio.shield(making)
            if page is not None:
                return page
            await self._rest(scope, receive, send)  # each gets its own error
            return None
        future: asyncio.Future[_Page | None] = asyncio.get_running_loop().create_future()
        self._making[key] = future
        page = None
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        try:
            await self._rest(_without_condition(scope), receive, collect)
            page = _page_of(messages)
            if page is not None:
                if len(self._pages) >= _MOST:
                    self._pages.clear()
                self._pages[key] = page
        finally:
            del self._making[key]
            future.set_result(page)
        if page is None:
            for message in messages:
                await send(message)
        return page


def _asked(scope: Scope) -> tuple[str, frozenset[bytes]]:
    """The encoding that the answer will have, and the versions that the reader has."""
    encoding, known = "", frozenset[bytes]()
    for name, value in scope["headers"]:
        if name == b"accept-encoding":
            encoding = "br" if b"br" in value else "gzip" if b"gzip" in value else ""
        elif name == b"if-none-match":
            known = frozenset(tag.strip() for tag in value.split(b","))
    return encoding, known


def _without_condition(scope: Scope) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name != b"if-none-match"]
    return {**scope, "headers": headers}  # type: ignore[return-value]


def _page_of(messages: Sequence[Message]) -> _Page | None:
    head: Any = messages[0] if messages else {}
    if head.get("status") != 200:
        return None
    parts: list[Any] = [message for message in messages if message["type"] == "http.response.body"]
    body = b"".join(part.get("body", b"") for part in parts)
    if len(body) > _MOST_BYTES:
        return None
    headers: list[tuple[bytes, bytes]] = [(name.lower(), value) for name, value in head["headers"]]
    etag = next((value for name, value in headers if name == b"etag"), b"")
    return _Page(time.monotonic(), headers, etag, body)
