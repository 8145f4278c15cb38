"""A till to test payments at: a shop with accounts at the sandbox, which reaches the mall over HTTP."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from litestar import Litestar

from bihuan import channels, identity, ledger, payments, wallet, wiring
from bihuan.app import create_app
from bihuan.channels import NewAccount
from bihuan.kernel import verification
from bihuan.kernel.ids import SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import PaymentAccountIn, refunds, watching
from tests.channels.desk import Sandbox
from tests.shop import Buyer, Shop

Json = dict[str, Any]


class Door:
    """A web server that hands what WeChat sends to the application, keeps it, and can be deaf."""

    def __init__(self) -> None:
        self.app: Litestar | None = None
        self.deaf = False
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        path = first.split(" ")[1]
        self.got.append((path, headers, body))
        status = 503 if self.deaf else await self.post(path, headers, body)
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        await writer.drain()
        writer.close()

    async def send(self, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        """A request as WeChat, or somebody else, might make it."""
        async with client_of(self) as http:
            return await http.post(path, headers=headers, content=body)

    async def post(self, path: str, headers: dict[str, str], body: bytes) -> int:
        return (await self.send(path, headers, body)).status_code


@asynccontextmanager
async def behind(door: Door, rt: Runtime, **settings: Any) -> AsyncGenerator[Runtime, None]:
    """A runtime with other settings whose application is behind the door.

    The application shares the state of the run's own, whose background tasks settle for both.
    """
    await door.open()
    chosen = msgspec.structs.replace(rt.settings, public_url=door.url, **settings)
    runtime = msgspec.structs.replace(rt, settings=chosen)
    door.app = create_app(runtime)
    door.app.state.runtime = runtime
    yield runtime
    door.close()


def client_of(door: Door) -> httpx.AsyncClient:
    """An HTTP client of the application behind a door."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(cast("Any", door.app)), base_url=door.url)


def fresh_mchid() -> str:
    """A number that no other sandbox of the tests gives out: a sub-merchant's is taken once in a database."""
    return f"18{new_id().int % 10**8:08}"


class Till:
    """A shop that takes payments, with what a test does at it."""

    def __init__(self, rt: Runtime, sandbox: Sandbox, door: Door, shop: Shop, merchant: Json, appid: str) -> None:
        self.rt = rt
        self.sandbox = sandbox
        self.door = door
        self.shop = shop
        self.merchant = merchant
        self.appid = appid
        self.merchant_id = shop.merchant.merchant_id
        self.notify_path = f"/wechat/{shop.merchant.code}/pay/notify"
        self.people: dict[Any, str] = {}

    async def buyer(self) -> Buyer:
        """A shopper of the mall who is a person of the sandbox."""
        person = (await self.sandbox.call("POST", "/shoppers", {}))["shopper_id"]
        buyer = await self.shop.new_shopper()
        openid = await self._openid(person)
        async with self.rt.db.transaction() as tx:
            known = await identity.shopper_of_wechat(tx, self.appid, openid, nickname="小满")
            await tx.execute(
                "update shopper_identities set shopper_id = $1 where appid = $2 and openid = $3",
                buyer.shopper_id,
                self.appid,
                openid,
            )
            assert known.shopper_id != buyer.shopper_id
        self.people[buyer.shopper_id] = person
        return buyer

    async def _openid(self, person: str) -> str:
        code = (await self.sandbox.call("POST", f"/shoppers/{person}/jscode", {"appid": self.appid}))["code"]
        accounts = await self.sandbox.call("GET", "/accounts")
        (app,) = [a for a in accounts["official_accounts"] + accounts["mini_programs"] if a["appid"] == self.appid]
        asked = {"appid": self.appid, "secret": app["secret"], "js_code": code, "grant_type": "authorization_code"}
        return (await self.sandbox.http.get("/sns/jscode2session", params=asked)).json()["openid"]

    async def order(self, http: httpx.AsyncClient, buyer: Buyer, sku: SkuId, price_fen: int = 1000) -> str:
        """A placed order's id."""
        answer = await buyer.place(http, buyer.order(sku, price_fen))
        assert answer.status_code == 201, answer.text
        return answer.json()["order_id"]

    async def prepare(self, http: httpx.AsyncClient, buyer: Buyer, order_id: str, method: str = "wechat_jsapi") -> Json:
        """What the shopper's page gets."""
        answer = await buyer.post(http, f"/orders/{order_id}/pay", {"method": method})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def fill_wallet(self, buyer: Buyer, principal_fen: int, gift_fen: int = 0) -> None:
        """Stored value from elsewhere: as a top-up leaves it, without the payment."""
        source = new_id()
        entries = [ledger.Entry("external_clearing", principal_fen), ledger.Entry("wallet_gifts", gift_fen)]
        entries.append(ledger.Entry("wallet_liability", -principal_fen - gift_fen))
        posting = ledger.Transaction("test_topup", source, "储值", [e for e in entries if e.amount_fen])
        async with self.rt.db.transaction() as tx:
            await wallet.put_in(
                tx,
                self.merchant_id,
                buyer.shopper_id,
                principal_fen=principal_fen,
                gift_fen=gift_fen,
                source="topup",
                source_id=source,
                description="储值",
            )
            await ledger.post(tx, self.merchant_id, [posting])

    async def purse(self, buyer: Buyer) -> tuple[int, int, int]:
        """Principal, gift, and what is held of both."""
        async with self.rt.db.session() as tx:
            found = await wallet.find(tx, self.merchant_id, buyer.shopper_id)
        assert found is not None
        return found.principal_fen, found.gift_fen, found.held_principal_fen + found.held_gift_fen

    async def sheet(self, buyer: Buyer, prepared: Json) -> str:
        """Opens the payment sheet on the phone; returns its id."""
        asked = {k: prepared[k] for k in ("pay_params", "code_url") if prepared[k]}
        return (await self.sandbox.call("POST", f"/shoppers/{self.people[buyer.shopper_id]}/sheets", asked))["sheet_id"]

    async def confirm(self, sheet_id: str) -> Json:
        """Pays on the phone."""
        return await self.sandbox.call("POST", f"/sheets/{sheet_id}/pay")

    async def state(self, http: httpx.AsyncClient, buyer: Buyer, order_id: str, *wanted: str) -> Json:
        """The order, once its state is one of `wanted`."""

        async def look() -> Json | None:
            order = (await buyer.get(http, f"/orders/{order_id}")).json()
            return order if not wanted or order["state"] in wanted else None

        return await eventually(look)

    async def attempts(self, order_id: str) -> list[payments.PaymentView]:
        """The order's attempts, oldest first."""
        async with self.rt.db.session() as tx:
            found = await payments.list_for(tx, self.merchant_id, "order", [UUID(order_id)])
        return found.get(UUID(order_id), [])

    async def balances(self) -> dict[str, int]:
        """The book's accounts that are not zero."""
        async with self.rt.db.session() as tx:
            return {a: b for a, b in (await ledger.balances(tx, self.merchant_id)).items() if b}

    async def refund_all(self) -> None:
        """Lets the job work until no refund is left under way."""
        for _ in range(60):
            await self.rows("update payment_refunds set due_at = now() - interval '1 hour' where merchant_id = $1")
            await refunds.run_due(self.rt)
            open_ones = "select 1 from payment_refunds where merchant_id = $1 and state in ('applied', 'processing')"
            if not await self.rows(open_ones):
                return
            await asyncio.sleep(0.1)
        raise AssertionError("refunds never end")

    async def all_told(self, order_id: str) -> None:
        """Waits until WeChat has told that every attempt of an order was paid."""
        await eventually(lambda: self._all_paid(order_id))

    async def one_told(self, order_id: str) -> None:
        """Waits until WeChat has told that one attempt of an order was paid."""

        async def look() -> bool:
            return any(a.state == "paid" for a in await self.attempts(order_id))

        await eventually(look)

    async def _all_paid(self, order_id: str) -> bool:
        return all(attempt.state == "paid" for attempt in await self.attempts(order_id))

    async def watch(self) -> None:
        """Lets the watching job look at this shop's attempts now."""
        await self.rows("update payment_attempts set due_at = now() - interval '1 hour' where merchant_id = $1")
        await watching.watch(self.rt, wiring.SETTLERS)

    async def rows(self, sql: str, *args: object) -> list[Json]:
        """Rows of this merchant: $1 is its id."""
        async with self.rt.db.transaction() as tx:
            return [dict(row) for row in await tx.fetch(sql, self.merchant_id, *args)]

    async def verify(self) -> None:
        """The invariants of payments and ledger hold."""
        async with self.rt.db.session() as tx:
            for finding in await verification.run(tx, (*payments.CHECKS, *ledger.CHECKS, *wallet.CHECKS)):
                # tests share the database; each answers for its own merchant
                own = [one for one in finding.offenders if one.startswith(str(self.merchant_id))]
                assert not own, (finding.name, finding.means, own)


async def eventually(look: Callable[[], Any], seconds: float = 8.0) -> Any:
    """The first answer that is something."""
    end = time.monotonic() + seconds
    while True:
        answer = await look()
        if answer:
            return answer
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.03)


async def open_till(
    rt: Runtime, sandbox: Sandbox, door: Door, shop: Shop, mode: str = "public_key", *, connect: bool = True
) -> Till:
    """Gives a shop fresh accounts at the sandbox."""
    app = await sandbox.call("POST", "/official-accounts", {"name": "青衫"})
    made = await sandbox.call("POST", "/merchants", {"name": "青衫", "mode": mode, "appids": [app["appid"]]})
    merchants = (await sandbox.call("GET", "/accounts"))["merchants"]
    (merchant,) = [m for m in merchants if m["mchid"] == made["mchid"]]
    account = NewAccount(
        appid=app["appid"], name="青衫", secret=app["secret"], token=app["token"], original_id=app["original_id"]
    )
    async with rt.db.transaction() as tx:
        await channels.connect_account(tx, rt.vault, shop.merchant.merchant_id, account)
        if connect:
            await payments.connect_account(tx, rt.vault, shop.merchant.merchant_id, account_of(merchant))
    return Till(rt, sandbox, door, shop, merchant, app["appid"])


def account_of(merchant: Json) -> PaymentAccountIn:
    """A sandbox merchant as settings."""
    public = merchant["mode"] == "public_key"
    return PaymentAccountIn(
        mchid=merchant["mchid"],
        serial_no=merchant["serial_no"],
        private_key_pem=merchant["private_key_pem"],
        apiv3_key=merchant["apiv3_key"],
        public_key_id=merchant["public_key_id"] if public else None,
        public_key_pem=merchant["public_key_pem"] if public else None,
    )


class Forger:
    """Makes notifications as WeChat would, with a key that the test gives."""

    def __init__(self, key: RSAPrivateKey, serial: str, apiv3_key: str) -> None:
        self.key = key
        self.serial = serial
        self.apiv3_key = apiv3_key

    def envelope(self, resource: Json, event_type: str = "TRANSACTION.SUCCESS", **more: Any) -> bytes:
        """The body around an encrypted resource."""
        nonce, kind = "abcdefghijkl", "refund" if event_type.startswith("REFUND") else "transaction"
        sealed = AESGCM(self.apiv3_key.encode()).encrypt(nonce.encode(), json.dumps(resource).encode(), kind.encode())
        about = {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "nonce": nonce,
            "associated_data": kind,
            "original_type": kind,
        }
        envelope = {"id": f"EV-{new_id().hex}", "event_type": event_type, "resource": about, "summary": "x", **more}
        return json.dumps(envelope).encode()

    def headers(self, body: bytes, age_seconds: int = 0) -> dict[str, str]:
        """Signed headers for a body."""
        timestamp = str(int(time.time()) - age_seconds)
        message = f"{timestamp}\nn0nce\n".encode() + body + b"\n"
        return {
            "content-type": "application/json",
            "wechatpay-timestamp": timestamp,
            "wechatpay-nonce": "n0nce",
            "wechatpay-serial": self.serial,
            "wechatpay-signature": base64.b64encode(self.key.sign(message, PKCS1v15(), SHA256())).decode(),
        }
