"""A day's trade bill of a million rows: fetched as gzip over HTTP, hashed, read, matched against as many payments here,
fees posted, differences queued, and packed away.

BENCH_BILL_ROWS (1,000,000) says how many; a thousandth of the rows differ. It all runs in a process of its own, whose
peak of memory is told, and the processor seconds of it and of PostgreSQL, since those hold on a busy machine too.
Limit of the same run: a bare COPY of the same file into a table of its columns.
"""

import asyncio
import contextlib
import gzip
import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from datetime import date, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import shops, stack
from bench.results import report
from bihuan import wiring
from bihuan.kernel.embedded import EmbeddedServer
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, fetching, matching, rules
from bihuan.reconciliation.db import Due
from bihuan.settings import Settings
from bihuan.wechat.crypto import ApiV3Key
from bihuan.wechat.pay import Bill, Bills, PayConnection
from bihuan.wechat.pay.signer import Signer
from bihuan.wechat.pay.verifier import KeyRing

ROWS = int(os.environ.get("BENCH_BILL_ROWS", "1000000"))
DIFFERENT = 1_000
"""One in so many has another amount in the bill."""
WANTED_SECONDS = 60
WANTED_MB = 300
MCHID = "1900000001"
PRICE_FEN = 9_900
FEE_FEN = 59
_HEAD = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


class Told(msgspec.Struct):
    """What the matching process is told: the day, and where its bill is to be had."""

    due: Due
    bill: Bill
    base_url: str


class Outcome(msgspec.Struct):
    """What the matching process tells."""

    fetch_seconds: float
    seconds: float
    cpu_seconds: float
    peak_mb: float
    differences: int
    fees_fen: int


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def write_bill(path: Path, day: date, rows: int) -> int:
    """A trade bill of payments `bench<n>`; returns its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    paid = 0
    with path.open("w") as file:
        file.write(f"\ufeff{_HEAD}\n")
        for n in range(rows):
            amount = PRICE_FEN + (1 if n % DIFFERENT == 0 else 0)
            paid += amount
            second = n * 86_000 // rows
            at = f"{day} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            total = _yuan(amount)
            file.write(
                f"`{at},`wx1234567890abcdef,`{MCHID},`0,`,`{4200000000 * 10**18 + n},`bench{n:010},"
                f"`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`JSAPI,`SUCCESS,`OTHERS,`CNY,`{total},`0.00,`0,`0,`0.00,`0.00,`,`,"
                f"`纯棉长袖衬衫 白色 M,`,`{_yuan(FEE_FEN)},`0.60%,`{total},`0.00,`\n"
            )
        sums = [_yuan(paid), "0.00", "0.00", _yuan(FEE_FEN * rows), _yuan(paid), "0.00"]
        file.write(f"{_SUMMARY}\n" + ",".join(f"`{value}" for value in (str(rows), *sums)) + "\n")
    return path.stat().st_size


async def seed(rt: Runtime, merchant_id: MerchantId, day: date, rows: int) -> None:
    """As many payments received here, and the account that they came to."""
    async with rt.db.transaction() as tx:
        await tx.execute(
            """insert into payment_accounts (merchant_id, mchid, active, serial_no, public_key_id, public_key_pem,
                 private_key_fingerprint, apiv3_key_fingerprint, version, updated_at)
               values ($1, $2, true, '', '', '', '', '', gen_random_uuid(), $3)""",
            merchant_id,
            MCHID,
            tx.now,
        )
    pieces = 100_000
    for start in range(0, rows, pieces):
        async with rt.db.transaction() as tx:
            await tx.execute(
                """with made as (
                     select n, gen_random_uuid() as payment_id,
                       $2::timestamptz + make_interval(secs => n::float * 86000 / $5::int) as at
                     from generate_series($3::int, $4::int) as n
                   ), kept as (
                     insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen,
                       state, expires_at, created_at, paid_at)
                     select $1, payment_id, 'order', gen_random_uuid(), gen_random_uuid(), $6, 'paid', at, at, at
                     from made)
                   insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, mchid,
                     appid, amount_fen, description, state, expires_at, due_at, transaction_id, paid_fen, paid_at,
                     verdict, created_at)
                   select $1, gen_random_uuid(), payment_id, 'bench' || lpad(n::text, 10, '0'), 'wechat_jsapi', $7,
                     'wx1', $6, '衬衫', 'paid', at, at, (4200000000 * 1000000000000000000::numeric + n)::text, $6, at,
                     'accepted', at from made""",
                merchant_id,
                rules.start_of(day),
                start,
                min(start + pieces, rows) - 1,
                rows,
                PRICE_FEN,
                MCHID,
            )


async def bare_copy(url: str, path: Path, day: date) -> float:
    """Seconds of a bare COPY of the file's rows into as many columns of text."""
    connection = await asyncpg.connect(url)
    try:
        names = ", ".join(f"c{n} text" for n in range(27))
        await connection.execute(f"create unlogged table bench_bill ({names})")
        rows = path.with_name("rows.csv")
        with path.open("rb") as source, rows.open("wb") as target:
            target.writelines(line for line in source if line.startswith(f"`{day}".encode()))
        started = time.perf_counter()
        await connection.copy_to_table("bench_bill", source=rows, format="csv", timeout=600)
        seconds = time.perf_counter() - started
        await connection.execute("drop table bench_bill")
        rows.unlink()
        return seconds
    finally:
        await connection.close()


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing of it."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def offered(folder: Path) -> Generator[str, None, None]:
    """A folder's files over HTTP; the URL."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def offer(path: Path, folder: Path) -> Bill:
    """Packs a bill for download, as WeChat does."""
    digest = hashlib.sha1()
    with path.open("rb") as source:
        while piece := source.read(1 << 20):
            digest.update(piece)
    folder.mkdir()
    with path.open("rb") as source, gzip.open(folder / "bill", "wb", compresslevel=6) as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return Bill(hash_type="SHA1", hash_value=digest.hexdigest(), download_url="/bill")


class _Bills(Bills):
    """Bills of which one is known."""

    def __init__(self, connection: PayConnection, bill: Bill) -> None:
        super().__init__(connection)
        self._bill = bill

    async def trades(self, *_: object, **__: object) -> Bill:
        return self._bill


def _bills(http: httpx.AsyncClient, told: Told) -> Bills:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = Signer(mchid=MCHID, serial_no="1", private_key_pem=key.decode())
    connection = PayConnection(
        signer=signer, keys=KeyRing(), apiv3_key=ApiV3Key("0" * 32), http=http, base_url=told.base_url,
        certificate_mode=False,
    )  # fmt: skip
    return _Bills(connection, told.bill)


def _cpu_of(server: EmbeddedServer) -> float:
    """Processor seconds of PostgreSQL so far: of its processes that live, and of those that ended."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) == server.pid:
                ticks += sum(map(int, found[11:15]))
            elif int(found[1]) == server.pid:
                ticks += sum(map(int, found[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


async def _work(chosen: Settings, told: Told) -> Outcome:
    due = told.due
    async with stack.runtime(chosen) as rt:
        bills = _bills(rt.http, told)
        started, worked = time.perf_counter(), time.process_time()
        await fetching.fetch_one(rt, due, bills, "trade")
        fetched = time.perf_counter() - started
        assert await matching.match(rt, due, wiring.SHARES)
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
        async with rt.db.session() as tx:
            found = await db.find_day(tx, due.merchant_id, due.mchid, due.day)
    assert found is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Outcome(fetched, seconds, worked, peak, found.differences, found.fees_fen)


def main() -> None:
    """Runs the bench."""
    day = date.today() - timedelta(days=2)  # noqa: DTZ011 any day that is over
    with stack.home() as (folder, server):
        chosen = stack.settings(folder, server)

        async def prepare() -> Due:
            async with stack.runtime(chosen) as rt:
                merchant, _ = await shops.make_merchant(rt, "bench", 1, 1)
                await seed(rt, merchant.merchant_id, day, ROWS)
                async with rt.db.transaction() as tx:
                    await db.want_days(tx, [(merchant.merchant_id, MCHID, "", day, tx.now)])
            return Due(merchant.merchant_id, MCHID, "", day, 1)

        due = asyncio.run(prepare())
        written = folder / "written.csv"
        write_bill(written, day, ROWS)
        asyncio.run(shops.analyze(server.url))
        bare = asyncio.run(bare_copy(server.url, written, day))
        bill = offer(written, folder / "offered")
        written.unlink()
        with offered(folder / "offered") as base_url:
            before = _cpu_of(server)
            ran = subprocess.run(
                [sys.executable, "-m", "bench.reconciliation", msgspec.json.encode(Told(due, bill, base_url)).decode()],
                env={**os.environ, **stack.env_of(chosen)}, check=True, capture_output=True,
            )  # fmt: skip
            database = _cpu_of(server) - before
        outcome = msgspec.json.decode(ran.stdout.splitlines()[-1], type=Outcome)
    print(
        f"{ROWS:,} rows: {outcome.seconds:.1f} s, of it fetched and hashed {outcome.fetch_seconds:.1f} s; processor "
        f"{outcome.cpu_seconds:.1f} s and PostgreSQL {database:.1f} s; bare COPY {bare:.1f} s, "
        f"peak {outcome.peak_mb:.0f} MB"
    )
    report("reconciliation.matched", ROWS / outcome.seconds, "rows/s", "bare COPY of the rows", ROWS / bare)
    report("reconciliation.seconds", outcome.seconds, "s", "wanted for a million", WANTED_SECONDS * ROWS / 1_000_000)
    report("reconciliation.memory", outcome.peak_mb, "MB", "wanted", WANTED_MB)
    wrong = abs(outcome.differences - (ROWS + DIFFERENT - 1) // DIFFERENT) + abs(outcome.fees_fen - FEE_FEN * ROWS)
    report("reconciliation.wrong", wrong, "differences and fen", "none", 0)


if __name__ == "__main__":
    answer = asyncio.run(_work(Settings.from_env(), msgspec.json.decode(sys.argv[1], type=Told)))
    print(msgspec.json.encode(answer).decode())
