"""A load generator that costs little: keep-alive connections on raw asyncio, requests as prepared bytes."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlsplit

import msgspec


class Measured(msgspec.Struct, frozen=True):
    """What a load run saw. Latencies are in milliseconds, the shortest first."""

    seconds: float
    statuses: dict[int, int]
    latencies_ms: list[float]

    @property
    def requests(self) -> int:
        """How many were answered."""
        return len(self.latencies_ms)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def p50_ms(self) -> float:
        """Half of them were answered in this time."""
        return self._within(0.5)

    @property
    def p99_ms(self) -> float:
        """All but one in a hundred were answered in this time."""
        return self._within(0.99)

    @property
    def worst_ms(self) -> float:
        """The longest that anybody waited."""
        return self._within(1.0)

    def _within(self, share: float) -> float:
        count = len(self.latencies_ms)
        return self.latencies_ms[min(count - 1, int(count * share))] if count else 0.0


def together(runs: Sequence[Measured]) -> Measured:
    """Several runs as one."""
    return Measured(
        sum(run.seconds for run in runs),
        dict(sum((Counter(run.statuses) for run in runs), Counter[int]())),
        sorted(latency for run in runs for latency in run.latencies_ms),
    )


def request(method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """A request as bytes."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class _Connection(asyncio.Protocol):
    """One keep-alive connection: sends a request, waits for its whole answer, sends the next."""

    def __init__(self, take: Callable[[], bytes | None], seen: list[tuple[float, int]]) -> None:
        self._take = take
        self._seen = seen
        self._buffer = b""
        self._sent_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        data = self._take()
        if data is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(data)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        lower = self._buffer[:head].lower()
        at = lower.find(b"content-length:")
        length = 0 if at < 0 else int(lower[at + 15 : lower.find(b"\r\n", at) if b"\r\n" in lower[at:] else head])
        if len(self._buffer) < head + 4 + length:
            return
        self._seen.append((time.perf_counter() - self._sent_at, int(self._buffer[9:12])))
        self._buffer = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def run(url: str, requests: Iterator[bytes], *, connections: int, seconds: float | None = None) -> Measured:
    """Sends prepared requests over `connections` until they end, or for `seconds`."""
    parts = urlsplit(url)
    seen: list[tuple[float, int]] = []
    end = time.perf_counter() + seconds if seconds else None

    def take() -> bytes | None:
        if end is not None and time.perf_counter() > end:
            return None
        return next(requests, None)

    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    made = [(await loop.create_connection(lambda: _Connection(take, seen), host, port))[1] for _ in range(connections)]
    await asyncio.gather(*(connection.done for connection in made))
    elapsed = time.perf_counter() - started
    statuses = Counter(status for _, status in seen)
    return Measured(elapsed, dict(statuses), sorted(latency * 1000 for latency, _ in seen))
