"""Signing in: OAuth in the web view, and codes that are spent once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bihuan.wechat import (
    ApiError,
    Unavailable,
)
from bihuan.wechat.official_account import OAuthGrant

from .api import OK, WeChat, mini, oauth


def test_authorize_url() -> None:
    url = oauth(WeChat()).authorize_url("https://x.test/cb?a=1&b=2", state="st1", scope="snsapi_base")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://open.test/connect/oauth2/authorize"
    assert parts.fragment == "wechat_redirect"
    assert parse_qs(parts.query) == {
        "appid": ["wx1"],
        "redirect_uri": ["https://x.test/cb?a=1&b=2"],
        "response_type": ["code"],
        "scope": ["snsapi_base"],
        "state": ["st1"],
    }
    for state in ("", "x" * 129, "状态"):
        with pytest.raises(ValueError, match="state"):
            oauth(WeChat()).authorize_url("https://x.test", state=state)


async def test_oauth() -> None:
    granted = {"access_token": "at", "expires_in": 7200, "refresh_token": "rt", "openid": "o1", "scope": "s"}
    wechat = WeChat(
        sns__oauth2__access_token=granted,
        sns__oauth2__refresh_token=granted,
        sns__userinfo={"openid": "o1", "nickname": "小满", "sex": 0, "privilege": [], "unionid": "u1"},
        sns__auth=[OK, {"errcode": 40003, "errmsg": "invalid openid"}],
    )
    line = oauth(wechat)
    grant = await line.exchange("code1")
    assert "at" not in repr(grant).replace("OAuthGrant", "")
    assert dict(wechat.requests[0].url.params) == {
        "appid": "wx1",
        "secret": "s3cret",
        "code": "code1",
        "grant_type": "authorization_code",
    }
    assert (await line.userinfo(grant)).nickname == "小满"
    assert (await line.refresh(grant)).openid == "o1"
    assert await line.is_valid(grant)
    assert not await line.is_valid(grant)


@pytest.mark.parametrize("fault", [httpx.ReadTimeout("x"), httpx.Response(502)])
async def test_codes_are_spent_once(fault: Any) -> None:
    calls: list[tuple[WeChat, Callable[[], Awaitable[object]]]] = []
    wechat = WeChat(sns__oauth2__access_token=fault)
    calls.append((wechat, lambda: oauth(wechat).exchange("c")))
    other = WeChat(sns__jscode2session=fault)
    calls.append((other, lambda: mini(other).login("c")))
    for asked, call in calls:
        with pytest.raises(Unavailable) as caught:
            await call()
        assert not caught.value.safe_to_retry
        assert len(asked.requests) == 1


async def test_bad_codes() -> None:
    bad = {"errcode": 40029, "errmsg": "invalid code"}
    with pytest.raises(ApiError, match="40029"):
        await oauth(WeChat(sns__oauth2__access_token=bad)).exchange("c")
    with pytest.raises(ApiError, match="48001"):
        await oauth(WeChat(sns__userinfo={"errcode": 48001, "errmsg": "api unauthorized"})).userinfo(
            OAuthGrant("o1", access_token="at")
        )
