"""What shoppers and merchants write and show, looked through by WeChat.

https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/msgSecCheck.html and mediaCheckAsync
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import msgspec

from bihuan.wechat.api import AppConnection

MAX_TEXT = 2500


class Scene(IntEnum):
    """Where the text or picture shows."""

    PROFILE = 1
    COMMENT = 2
    FORUM = 3
    SOCIAL_LOG = 4


class Verdict(msgspec.Struct, frozen=True):
    """What WeChat thinks; `label` 100 is nothing, 10001 advertising, 20002 pornography, ... 21000 other."""

    suggest: str = "pass"
    label: int = 100


class TextChecked(msgspec.Struct, frozen=True, kw_only=True):
    """A text's verdict; `trace_id` names the check to WeChat's people."""

    result: Verdict = msgspec.field(default_factory=Verdict)
    trace_id: str = ""

    @property
    def risky(self) -> bool:
        """Whether it must not be shown."""
        return self.result.suggest == "risky"


class _Trace(msgspec.Struct, frozen=True):
    trace_id: str


class ContentSafety:
    """The checks of one mini program: 4,000 texts and 2,000 pictures a minute."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection

    async def check_text(
        self, content: str, *, openid: str, scene: Scene, title: str = "", nickname: str = ""
    ) -> TextChecked:
        """Looks through a text of 1-2,500 characters.

        `openid` must have been in the mini program within two hours. ApiError 61010 otherwise, 40129 scene.
        """
        if not 1 <= len(content) <= MAX_TEXT:
            raise ValueError(f"content: 1-{MAX_TEXT} characters")
        body: dict[str, object] = {"content": content, "version": 2, "scene": int(scene), "openid": openid}
        if title:
            body["title"] = title
        if nickname:
            body["nickname"] = nickname
        return await self._connection.call("POST", "/wxa/msg_sec_check", body=body, answer=TextChecked, repeatable=True)

    async def check_media(self, url: str, *, kind: Literal["audio", "picture"], openid: str, scene: Scene) -> str:
        """Has a picture or a sound looked through; answers the id that the event `wxa_media_check` will bear.

        The verdict comes within half an hour (`events.MediaChecked`).
        """
        body = {
            "media_url": url,
            "media_type": 2 if kind == "picture" else 1,
            "version": 2,
            "scene": int(scene),
            "openid": openid,
        }
        got = await self._connection.call("POST", "/wxa/media_check_async", body=body, answer=_Trace, repeatable=True)
        return got.trace_id
