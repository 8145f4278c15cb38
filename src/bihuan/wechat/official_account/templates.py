"""The templates of template messages: choosing, listing, dropping; sending is `OfficialAccount.send_template`.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bihuan.wechat.api import AppConnection


class Template(msgspec.Struct, frozen=True):
    """A template that the account has; its fields stand in `content` as `{{name.DATA}}`."""

    template_id: str
    title: str = ""
    content: str = ""
    example: str = ""
    primary_industry: str = ""
    deputy_industry: str = ""


class _Added(msgspec.Struct, frozen=True):
    template_id: str


class _All(msgspec.Struct, frozen=True):
    template_list: tuple[Template, ...] = ()


class Industry(msgspec.Struct, frozen=True):
    """One of the account's two industries."""

    first_class: str = ""
    second_class: str = ""


class Industries(msgspec.Struct, frozen=True):
    """The industries that decide which templates there are."""

    primary_industry: Industry = msgspec.field(default_factory=Industry)
    secondary_industry: Industry = msgspec.field(default_factory=Industry)


class Templates:
    """The templates of one account."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def add(self, short_id: str, keywords: Sequence[str] = ()) -> str:
        """Takes a template from WeChat's library; answers its id. ApiError 45026 too many."""
        body: dict[str, object] = {"template_id_short": short_id}
        if keywords:
            body["keyword_name_list"] = list(keywords)
        got = await self._connection.call(
            "POST", "/cgi-bin/template/api_add_template", body=body, answer=_Added, repeatable=False
        )
        return got.template_id

    async def list(self) -> tuple[Template, ...]:
        """All templates of the account."""
        got = await self._connection.call(
            "GET", "/cgi-bin/template/get_all_private_template", answer=_All, repeatable=True
        )
        return got.template_list

    async def delete(self, template_id: str) -> None:
        """Drops one. ApiError 40037 when there is none."""
        await self._connection.do(
            "/cgi-bin/template/del_private_template", {"template_id": template_id}, repeatable=True
        )

    async def set_industries(self, first: str, second: str) -> None:
        """The account's industries by their codes; once a month. ApiError 43100 too soon."""
        body = {"industry_id1": first, "industry_id2": second}
        await self._connection.do("/cgi-bin/template/api_set_industry", body, repeatable=True)

    async def industries(self) -> Industries:
        """The account's industries."""
        return await self._connection.call("GET", "/cgi-bin/template/get_industry", answer=Industries, repeatable=True)
