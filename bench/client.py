"""A keep-alive HTTP client for load with logic in it: what httpx costs would be measured instead of the mall."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import msgspec

_decode = msgspec.json.Decoder().decode


class Connection:
    """One connection to one host; requests go one after another."""

    def __init__(self, base_url: str, headers: dict[str, str] | None = None) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.calls = 0

    async def call(self, method: str, path: str, body: object | None = None, extra: str = "") -> tuple[int, Any]:
        """Sends a request; returns the status and the decoded answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        payload = b"" if body is None else msgspec.json.encode(body)
        content = f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n" if payload else ""
        if method != "GET" and not payload:
            content = "Content-Length: 0\r\n"
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{self._headers}{extra}{content}\r\n"
        writer.write(head.encode() + payload)
        self.calls += 1
        raw = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(raw[9:12])
        if b"transfer-encoding: chunked" in raw:
            data = await _chunks(reader)
        else:
            at = raw.find(b"content-length:")
            data = b"" if at < 0 else await reader.readexactly(int(raw[at + 15 : raw.find(b"\r\n", at)]))
        return status, _decode(data) if data[:1] in (b"{", b"[") else data

    def close(self) -> None:
        """Closes the connection."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    data = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        data += await reader.readexactly(size)
        await reader.readexactly(2)
    await reader.readline()
    return data
