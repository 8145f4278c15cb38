"""The Open Platform's component (third-party platform): merchants authorize their accounts to it in the browser.

https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Technical_Plan.html ;
the token goes into the query as `component_access_token` (as in wechatpy 1.8.18 `component.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol
from urllib.parse import quote, urlencode

import msgspec

from bihuan.wechat.api import ApiConnection, AppConnection
from bihuan.wechat.tokens import Fetch, IssuedToken, TokenSource

MP_URL = "https://mp.weixin.qq.com"

AuthType = Literal[1, 2, 3]
"""What may be chosen on WeChat's page: 1 official accounts, 2 mini programs, 3 both."""


class FuncScope(msgspec.Struct, frozen=True):
    """A set of permissions by its number (1 messages, 142 shipping ...)."""

    id: int


class FuncInfo(msgspec.Struct, frozen=True):
    """One granted set."""

    funcscope_category: FuncScope


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """What an authorization gave. The refresh token lasts; losing it means to authorize anew."""

    authorizer_appid: str
    authorizer_access_token: str = ""
    expires_in: int = 0
    authorizer_refresh_token: str = ""
    func_info: tuple[FuncInfo, ...] = ()

    @property
    def granted(self) -> tuple[int, ...]:
        """The numbers of the sets of permissions."""
        return tuple(info.funcscope_category.id for info in self.func_info)

    def __repr__(self) -> str:
        return f"Authorization(authorizer_appid={self.authorizer_appid!r})"


class AuthorizerToken(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token of an authorizer, with the refresh token to keep from now on."""

    authorizer_access_token: str
    expires_in: int
    authorizer_refresh_token: str

    def __repr__(self) -> str:
        return f"AuthorizerToken(expires_in={self.expires_in})"


class _TypeInfo(msgspec.Struct, frozen=True):
    id: int = 0


class AuthorizerInfo(msgspec.Struct, frozen=True):
    """An authorizer's profile; `is_mini_program` by WeChat's `MiniProgramInfo`."""

    nick_name: str = ""
    head_img: str = ""
    user_name: str = ""
    principal_name: str = ""
    alias: str = ""
    qrcode_url: str = ""
    service_type_info: _TypeInfo = msgspec.field(default_factory=_TypeInfo)
    verify_type_info: _TypeInfo = msgspec.field(default_factory=_TypeInfo)
    MiniProgramInfo: dict[str, object] | None = None

    @property
    def is_mini_program(self) -> bool:
        """Whether it is a mini program and no official account."""
        return self.MiniProgramInfo is not None

    @property
    def original_id(self) -> str:
        """The gh_... to which pushes are addressed."""
        return self.user_name


class Authorizer(msgspec.Struct, frozen=True):
    """Profile and state of an authorizer."""

    authorizer_info: AuthorizerInfo
    authorization_info: Authorization


class _ComponentToken(msgspec.Struct, frozen=True):
    component_access_token: str
    expires_in: int


class _PreAuthCode(msgspec.Struct, frozen=True):
    pre_auth_code: str
    expires_in: int = 600


class _QueryAuth(msgspec.Struct, frozen=True):
    authorization_info: Authorization


async def fetch_component_token(api: ApiConnection, *, appid: str, secret: str, ticket: str) -> IssuedToken:
    """POST /cgi-bin/component/api_component_token with the last ticket that was pushed.

    Raises ApiError (61004 our address is not listed, 61005 / 61006 ticket missing or too old, 40125 secret).
    """
    got = await api.call(
        "POST",
        "/cgi-bin/component/api_component_token",
        body={"component_appid": appid, "component_appsecret": secret, "component_verify_ticket": ticket},
        answer=_ComponentToken,
        repeatable=True,
    )
    return IssuedToken(got.component_access_token, got.expires_in)


async def start_push_ticket(api: ApiConnection, *, appid: str, secret: str) -> None:
    """Asks WeChat to push tickets (every 10 minutes) from now on. Doing it twice does no harm."""
    await api.send(
        "POST",
        "/cgi-bin/component/api_start_push_ticket",
        body={"component_appid": appid, "component_secret": secret},
        repeatable=True,
    )


class Component:
    """One component. Every call may raise `ApiError` (read `errcode`) and `Unavailable`."""

    def __init__(self, *, appid: str, tokens: TokenSource, api: ApiConnection, mp_url: str = MP_URL) -> None:
        self.appid = appid
        self.connection = AppConnection(appid=appid, tokens=tokens, api=api, parameter="component_access_token")
        self._mp_url = mp_url.rstrip("/")

    async def pre_auth_code(self) -> str:
        """A code for one authorization page; ten minutes."""
        got = await self.connection.call(
            "POST",
            "/cgi-bin/component/api_create_preauthcode",
            body={"component_appid": self.appid},
            answer=_PreAuthCode,
            repeatable=True,
        )
        return got.pre_auth_code

    async def authorize_url(self, redirect_uri: str, *, auth_type: AuthType = 3, appid: str = "") -> str:
        """WeChat's page where a merchant authorizes; comes back as `redirect_uri?auth_code=&expires_in=`.

        `appid`: only this account may be chosen. The page must be opened from a page of the component's domain.
        """
        query = {
            "component_appid": self.appid,
            "pre_auth_code": await self.pre_auth_code(),
            "redirect_uri": redirect_uri,
            "auth_type": str(auth_type),
        }
        if appid:
            query["biz_appid"] = appid
        return f"{self._mp_url}/cgi-bin/componentloginpage?{urlencode(query, quote_via=quote, safe='')}"

    async def query_auth(self, auth_code: str) -> Authorization:
        """Takes what a code stands for; a code works once, for an hour. ApiError 61010 code is expired."""
        got = await self.connection.call(
            "POST",
            "/cgi-bin/component/api_query_auth",
            body={"component_appid": self.appid, "authorization_code": auth_code},
            answer=_QueryAuth,
            repeatable=False,
        )
        return got.authorization_info

    async def refresh(self, authorizer_appid: str, refresh_token: str) -> AuthorizerToken:
        """A fresh token of an authorizer. ApiError 61023 the refresh token is invalid, 61003 not authorized."""
        return await self.connection.call(
            "POST",
            "/cgi-bin/component/api_authorizer_token",
            body={
                "component_appid": self.appid,
                "authorizer_appid": authorizer_appid,
                "authorizer_refresh_token": refresh_token,
            },
            answer=AuthorizerToken,
            repeatable=True,
        )

    async def authorizer(self, authorizer_appid: str) -> Authorizer:
        """Profile and permissions of an authorizer. ApiError 61003 when it is none (any more)."""
        return await self.connection.call(
            "POST",
            "/cgi-bin/component/api_get_authorizer_info",
            body={"component_appid": self.appid, "authorizer_appid": authorizer_appid},
            answer=Authorizer,
            repeatable=True,
        )


class RefreshTokens(Protocol):
    """Where the refresh tokens of authorizers are kept."""

    async def load(self, appid: str) -> str:
        """The refresh token of an authorizer. Raises KeyError."""
        ...

    async def save(self, appid: str, refresh_token: str) -> None:
        """Keeps another one: the one before it ends."""
        ...


def authorizer_fetch(component: Callable[[], Awaitable[Component]], kept: RefreshTokens) -> Fetch:
    """What a TokenSource asks for the tokens of authorizers: with it they are tokens like any other's."""

    async def fetch(appid: str, _force: bool) -> IssuedToken:
        refresh_token = await kept.load(appid)
        got = await (await component()).refresh(appid, refresh_token)
        if got.authorizer_refresh_token and got.authorizer_refresh_token != refresh_token:
            await kept.save(appid, got.authorizer_refresh_token)
        return IssuedToken(got.authorizer_access_token, got.expires_in)

    return fetch
