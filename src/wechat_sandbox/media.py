"""Uploaded files of apps and companies: what kinds there are, how large, how long they live.

Source: developers.weixin.qq.com 新增临时素材, 新增永久素材 (image 10 MB, voice 2 MB, video 10 MB, thumb 64 KB;
temporary ones live three days); developer.work.weixin.qq.com 上传临时素材 (file 20 MB). Codes 40004 to 40009.
"""

import secrets
from base64 import b64decode, b64encode
from typing import Any

from wechat_sandbox.asgi import Answer
from wechat_sandbox.models_apps import Media
from wechat_sandbox.multipart import Part
from wechat_sandbox.world import World
from wechat_sandbox.wx_errors import WxError

TEMPORARY_SECONDS = 3 * 86400
MIB = 1024 * 1024
_PICTURES = ("jpg", "jpeg", "png", "gif", "bmp")
KINDS: dict[str, tuple[int, tuple[str, ...]]] = {
    "image": (10 * MIB, _PICTURES),
    "voice": (2 * MIB, ("amr", "mp3")),
    "video": (10 * MIB, ("mp4",)),
    "thumb": (64 * 1024, ("jpg", "jpeg")),
    "file": (20 * MIB, ()),
}
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "amr": "audio/amr",
    "mp3": "audio/mp3",
    "mp4": "video/mp4",
}


def check(kind: str, file: Part) -> str:
    """The content type. Raises WxError 40004, 40005, 40006."""
    if kind not in KINDS:
        raise WxError(40004)
    limit, endings = KINDS[kind]
    ending = file.name.rpartition(".")[2].lower()
    if endings and ending not in endings:
        raise WxError(40005)
    if len(file.content) > limit:
        raise WxError(40006)
    return _TYPES.get(ending, "application/octet-stream")


def keep(
    world: World, owner: str, kind: str, file: Part, *, permanent: bool, info: dict[str, Any] | None = None
) -> Media:
    """Keep a file. Raises WxError."""
    content_type = check(kind, file)
    now = world.clock.now()
    row = Media(
        secrets.token_urlsafe(48)[:64],
        owner,
        kind,
        file.name,
        content_type,
        b64encode(file.content).decode(),
        now,
        None if permanent else now + TEMPORARY_SECONDS,
        info or {},
    )
    return world.apps.media.put(row.media_id, row)


def find(world: World, owner: str, media_id: str, *, permanent: bool | None = None) -> Media:
    """A living file of the owner. Raises WxError 40007."""
    row = world.apps.media.get(media_id)
    if row is None or row.owner != owner:
        raise WxError(40007)
    if row.expires_at is not None and world.clock.now() >= row.expires_at:
        raise WxError(40007)
    if permanent is not None and permanent != (row.expires_at is None):
        raise WxError(40007)
    return row


def content(row: Media) -> Answer:
    """The file itself."""
    name = row.name.encode("ascii", "replace").decode().replace('"', "_").replace("\r", "_").replace("\n", "_")
    disposition = f'attachment; filename="{name}"'.encode()
    return Answer(
        200,
        b64decode(row.content),
        row.content_type.encode("latin-1", "replace"),
        [(b"content-disposition", disposition)],
    )


def url(world: World, row: Media) -> str:
    """Where a picture is served to anybody."""
    return f"{world.settings.base_url}/mmbiz/{row.media_id}/0"
