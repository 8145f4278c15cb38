"""Pictures: what was uploaded is decoded and encoded anew, so that only pixels of ours are served."""

import asyncio
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path

import msgspec
from PIL import Image, ImageOps, UnidentifiedImageError

from bihuan.catalog.errors import BadPicture, PictureTooLarge
from bihuan.kernel.ids import MerchantId

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_EDGE = 1600
"""Larger pictures are scaled down to this many pixels on the longer edge."""
MIN_EDGE = 8

_decoding = asyncio.Semaphore(2)
"""A picture of MAX_PIXELS takes 160 MB while it is decoded: two at a time in a process."""

_NAME = re.compile(r"^[0-9a-f]{32}$")


class Encoded(msgspec.Struct, frozen=True):
    """A WebP picture; `hash` is of its bytes and names its file."""

    data: bytes
    hash: str
    width: int
    height: int


async def encode_upload(data: bytes) -> Encoded:
    """Checks an uploaded PNG, JPEG or WebP and encodes it as WebP, in a thread.

    Its orientation is applied and its metadata (place, camera) is lost. Raises BadPicture, PictureTooLarge.
    """
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(max_mib=MAX_BYTES >> 20, max_megapixels=MAX_PIXELS // 1_000_000)
    async with _decoding:
        return await asyncio.to_thread(_encode_upload, data)


def encode(image: Image.Image, *, quality: int = 82, method: int = 4) -> Encoded:
    """A picture as WebP."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=quality, method=method)
    content = buffer.getvalue()
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    return Encoded(content, digest, image.width, image.height)


def url_of(merchant_id: MerchantId, hash: str) -> str:
    """Where a stored picture is served."""
    return f"/media/{merchant_id}/{hash}.webp"


def hash_of(merchant_id: MerchantId, url: str) -> str | None:
    """The hash in the URL of a picture of this merchant; None for any other URL."""
    prefix, suffix = f"/media/{merchant_id}/", ".webp"
    if not url.startswith(prefix) or not url.endswith(suffix):
        return None
    name = url[len(prefix) : -len(suffix)]
    return name if _NAME.match(name) else None


def path_of(home: Path, merchant_id: MerchantId, hash: str) -> Path:
    """Where a stored picture lies."""
    return home / "media" / str(merchant_id) / f"{hash}.webp"


async def write(home: Path, merchant_id: MerchantId, picture: Encoded) -> None:
    """Writes the file, whole or not at all; one that is there stays."""
    await asyncio.to_thread(_write, path_of(home, merchant_id, picture.hash), picture.data)


async def read(home: Path, merchant_id: MerchantId, hash: str) -> bytes | None:
    """The bytes of a stored picture, or None."""
    if not _NAME.match(hash):
        return None
    try:
        return await asyncio.to_thread(path_of(home, merchant_id, hash).read_bytes)
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _encode_upload(data: bytes) -> Encoded:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > MAX_PIXELS:  # known from the header, before any pixel is decoded
                raise PictureTooLarge(max_mib=MAX_BYTES >> 20, max_megapixels=MAX_PIXELS // 1_000_000)
            if min(opened.size) < MIN_EDGE:
                raise BadPicture(reason=f"{opened.width}×{opened.height} < {MIN_EDGE} px")
            opened.draft("RGB", (MAX_EDGE, MAX_EDGE))
            image = ImageOps.exif_transpose(opened)
            transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            image = image.convert("RGBA" if transparent else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadPicture(reason="unreadable") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:  # what Pillow's decoders raise on broken files
        raise BadPicture(reason="damaged") from error
    image.thumbnail((MAX_EDGE, MAX_EDGE), Image.Resampling.LANCZOS)
    return encode(image)
