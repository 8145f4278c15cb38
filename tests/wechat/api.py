"""api.weixin.qq.com small enough to read, for the unit tests of what calls it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from bihuan.wechat import (
    ApiConnection,
    IssuedToken,
    Limits,
    MemoryTokens,
    MiniProgram,
    OAuth,
    OfficialAccount,
    fetch_stable_token,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

Json = dict[str, Any]

OK: Json = {"errcode": 0, "errmsg": "ok"}


class WeChat:
    """Answers by path; a list answers in turn. Gives tokens t1, t2, ... when forced."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {f"/{path.replace('__', '/')}": given for path, given in answers.items()}
        self.requests: list[httpx.Request] = []
        self.token = 1
        self.dead: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        if path == "/cgi-bin/stable_token":
            if json.loads(request.content).get("force_refresh"):
                self.token += 1
            return httpx.Response(200, json={"access_token": f"t{self.token}", "expires_in": 7200})
        if request.url.params.get("access_token") in self.dead:
            return httpx.Response(200, json={"errcode": 40001, "errmsg": "invalid credential"})
        given = self.answers[path.replace("-", "_")]
        if isinstance(given, list):
            given = given.pop(0) if given else {}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(given, Exception):
            raise given
        if isinstance(given, httpx.Response):
            return given
        return httpx.Response(200, json=given)

    def bodies(self) -> list[Json]:
        return [json.loads(r.content) for r in self.requests if r.content and "token" not in r.url.path]


def api(wechat: WeChat) -> ApiConnection:
    http = httpx.AsyncClient(transport=httpx.MockTransport(wechat))
    return ApiConnection(
        http=http, base_url="https://api.test", limits=Limits(timeout_seconds=1, backoff_seconds=0.001)
    )


def tokens(line: ApiConnection) -> MemoryTokens:
    async def fetch(appid: str, force: bool) -> IssuedToken:
        return await fetch_stable_token(line, appid=appid, secret="s3cret", force_refresh=force)

    return MemoryTokens(fetch, now=lambda: NOW)


def official(wechat: WeChat) -> OfficialAccount:
    line = api(wechat)
    return OfficialAccount(appid="wx1", tokens=tokens(line), api=line, mp_url="https://mp.test", now=lambda: NOW)


def mini(wechat: WeChat) -> MiniProgram:
    line = api(wechat)
    return MiniProgram(appid="wx2", secret="s3cret", tokens=tokens(line), api=line)


def oauth(wechat: WeChat) -> OAuth:
    return OAuth(appid="wx1", secret="s3cret", api=api(wechat), open_url="https://open.test")
