"""Matching a day's trade bill of a million rows against as many payments here, fees posted, differences queued.

BENCH_BILL_ROWS (1,000,000) says how many. The matching runs in a process of its own, whose peak of memory is told;
a thousandth of the rows differ. Limit of the same run: a bare COPY of the same file into a table of its columns.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import msgspec

from bench import shops, stack
from bench.results import report
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.reconciliation import db, fetching, matching, rules
from bihuan.reconciliation.db import Due
from bihuan.settings import Settings

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


class Outcome(msgspec.Struct):
    """What the matching process tells."""

    seconds: float
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


async def bare_copy(url: str, path: Path) -> float:
    """Seconds of a bare COPY of the file's rows into as many columns of text."""
    connection = await asyncpg.connect(url)
    try:
        names = ", ".join(f"c{n} text" for n in range(27))
        await connection.execute(f"create unlogged table bench_bill ({names})")
        rows = path.with_name("rows.csv")
        with path.open("rb") as source, rows.open("wb") as target:
            target.writelines(line for line in source if line.startswith(b"`20"))
        started = time.perf_counter()
        await connection.copy_to_table("bench_bill", source=rows, format="csv", timeout=600)
        return time.perf_counter() - started
    finally:
        await connection.close()


async def _match(chosen: Settings, due: Due) -> Outcome:
    async with stack.runtime(chosen) as rt:
        started = time.perf_counter()
        assert await matching.match(rt, due)
        seconds = time.perf_counter() - started
        async with rt.db.session() as tx:
            found = await db.find_day(tx, due.merchant_id, due.mchid, due.day)
    assert found is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Outcome(seconds, peak, found.differences, found.fees_fen)


def main() -> None:
    """Runs the bench."""
    day = date.today() - timedelta(days=2)  # noqa: DTZ011 any day that is over
    with stack.home() as (folder, server):
        chosen = stack.settings(folder, server)

        async def prepare() -> Due:
            async with stack.runtime(chosen) as rt:
                merchant, _ = await shops.make_merchant(rt, "bench", 1, 1)
                await seed(rt, merchant.merchant_id, day, ROWS)
                due = Due(merchant.merchant_id, MCHID, "", day, 1)
                name = f"{merchant.merchant_id}/{MCHID}/{day}-trade.csv"
                size = write_bill(fetching.folder(rt) / name, day, ROWS)
                async with rt.db.transaction() as tx:
                    await db.want_days(tx, [(due.merchant_id, MCHID, "", day, tx.now)])
                    await db.keep_bill(tx, due, "trade", name, "0" * 40, size)
            return due

        due = asyncio.run(prepare())
        asyncio.run(shops.analyze(server.url))
        bill = next((folder / "bills").glob("*/*/*-trade.csv"))
        bare = asyncio.run(bare_copy(server.url, bill))
        ran = subprocess.run(
            [sys.executable, "-m", "bench.reconciliation", msgspec.json.encode(due).decode()],
            env={**os.environ, **stack.env_of(chosen)}, check=True, capture_output=True,
        )  # fmt: skip
        outcome = msgspec.json.decode(ran.stdout.splitlines()[-1], type=Outcome)
    print(f"{ROWS:,} rows: matched in {outcome.seconds:.1f} s, bare COPY {bare:.1f} s, peak {outcome.peak_mb:.0f} MB")
    report("reconciliation.matched", ROWS / outcome.seconds, "rows/s", "bare COPY of the rows", ROWS / bare)
    report("reconciliation.seconds", outcome.seconds, "s", "wanted for a million", WANTED_SECONDS * ROWS / 1_000_000)
    report("reconciliation.memory", outcome.peak_mb, "MB", "wanted", WANTED_MB)
    wrong = abs(outcome.differences - (ROWS + DIFFERENT - 1) // DIFFERENT) + abs(outcome.fees_fen - FEE_FEN * ROWS)
    report("reconciliation.wrong", wrong, "differences and fen", "none", 0)


if __name__ == "__main__":
    answer = asyncio.run(_match(Settings.from_env(), msgspec.json.decode(sys.argv[1], type=Due)))
    print(msgspec.json.encode(answer).decode())
