"""Pictures, voices and videos given to WeChat: for three days, for ever, or for the text of an article.

https://developers.weixin.qq.com/doc/offiaccount/Asset_Management/New_temporary_materials.html and
Adding_Permanent_Assets.html. WeChat checks form and size: 40005 file type, 45001 size, 40004 kind, 40007 media id.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from bihuan.wechat.api import AppConnection, Upload

MediaKind = Literal["image", "voice", "video", "thumb"]


class TemporaryMedia(msgspec.Struct, frozen=True):
    """An upload that WeChat keeps for three days; a thumb's id comes under a name of its own."""

    type: str = ""
    media_id: str = ""
    thumb_media_id: str = ""
    created_at: int = 0

    @property
    def id(self) -> str:
        """The id to send with."""
        return self.media_id or self.thumb_media_id


class Material(msgspec.Struct, frozen=True):
    """A permanent upload; pictures have an address too."""

    media_id: str
    url: str = ""
    name: str = ""
    update_time: int = 0


class MaterialPage(msgspec.Struct, frozen=True):
    """A page of permanent uploads."""

    total_count: int
    item_count: int
    item: tuple[Material, ...] = ()


class MaterialCount(msgspec.Struct, frozen=True):
    """How many permanent uploads there are."""

    voice_count: int = 0
    video_count: int = 0
    image_count: int = 0
    news_count: int = 0


class _Url(msgspec.Struct, frozen=True):
    url: str


class _Video(msgspec.Struct, frozen=True):
    video_url: str = ""
    down_url: str = ""


class Materials:
    """What one account uploaded. An upload is not repeated by itself when its outcome is unknown."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def upload_temporary(
        self, kind: MediaKind, filename: str, content: bytes, content_type: str
    ) -> TemporaryMedia:
        """For three days. Repeating it only makes another one, so it is repeated."""
        return await self._connection.call(
            "POST",
            "/cgi-bin/media/upload",
            query={"type": kind},
            upload=Upload(filename=filename, content=content, content_type=content_type),
            answer=TemporaryMedia,
            repeatable=True,
        )

    async def get_temporary(self, media_id: str) -> bytes:
        """A temporary upload's bytes; a video's address is followed by the caller (`{"video_url"}`)."""
        got = await self._connection.send("GET", "/cgi-bin/media/get", query={"media_id": media_id}, repeatable=True)
        return got.body

    async def upload_permanent(
        self,
        kind: MediaKind,
        filename: str,
        content: bytes,
        content_type: str,
        *,
        title: str = "",
        introduction: str = "",
    ) -> Material:
        """For ever: an account has 100,000 pictures and 1,000 of the other kinds. A video wants a title."""
        form: dict[str, str] = {}
        if kind == "video":
            described = msgspec.json.encode({"title": title, "introduction": introduction})
            form["description"] = described.decode()
        return await self._connection.call(
            "POST",
            "/cgi-bin/material/add_material",
            query={"type": kind},
            upload=Upload(filename=filename, content=content, content_type=content_type, form=form),
            answer=Material,
            repeatable=False,
        )

    async def upload_article_picture(self, filename: str, content: bytes, content_type: str) -> str:
        """A JPEG or PNG of at most 1 MB for the text of an article; answers its address."""
        got = await self._connection.call(
            "POST",
            "/cgi-bin/media/uploadimg",
            upload=Upload(filename=filename, content=content, content_type=content_type),
            answer=_Url,
            repeatable=True,
        )
        return got.url

    async def get(self, media_id: str) -> bytes:
        """A permanent picture's, voice's or thumb's bytes."""
        got = await self._connection.send(
            "POST", "/cgi-bin/material/get_material", body={"media_id": media_id}, repeatable=True
        )
        return got.body

    async def video_url(self, media_id: str) -> str:
        """Where a permanent video can be fetched."""
        got = await self._connection.call(
            "POST", "/cgi-bin/material/get_material", body={"media_id": media_id}, answer=_Video, repeatable=True
        )
        return got.down_url or got.video_url

    async def delete(self, media_id: str) -> None:
        """Takes a permanent upload away."""
        await self._connection.do("/cgi-bin/material/del_material", {"media_id": media_id}, repeatable=True)

    async def count(self) -> MaterialCount:
        """How many there are."""
        return await self._connection.call(
            "GET", "/cgi-bin/material/get_materialcount", answer=MaterialCount, repeatable=True
        )

    async def list(self, kind: Literal["image", "voice", "video"], *, offset: int = 0, count: int = 20) -> MaterialPage:
        """Permanent uploads, 1-20 at a time."""
        return await self._connection.call(
            "POST",
            "/cgi-bin/material/batchget_material",
            body={"type": kind, "offset": offset, "count": count},
            answer=MaterialPage,
            repeatable=True,
        )
