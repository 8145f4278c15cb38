"""Signing shoppers in through WeChat's OAuth page (H5).

https://developers.weixin.qq.com/doc/offiaccount/OA_Web_Apps/Wechat_webpage_authorization.html
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

from bihuan.wechat.api import ApiConnection, AppConnection, Nothing
from bihuan.wechat.errors import ApiError

from .types import OAuthGrant, OAuthScope, OAuthUser

OPEN_URL = "https://open.weixin.qq.com"
_BAD_GRANT = frozenset({40001, 40003, 40014, 42001, 42007})


class OAuth:
    """The OAuth of one Official Account. Its `repr` shows no secret.

    An account that was authorized to an Open Platform component gives the `component`'s line in place of the
    secret (https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/Before_Develop/Official_Accounts/official_account_website_authorization.html).
    """

    def __init__(
        self,
        *,
        appid: str,
        api: ApiConnection,
        secret: str = "",
        component: AppConnection | None = None,
        open_url: str = OPEN_URL,
    ) -> None:
        self.appid = appid
        self._component = component
        self._secret = secret
        self._api = api
        self._open_url = open_url.rstrip("/")

    def authorize_url(
        self,
        redirect_uri: str,
        *,
        state: str,
        scope: OAuthScope = "snsapi_userinfo",
        force_popup: bool = False,
    ) -> str:
        """Where to send the shopper; comes back as `redirect_uri?code=&state=` (refused: without code).

        `state` is at most 128 bytes of letters and digits. Raises ValueError otherwise.
        """
        if not (state.isascii() and 1 <= len(state) <= 128):
            raise ValueError("state: 1-128 ASCII characters")
        # WeChat wants the parameters in this order.
        query = {
            "appid": self.appid,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": scope,
            "state": state,
        }
        if force_popup:
            query["forcePopup"] = "true"
        if self._component is not None:
            query["component_appid"] = self._component.appid
        encoded = urlencode(query, quote_via=quote, safe="")
        return f"{self._open_url}/connect/oauth2/authorize?{encoded}#wechat_redirect"

    async def exchange(self, code: str) -> OAuthGrant:
        """Take a code's openid and token; a code works once, within five minutes.

        Raises ApiError (40029 invalid code, 40163 used before), Unavailable (not repeated: the code may be
        spent, send the shopper again).
        """
        query = {"appid": self.appid, "code": code, "grant_type": "authorization_code"}
        if self._component is not None:
            return await self._component.call(
                "GET",
                "/sns/oauth2/component/access_token",
                query={**query, "component_appid": self._component.appid},
                answer=OAuthGrant,
                repeatable=False,
            )
        return await self._api.call(
            "GET",
            "/sns/oauth2/access_token",
            query={**query, "secret": self._secret},
            answer=OAuthGrant,
            repeatable=False,
        )

    async def userinfo(self, grant: OAuthGrant, *, lang: str = "zh_CN") -> OAuthUser:
        """The shopper's profile. ApiError 48001 when the scope was snsapi_base."""
        return await self._api.call(
            "GET",
            "/sns/userinfo",
            query={"access_token": grant.access_token, "openid": grant.openid, "lang": lang},
            answer=OAuthUser,
            repeatable=True,
        )

    async def refresh(self, grant: OAuthGrant) -> OAuthGrant:
        """A new token from the refresh token (30 days)."""
        query = {"appid": self.appid, "grant_type": "refresh_token", "refresh_token": grant.refresh_token}
        if self._component is not None:
            return await self._component.call(
                "GET",
                "/sns/oauth2/component/refresh_token",
                query={**query, "component_appid": self._component.appid},
                answer=OAuthGrant,
                repeatable=True,
            )
        return await self._api.call("GET", "/sns/oauth2/refresh_token", query=query, answer=OAuthGrant, repeatable=True)

    async def is_valid(self, grant: OAuthGrant) -> bool:
        """Whether the token still works."""
        try:
            await self._api.call(
                "GET",
                "/sns/auth",
                query={"access_token": grant.access_token, "openid": grant.openid},
                answer=Nothing,
                repeatable=True,
            )
        except ApiError as error:
            if error.errcode in _BAD_GRANT:
                return False
            raise
        return True
