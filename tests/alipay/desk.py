"""A stall that takes Alipay: a shop with an app at the sandbox, which reaches the mall over HTTP."""

import asyncio
import re
import subprocess
import sys
import time
from typing import Any
from uuid import UUID

import httpx

from bihuan import payments
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay import AlipayAccountIn, connect_account
from tests.channels.desk import Sandbox, free_port
from tests.payments.desk import Door, Json, Till
from tests.shop import Buyer, Shop


class AlipaySandbox(Sandbox):
    """The sandboxes as `bihuan up` serves them: Alipay's beside WeChat's in one process."""

    def __init__(self, *options: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        beside = ["--beside", "/alipay=alipay_sandbox:create_app", *options]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wechat_sandbox", "--port", str(self.port), "--quiet", *beside],
            stdout=subprocess.DEVNULL,
        )
        self.http = httpx.AsyncClient(base_url=f"{self.url}/alipay", trust_env=False, timeout=20)
        until = time.monotonic() + 20
        while True:
            try:
                assert httpx.get(f"{self.url}/alipay/_sandbox/healthz", trust_env=False).status_code == 200
                return
            except (httpx.TransportError, AssertionError):
                assert self._process.poll() is None, "the sandbox died"
                assert time.monotonic() < until, "the sandbox does not start"
                time.sleep(0.1)


class SpeakingDoor(Door):
    """A door that hands on what the application answers, word by word: Alipay reads the body."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split(" ")[1]
        self.got.append((path, headers, body))
        status, text = 503, b"deaf"
        if not self.deaf:
            answer = await self.send(path, headers, body)
            status, text = answer.status_code, answer.content
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(text)) + text)
        await writer.drain()
        writer.close()


class Stall(Till):
    """A shop that takes Alipay, with what a test does at it."""

    async def open_page(self, prepared: Json) -> str:
        """Opens what `prepare` gave, as a shopper's browser does; returns the cashier's address."""
        url = prepared["h5_url"] or prepared["code_url"]
        answer = await self.sandbox.http.get(url, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        assert "沙箱" in answer.text
        return str(answer.url)

    async def pay(self, cashier: str) -> httpx.Response:
        """Confirms at the cashier's page; the page that follows."""
        return await self.sandbox.http.post(f"{cashier}/pay", follow_redirects=True)

    async def pay_order(self, http: httpx.AsyncClient, price_fen: int = 1000, method: str = "alipay_page") -> UUID:
        """An order that is placed and paid by Alipay."""
        sku = await self.shop.add_sku(price_fen=price_fen, stock=3)
        buyer = await self.shop.new_shopper()
        order_id = await self.order(http, buyer, sku, price_fen)
        await self.pay(await self.open_page(await self.prepare(http, buyer, order_id, method)))
        await self.state(http, buyer, order_id, "paid")
        return UUID(order_id)

    async def give_back(self, order_id: UUID, amount_fen: int, cause_id: UUID | None = None) -> payments.RefundSplit:
        """Decides a refund of an order's money."""
        async with self.rt.db.transaction() as tx:
            return await payments.refund(
                tx,
                self.merchant_id,
                purpose="order",
                reference_id=order_id,
                amount_fen=amount_fen,
                cause="test",
                cause_id=cause_id or new_id(),
                reason="退货",
            )

    async def books(self) -> dict[str, int]:
        """What Alipay holds for the stall."""
        return await self.sandbox.call("GET", f"/books?app_id={self.appid}")

    async def trades(self) -> list[Json]:
        """The stall's trades at Alipay."""
        return await self.sandbox.call("GET", f"/trades?app_id={self.appid}")

    async def lose_answers(self, method: str, times: int = 1) -> None:
        """The next calls of a method are done, and their answers get lost."""
        await self.sandbox.call("POST", "/faults", {"lost_answers": {method: times}})


async def open_stall(rt: Runtime, sandbox: AlipaySandbox, door: Door, shop: Shop) -> Stall:
    """Gives a shop an app of its own at the sandbox."""
    app = await sandbox.call("POST", "/apps", {"key": shop.merchant.code, "name": "青衫"})
    async with rt.db.transaction() as tx:
        await connect_account(tx, rt.vault, shop.merchant.merchant_id, account_of(app))
    stall = Stall(rt, sandbox, door, shop, app, app["app_id"])
    stall.notify_path = f"/alipay/{shop.merchant.code}/notify"
    return stall


def account_of(app: dict[str, Any]) -> AlipayAccountIn:
    """A sandbox's app as settings; the keys as the open platform shows them, without PEM lines."""
    bare = {name: re.sub(r"-----[^-]+-----|\s", "", app[name]) for name in ("private_key_pem", "alipay_public_key_pem")}
    return AlipayAccountIn(app_id=app["app_id"], seller_id=app["seller_id"], **bare)


__all__ = ["AlipaySandbox", "Buyer", "SpeakingDoor", "Stall", "account_of", "open_stall"]
