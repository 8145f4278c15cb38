"""Followers of an account: the whole list in pages, details in batches, remarks.

https://developers.weixin.qq.com/doc/offiaccount/User_Management/Getting_a_User_List.html
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bihuan.wechat.api import AppConnection

from .tags import OpenidPage
from .types import Follower

PAGE = 10_000
"""Openids on one page of `list`; WeChat's number."""

MAX_BATCH = 100
"""Followers in one `batchget`."""


class _Infos(msgspec.Struct, frozen=True):
    user_info_list: tuple[Follower, ...] = ()


class Followers:
    """Who follows one account."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def list(self, *, after: str = "") -> OpenidPage:
        """Up to 10,000 openids in WeChat's order, from the one after `after`; `total` counts all."""
        query = {"next_openid": after} if after else None
        return await self._connection.call("GET", "/cgi-bin/user/get", query=query, answer=OpenidPage, repeatable=True)

    async def get(self, openid: str, *, lang: str = "zh_CN") -> Follower:
        """One follower, or anyone whose openid we know."""
        return await self._connection.call(
            "GET", "/cgi-bin/user/info", query={"openid": openid, "lang": lang}, answer=Follower, repeatable=True
        )

    async def get_many(self, openids: Sequence[str], *, lang: str = "zh_CN") -> tuple[Follower, ...]:
        """1-100 followers at once. ApiError 40003 for an openid of another account."""
        if not 1 <= len(openids) <= MAX_BATCH:
            raise ValueError(f"openids: 1-{MAX_BATCH}")
        got = await self._connection.call(
            "POST",
            "/cgi-bin/user/info/batchget",
            body={"user_list": [{"openid": openid, "lang": lang} for openid in openids]},
            answer=_Infos,
            repeatable=True,
        )
        return got.user_info_list

    async def remark(self, openid: str, remark: str) -> None:
        """What staff call a follower (fewer than 30 characters)."""
        await self._connection.do(
            "/cgi-bin/user/info/updateremark", {"openid": openid, "remark": remark}, repeatable=True
        )
