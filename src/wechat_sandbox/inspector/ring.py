"""The latest exchanges, kept as references: what they mean is worked out when somebody looks."""

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from wechat_sandbox.asgi import Answer, AsgiApp, Request

MAX_EXCHANGES = 2000
MAX_BODY_BYTES = 32 * 1024
"""Of each body kept; of a refused signature the whole body, since its bytes are the evidence."""

Kind = Literal["api", "notification", "push", "handshake", "other"]


class Exchange:
    """A request and its answer, in either direction. `status` 0 with `error` empty: still under way."""

    __slots__ = (
        "answer_body", "answer_headers", "answer_size", "appid", "at", "body", "direction", "error", "fault",
        "headers", "kind", "known", "mchid", "method", "number", "seconds", "size", "status", "target",
    )  # fmt: skip

    def __init__(
        self, number: int, direction: Literal["in", "out"], at: float, method: str, target: str, body: bytes
    ) -> None:
        self.number = number
        self.direction = direction
        self.kind: Kind = "api" if direction == "in" else "other"
        self.at = at
        """Seconds of wall-clock time, as the signatures have it."""
        self.method = method
        self.target = target
        """Path and query exactly as sent; of what left the sandbox the whole address."""
        self.headers: dict[str, str] = {}
        self.size = len(body)
        self.body = body if len(body) <= MAX_BODY_BYTES else body[:MAX_BODY_BYTES]
        self.status = 0
        self.answer_headers: dict[str, str] = {}
        self.answer_size = 0
        self.answer_body = b""
        self.seconds = 0.0
        self.fault = ""
        self.error = ""
        self.known = False
        """Whether `mchid` and `appid` were looked for."""
        self.mchid = ""
        self.appid = ""

    @property
    def path(self) -> str:
        """The target without host and query."""
        return _path(self.target)

    def answered(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Fill in the answer."""
        self.status = status
        self.answer_headers = headers
        self.answer_size = len(body)
        self.answer_body = body if len(body) <= MAX_BODY_BYTES else body[:MAX_BODY_BYTES]


def _path(target: str) -> str:
    if target.startswith("http"):
        target = "/" + target.split("://", 1)[-1].partition("/")[2]
    return target.partition("?")[0]


class Incoming:
    """What the hot path leaves behind of a call: three references and four numbers."""

    __slots__ = ("answer", "at", "fault", "number", "request", "seconds", "size")

    def __init__(
        self, number: int, at: float, seconds: float, request: "Request", answer: "Answer | None", fault: str, size: int
    ) -> None:
        self.number = number
        self.at = at
        self.seconds = seconds
        self.request = request
        self.answer = answer
        self.fault = fault
        self.size = size
        """Of the body as it came."""


def _unfold(raw: Incoming) -> Exchange:
    """An incoming call in the form that the views read."""
    request, answer = raw.request, raw.answer
    exchange = Exchange(raw.number, "in", raw.at, request.method, request.target.decode("latin-1"), request.body)
    exchange.headers = request.headers
    exchange.seconds = raw.seconds
    exchange.fault = raw.fault
    exchange.size = raw.size
    if answer is None:
        exchange.error = "the connection was cut"
        return exchange
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer.headers}
    if answer.body:
        headers["Content-Type"] = answer.content_type.decode("latin-1")
    if answer.status == 401:
        exchange.body = request.body
    exchange.answered(answer.status, headers, answer.body)
    return exchange


class Exchanges:
    """A bounded ring of the latest exchanges, newest last."""

    def __init__(self, size: int = MAX_EXCHANGES) -> None:
        self._ring: deque[Incoming | Exchange] = deque(maxlen=size)
        self.last = 0
        """The number of the newest."""
        self.serve: AsgiApp | None = None
        """The application, to send a call through it again."""
        self._listeners: set[asyncio.Queue[int | None]] = set()
        self._closed = False

    def came_in(self, request: "Request", answer: "Answer | None", started: float, fault: str = "") -> None:
        """Keep a call; `started` is `time.time()` of its arrival."""
        size = len(request.body)
        if size > MAX_BODY_BYTES and (answer is None or answer.status != 401):
            request.body = request.body[:MAX_BODY_BYTES]  # handled by now: let the rest go
        self.last += 1
        self._ring.append(Incoming(self.last, started, time.time() - started, request, answer, fault, size))
        if self._listeners:
            self._tell(self.last)

    def going_out(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Exchange:
        """Keep a request that leaves; its answer is filled in later, followed by `changed`."""
        self.last += 1
        exchange = Exchange(self.last, "out", time.time(), method, url, body)
        exchange.headers = headers
        exchange.kind = _kind(method, url, headers)
        self._ring.append(exchange)
        self.changed(exchange)
        return exchange

    def changed(self, exchange: Exchange) -> None:
        """Tell those who look on."""
        if self._listeners:
            self._tell(exchange.number)

    def _tell(self, number: int | None) -> None:
        for queue in self._listeners:
            if queue.full():
                queue.get_nowait()  # who does not keep up misses the oldest
            queue.put_nowait(number)

    def latest(self) -> list[Exchange]:
        """All that are kept, newest first."""
        for place, row in enumerate(self._ring):
            if isinstance(row, Incoming):
                self._ring[place] = _unfold(row)
        return [row for row in reversed(self._ring) if isinstance(row, Exchange)]

    def find(self, number: int) -> Exchange | None:
        """One of them, or None when it is past."""
        place = number - self._ring[0].number if self._ring else -1  # numbers follow one another
        if not 0 <= place < len(self._ring):
            return None
        row = self._ring[place]
        found = self._ring[place] = _unfold(row) if isinstance(row, Incoming) else row
        return found

    def clear(self) -> None:
        """Forget all."""
        self._ring.clear()

    def listen(self) -> asyncio.Queue[int | None]:
        """A queue of the numbers of new and changed exchanges; None means that the sandbox stops."""
        queue: asyncio.Queue[int | None] = asyncio.Queue(maxsize=1000)
        self._listeners.add(queue)
        if self._closed:
            queue.put_nowait(None)
        return queue

    def leave(self, queue: asyncio.Queue[int | None]) -> None:
        """Stop listening."""
        self._listeners.discard(queue)

    def close(self) -> None:
        """End every stream, and those that still come."""
        self._closed = True
        self._tell(None)


def _kind(method: str, url: str, headers: dict[str, str]) -> Kind:
    if "Wechatpay-Signature" in headers:
        return "notification"
    if method == "GET" and "echostr=" in url:
        return "handshake"
    return "push" if "signature=" in url else "other"
