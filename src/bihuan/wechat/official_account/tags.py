"""Tags on followers: at most 100 per account, at most 20 per follower.

https://developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html ; paths as in wechatpy
1.8.18 `client/api/tag.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bihuan.wechat.api import AppConnection

MAX_BATCH = 50
"""Openids in one batchtagging."""


class Tag(msgspec.Struct, frozen=True):
    """A tag; `count` is how many followers bear it, as WeChat last counted."""

    id: int
    name: str
    count: int = 0


class _Wrapped(msgspec.Struct, frozen=True):
    tag: Tag


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[Tag, ...] = ()


class _Openids(msgspec.Struct, frozen=True):
    openid: tuple[str, ...] = ()


class OpenidPage(msgspec.Struct, frozen=True):
    """A page of openids; `next_openid` names the page after it, and is empty on the last."""

    total: int = 0
    count: int = 0
    data: _Openids = msgspec.field(default_factory=_Openids)
    next_openid: str = ""

    @property
    def openids(self) -> tuple[str, ...]:
        """Who is on this page."""
        return self.data.openid


class _TagIds(msgspec.Struct, frozen=True):
    tagid_list: tuple[int, ...] = ()


class Tags:
    """The tags of one account."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def create(self, name: str) -> Tag:
        """A new tag. ApiError 45157 name taken, 45158 longer than 30 bytes, 45056 too many."""
        got = await self._connection.call(
            "POST", "/cgi-bin/tags/create", body={"tag": {"name": name}}, answer=_Wrapped, repeatable=False
        )
        return got.tag

    async def list(self) -> tuple[Tag, ...]:
        """All tags."""
        return (await self._connection.call("GET", "/cgi-bin/tags/get", answer=_Tags, repeatable=True)).tags

    async def rename(self, tag_id: int, name: str) -> None:
        """Another name. ApiError 45058 for WeChat's own tags (0-2)."""
        await self._connection.do("/cgi-bin/tags/update", {"tag": {"id": tag_id, "name": name}}, repeatable=True)

    async def delete(self, tag_id: int) -> None:
        """Takes the tag away. ApiError 45057 when more than 100,000 bear it."""
        await self._connection.do("/cgi-bin/tags/delete", {"tag": {"id": tag_id}}, repeatable=True)

    async def members(self, tag_id: int, *, after: str = "") -> OpenidPage:
        """Who bears a tag, so many at a time."""
        return await self._connection.call(
            "POST",
            "/cgi-bin/user/tag/get",
            body={"tagid": tag_id, "next_openid": after},
            answer=OpenidPage,
            repeatable=True,
        )

    async def put(self, tag_id: int, openids: Sequence[str]) -> None:
        """Tags 1-50 followers. ApiError 45059 when one has 20 already, 49003 not of this account."""
        await self._batch("batchtagging", tag_id, openids)

    async def take(self, tag_id: int, openids: Sequence[str]) -> None:
        """Takes a tag from 1-50 followers."""
        await self._batch("batchuntagging", tag_id, openids)

    async def of(self, openid: str) -> tuple[int, ...]:
        """The ids of a follower's tags."""
        got = await self._connection.call(
            "POST", "/cgi-bin/tags/getidlist", body={"openid": openid}, answer=_TagIds, repeatable=True
        )
        return got.tagid_list

    async def _batch(self, verb: str, tag_id: int, openids: Sequence[str]) -> None:
        if not 1 <= len(openids) <= MAX_BATCH:
            raise ValueError(f"openids: 1-{MAX_BATCH}")
        body = {"openid_list": list(openids), "tagid": tag_id}
        await self._connection.do(f"/cgi-bin/tags/members/{verb}", body, repeatable=True)
