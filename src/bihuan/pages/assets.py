"""The built files of the front ends: compressed once per process, kept in memory, cached by browsers for ever.

Their names carry a hash, so what a browser has is never stale; a file that was built anew is read anew.
"""

import asyncio
import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import Any, cast

import brotli
import msgspec
from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler

from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import access

_TEXTS = frozenset({".js", ".css", ".html", ".svg", ".json", ".map", ".txt"})
_LEAST = 1000
"""Smaller files gain nothing by compression."""
_QUALITY = 11
"""The best: it takes a second for the largest file, in a thread, once."""

_TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".webp": "image/webp"}


class _Kept(msgspec.Struct, frozen=True):
    """A file in memory; `stamp` says of which state of the disk."""

    stamp: tuple[int, int]
    etag: str
    plain: bytes
    brotli: bytes | None
    gzip: bytes | None


class _Shelf:
    """The files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._kept: dict[str, _Kept] = {}
        self._lock = asyncio.Lock()

    async def find(self, name: str) -> tuple[Path, _Kept]:
        """A file. Raises NotFound, also for what lies outside the folder."""
        path = (self._folder / name.lstrip("/")).resolve()
        try:
            if not path.is_relative_to(self._folder) or not path.is_file():
                raise NotFound
            about = path.stat()
        except (OSError, ValueError) as error:  # a name too long, or one that no file can have
            raise NotFound from error
        stamp = (about.st_mtime_ns, about.st_size)
        kept = self._kept.get(name)
        if kept is None or kept.stamp != stamp:
            async with self._lock:  # those who wait find it done
                kept = self._kept.get(name)
                if kept is None or kept.stamp != stamp:
                    kept = self._kept[name] = await asyncio.to_thread(_read, path, stamp)
        return path, kept


def _read(path: Path, stamp: tuple[int, int]) -> _Kept:
    plain = path.read_bytes()
    etag = f'W/"{hashlib.blake2b(plain, digest_size=12).hexdigest()}"'
    if path.suffix not in _TEXTS or len(plain) < _LEAST:
        return _Kept(stamp, etag, plain, None, None)
    packed = cast("bytes", brotli.compress(plain, quality=_QUALITY))  # pyright: ignore[reportUnknownMemberType]
    return _Kept(stamp, etag, plain, packed, gzip.compress(plain, 9, mtime=0))


def _accepted(header: str) -> set[str]:
    parts = [part.strip().partition(";") for part in header.lower().split(",")]
    return {name.strip() for name, _, weight in parts if weight.replace(" ", "") not in ("q=0", "q=0.0")}


def assets(at: str, folder: Path) -> HTTPRouteHandler:
    """A route that serves the files below `folder` under the path `at`."""
    shelf = _Shelf(folder)

    @route(f"{at}/{{file_path:path}}", http_method=["GET", "HEAD"], opt=access("public"), include_in_schema=False)
    async def serve(request: Request[Any, Any, Any], file_path: str) -> Response[bytes]:
        path, kept = await shelf.find(file_path)
        headers = {
            "ETag": kept.etag,
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        if kept.etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(b"", status_code=304, headers=headers)
        accepted, body = _accepted(request.headers.get("accept-encoding", "")), kept.plain
        for encoding, packed in (("br", kept.brotli), ("gzip", kept.gzip)):
            if packed is not None and encoding in accepted:
                headers["Content-Encoding"], body = encoding, packed
                break
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if request.method == "HEAD":
            headers["Content-Length"] = str(len(body))
            body = b""
        return Response(body, media_type=kind, headers=headers)

    return serve
