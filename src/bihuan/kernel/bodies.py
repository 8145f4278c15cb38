"""Request bodies of plain ASGI handlers."""

from litestar.types import Receive

from bihuan.kernel.errors import BadRequest, TooLarge


async def read_body(receive: Receive, limit_bytes: int) -> bytes:
    """The whole body. Raises TooLarge beyond `limit_bytes`, and BadRequest when the client went away."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise BadRequest(detail="the client went away")
        part = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            raise TooLarge
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
