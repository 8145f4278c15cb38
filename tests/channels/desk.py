"""A desk for testing channels: the sandbox as a process of its own, and the mall served on a real port."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from bihuan import channels, merchants, staff
from bihuan.channels import NewAccount, NewLabel, messages
from bihuan.channels.db.labels import Label
from bihuan.kernel.ids import StoreId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

BRIEF = httpx.Limits(keepalive_expiry=1)
"""A server shuts a connection that was idle for some seconds; a request that is under way then is lost."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Sandbox:
    """A running WeChat sandbox."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wechat_sandbox", "--port", str(self.port), "--quiet"], stdout=subprocess.DEVNULL
        )
        self.http = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20, limits=BRIEF)
        until = time.monotonic() + 20
        while True:
            try:
                assert httpx.get(f"{self.url}/_sandbox/healthz", trust_env=False).status_code == 200
                return
            except (httpx.TransportError, AssertionError):
                assert self._process.poll() is None, "the sandbox died"
                assert time.monotonic() < until, "the sandbox does not start"
                time.sleep(0.1)

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The control API's answer. Raises httpx.HTTPStatusError."""
        answer = await self.http.request(method, f"/_sandbox{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def stop(self) -> None:
        """Ends the process."""
        await self.http.aclose()
        self._process.terminate()
        self._process.wait(10)


class Person:
    """A WeChat user of the sandbox."""

    def __init__(self, sandbox: Sandbox, shopper_id: str, nickname: str) -> None:
        self.sandbox = sandbox
        self.shopper_id = shopper_id
        self.nickname = nickname

    async def act(self, what: str, **body: object) -> Any:
        """scan, follow, unfollow, chats/<appid>/text, ..."""
        return await self.sandbox.call("POST", f"/shoppers/{self.shopper_id}/{what}", body)

    async def chat(self, appid: str) -> list[dict[str, Any]]:
        """What the account said."""
        answer = await self.sandbox.call("GET", f"/shoppers/{self.shopper_id}/chats/{appid}")
        return [m for m in answer["messages"] if m["from"] == "account"]

    async def openid(self, appid: str) -> str:
        """How an app knows this person."""
        answer = await self.sandbox.call("GET", f"/shoppers/{self.shopper_id}")
        return next(i["openid"] for i in answer["identities"] if i["appid"] == appid)

    async def openid_before_following(self, appid: str) -> str:
        """How an official account will know this person: OAuth tells it to whoever asks."""
        account = next(
            a for a in (await self.sandbox.call("GET", "/accounts"))["official_accounts"] if a["appid"] == appid
        )
        where = {
            "appid": appid,
            "redirect_uri": "http://127.0.0.1/",
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "x",
        }
        headers = {"X-Sandbox-Shopper": self.shopper_id}
        back = await self.sandbox.http.get("/connect/oauth2/authorize", params=where, headers=headers)
        code = httpx.URL(back.headers["location"]).params["code"]
        asked = {"appid": appid, "secret": account["secret"], "code": code, "grant_type": "authorization_code"}
        return (await self.sandbox.http.get("/sns/oauth2/access_token", params=asked)).json()["openid"]


class Brand:
    """A merchant with a store, an official account of the sandbox and a mini program."""

    def __init__(
        self, mall: "Mall", merchant: Merchant, store_id: StoreId, account: dict[str, Any], mini: dict[str, Any]
    ) -> None:
        self.mall = mall
        self.merchant = merchant
        self.store_id = store_id
        self.account = account
        self.mini = mini
        self.appid: str = account["appid"]
        self.callback = f"{mall.url}/wechat/{merchant.code}/official-account"
        self.staff: httpx.AsyncClient = mall.http

    async def label(self, name: str = "一店", **more: Any) -> Label:
        """A label with WeChat's code; of the store unless told otherwise."""
        about: dict[str, Any] = {"kind": "store", "store_id": self.store_id}
        new = NewLabel(name=name, **(about | more))
        async with self.mall.rt.db.transaction() as tx:
            made = await channels.create_label(tx, self.merchant.merchant_id, new)
        return await channels.ensure_qr(self.mall.rt, self.merchant.merchant_id, made.label_id)

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        """Rows of this merchant: $1 is its id."""
        async with self.mall.rt.db.session() as tx:
            return [dict(row) for row in await tx.fetch(sql, self.merchant.merchant_id, *args)]

    async def touches(self) -> list[tuple[str, str | None, bool]]:
        """Kind, label code and whether it speaks for the store, in the order in which they came."""
        rows = await self.rows("select * from touchpoints where merchant_id = $1 order by occurred_at, touchpoint_id")
        return [(r["kind"], r["label_code"], r["store_id"] == self.store_id) for r in rows]


class Mall:
    """The application, served on a port so that the sandbox can call it."""

    def __init__(self, rt: Runtime, sandbox: Sandbox, deliver: Callable[[], Awaitable[int]]) -> None:
        self.rt = rt
        self.url = rt.settings.public_url
        self.sandbox = sandbox
        self.deliver = deliver
        self.http = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20, limits=BRIEF)

    async def person(self, nickname: str = "小满") -> Person:
        """A new WeChat user."""
        made = await self.sandbox.call("POST", "/shoppers", {"nickname": nickname})
        return Person(self.sandbox, made["shopper_id"], nickname)

    async def bare_merchant(self) -> Merchant:
        """A new merchant without an official account."""
        async with self.rt.db.transaction() as tx:
            return await merchants.create(tx, code=f"b{new_id().hex[-10:]}", name="麦香")

    async def brand(self, mode: str = "safe", *, connected: bool = True) -> Brand:
        """A new merchant whose official account pushes here."""
        tag = new_id().hex[-10:]
        account = await self.sandbox.call("POST", "/official-accounts", {"name": f"青衫{tag}"})
        mini = await self.sandbox.call("POST", "/mini-programs", {"name": f"青衫{tag}"})
        async with self.rt.db.transaction() as tx:
            merchant = await merchants.create(tx, code=f"c{tag}", name="青衫", intro="棉麻成衣")
            store = await merchants.create_store(tx, merchant.merchant_id, code="s1", name="湖滨店", city="杭州市")
            new = NewAccount(
                appid=account["appid"],
                name=account["name"],
                original_id=account["original_id"],
                mode=mode,  # type: ignore[arg-type]
                secret=account["secret"],
                token=account["token"],
                encoding_aes_key=account["encoding_aes_key"],
                mini_program_appid=mini["appid"],
                mini_program_secret=mini["secret"],
            )
            await channels.connect_account(tx, self.rt.vault, merchant.merchant_id, new)
        brand = Brand(self, merchant, store.store_id, account, mini)
        if connected:
            settings = {"callback_url": brand.callback, "mode": mode}
            await self.sandbox.call("PUT", f"/official-accounts/{brand.appid}", settings)
        return brand

    async def sign_in_staff(self, brand: Brand, role: staff.Role = "owner") -> httpx.AsyncClient:
        """A client signed in as a member of the brand's staff."""
        login, password = f"u{new_id().hex[-12:]}", "correct horse battery"
        async with self.rt.db.transaction() as tx:
            await staff.create(
                tx, brand.merchant.merchant_id, login=login, password=password, name="店长", role=role, store_id=None
            )
        answer = await self.http.post("/api/merchant/session", json={"login": login, "password": password})
        answer.raise_for_status()
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        return httpx.AsyncClient(base_url=self.url, headers=bearer, trust_env=False, timeout=20, limits=BRIEF)

    async def browse(self, person: Person, merchant_code: str, page: str | None = None) -> httpx.AsyncClient:
        """A browser in which the person signed in by WeChat's OAuth page."""
        browser = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20, limits=BRIEF)
        params = {"next": page} if page else {}
        answer = await browser.get(f"/api/shop/{merchant_code}/wechat/authorize", params=params)
        assert answer.status_code == 302, answer.text
        headers = {"X-Sandbox-Shopper": person.shopper_id}
        answer = await browser.get(answer.headers["location"], headers=headers)
        answer = await browser.get(answer.headers["location"])
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"] == (page or f"/shop/{merchant_code}/")
        return browser

    async def access_token(self, brand: Brand) -> str:
        """The token that the mall uses for the brand's account."""
        asked = {"grant_type": "client_credential", "appid": brand.appid, "secret": brand.account["secret"]}
        return (await self.sandbox.http.post("/cgi-bin/stable_token", json=asked)).json()["access_token"]

    async def settle(self, until: Callable[[], Awaitable[bool]]) -> None:
        """Delivers facts and sends messages until what is expected is there."""
        deadline = time.monotonic() + 15
        while True:
            await self.deliver()
            await messages.send_due(self.rt)
            if await until():
                return
            assert time.monotonic() < deadline, "what was expected did not come"
            await asyncio.sleep(0.05)
