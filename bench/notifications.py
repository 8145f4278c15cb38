"""Payment notifications over HTTP: verified, decrypted, recorded, posted to the books, and answered after the commit.

Each pays another order. Limit of the same run: two processes that verify and decrypt the same bytes and keep each
256 in one insert, without HTTP, orders or books. Wanted: 1,500 a second on two cores.
"""

import asyncio
import base64
import itertools
import json
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

import asyncpg
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bench import load, orders, shops, stack
from bench.load import Measured
from bench.results import report
from bihuan import payments
from bihuan.kernel.ids import SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.payments import PaymentAccountIn
from bihuan.wechat.crypto import ApiV3Key
from bihuan.wechat.pay import KeyRing, Verifier, open_notification

WARM_UP = 1_000
COUNT = 9_000
CONNECTIONS = 128
WANTED = 1_500
BATCH = 256
MCHID = "1900000109"
APPID = "wx0000000000bench"
APIV3_KEY = "bench-api-v3-key-of-32-bytes-xx!"
KEY_ID = "PUB_KEY_ID_0119000001092026"

T = TypeVar("T")
Told = tuple[dict[str, str], bytes]
"""Headers and body of a notification."""


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def tell(private_pem: str, attempts: list[tuple[str, int]]) -> list[Told]:
    """What WeChat would say of paid attempts (out_trade_no, fen): sealed and signed."""
    key = load_pem_private_key(private_pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    aead = AESGCM(APIV3_KEY.encode())
    told: list[Told] = []
    for out_trade_no, fen in attempts:
        number = new_id().hex
        plain = {
            "appid": APPID, "mchid": MCHID, "out_trade_no": out_trade_no, "transaction_id": f"42000{number[:20]}",
            "trade_type": "JSAPI", "trade_state": "SUCCESS", "trade_state_desc": "支付成功", "bank_type": "OTHERS",
            "attach": "", "success_time": "2026-11-20T10:00:00+08:00", "payer": {"openid": f"o{number}"},
            "amount": {"total": fen, "payer_total": fen, "currency": "CNY", "payer_currency": "CNY"},
        }  # fmt: skip
        nonce = number[:12]
        sealed = aead.encrypt(nonce.encode(), json.dumps(plain).encode(), b"transaction")
        resource = {
            "original_type": "transaction", "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
            "associated_data": "transaction", "ciphertext": base64.b64encode(sealed).decode(),
        }  # fmt: skip
        envelope = {
            "id": f"EV-{number}", "create_time": "2026-11-20T10:00:00+08:00", "resource_type": "encrypt-resource",
            "event_type": "TRANSACTION.SUCCESS", "summary": "支付成功", "resource": resource,
        }  # fmt: skip
        body = json.dumps(envelope).encode()
        stamp = str(int(time.time()))
        signature = key.sign(f"{stamp}\n{number}\n".encode() + body + b"\n", PKCS1v15(), SHA256())
        headers = {
            "Wechatpay-Timestamp": stamp, "Wechatpay-Nonce": number, "Wechatpay-Serial": KEY_ID,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
        }  # fmt: skip
        told.append((headers, body))
    return told


def bare(database_url: str, public_pem: str, told: list[Told]) -> float:
    """Verifies, decrypts and keeps notifications in batches; returns how long that took."""

    async def work() -> float:
        connection = await asyncpg.connect(database_url)
        keys = KeyRing()
        keys.add_public_key(KEY_ID, public_pem)
        verifier, key = Verifier(keys), ApiV3Key(APIV3_KEY)
        started = time.perf_counter()
        for start in range(0, len(told), BATCH):
            ids: list[str] = []
            contents: list[str] = []
            for headers, body in told[start : start + BATCH]:
                verifier.verify(headers, body)
                opened = open_notification(body, key)
                ids.append(opened.id)
                contents.append(opened.plaintext.decode())
            await connection.execute(
                "insert into bench_kept select * from unnest($1::text[], $2::text[])", ids, contents
            )
        elapsed = time.perf_counter() - started
        await connection.close()
        return elapsed

    return asyncio.run(work())


async def _connect(rt: Runtime, merchant: Merchant, wechat: rsa.RSAPrivateKey) -> None:
    own = rsa.generate_private_key(65537, 2048)
    account = PaymentAccountIn(
        mchid=MCHID,
        serial_no="7F01AB00",
        app_id=APPID,
        private_key_pem=_pem(own),
        apiv3_key=APIV3_KEY,
        public_key_id=KEY_ID,
        public_key_pem=_public_pem(wechat),
    )
    async with rt.db.transaction() as tx:
        await payments.connect_account(tx, rt.vault, merchant.merchant_id, account)


async def _attempts(rt: Runtime, merchant: Merchant) -> list[tuple[str, int]]:
    """An attempt for each unpaid order, as if WeChat had given a prepay_id."""
    async with rt.db.transaction() as tx:
        rows = await tx.fetch(
            """with o as (
                 select order_id, shopper_id, total_fen, expires_at from orders
                 where merchant_id = $1 and state = 'unpaid'
               ), p as (
                 insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen,
                   expires_at, created_at)
                 select $1, order_id, 'order', order_id, shopper_id, total_fen, expires_at, $2 from o
               )
               insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, mchid, appid,
                 openid, amount_fen, description, state, prepay_id, prepaid_at, expires_at, due_at, created_at)
               select $1, order_id, order_id, replace(order_id::text, '-', ''), 'wechat_jsapi', $3, $4, 'o',
                 total_fen, '商品', 'prepaid', 'wx', $2, expires_at, $2 + interval '1 hour', $2
               from o returning out_trade_no, amount_fen""",
            merchant.merchant_id,
            tx.now,
            MCHID,
            APPID,
        )
    return [(row["out_trade_no"], row["amount_fen"]) for row in rows]


async def _settled(rt: Runtime, merchant: Merchant) -> tuple[int, int]:
    """How many attempts were accepted, and what their postings miss (0)."""
    async with rt.db.session() as tx:
        row = await tx.fetchrow(
            """select count(*)::int as accepted, coalesce(sum(paid_fen), 0)::bigint - (
                 select coalesce(sum(balance_fen), 0) from ledger_balances
                 where merchant_id = $1 and account = 'wechat_clearing')::bigint as missing
               from payment_attempts where merchant_id = $1 and verdict = 'accepted'""",
            merchant.merchant_id,
        )
    assert row is not None
    return row["accepted"], row["missing"]


def _halves(items: list[T]) -> list[list[T]]:
    return [items[0::2], items[1::2]]


def main() -> None:
    """Runs the bench."""
    wechat = rsa.generate_private_key(65537, 2048)
    with stack.home() as (folder, server), ProcessPoolExecutor(2) as pool:
        port = stack.free_port()
        chosen = stack.settings(folder, server, port=port)

        async def seed() -> tuple[Merchant, list[SkuId], shops.Buyers]:
            async with stack.runtime(chosen) as rt:
                merchant, skus = await shops.make_merchant(rt, "bench", 200, 1_000_000)
                await _connect(rt, merchant, wechat)
                return merchant, skus, await shops.make_buyers(rt, 2000)

        merchant, skus, buyers = asyncio.run(seed())
        with stack.served("bihuan.app:asgi", port, stack.env_of(chosen)) as url:
            places = orders.order_requests(url, merchant, skus, buyers)
            asyncio.run(load.run(url, itertools.islice(places, WARM_UP + COUNT), connections=64))

        async def attempts() -> list[tuple[str, int]]:
            async with stack.runtime(chosen) as rt:
                return await _attempts(rt, merchant)

        paid = asyncio.run(attempts())
        asyncio.run(shops.analyze(server.url))
        told = [one for part in pool.map(tell, [_pem(wechat)] * 2, _halves(paid)) for one in part]
        with stack.served("bihuan.app:asgi", port, stack.env_of(chosen)) as url:  # plans of empty tables stay slow
            path = f"{url}/wechat/{merchant.code}/pay/notify"
            sent = [load.request("POST", path, body, headers) for headers, body in told]
            asyncio.run(load.run(url, iter(sent[:WARM_UP]), connections=32))
            measured: Measured = asyncio.run(load.run(url, iter(sent[WARM_UP:]), connections=CONNECTIONS))
            again = asyncio.run(load.run(url, iter(sent[:WARM_UP]), connections=CONNECTIONS))

        async def prepare_bare() -> None:
            connection = await asyncpg.connect(server.url)
            await connection.execute("create table bench_kept (id text primary key, content text not null)")
            await connection.close()

        async def settled() -> tuple[int, int]:
            async with stack.runtime(chosen) as rt:
                return await _settled(rt, merchant)

        asyncio.run(prepare_bare())
        started = time.perf_counter()
        list(pool.map(bare, [server.url] * 2, [_public_pem(wechat)] * 2, _halves(told)))
        bare_rate = len(told) / (time.perf_counter() - started)
        accepted, missing = asyncio.run(settled())
    print(f"{measured.rate:,.0f}/s p50 {measured.p50_ms:.0f} ms p99 {measured.p99_ms:.0f} ms {measured.statuses}; "
          f"told again {again.rate:,.0f}/s {again.statuses}")  # fmt: skip
    report("notifications.settled", measured.rate, "1/s", "wanted", WANTED)
    report("notifications.vs_bare", measured.rate, "1/s", "crypto and one insert per 256", bare_rate)
    report("notifications.lost", len(paid) - accepted, "payments", "none", 0)
    report("notifications.unposted", missing, "fen", "none", 0)
