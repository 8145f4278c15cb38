"""Sharing commissions through WeChat: begin, share, look at the result, unfreeze the rest.

The intent is a row, its id is the number at WeChat, and a job goes on from there: a lost answer is asked for with
the same number. FINISHED is no success: the receiver's own result counts. While a number is under way, refunds
wait (`returning`); what was refunded before the share is not shared.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog

from bihuan import orders
from bihuan.kernel import bounded
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.payments import NoPaymentAccount, get_account
from bihuan.payments.sharing import SharingLine, list_kept, sharing_line
from bihuan.settlement import books, db_commission, db_plans, db_sharing, rules
from bihuan.settlement.db_sharing import Sharing, SharingOrderRow
from bihuan.settlement.errors import SharingEnded, SharingNotFailed
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import Share, SharingOrder

log = structlog.get_logger(__name__)

PER_RUN = 80
PARALLEL = 12
STEPS = 6
MOST_TRIES = 4
_LEASE = timedelta(seconds=60)
_SOON = timedelta(seconds=3)
_FINAL = frozenset({"RULE_LIMIT", "NOT_ENOUGH", "NO_AUTH"})
"""Refusals that no repetition cures."""


async def begin(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> int:
    """Plans the sharing of paid orders whose money WeChat holds frozen; returns how many.

    Without a commission there is nothing to share, but what is frozen is to be unfrozen all the same.
    """
    kept = [row for row in await list_kept(tx, merchant_id, "order", order_ids) if row.sharing and row.mchid]
    platform = await books.platform_of(tx)
    if not kept or platform is None:
        return 0
    found = await orders.list_orders(tx, merchant_id, order_ids)
    terms = await db_plans.find_terms(tx, merchant_id)
    try:
        receiver = (await get_account(tx, platform.merchant_id)).mchid
    except NoPaymentAccount:
        receiver = ""
    rows: list[Sharing] = []
    for money in kept:
        order = found[OrderId(money.reference_id)]
        rows.append(
            Sharing(
                merchant_id=merchant_id,
                order_id=order.order_id,
                order_no=order.order_no,
                mchid=money.mchid,
                appid=money.appid,
                receiver=receiver,
                transaction_id=money.transaction_id,
                paid_fen=money.paid_fen,
                paid_at=money.paid_at,
                ends_at=money.paid_at + rules.SHARE_WITHIN,
                state="waiting",
                shared_fen=0,
                returned_fen=0,
                due_at=rules.share_due_at(terms.share_at, money.paid_at, order.completed_at),
                tries=0,
                error=None,
                warned_at=None,
                updated_at=tx.now,
            )
        )
    await db_sharing.insert(tx, merchant_id, rows)
    return len(rows)


async def run_due(rt: Runtime) -> int:
    """The job: goes on with sharings whose time has come, and with more while there are and it is not too long.

    A day's orders may come due at once. Returns how many.
    """
    end = time.monotonic() + bounded.RUN_SECONDS
    done, full = 0, True
    while full and time.monotonic() < end:
        async with rt.db.transaction() as tx:
            rows = await db_sharing.claim_due(tx, tx.now + _LEASE, PER_RUN)
        await bounded.each(rows, partial(_go_on, rt), parallel=PARALLEL)
        done, full = done + len(rows), len(rows) == PER_RUN
    return done


async def _go_on(rt: Runtime, row: Sharing) -> None:
    try:
        for _ in range(STEPS):
            if not await _advance(rt, row):
                return
    except Exception as error:
        log.exception("sharing failed", order_id=str(row.order_id))
        await _later(rt, row, f"{type(error).__name__}: {error}")


async def _advance(rt: Runtime, claimed: Sharing) -> bool:
    """One step; True when the next can follow at once."""
    async with rt.db.session() as tx:
        row = await db_sharing.find(tx, claimed.merchant_id, claimed.order_id)
        numbers = await db_sharing.list_orders(tx, claimed.merchant_id, claimed.order_id)
    if row is None or row.state in ("done", "failed", "missed"):
        return False
    line = await sharing_line(rt, row.merchant_id, row.mchid, row.appid)
    if line is None:
        await _later(rt, row, f"account {row.mchid} is not usable")
        return False
    current = next((number for number in numbers if number.state in ("asked", "processing")), None)
    try:
        if current is None:
            return await _plan(rt, row, line)
        if current.state == "asked":
            told = await _ask(rt, row, line, current)
        else:
            told = await line.sharing.query(current.number, transaction_id=row.transaction_id)
    except PayError as refused:
        return await _refused(rt, row, line, current, refused)
    except WeChatError as error:
        await _later(rt, row, str(error))
        return False
    return await _record(rt, row, current, told)


async def _plan(rt: Runtime, row: Sharing, line: SharingLine) -> bool:
    """Decides what comes next, and writes the intent: a share, an unfreezing, or that nothing is left to do."""
    frozen = await line.sharing.unsplit_fen(row.transaction_id)
    name, known = await _receiver(rt, row)
    wanted = await _wanted(rt, row) if row.state != "unfreezing" else 0
    if wanted and frozen and name and row.receiver and not known:
        await line.sharing.add_receiver(
            appid=line.appid,
            type="MERCHANT_ID",
            account=row.receiver,
            relation="SERVICE_PROVIDER" if line.partner else "PARTNER",
            name=name,
        )
    most = await line.sharing.max_ratio() if wanted and frozen and line.partner else 10_000
    async with rt.db.transaction() as tx:
        locked = await db_sharing.find(tx, row.merchant_id, row.order_id, lock=True)
        if locked is None or locked.state != row.state:
            return False
        if wanted and frozen and name and row.receiver and not known:
            await db_sharing.set_registered(tx, row.merchant_id, row.mchid, row.receiver, name)
        # a refund may have come meanwhile: only what is wanted under the lock is shared
        wanted = await _still_wanted(tx, locked) if locked.state != "unfreezing" else 0
        if wanted and (not frozen or tx.now >= locked.ends_at):
            await db_sharing.set_state(tx, locked, "missed", None, "WeChat holds nothing frozen of this payment")
            return False
        if not frozen:
            await db_sharing.set_state(tx, locked, "done", None)
            return False
        if not wanted:
            await db_sharing.insert_order(tx, locked, new_id(), "unfreeze", 0)
            await db_sharing.set_state(tx, locked, "unfreezing", tx.now + _LEASE)
            return True
        problem = _problem(wanted, locked, frozen, most, name)
        if problem:
            await db_sharing.set_state(tx, locked, "failed", None, problem)
            return False
        await db_sharing.insert_order(tx, locked, new_id(), "share", wanted)
        await db_sharing.set_state(tx, locked, "sharing", tx.now + _LEASE)
    return True


def _problem(wanted: int, row: Sharing, frozen: int, most: int, name: str) -> str | None:
    """Why a share would be refused; known before it is asked for, nothing moves."""
    if not row.receiver or not name:
        return "no_receiver: the platform has no account, or no registered name, at WeChat Pay"
    if rules.over_cap(wanted, row.paid_fen, most):
        return f"over_cap: {wanted} fen of {row.paid_fen} is above {most / 100:g} %"
    if wanted > frozen:
        return f"not_enough: {wanted} fen of {frozen} that are frozen"
    return None


async def _receiver(rt: Runtime, row: Sharing) -> tuple[str, bool]:
    """The platform's registered name, and whether WeChat knows it as a receiver of this account."""
    async with rt.db.session() as tx:
        platform = await books.platform_of(tx)
        name = (await db_plans.find_terms(tx, platform.merchant_id)).receiver_name if platform else ""
        return name, await db_sharing.is_registered(tx, row.merchant_id, row.mchid, row.receiver, name)


async def _wanted(rt: Runtime, row: Sharing) -> int:
    async with rt.db.session() as tx:
        return await _still_wanted(tx, row)


async def _still_wanted(tx: Tx, row: Sharing) -> int:
    """What of the commission the platform does not have yet."""
    commission = await db_commission.find(tx, row.merchant_id, row.order_id)
    return max(0, (commission.net_fen if commission else 0) - (row.shared_fen - row.returned_fen))


async def _ask(rt: Runtime, row: Sharing, line: SharingLine, number: SharingOrderRow) -> SharingOrder:
    if number.kind == "unfreeze":
        return await line.sharing.unfreeze(
            transaction_id=row.transaction_id, out_order_no=number.number, description="解冻剩余资金"
        )
    share = Share(
        type="MERCHANT_ID",
        account=row.receiver,
        amount_fen=number.amount_fen,
        description=f"平台佣金 {row.order_no}"[:80],
    )
    return await line.sharing.share(
        appid=line.appid,
        transaction_id=row.transaction_id,
        out_order_no=number.number,
        shares=(share,),
        unfreeze_rest=False,
    )


async def _record(rt: Runtime, row: Sharing, number: SharingOrderRow, told: SharingOrder) -> bool:
    """What WeChat says of a number; a repeat changes nothing."""
    part = next((p for p in told.receivers if p.account == row.receiver), None)
    ended = told.state == "FINISHED" and (number.kind == "unfreeze" or (part and part.result in ("SUCCESS", "CLOSED")))
    async with rt.db.transaction() as tx:
        locked = await db_sharing.find(tx, row.merchant_id, row.order_id, lock=True)
        if locked is None:
            return False
        if not ended:
            await db_sharing.end_order(tx, row.merchant_id, number.sharing_order_id, "processing", None)
            await db_sharing.set_state(tx, locked, locked.state, tx.now + _SOON, again=True)
            return False
        if number.kind == "unfreeze":
            if await db_sharing.end_order(tx, row.merchant_id, number.sharing_order_id, "success", None):
                await db_sharing.set_state(tx, locked, "done", None)
            return False
        if part is None or part.result == "CLOSED" or part.amount != number.amount_fen:
            reason = f"closed: {part.fail_reason if part else 'no such receiver'}"
            if await db_sharing.end_order(tx, row.merchant_id, number.sharing_order_id, "closed", reason):
                await db_sharing.set_state(tx, locked, "failed", None, reason)
                log.error("sharing closed by WeChat", order_id=str(row.order_id), reason=reason)
            return False
        return await _succeed(tx, locked, number)


async def _succeed(tx: Tx, row: Sharing, number: SharingOrderRow) -> bool:
    platform = await books.platform_of(tx)
    moved = await db_sharing.end_order(tx, row.merchant_id, number.sharing_order_id, "success", None)
    if not moved or platform is None:
        return False
    await db_sharing.add_shared(tx, row, number.amount_fen, 0)
    await db_sharing.set_state(tx, row, "unfreezing", tx.now + _LEASE)
    pair = books.shared(number.sharing_order_id, row.order_no, number.amount_fen)
    await books.post(tx, row.merchant_id, platform.merchant_id, [pair])
    return True


async def _refused(
    rt: Runtime, row: Sharing, line: SharingLine, number: SharingOrderRow | None, refused: PayError
) -> bool:
    """WeChat refused. The number may have been taken before: only what it does not know has failed."""
    final = refused.verified and (refused.code in _FINAL or row.tries >= MOST_TRIES)
    if number is not None and number.kind == "unfreeze" and refused.code == "INVALID_REQUEST":
        try:
            final = final or await line.sharing.unsplit_fen(row.transaction_id) == 0
        except WeChatError:
            final = False
    if not final or not await _unknown(line, row, number):
        await _later(rt, row, str(refused))
        return False
    async with rt.db.transaction() as tx:
        locked = await db_sharing.find(tx, row.merchant_id, row.order_id, lock=True)
        if locked is None or locked.state != row.state:
            return False
        if number is not None:
            await db_sharing.end_order(tx, row.merchant_id, number.sharing_order_id, "closed", str(refused))
        await db_sharing.set_state(tx, locked, "failed", None, str(refused))
    log.error("sharing refused by WeChat", order_id=str(row.order_id), error=str(refused))
    return False


async def _unknown(line: SharingLine, row: Sharing, number: SharingOrderRow | None) -> bool:
    if number is None:
        return True
    try:
        await line.sharing.query(number.number, transaction_id=row.transaction_id)
    except PayError as answer:
        return answer.status == 404
    except WeChatError:
        return False
    return False


async def _later(rt: Runtime, row: Sharing, error: str) -> None:
    """Tries again: 5 s doubling up to an hour; the error is shown meanwhile."""
    log.warning("sharing postponed", order_id=str(row.order_id), tries=row.tries, error=error)
    async with rt.db.transaction() as tx:
        locked = await db_sharing.find(tx, row.merchant_id, row.order_id, lock=True)
        if locked is not None and locked.due_at is not None:
            pause = min(timedelta(seconds=5) * 2 ** min(row.tries, 12), timedelta(hours=1))
            await db_sharing.set_state(tx, locked, locked.state, tx.now + pause, error, again=True)


async def watch_ends(rt: Runtime) -> int:
    """The job that watches the thirty days: warns before the end, and says what was missed; returns how many."""
    async with rt.db.transaction() as tx:
        near = await db_sharing.warn_ending(tx, tx.now + rules.WARN_BEFORE, PER_RUN)
    for row in near:
        log.error("sharing ends soon", order_id=str(row.order_id), ends_at=row.ends_at.isoformat(), state=row.state)
    async with rt.db.session() as tx:
        ended = await db_sharing.list_ended(tx, PER_RUN)
    for merchant_id, order_id in ended:
        async with rt.db.transaction() as tx:
            row = await db_sharing.find(tx, merchant_id, order_id, lock=True)
            if row is None or row.state not in ("waiting", "failed"):
                continue
            wanted = await _still_wanted(tx, row)
            await db_sharing.set_state(
                tx, row, "missed" if wanted else "done", None, "WeChat's thirty days are over" if wanted else None
            )
    return len(near) + len(ended)


async def retry(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> None:
    """Takes a failed sharing up again, with a new number and the receiver told anew.

    Raises SharingNotFailed, and SharingEnded when the thirty days are over.
    """
    row = await _failed(tx, merchant_id, order_id)
    if tx.now >= row.ends_at:
        raise SharingEnded
    await db_sharing.forget_receiver(tx, merchant_id, row.mchid)
    await db_sharing.set_state(tx, row, "waiting", tx.now)


async def give_up(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> None:
    """Unfreezes a failed sharing's money; the commission is settled by the statement. Raises SharingNotFailed."""
    row = await _failed(tx, merchant_id, order_id)
    await db_sharing.set_state(tx, row, "unfreezing", tx.now)


async def _failed(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> Sharing:
    row = await db_sharing.find(tx, merchant_id, order_id, lock=True)
    if row is None or row.state != "failed":
        raise SharingNotFailed
    return row
