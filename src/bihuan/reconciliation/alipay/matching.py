"""Days as they come due: planned for every seller, fetched, matched in one transaction that leaves all or nothing."""

import asyncio
import hashlib
from datetime import date, datetime, timedelta

import asyncpg
import structlog

from bihuan import ledger
from bihuan.alipay import AlipayError, BillMalformed, BillRow, read_bill
from bihuan.kernel.db import Tx
from bihuan.kernel.derived_ids import derived_id
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments.alipay import billed
from bihuan.reconciliation import rules
from bihuan.reconciliation.alipay import db
from bihuan.reconciliation.alipay.db import Due

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
CATCH_UP = 31
_PER_RUN = 50
_RECHECKED = 500
_LOOK_UP = 200


async def plan(rt: Runtime) -> int:
    """The job: every seller's days up to yesterday's, from the last one known; a new seller begins yesterday."""
    async with rt.db.session() as tx:
        sellers, latest = await billed.list_billed(tx), await db.latest_days(tx)
        yesterday = rules.day_of(tx.now) - timedelta(days=1)
    rows: list[tuple[MerchantId, str, date, datetime]] = []
    for seller in sellers:
        last = latest.get((seller.merchant_id, seller.seller_id))
        first = yesterday if last is None else max(last + timedelta(days=1), yesterday - timedelta(days=CATCH_UP))
        for ahead in range((yesterday - first).days + 1):
            day = first + timedelta(days=ahead)
            rows.append((seller.merchant_id, seller.seller_id, day, rules.ready_at(day)))
    if not rows:
        return 0
    async with rt.db.transaction() as tx:
        return await db.want_days(tx, rows)


async def run_due(rt: Runtime) -> int:
    """The job: works at days that are due, one after another, at most _PER_RUN; returns how many."""
    for done in range(_PER_RUN):
        async with rt.db.transaction() as tx:
            due = await db.claim_due(tx, LEASE)
        if due is None:
            return done
        await run_one(rt, due)
    return _PER_RUN


async def run_one(rt: Runtime, due: Due) -> None:
    """Fetches and matches a day; what goes wrong is recorded on it."""
    try:
        packed = await billed.find_bill(rt, due.merchant_id, due.seller_id, due.day)
        rows = [] if packed is None else await asyncio.to_thread(_read, packed, due)
        await _match(rt, due, rows, "" if packed is None else hashlib.sha256(packed).hexdigest())
    except (AlipayError, asyncpg.UniqueViolationError) as error:
        log.warning("Alipay's day not reconciled", seller_id=due.seller_id, day=str(due.day), error=str(error))
        fail = due.tries >= rules.MOST_TRIES
        async with rt.db.transaction() as tx:
            await db.postpone(tx, due, tx.now + rules.pause(due.tries, creating=False), str(error), fail=fail)


def _read(packed: bytes, due: Due) -> list[BillRow]:
    return list(read_bill(packed, day=due.day, seller_id=due.seller_id))


async def _match(rt: Runtime, due: Due, rows: list[BillRow], hash: str) -> None:
    """Raises BillMalformed, UniqueViolationError: nothing is kept then."""
    since, until = rules.start_of(due.day), rules.end_of(due.day)
    async with rt.db.transaction() as tx:
        if not await db.lock_waiting(tx, due):
            return
        await billed.create_stage(tx)
        await db.load_bill(tx, rows)
        payments = [row.out_trade_no for row in rows if row.kind == "payment"]
        refunds = [row.out_request_no for row in rows if row.kind == "refund"]
        await billed.stage_numbers(tx, due.merchant_id, due.seller_id, payments, refunds)
        await billed.stage_recorded(tx, due.merchant_id, due.seller_id, since - rules.TOLERANCE, until)
        if await db.count_different(tx) > rules.MOST_DIFFERENCES:
            raise BillMalformed("too many differences: is it this merchant's account?")
        fees = await db.keep_items(tx, due)
        await db.insert_differences(tx, due, since, until, since - rules.TOLERANCE)
        await db.set_matched(tx, due, hash, since, until)
        if fees:
            await ledger.post(tx, due.merchant_id, [_fees(due, fees)])


def _fees(due: Due, fees: int) -> ledger.Transaction:
    """A day's fees at its last second, less those given back with refunds."""
    return ledger.Transaction(
        "alipay_fees",
        derived_id("alipay_fees", str(due.merchant_id), due.seller_id, due.day.isoformat()),
        f"支付宝服务费 {due.day}（{due.seller_id}）",
        [ledger.Entry("payment_fees", fees), ledger.Entry("alipay_clearing", -fees)],
        rules.end_of(due.day) - timedelta(seconds=1),
    )


async def recheck(rt: Runtime) -> int:
    """The job: asks about payments that are missing here, and resolves what agrees by now. How many it resolved."""
    async with rt.db.session() as tx:
        found = await db.list_open(tx, _RECHECKED)
    for one in [one for one in found if one.kind == "missing_here" and one.subject == "payment"][:_LOOK_UP]:
        await billed.look_up(rt, one.merchant_id, one.seller_id, one.number)
    resolved = 0
    for merchant_id, seller_id in dict.fromkeys((one.merchant_id, one.seller_id) for one in found):
        mine = [one for one in found if (one.merchant_id, one.seller_id) == (merchant_id, seller_id)]
        async with rt.db.transaction() as tx:
            resolved += await _recheck(
                tx,
                merchant_id,
                seller_id,
                [one.number for one in mine if one.subject == "payment"],
                [one.number for one in mine if one.subject == "refund"],
            )
    return resolved


async def _recheck(tx: Tx, merchant_id: MerchantId, seller_id: str, payments: list[str], refunds: list[str]) -> int:
    await billed.create_stage(tx)
    await billed.stage_numbers(tx, merchant_id, seller_id, payments, refunds)
    return await db.resolve_agreeing(tx, merchant_id, seller_id)
