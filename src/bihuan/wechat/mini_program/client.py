"""A mini program's interfaces: login, codes, phone numbers, subscribe messages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from bihuan.wechat import crypto
from bihuan.wechat.api import ApiConnection, AppConnection
from bihuan.wechat.errors import MalformedMessage
from bihuan.wechat.subscribe import SubscribeTemplates
from bihuan.wechat.tokens import TokenSource

from .safety import ContentSafety
from .shipping import Shipping

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")


class MiniSession(msgspec.Struct, frozen=True):
    """What `wx.login`'s code was exchanged for. The session key must not leave the server."""

    openid: str
    session_key: str = ""
    unionid: str = ""

    def __repr__(self) -> str:
        return f"MiniSession(openid={self.openid!r})"


class PhoneNumber(msgspec.Struct, frozen=True, rename="camel"):
    """A number that the shopper agreed to give; `pure_phone_number` is without the country code."""

    phone_number: str
    pure_phone_number: str = ""
    country_code: str = ""


class _PhoneAnswer(msgspec.Struct, frozen=True):
    phone_info: PhoneNumber


class MiniProgram:
    """One mini program: what is below, and `shipping`, `safety`, `subscribe_templates`.

    Every call may raise `ApiError` (read `errcode`) and `Unavailable`. `secret` is wanted for `login` only; a
    mini program that was authorized to an Open Platform component gives the `component`'s line instead.
    """

    def __init__(
        self,
        *,
        appid: str,
        tokens: TokenSource,
        api: ApiConnection,
        secret: str = "",
        component: AppConnection | None = None,
    ) -> None:
        self.appid = appid
        self.connection = AppConnection(appid=appid, tokens=tokens, api=api)
        self.shipping = Shipping(self.connection)
        self.safety = ContentSafety(self.connection)
        self.subscribe_templates = SubscribeTemplates(self.connection)
        self._secret = secret
        self._api = api
        self._component = component

    async def login(self, js_code: str) -> MiniSession:
        """GET /sns/jscode2session, or /sns/component/jscode2session; a code works once.

        Raises ApiError (40029 invalid code, 40226 blocked user, 45011 too often), Unavailable (not
        repeated: the code may be spent).
        """
        query = {"appid": self.appid, "js_code": js_code, "grant_type": "authorization_code"}
        if self._component is not None:
            return await self._component.call(
                "GET",
                "/sns/component/jscode2session",
                query={**query, "component_appid": self._component.appid},
                answer=MiniSession,
                repeatable=False,
            )
        return await self._api.call(
            "GET",
            "/sns/jscode2session",
            query={**query, "secret": self._secret},
            answer=MiniSession,
            repeatable=False,
        )

    async def unlimited_code(
        self,
        scene: str,
        *,
        page: str = "",
        check_path: bool = True,
        env_version: str = "release",
        width: int = 430,
    ) -> bytes:
        """A mini-program code's picture (JPEG or PNG). `scene`: 1-32 characters, `page` without leading /.

        Raises ValueError; ApiError (41030 no such page, 40169 bad scene, 45009 too often).
        """
        if not _SCENE.fullmatch(scene):
            raise ValueError("scene: 1-32 of 0-9A-Za-z!#$&'()*+,/:;=?@-._~")
        if page.startswith("/"):
            raise ValueError("page: without a leading slash")
        body: dict[str, object] = {
            "scene": scene,
            "check_path": check_path,
            "env_version": env_version,
            "width": width,
        }
        if page:
            body["page"] = page
        got = await self.connection.send("POST", "/wxa/getwxacodeunlimit", body=body, repeatable=True)
        if not got.body or got.body.lstrip()[:1] == b"{":
            raise MalformedMessage("no picture", status=got.status)
        return got.body

    async def phone_number(self, code: str) -> PhoneNumber:
        """The number behind the code of a `getPhoneNumber` button; a code works once."""
        got = await self.connection.call(
            "POST",
            "/wxa/business/getuserphonenumber",
            body={"code": code},
            answer=_PhoneAnswer,
            repeatable=False,
        )
        return got.phone_info

    async def send_subscribe(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str = "",
        state: Literal["developer", "trial", "formal"] = "formal",
        lang: str = "zh_CN",
    ) -> None:
        """A subscribe message (POST /cgi-bin/message/subscribe/send): one for each consent.

        ApiError 43101 refused or used up, 40037 unknown template, 47003 data that does not fit it, 41030 page.
        """
        body: dict[str, object] = {
            "touser": openid,
            "template_id": template_id,
            "data": {name: {"value": value} for name, value in data.items()},
            "miniprogram_state": state,
            "lang": lang,
        }
        if page:
            body["page"] = page
        await self.connection.do("/cgi-bin/message/subscribe/send", body, repeatable=False)

    def decrypt(self, session: MiniSession, *, encrypted_data: str, iv: str) -> dict[str, object]:
        """Data that the mini program handed over encrypted. Raises DecryptionFailed, MalformedMessage."""
        return crypto.decrypt_user_data(session.session_key, encrypted_data=encrypted_data, iv=iv, appid=self.appid)
