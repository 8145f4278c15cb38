"""A thin layer over ASGI for WeChat's own paths, where a framework's cost per request would hurt."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from wechat_sandbox.world import World

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 1024 * 1024
MAX_UPLOAD = 21 * 1024 * 1024
UPLOADS = (
    "/cgi-bin/media/",
    "/cgi-bin/material/",
    "/customservice/",
    "/wxa/img_sec_check",
    "/v3/merchant-service/images/",
)
"""Paths that take files."""
JSON_TYPE = b"application/json; charset=utf-8"


class BodyTooLargeError(Exception):
    """The request body is over MAX_BODY."""


class Request:
    """What a handler needs of a request. `target` is path and query exactly as sent."""

    __slots__ = ("_query", "body", "headers", "method", "params", "path", "query_bytes", "target")

    def __init__(
        self, scope: Scope, headers: dict[str, str], body: bytes, params: Mapping[str, str] | None = None
    ) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_bytes: bytes = scope["query_string"]
        raw: bytes = scope.get("raw_path") or self.path.encode()
        self.target = raw + b"?" + self.query_bytes if self.query_bytes else raw
        self.headers = headers
        self.body = body
        self.params = params or {}
        self._query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The decoded query; of a repeated name the last value."""
        if self._query is None:
            text = self.query_bytes.decode("utf-8", "replace")
            self._query = dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
        return self._query

    def cookie(self, name: str) -> str:
        """A cookie's value, or an empty string."""
        for part in self.headers.get("cookie", "").split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value
        return ""


class Answer:
    """A whole response; a long body may come in `pieces` instead."""

    __slots__ = ("body", "content_type", "headers", "pieces", "status")

    def __init__(
        self,
        status: int = 200,
        body: bytes = b"",
        content_type: bytes = JSON_TYPE,
        headers: list[tuple[bytes, bytes]] | None = None,
        pieces: Iterator[bytes] | None = None,
    ) -> None:
        self.status = status
        self.pieces = pieces
        self.body = body
        self.content_type = content_type
        self.headers = headers or []


def json_answer(data: Any, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status, msgspec.json.encode(data))


def html_answer(page: str, status: int = 200) -> Answer:
    """A page."""
    return Answer(status, page.encode(), b"text/html; charset=utf-8")


def redirect(url: str) -> Answer:
    """A 302 that no cache keeps."""
    return Answer(302, b"", b"text/plain", [(b"location", url.encode("utf-8")), (b"cache-control", b"no-store")])


async def read_body(receive: Receive, limit: int = MAX_BODY) -> bytes:
    """The whole body. Raises BodyTooLargeError beyond `limit` bytes."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return b""
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks = [body]
        size = len(body)
        while message.get("more_body"):
            message = await receive()
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise BodyTooLargeError
        body = b"".join(chunks)
    if len(body) > limit:
        raise BodyTooLargeError
    return body


def read_headers(scope: Scope) -> dict[str, str]:
    """Header names in lower case; latin-1 as HTTP has them."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


async def send_answer(send: Send, answer: Answer) -> None:
    """Write an answer out."""
    if answer.pieces is not None:
        await _send_pieces(send, answer, answer.pieces)
        return
    headers = [(b"content-length", str(len(answer.body)).encode()), *answer.headers]
    if answer.body:
        headers.append((b"content-type", answer.content_type))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_pieces(send: Send, answer: Answer, pieces: Iterator[bytes]) -> None:
    headers = [*answer.headers, (b"content-type", answer.content_type)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


Handler = Callable[[World, Request], Answer]


class Routes:
    """Paths to handlers, by method; `{name}` stands for one segment."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, Handler]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Handler]]] = []
        self._by_path: dict[str, dict[str, Handler]] = {}

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Register a handler."""
        if "{" not in path:
            self._exact.setdefault(path, {})[method] = handler
            return
        methods = self._by_path.get(path)
        if methods is None:
            methods = self._by_path[path] = {}
            pattern = re.compile("".join(_segment(part) for part in re.split(r"(\{\w+\})", path)))
            self._patterns.append((pattern, methods))
        methods[method] = handler

    def find(self, path: str) -> tuple[dict[str, Handler], dict[str, str]] | None:
        """Handlers by method and the values of the placeholders, or None."""
        methods = self._exact.get(path)
        if methods is not None:
            return methods, {}
        for pattern, methods in self._patterns:
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict()
        return None


def _segment(part: str) -> str:
    return f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
