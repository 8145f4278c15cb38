"""A mini program's interfaces: login, codes, phone numbers."""

from __future__ import annotations

import re

import msgspec

from . import crypto
from .api import ApiConnection, AppConnection
from .errors import MalformedMessage
from .tokens import TokenSource

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
    """One mini program. Every call may raise `ApiError` (read `errcode`) and `Unavailable`."""

    def __init__(self, *, appid: str, secret: str, tokens: TokenSource, api: ApiConnection) -> None:
        self.appid = appid
        self.connection = AppConnection(appid=appid, tokens=tokens, api=api)
        self._secret = secret
        self._api = api

    async def login(self, js_code: str) -> MiniSession:
        """GET /sns/jscode2session; a code works once.

        Raises ApiError (40029 invalid code, 40226 blocked user, 45011 too often), Unavailable (not
        repeated: the code may be spent).
        """
        return await self._api.call(
            "GET",
            "/sns/jscode2session",
            query={
                "appid": self.appid,
                "secret": self._secret,
                "js_code": js_code,
                "grant_type": "authorization_code",
            },
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

    def decrypt(self, session: MiniSession, *, encrypted_data: str, iv: str) -> dict[str, object]:
        """Data that the mini program handed over encrypted. Raises DecryptionFailed, MalformedMessage."""
        return crypto.decrypt_user_data(session.session_key, encrypted_data=encrypted_data, iv=iv, appid=self.appid)
