"""The sandbox's control API, and what the tests make from it."""

from __future__ import annotations

import os
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from bihuan.wechat import (
    ApiConnection,
    IssuedToken,
    MemoryTokens,
    OAuth,
    OfficialAccount,
    PayAccount,
    PayClient,
    fetch_stable_token,
)
from bihuan.wechat.pay import PrepayOrder

Json = dict[str, Any]


class Desk:
    """The sandbox's control API, and what the tests make from it."""

    def __init__(self, base: str, http: httpx.AsyncClient) -> None:
        self.base = base
        self.http = http
        self.api = ApiConnection(http=http, base_url=base)
        self._count = 0

    async def ask(self, method: str, path: str, **body: Any) -> Json:
        got = await self.http.request(method, f"{self.base}/_sandbox{path}", json=body or None)
        assert got.status_code < 300, got.text
        return got.json() if got.content else {}

    async def accounts(self) -> Json:
        return await self.ask("GET", "/accounts")

    async def merchant(self, mode: str, appid: str) -> Json:
        made = await self.ask("POST", "/merchants", name=f"Shop {mode}", mode=mode, appids=[appid])
        return next(m for m in (await self.accounts())["merchants"] if m["mchid"] == made["mchid"])

    async def official_account(self) -> Json:
        made = await self.ask("POST", "/official-accounts", name="青衫")
        listed = (await self.accounts())["official_accounts"]
        return next(a for a in listed if a["appid"] == made["appid"])

    async def shopper(self) -> str:
        return (await self.ask("POST", "/shoppers", nickname="小满"))["shopper_id"]

    def tokens(self, secret: str) -> MemoryTokens:
        async def fetch(appid: str, force: bool) -> IssuedToken:
            return await fetch_stable_token(self.api, appid=appid, secret=secret, force_refresh=force)

        return MemoryTokens(fetch)

    def official(self, account: Json) -> OfficialAccount:
        tokens = self.tokens(account["secret"])
        return OfficialAccount(appid=account["appid"], tokens=tokens, api=self.api, mp_url=self.base)

    def pay(self, merchant: Json) -> PayClient:
        public = merchant["mode"] == "public_key"
        return PayClient(
            PayAccount(
                mchid=merchant["mchid"],
                serial_no=merchant["serial_no"],
                private_key_pem=merchant["private_key_pem"],
                apiv3_key=merchant["apiv3_key"],
                public_key_id=merchant["public_key_id"] if public else "",
                public_key_pem=merchant["public_key_pem"] if public else "",
            ),
            http=self.http,
            base_url=self.base,
        )

    async def openid(self, shopper: str, account: Json) -> str:
        oauth = OAuth(appid=account["appid"], secret=account["secret"], api=self.api, open_url=self.base)
        url = oauth.authorize_url("http://127.0.0.1:1/cb?x=1", state="st", scope="snsapi_base")
        got = await self.http.get(url, headers={"X-Sandbox-Shopper": shopper})
        assert got.status_code == 302, got.text
        query = parse_qs(urlsplit(got.headers["location"]).query)
        assert query["state"] == ["st"]
        assert query["x"] == ["1"]
        return (await oauth.exchange(query["code"][0])).openid

    def order(self, appid: str, notify_url: str, total_fen: int = 12900) -> PrepayOrder:
        self._count += 1
        return PrepayOrder(
            appid=appid,
            description="青衫 外套",
            out_trade_no=f"T{os.getpid()}-{time.time_ns() % 10**9}-{self._count}",
            total_fen=total_fen,
            notify_url=notify_url,
            attach="a",
        )
