"""Events of an official account over HTTP, in safe mode: verified, decrypted, told apart, recorded, acted on, answered.

Scans of labels by followers whom we know, menu taps, texts and page views, each once and then again (WeChat
delivers up to three times). Limit of the same run: two processes that verify, decrypt and read the same bytes and
keep each 256 in one insert, without HTTP, replies or facts. Wanted: 3,000 a second on two cores.
"""

import asyncio
import base64
import itertools
import os
import time
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha1
from typing import TypeVar
from urllib.parse import urlencode

import asyncpg
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bench import load, shops, stack
from bench.load import Measured
from bench.results import report
from bihuan import channels, merchants
from bihuan.channels import NewAccount, NewLabel
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import PushReceiver

WARM_UP = 2_000
COUNT = 24_000
CONNECTIONS = 192
FOLLOWERS = 2_000
WANTED = 3_000
BATCH = 256
APPID = "wx0000000000bench"
ORIGINAL_ID = "gh_bench"
TOKEN = "benchToken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"

T = TypeVar("T")
Told = tuple[dict[str, str], bytes]
"""Query and body of a push."""


def _sealed(xml: str) -> Told:
    """A push in safe mode, as WeChat would send it."""
    key = base64.b64decode(AES_KEY + "=")
    plain = xml.encode()
    body = os.urandom(16) + len(plain).to_bytes(4, "big") + plain + APPID.encode()
    pad = 32 - len(body) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    encrypted = base64.b64encode(encryptor.update(body + bytes([pad]) * pad) + encryptor.finalize()).decode()
    timestamp, nonce = str(int(time.time())), os.urandom(5).hex()

    def signed(*parts: str) -> str:
        return sha1("".join(sorted((TOKEN, timestamp, nonce, *parts))).encode()).hexdigest()

    query = {"signature": signed(), "timestamp": timestamp, "nonce": nonce, "encrypt_type": "aes"}
    envelope = f"<xml><ToUserName>{ORIGINAL_ID}</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    return {**query, "msg_signature": signed(encrypted)}, envelope.encode()


def tell(openids: list[str], codes: list[str], numbers: list[int], now: int) -> list[Told]:
    """What followers do up to `now` (seconds), two of five scan."""
    told: list[Told] = []
    for n in numbers:
        openid, code = openids[n % len(openids)], codes[n % len(codes)]
        what = (
            "<MsgType>event</MsgType><Event>SCAN</Event>"
            f"<EventKey><![CDATA[{code}]]></EventKey><Ticket><![CDATA[{n}]]></Ticket>",
            f"<MsgType>event</MsgType><Event>CLICK</Event><EventKey><![CDATA[key{n}]]></EventKey>",
            f"<MsgType>text</MsgType><Content><![CDATA[你好 {n} 号]]></Content><MsgId>{10**12 + n}</MsgId>",
            f"<MsgType>event</MsgType><Event>VIEW</Event><EventKey><![CDATA[https://x.test/{n}]]></EventKey>",
        )[(0, 1, 2, 3, 0)[n % 5]]
        # a follower scans one code once a second: the seconds keep her events apart
        created = now - n // len(openids)
        head = f"<ToUserName>{ORIGINAL_ID}</ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        told.append(_sealed(f"<xml>{head}<CreateTime>{created}</CreateTime>{what}</xml>"))
    return told


def bare(database_url: str, told: list[Told]) -> None:
    """Verifies, decrypts, reads and keeps pushes in batches."""

    async def work() -> None:
        connection = await asyncpg.connect(database_url)
        receiver = PushReceiver(appid=APPID, token=TOKEN, mode="safe", encoding_aes_key=AES_KEY, max_age_seconds=None)
        for start in range(0, len(told), BATCH):
            pushes = [receiver.parse(query, body) for query, body in told[start : start + BATCH]]
            await connection.execute(
                "insert into bench_pushes select * from unnest($1::text[], $2::text[]) on conflict do nothing",
                [push.dedupe_key for push in pushes],
                [push.openid for push in pushes],
            )
        await connection.close()

    asyncio.run(work())


async def _seed(rt: Runtime) -> tuple[Merchant, list[str], list[str]]:
    """A merchant with an account, labels, and followers whom we know."""
    merchant, _ = await shops.make_merchant(rt, "bench", 1, 1)
    merchant_id = merchant.merchant_id
    openids = [f"obench{n:06d}" for n in range(FOLLOWERS)]
    buyers = await shops.make_buyers(rt, FOLLOWERS, APPID, openids)
    account = NewAccount(
        appid=APPID,
        name="压测",
        original_id=ORIGINAL_ID,
        mode="safe",
        secret="bench",
        token=TOKEN,
        encoding_aes_key=AES_KEY,
    )
    async with rt.db.transaction() as tx:
        await channels.connect_account(tx, rt.vault, merchant_id, account)
        store = await merchants.create_store(tx, merchant_id, code="s1", name="一店", city="杭州市")
        new = [NewLabel(kind="store", name=f"桌贴 {n}", store_id=store.store_id) for n in range(20)]
        codes = [(await channels.create_label(tx, merchant_id, one)).code for one in new]
        columns = ("merchant_id", "openid", "appid", "shopper_id", "following", "follows", "followed_at", "changed_at",
                   "seen_at")  # fmt: skip
        rows = [
            (merchant_id, openid, APPID, shopper, True, 1, tx.now, tx.now, tx.now)
            for openid, shopper in zip(openids, buyers.ids, strict=True)
        ]
        await tx.copy("followers", columns, rows)
    return merchant, openids, codes


async def _recorded(rt: Runtime, merchant: Merchant) -> tuple[int, int, int]:
    """Pushes recorded, scans told as facts, and scans counted at the labels."""
    async with rt.db.session() as tx:
        row = await tx.fetchrow(
            """select (select count(*) from pushes where merchant_id = $1)::int as pushes,
                 (select count(*) from facts where merchant_id = $1 and kind = 'channel.scanned')::int as facts,
                 (select sum(scans) from labels where merchant_id = $1)::int as scans""",
            merchant.merchant_id,
        )
    assert row is not None
    return row["pushes"], row["facts"], row["scans"]


def _halves(items: list[T]) -> list[list[T]]:
    return [items[0::2], items[1::2]]


def main() -> None:
    """Runs the bench."""
    with stack.home() as (folder, server), ProcessPoolExecutor(2) as pool:
        port = stack.free_port()
        chosen = stack.settings(folder, server, port=port)

        async def seed() -> tuple[Merchant, list[str], list[str]]:
            async with stack.runtime(chosen) as rt:
                return await _seed(rt)

        merchant, openids, codes = asyncio.run(seed())
        asyncio.run(shops.analyze(server.url))
        numbers = _halves(list(range(WARM_UP + COUNT)))
        nows = [int(time.time())] * 2  # once: a clock that ticks meanwhile would make two events of a second one
        told = list(itertools.chain(*zip(*pool.map(tell, [openids] * 2, [codes] * 2, numbers, nows), strict=True)))

        def requests(url: str, some: list[Told]) -> list[bytes]:
            path = f"{url}/wechat/{merchant.code}/official-account"
            return [load.request("POST", f"{path}?{urlencode(query)}", body) for query, body in some]

        with stack.served("bihuan.app:asgi", port, stack.env_of(chosen)) as url:
            sent = requests(url, told)
            asyncio.run(load.run(url, iter(sent[:WARM_UP]), connections=32))
            measured: Measured = asyncio.run(load.run(url, iter(sent[WARM_UP:]), connections=CONNECTIONS))
            again = asyncio.run(load.run(url, iter(sent[:WARM_UP]), connections=CONNECTIONS))

        async def prepare_bare() -> None:
            connection = await asyncpg.connect(server.url)
            await connection.execute("create table bench_pushes (key text primary key, openid text not null)")
            await connection.close()

        async def recorded() -> tuple[int, int, int]:
            async with stack.runtime(chosen) as rt:
                return await _recorded(rt, merchant)

        asyncio.run(prepare_bare())
        started = time.perf_counter()
        list(pool.map(bare, [server.url] * 2, _halves(told)))
        bare_rate = len(told) / (time.perf_counter() - started)
        pushes, facts, scans = asyncio.run(recorded())
    print(f"{measured.rate:,.0f}/s p50 {measured.p50_ms:.0f} ms p99 {measured.p99_ms:.0f} ms {measured.statuses}; "
          f"delivered again {again.rate:,.0f}/s {again.statuses}")  # fmt: skip
    scanned = sum(n % 5 in (0, 4) for n in range(WARM_UP + COUNT))
    report("oa_events.taken_in", measured.rate, "1/s", "wanted", WANTED)
    report("oa_events.vs_bare", measured.rate, "1/s", "crypto and one insert per 256", bare_rate)
    report("oa_events.lost", len(told) - pushes, "pushes", "none", 0)
    report("oa_events.miscounted", abs(scanned - facts) + abs(scanned - scans), "scans", "none", 0)
