"""The client end to end over HTTP against the WeChat sandbox, which shares no code with it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from bihuan.wechat import (
    ApiConnection,
    ApiError,
    IssuedToken,
    MemoryTokens,
    MiniProgram,
    OAuth,
    OfficialAccount,
    PayAccount,
    PayClient,
    PayError,
    PushReceiver,
    fetch_stable_token,
)
from bihuan.wechat.official_account import (
    Article,
    Button,
    Click,
    Mode,
    Other,
    Push,
    Scan,
    Subscribe,
    Text,
    Unsubscribe,
)
from bihuan.wechat.pay import PrepayOrder, Refund, RefundRequest, Transaction

from .listener import Delivery, Listener

Json = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Generator[str, None, None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "wechat_sandbox", "--port", str(port)],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        base = f"http://127.0.0.1:{port}"
        try:
            for _ in range(150):
                try:
                    if httpx.get(f"{base}/_sandbox/healthz", trust_env=False).status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
                assert process.poll() is None, (folder / "log").read_text()
            else:
                pytest.fail((folder / "log").read_text())
            yield base
        finally:
            process.terminate()
            process.wait(10)


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


@pytest_asyncio.fixture(loop_scope="session")
async def desk(sandbox: str) -> AsyncGenerator[Desk, None]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Desk(sandbox, http)


@pytest_asyncio.fixture(loop_scope="session")
async def listener() -> AsyncGenerator[Listener, None]:
    async with Listener() as made:
        yield made


# --- WeChat Pay ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
async def test_a_payment_from_prepay_to_refund(desk: Desk, listener: Listener, mode: str) -> None:
    listener.answers = {"/pay": lambda _: (204, b""), "/refund": lambda _: (204, b"")}
    account = await desk.official_account()
    merchant = await desk.merchant(mode, account["appid"])
    shopper = await desk.shopper()
    openid = await desk.openid(shopper, account)
    pay = desk.pay(merchant)
    order = desk.order(account["appid"], f"{listener.base_url}/pay")

    prepay_id = await pay.jsapi(order, openid=openid)
    waiting = await pay.query_by_out_trade_no(order.out_trade_no)
    assert (waiting.trade_state, waiting.is_paid, waiting.paid_at) == ("NOTPAY", False, None)
    params = pay.jsapi_params(account["appid"], prepay_id)
    sheet = await desk.ask("POST", f"/shoppers/{shopper}/sheets", pay_params=params)
    assert sheet["total_fen"] == 12900
    await desk.ask("POST", f"/sheets/{sheet['sheet_id']}/pay")

    delivery = await listener.next("/pay")
    told = await pay.parse_notification(delivery.headers, delivery.body)
    assert isinstance(told.resource, Transaction)
    paid = told.resource
    assert (paid.mchid, paid.appid, paid.out_trade_no) == (
        merchant["mchid"],
        account["appid"],
        order.out_trade_no,
    )
    assert (paid.total_fen, paid.payer.openid, paid.trade_type, paid.attach) == (12900, openid, "JSAPI", "a")
    assert paid.is_paid
    assert paid.paid_at is not None
    for asked in (
        await pay.query_by_out_trade_no(order.out_trade_no),
        await pay.query_by_transaction_id(paid.transaction_id),
    ):
        assert (asked.transaction_id, asked.paid_at) == (paid.transaction_id, paid.paid_at)
    with pytest.raises(PayError) as refused:
        await pay.close(order.out_trade_no)
    assert refused.value.verified

    request = RefundRequest(
        out_refund_no=f"R{order.out_trade_no}",
        refund_fen=2900,
        total_fen=12900,
        transaction_id=paid.transaction_id,
        reason="尺码不合",
        notify_url=f"{listener.base_url}/refund",
    )
    given = await pay.refund(request)
    assert (given.refund_fen, given.out_trade_no) == (2900, order.out_trade_no)
    assert (await pay.refund(request)).refund_id == given.refund_id
    delivery = await listener.next("/refund")
    told = await pay.parse_notification(delivery.headers, delivery.body)
    assert isinstance(told.resource, Refund)
    assert (told.resource.refund_id, told.resource.status) == (given.refund_id, "SUCCESS")
    assert (await pay.query_refund(request.out_refund_no)).status == "SUCCESS"


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
async def test_the_other_prepays_and_refusals(desk: Desk, mode: str) -> None:
    account = await desk.official_account()
    merchant = await desk.merchant(mode, account["appid"])
    pay = desk.pay(merchant)
    order = desk.order(account["appid"], "http://127.0.0.1:1/pay")
    assert (await pay.native(order)).startswith("weixin://wxpay/bizpayurl")
    await pay.close(order.out_trade_no)
    assert (await pay.query_by_out_trade_no(order.out_trade_no)).trade_state == "CLOSED"
    order = desk.order(account["appid"], "http://127.0.0.1:1/pay")
    assert (await pay.h5(order, payer_client_ip="203.0.113.9")).startswith("http")
    assert await pay.app(desk.order(account["appid"], "http://127.0.0.1:1/pay"))
    with pytest.raises(PayError) as missing:
        await pay.query_by_out_trade_no("T-never-made")
    assert (missing.value.code, missing.value.status, missing.value.verified) == (
        "ORDER_NOT_EXIST",
        404,
        True,
    )
    with pytest.raises(PayError) as missing:
        await pay.query_refund("R-never-made")
    assert (missing.value.code, missing.value.status) == ("RESOURCE_NOT_EXISTS", 404)
    other = desk.pay({**merchant, "serial_no": "ABCD"})
    with pytest.raises(PayError) as refused:
        await other.native(order)
    assert (refused.value.code, refused.value.status, refused.value.verified) == ("SIGN_ERROR", 401, False)


async def test_certificates(desk: Desk) -> None:
    account = await desk.official_account()
    merchant = await desk.merchant("certificate", account["appid"])
    got = await desk.pay(merchant).certificates()
    assert merchant["platform_serial_no"] in {c.serial_no for c in got}
    assert merchant["platform_certificate_pem"].strip() in {c.pem.strip() for c in got}


# --- Official Account ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["plain", "safe", "compatible"])
async def test_follow_chat_and_leave(desk: Desk, listener: Listener, mode: Mode) -> None:
    account = await desk.official_account()
    receiver = PushReceiver(
        appid=account["appid"],
        token=account["token"],
        encoding_aes_key=account["encoding_aes_key"],
        mode=mode,
    )
    pushes: list[Push] = []

    def serve(got: Delivery) -> tuple[int, bytes]:
        if got.method == "GET":
            return 200, receiver.verify_handshake(got.query).encode()
        pushes.append(receiver.parse(got.query, got.body))
        return 200, receiver.reply_text(pushes[-1], f"收到 {type(pushes[-1]).__name__}")

    listener.answers = {"/oa": serve}
    await desk.ask("PUT", f"/official-accounts/{account['appid']}", callback_url=f"{listener.base_url}/oa", mode=mode)
    line = desk.official(account)
    shopper = await desk.shopper()
    code = await line.create_qr("s:01", expires_in_seconds=3600)
    picture = await desk.http.get(line.qr_picture_url(code.ticket))
    assert picture.headers["content-type"].startswith("image/")

    scanned = await desk.ask("POST", f"/shoppers/{shopper}/scan", content=code.url)
    assert scanned["action"] == "follow_page"
    await desk.ask("POST", f"/shoppers/{shopper}/follow", appid=account["appid"], ticket=scanned["ticket"])
    await listener.next("/oa")
    followed = pushes[-1]
    assert isinstance(followed, Subscribe)
    assert (followed.scene, followed.original_id) == ("s:01", account["original_id"])
    openid = followed.openid
    assert openid == await desk.openid(shopper, account)
    follower = await line.user_info(openid)
    assert follower.following
    assert follower.qr_scene_str == "s:01"

    await desk.ask("POST", f"/shoppers/{shopper}/scan", content=code.url)
    await listener.next("/oa")
    assert isinstance(pushes[-1], Scan)
    await desk.ask("POST", f"/shoppers/{shopper}/chats/{account['appid']}/text", content="你好 ]]>")
    await listener.next("/oa")
    assert isinstance(pushes[-1], Text)
    assert pushes[-1].content == "你好 ]]>"

    await line.create_menu((Button.click("会员卡", "card"), Button.view("商城", "https://x.test/")))
    assert [b.name for b in await line.get_menu()] == ["会员卡", "商城"]
    await desk.ask("POST", f"/shoppers/{shopper}/chats/{account['appid']}/menu", key="card")
    await listener.next("/oa")
    assert isinstance(pushes[-1], Click)
    assert pushes[-1].key == "card"

    await line.send_text(openid, "客服消息")
    await line.send_news(openid, Article(title="会员卡", url="https://x.test/"))
    chat = await desk.ask("GET", f"/shoppers/{shopper}/chats/{account['appid']}")
    shown = str(chat["messages"])
    for text in ("收到 Subscribe", "收到 Click", "客服消息", "会员卡"):
        assert text in shown

    msgid = await line.send_template(openid, "order_paid", {"amount": "129.00"}, url="https://x.test/")
    await listener.next("/oa")
    assert isinstance(pushes[-1], Other)
    assert pushes[-1].event == "TEMPLATESENDJOBFINISH"
    assert pushes[-1].fields["MsgID"] == str(msgid)

    await line.delete_menu()
    assert await line.get_menu() == ()
    await desk.ask("POST", f"/shoppers/{shopper}/unfollow", appid=account["appid"])
    await listener.next("/oa")
    assert isinstance(pushes[-1], Unsubscribe)
    assert not (await line.user_info(openid)).following
    with pytest.raises(ApiError):
        await line.send_text(openid, "gone")


async def test_tokens_tickets_and_profiles(desk: Desk) -> None:
    account = await desk.official_account()
    line = desk.official(account)
    config = await line.js_config("http://127.0.0.1:1/shop/#/x")
    assert config.app_id == account["appid"]
    with pytest.raises(ApiError) as refused:
        await fetch_stable_token(desk.api, appid=account["appid"], secret="wrong")
    assert refused.value.errcode in {40001, 40125}

    shopper = await desk.shopper()
    oauth = OAuth(appid=account["appid"], secret=account["secret"], api=desk.api, open_url=desk.base)
    url = oauth.authorize_url("http://127.0.0.1:1/cb", state="st")
    got = await desk.http.get(url, headers={"X-Sandbox-Shopper": shopper})
    code = parse_qs(urlsplit(got.headers["location"]).query)["code"][0]
    grant = await oauth.exchange(code)
    profile = await oauth.userinfo(grant)
    assert (profile.openid, profile.nickname) == (grant.openid, "小满")
    assert await oauth.is_valid(grant)
    assert (await oauth.refresh(grant)).openid == grant.openid
    with pytest.raises(ApiError) as refused:
        await oauth.exchange(code)
    assert refused.value.errcode == 40163


async def test_a_token_that_ended_elsewhere_is_replaced(desk: Desk) -> None:
    account = await desk.official_account()
    given: list[bool] = []

    async def fetch(appid: str, force: bool) -> IssuedToken:
        given.append(force)
        if len(given) == 1:
            return IssuedToken("dead", 7200)
        return await fetch_stable_token(desk.api, appid=appid, secret=account["secret"], force_refresh=force)

    line = OfficialAccount(appid=account["appid"], tokens=MemoryTokens(fetch), api=desk.api)
    assert (await line.create_qr(7, expires_in_seconds=60)).url
    assert given == [False, False]


# --- mini program --------------------------------------------------------------------------------------


async def test_mini_program(desk: Desk) -> None:
    made = await desk.ask("POST", "/mini-programs", name="青衫小程序")
    app = next(a for a in (await desk.accounts())["mini_programs"] if a["appid"] == made["appid"])
    line = MiniProgram(appid=app["appid"], secret=app["secret"], tokens=desk.tokens(app["secret"]), api=desk.api)
    shopper = await desk.shopper()
    code = (await desk.ask("POST", f"/shoppers/{shopper}/jscode", appid=app["appid"]))["code"]
    session = await line.login(code)
    assert session.openid
    assert session.session_key
    picture = await line.unlimited_code("l=8f3k", page="pages/home/home", check_path=False)
    assert picture[:2] in {b"\xff\xd8", b"\x89P"}
    with pytest.raises(ApiError) as refused:
        await line.login(code)
    assert refused.value.errcode in {40029, 40163}
