"""Requests to merchants' servers: small, with connections kept, five seconds as WeChat waits.

A full HTTP client cost four milliseconds of processor time per notification here; this one a tenth.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct, field

TIMEOUT_SECONDS = 5.0
MAX_CONNECTIONS = 64
"""To one server at a time; more wait for their turn."""
MAX_IDLE_SECONDS = 30.0
MAX_HEAD = 64 * 1024
MAX_BODY = 1024 * 1024


class Reply(Struct):
    """What a server answered."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def text(self) -> str:
        """The body for a log."""
        return self.body.decode("utf-8", "replace")


class SendError(Exception):
    """There was no answer; the text says why."""


class NoAnswerInTimeError(SendError):
    """The server took longer than WeChat waits."""


class _Stale(Exception):
    """A kept connection was closed by the other side before it answered."""


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.idle_since = 0.0

    async def exchange(self, head: bytes, body: bytes, *, kept: bool) -> tuple[Reply, bool]:
        """Send and read; the flag tells whether the connection may be kept."""
        try:
            self.writer.write(head + body)
            first = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            nothing = not isinstance(error, asyncio.IncompleteReadError) or not error.partial
            if kept and nothing:
                raise _Stale from error
            raise SendError("the server closed the connection without an answer") from error
        status, headers = _parse_head(first)
        while status // 100 == 1:
            status, headers = _parse_head(await self.reader.readuntil(b"\r\n\r\n"))
        content, complete = await self._body(status, headers)
        return Reply(status, content, headers), complete and "close" not in headers.get("connection", "").lower()

    async def _body(self, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
        if status in (204, 304):
            return b"", True
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await self._chunks(), True
        length = headers.get("content-length")
        if length is None:
            return await self.reader.read(MAX_BODY), False  # until the other side closes
        if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY:
            raise SendError(f"the answer's Content-Length is {length[:20]}")
        return await self.reader.readexactly(int(length)), True

    async def _chunks(self) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            line = await self.reader.readuntil(b"\r\n")
            count = int(line.split(b";", 1)[0], 16)
            size += count
            if count < 0 or size > MAX_BODY:
                raise SendError("the answer is too large")
            if count == 0:
                while await self.reader.readuntil(b"\r\n") != b"\r\n":
                    pass
                return b"".join(parts)
            parts.append((await self.reader.readexactly(count + 2))[:-2])


def _parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
        raise SendError("the answer is not HTTP")
    headers = (line.partition(":") for line in lines[1:] if line)
    return int(words[1]), {name.strip().lower(): value.strip() for name, _, value in headers}


Around = Callable[[str, str, dict[str, str], bytes], Awaitable[Reply]]


class Outbound:
    """Sends requests; one for a whole sandbox."""

    def __init__(self) -> None:
        self.around: Around | None = None
        """What every request passes on its way out (records it, harms it); it ends in `send_now`."""
        self._idle: dict[tuple[str, str, int], list[_Connection]] = {}
        self._turns: dict[tuple[str, str, int], asyncio.Semaphore] = {}

    async def send(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        """One request and its answer, redirects not followed. Raises SendError."""
        return await (self.around or self.send_now)(method, url, headers, body)

    async def send_now(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        """The same, straight to the wire. Raises SendError."""
        parts, origin = _split(url)
        lines = [f"{method} {_target(parts)} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
        turn = self._turns.setdefault(origin, asyncio.Semaphore(MAX_CONNECTIONS))
        async with turn:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    return await self._send(origin, head, body)
            except TimeoutError as error:
                raise NoAnswerInTimeError(f"no answer within {TIMEOUT_SECONDS:.0f} s") from error
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
                raise SendError(f"{type(error).__name__}: {error}") from error

    async def _send(self, origin: tuple[str, str, int], head: bytes, body: bytes) -> Reply:
        idle = self._idle.setdefault(origin, [])
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if connection.idle_since < now - MAX_IDLE_SECONDS or connection.reader.at_eof():
                connection.writer.close()
                continue
            try:
                return await self._exchange(idle, connection, head, body, kept=True)
            except _Stale:
                continue
        scheme, host, port = origin
        tls = _tls() if scheme == "https" else None
        reader, writer = await asyncio.open_connection(host, port, ssl=tls, limit=MAX_HEAD)
        return await self._exchange(idle, _Connection(reader, writer), head, body, kept=False)

    async def _exchange(
        self, idle: list[_Connection], connection: _Connection, head: bytes, body: bytes, *, kept: bool
    ) -> Reply:
        keep = False
        try:
            reply, keep = await connection.exchange(head, body, kept=kept)
        finally:
            if keep:
                connection.idle_since = asyncio.get_running_loop().time()
                idle.append(connection)
            else:
                connection.writer.close()
        return reply

    def close(self) -> None:
        """Let go of the connections that are kept."""
        for idle in self._idle.values():
            for connection in idle:
                connection.writer.close()
        self._idle.clear()


def _split(url: str) -> tuple[SplitResult, tuple[str, str, int]]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise SendError(f"bad address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or any(ord(char) < 33 for char in url):
        raise SendError("bad address: it must be http or https with a host")
    return parts, (parts.scheme, parts.hostname, port)


def _target(parts: SplitResult) -> str:
    target = quote(parts.path or "/", safe="%/:=&~+!$,;'@()*[]|")
    return f"{target}?{quote(parts.query, safe='%/:=&?~+!$,;@()*[]|')}" if parts.query else target
