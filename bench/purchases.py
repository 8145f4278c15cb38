"""Whole purchases against a running mall and its sandbox, for `race` and `checkout`."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Generator
from typing import Any

import httpx
import msgspec

from bench import shops, stack
from bench.client import Connection
from bench.shops import PRICE_FEN, Buyers
from bihuan import channels, payments
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import SkuId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.settings import Settings


class Scene(msgspec.Struct, frozen=True):
    """A mall with a merchant whose payments go to the sandbox."""

    url: str
    sandbox_url: str
    settings: Settings
    merchant: Merchant
    appid: str
    skus: list[SkuId]
    buyers: Buyers
    phones: list[str]


READS_SECONDS = 0.25
"""How long a shopper looks at WeChat's 支付成功 before she taps 完成, and the storefront asks for the order."""
LOOKS_EVERY_SECONDS = 0.7


class Buyer:
    """A shopper with her storefront and her phone."""

    def __init__(self, scene: Scene, number: int) -> None:
        self.scene = scene
        self.address = str(scene.buyers.addresses[number])
        self.phone = scene.phones[number]
        self.shop = Connection(scene.url, {"Authorization": f"Bearer {scene.buyers.tokens[number]}"})
        self.wechat = Connection(scene.sandbox_url)
        self.base = f"/api/shop/{scene.merchant.code}"

    async def place(self, sku: SkuId, *, from_cart: bool = False) -> tuple[int, Any]:
        """Places an order of one piece; the key is repeated when the connection breaks."""
        body = {
            "lines": [{"sku_id": sku, "quantity": 1, "price_fen": PRICE_FEN}],
            "delivery": {"method": "ship", "address_id": self.address},
            "total_fen": PRICE_FEN,
            "from_cart": from_cart,
        }
        key = f"Idempotency-Key: {os.urandom(12).hex()}\r\n"
        return await self.shop.call("POST", f"{self.base}/orders", body, key)

    async def pay(self, order_id: str) -> bool:
        """Prepares the payment and confirms its sheet; True when WeChat took the money."""
        status, prepared = await self.shop.call(
            "POST", f"{self.base}/orders/{order_id}/pay", {"method": "wechat_jsapi"}
        )
        if status != 200:
            raise RuntimeError(f"prepay: {status} {prepared}")
        path = f"/_sandbox/shoppers/{self.phone}/sheets"
        status, sheet = await self.wechat.call("POST", path, {"pay_params": prepared["pay_params"]})
        if status >= 300:
            raise RuntimeError(f"sheet: {status} {sheet}")
        status, paid = await self.wechat.call("POST", f"/_sandbox/sheets/{sheet['sheet_id']}/pay", {})
        return status < 300 and "transaction_id" in paid

    async def wait_until_paid(self, order_id: str) -> dict[str, Any]:
        """Asks for the order until it is paid, as the storefront does: `composables/payment.ts`."""
        await asyncio.sleep(READS_SECONDS)
        for _ in range(300):
            _, order = await self.shop.call("GET", f"{self.base}/orders/{order_id}")
            if order["state"] == "paid":
                return order
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
        raise RuntimeError(f"order {order_id} is still unpaid after its payment")

    def close(self) -> None:
        """Closes its connections."""
        self.shop.close()
        self.wechat.close()


@contextlib.contextmanager
def scene(skus: int, stock: int, buyers: int) -> Generator[Scene, None, None]:
    """A mall with web processes, worker and sandbox; every buyer has a WeChat identity."""
    with stack.home() as (folder, server):
        port, sandbox_port = stack.free_port(), stack.free_port()
        sandbox_url = f"http://127.0.0.1:{sandbox_port}"
        chosen = stack.settings(folder, server, sandbox_url, port)
        env = stack.env_of(chosen)
        with stack.child("wechat_sandbox", "--port", str(sandbox_port), "--quiet", env=env):
            made = asyncio.run(_populate(chosen, sandbox_url, skus, stock, buyers))
            asyncio.run(shops.analyze(server.url))
            with (
                stack.served("bihuan.app:asgi", port, env) as url,
                stack.child("bihuan.cli", "worker", env=env),
            ):
                yield Scene(url, sandbox_url, chosen, *made)


async def _populate(
    chosen: Settings, sandbox_url: str, skus: int, stock: int, count: int
) -> tuple[Merchant, str, list[SkuId], Buyers, list[str]]:
    stack.wait_for_url(f"{sandbox_url}/_sandbox/healthz")
    async with (
        httpx.AsyncClient(base_url=sandbox_url, trust_env=False, timeout=60) as sandbox,
        stack.runtime(chosen) as rt,
    ):
        accounts = (await sandbox.get("/_sandbox/accounts")).json()
        merchant, made = await shops.make_merchant(rt, "bench", skus, stock)
        pay = accounts["merchants"][0]
        app = next(a for a in accounts["official_accounts"] if a["appid"] in pay["appids"])
        async with rt.db.transaction() as tx:
            await connect(tx, rt, merchant, pay, app)
        wechat = Connection(sandbox_url)
        phones: list[str] = []
        openids: list[str] = []
        for n in range(count):
            _, shopper = await wechat.call("POST", "/_sandbox/shoppers", {"nickname": f"压测{n}"})
            phones.append(shopper["shopper_id"])
            follow = f"/_sandbox/shoppers/{shopper['shopper_id']}/follow"
            _, followed = await wechat.call("POST", follow, {"appid": app["appid"]})
            openids.append(followed["openid"])
        wechat.close()
        buyers = await shops.make_buyers(rt, count, app["appid"], openids)
    return merchant, app["appid"], made, buyers, phones


async def connect(tx: Tx, rt: Runtime, merchant: Merchant, pay: dict[str, Any], app: dict[str, Any]) -> None:
    """Connects a merchant's official account and payment account to the sandbox's."""
    await channels.connect_account(
        tx,
        rt.vault,
        merchant.merchant_id,
        channels.NewAccount(
            appid=app["appid"],
            name=app["name"],
            original_id=app["original_id"],
            secret=app["secret"],
            token=app["token"],
            encoding_aes_key=app["encoding_aes_key"],
        ),
    )
    await payments.connect_account(
        tx,
        rt.vault,
        merchant.merchant_id,
        payments.PaymentAccountIn(
            mchid=pay["mchid"],
            serial_no=pay["serial_no"],
            private_key_pem=pay["private_key_pem"],
            apiv3_key=pay["apiv3_key"],
            public_key_id=pay["public_key_id"],
            public_key_pem=pay["public_key_pem"],
        ),
    )


@contextlib.asynccontextmanager
async def buyer(scene: Scene, number: int) -> AsyncGenerator[Buyer, None]:
    """A buyer whose connections are closed at the end."""
    one = Buyer(scene, number)
    try:
        yield one
    finally:
        one.close()
