"""Subscribe messages: one consent, one message. The templates of Official Accounts and mini programs alike.

https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .api import AppConnection


class Category(msgspec.Struct, frozen=True):
    """A category of the account; the library's templates belong to one."""

    id: int
    name: str = ""


class LibraryTemplate(msgspec.Struct, frozen=True):
    """A template of WeChat's library; `type` 2 for one consent one message, 3 for lasting ones."""

    tid: int
    title: str = ""
    type: int = 2
    categoryId: str = ""  # noqa: N815 WeChat's name


class Keyword(msgspec.Struct, frozen=True):
    """A field that a library template may have."""

    kid: int
    name: str = ""
    example: str = ""
    rule: str = ""


class SubscribeTemplate(msgspec.Struct, frozen=True):
    """A template that the account has; its fields stand in `content` as `{{thing1.DATA}}`."""

    priTmplId: str  # noqa: N815 WeChat's name
    title: str = ""
    content: str = ""
    example: str = ""
    type: int = 2

    @property
    def id(self) -> str:
        """What `send` calls it by."""
        return self.priTmplId


class _Categories(msgspec.Struct, frozen=True):
    data: tuple[Category, ...] = ()


class _Library(msgspec.Struct, frozen=True):
    count: int = 0
    data: tuple[LibraryTemplate, ...] = ()


class _Keywords(msgspec.Struct, frozen=True):
    data: tuple[Keyword, ...] = ()


class _Templates(msgspec.Struct, frozen=True):
    data: tuple[SubscribeTemplate, ...] = ()


class _Added(msgspec.Struct, frozen=True):
    priTmplId: str  # noqa: N815 WeChat's name


class SubscribeTemplates:
    """The subscribe-message templates of one account or mini program."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def categories(self) -> tuple[Category, ...]:
        """The account's categories."""
        got = await self._connection.call("GET", "/wxaapi/newtmpl/getcategory", answer=_Categories, repeatable=True)
        return got.data

    async def library(
        self, category_ids: Sequence[int], *, start: int = 0, limit: int = 30
    ) -> tuple[LibraryTemplate, ...]:
        """Templates to choose from, at most 30 at a time."""
        query = {"ids": ",".join(map(str, category_ids)), "start": str(start), "limit": str(limit)}
        got = await self._connection.call(
            "GET", "/wxaapi/newtmpl/getpubtemplatetitles", query=query, answer=_Library, repeatable=True
        )
        return got.data

    async def keywords(self, tid: int) -> tuple[Keyword, ...]:
        """The fields to choose from."""
        got = await self._connection.call(
            "GET",
            "/wxaapi/newtmpl/getpubtemplatekeywords",
            query={"tid": str(tid)},
            answer=_Keywords,
            repeatable=True,
        )
        return got.data

    async def add(self, tid: int, keywords: Sequence[int], scene: str) -> str:
        """Takes a template with 2-5 fields, for a scene of at most 15 characters; answers its id.

        ApiError 200011 too many, 200012 the same twice, 200014 wrong tid, 200020 wrong fields.
        """
        got = await self._connection.call(
            "POST",
            "/wxaapi/newtmpl/addtemplate",
            body={"tid": str(tid), "kidList": list(keywords), "sceneDesc": scene},
            answer=_Added,
            repeatable=False,
        )
        return got.priTmplId

    async def list(self) -> tuple[SubscribeTemplate, ...]:
        """The templates of the account."""
        got = await self._connection.call("GET", "/wxaapi/newtmpl/gettemplate", answer=_Templates, repeatable=True)
        return got.data

    async def delete(self, template_id: str) -> None:
        """Drops one."""
        await self._connection.do("/wxaapi/newtmpl/deltemplate", {"priTmplId": template_id}, repeatable=True)
