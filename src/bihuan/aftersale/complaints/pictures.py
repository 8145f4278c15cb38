"""Pictures of complaints: WeChat's, which only a signed request gets, and ours on their way to it."""

import asyncio
import io
from collections.abc import Sequence
from contextlib import aclosing

from PIL import Image

from bihuan import catalog
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat.pay import ComplaintDesk

MOST_BYTES = 8 * 1024 * 1024
"""WeChat takes 2 MB of a merchant; of what shoppers send no limit is documented."""
_MOST_SENT = 2 * 1024 * 1024
_QUALITIES = (88, 75, 60)


async def fetch(desk: ComplaintDesk, url: str) -> tuple[bytes, str]:
    """A picture of WeChat's and its media type, by its first bytes. Raises NotFound for anything else, WeChatError."""
    content = bytearray()
    async with aclosing(desk.image(url)) as chunks:
        async for chunk in chunks:
            content += chunk
            if len(content) > MOST_BYTES:
                raise NotFound
    kind = _kind(bytes(content[:16]))
    if kind is None:
        raise NotFound
    return bytes(content), kind


def _kind(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return "image/bmp" if head.startswith(b"BM") else None


async def upload(rt: Runtime, merchant_id: MerchantId, desk: ComplaintDesk, urls: Sequence[str]) -> tuple[str, ...]:
    """Gives stored pictures to WeChat, which takes no WebP; answers its `media_id`s.

    Raises WeChatError; ValueError for one that is gone.
    """
    found: list[str] = []
    for place, url in enumerate(urls, 1):
        name = catalog.picture_hash(merchant_id, url)
        stored = await catalog.read_picture(rt.settings.home, merchant_id, name) if name else None
        if stored is None:
            raise ValueError("a picture is not there any more")
        content = await asyncio.to_thread(_as_jpeg, stored)
        found.append(await desk.upload_image(filename=f"{place}.jpg", content=content))
    return tuple(found)


def _as_jpeg(stored: bytes) -> bytes:
    with Image.open(io.BytesIO(stored), formats=("WEBP",)) as opened:
        image = opened.convert("RGB")
    content = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        content = buffer.getvalue()
        if len(content) <= _MOST_SENT:
            break
    return content
