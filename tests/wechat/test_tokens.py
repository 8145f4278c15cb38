"""Access tokens: one for all, replaced once, renewed before their end."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from bihuan.wechat import (
    ApiError,
    IssuedToken,
    MemoryTokens,
    Unavailable,
)

from .api import NOW, WeChat, official


async def test_one_token_for_many_calls() -> None:
    wechat = WeChat(cgi_bin__user__info={"openid": "o1", "subscribe": 1})
    account = official(wechat)
    await asyncio.gather(*(account.user_info("o1") for _ in range(20)))
    asked = [r for r in wechat.requests if r.url.path == "/cgi-bin/stable_token"]
    assert len(asked) == 1
    assert json.loads(asked[0].content) == {
        "grant_type": "client_credential",
        "appid": "wx1",
        "secret": "s3cret",
    }


async def test_a_dead_token_is_replaced_once_for_all() -> None:
    wechat = WeChat(cgi_bin__user__info={"openid": "o1"})
    wechat.dead = {"t1"}
    account = official(wechat)
    got = await asyncio.gather(*(account.user_info("o1") for _ in range(20)))
    assert {g.openid for g in got} == {"o1"}
    assert wechat.token == 2


async def test_a_token_that_stays_dead_is_an_error() -> None:
    wechat = WeChat(cgi_bin__user__info={})
    wechat.dead = {f"t{i}" for i in range(9)}
    with pytest.raises(ApiError) as caught:
        await official(wechat).user_info("o1")
    assert caught.value.errcode == 40001
    assert sum(r.url.path == "/cgi-bin/user/info" for r in wechat.requests) == 2


async def test_tokens_are_renewed_before_they_end() -> None:
    at = [NOW]
    issued: list[str] = []

    async def fetch(_appid: str, _force: bool) -> IssuedToken:
        issued.append(f"t{len(issued)}")
        return IssuedToken(issued[-1], 7200)

    source = MemoryTokens(fetch, now=lambda: at[0])
    assert await source.get("a") == "t0"
    at[0] += timedelta(seconds=6899)
    assert await source.get("a") == "t0"
    at[0] += timedelta(seconds=1)
    assert await source.get("a") == "t1"
    assert await source.get("b") == "t2"
    assert "t0" not in repr(IssuedToken("t0", 1))


async def test_a_failed_fetch_leaves_nothing_behind() -> None:
    answers: list[IssuedToken | Exception] = [
        Unavailable("timeout", "", safe_to_retry=True),
        IssuedToken("t", 60),
    ]

    async def fetch(_appid: str, _force: bool) -> IssuedToken:
        got = answers.pop(0)
        if isinstance(got, Exception):
            raise got
        return got

    source = MemoryTokens(fetch, now=lambda: NOW)
    with pytest.raises(Unavailable):
        await source.get("a")
    assert await source.get("a") == "t"
