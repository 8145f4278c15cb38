"""Asking WeChat: for a shopper who waits, for notifications that never came, and to close what nobody shall pay.

Every live attempt has a time at which the job looks at it (`due_at`). Wanted closed: it is closed there. Otherwise
it is asked about; paid, it is settled as its notification would have been; unpaid after its expiry, it is closed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from bihuan.alipay import AlipayError, Trade
from bihuan.kernel import bounded
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.payments import clients, db, db_refunds, db_watch, rules
from bihuan.payments.alipay import asking
from bihuan.payments.db_watch import WatchedRow
from bihuan.payments.inbox import INBOX, settle_safely
from bihuan.payments.schemas import ParkedKind, ParkedView, PaymentView, RefundView
from bihuan.payments.settlers import Settlers
from bihuan.payments.settling import Heard
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import Transaction

log = structlog.get_logger(__name__)

PER_RUN = 200
PARALLEL = 8
SYNC_PAUSE = timedelta(seconds=2)
SYNC_MOST = 3
_LEASE = timedelta(seconds=30)
"""Three times what a run may last: what a killed worker had in hand waits no longer than this."""
_ENDED = frozenset({"CLOSED", "REVOKED", "TRADE_CLOSED"})
"""Unpaid for good. Alipay's TRADE_CLOSED is a trade that was all refunded too, which is never asked about: it was
paid."""
_KEEP_NOTIFICATIONS = timedelta(days=60)

Told = Transaction | Trade | WeChatError | AlipayError
"""What came of asking."""


async def sync(rt: Runtime, merchant: Merchant, purpose: str, reference_id: UUID) -> None:
    """Asks WeChat about a payment and settles what it says before returning.

    An attempt is asked about once in SYNC_PAUSE at most, whoever asks; in between nothing happens. Raises
    SettlementBusy; a WeChat that does not answer is logged and left to the job.
    """
    async with rt.db.session() as tx:
        rows = await db_watch.claim_of_reference(tx, merchant.merchant_id, purpose, reference_id, SYNC_PAUSE, SYNC_MOST)
    for told in await asyncio.gather(*(_ask(rt, row) for row in rows)):
        if isinstance(told, Transaction | Trade) and told.is_paid:
            await INBOX.settle(rt, merchant.merchant_id, Heard(told))


async def _ask(rt: Runtime, row: WatchedRow) -> Told:
    if row.tender == "alipay":
        return await asking.ask(rt, row)
    line = (await clients.lines_of(rt, row.merchant_id)).of_mchid(row.mchid)
    if line is None:
        return WeChatError("no_account", f"account {row.mchid} is not usable")
    try:
        return await line.client.query_by_out_trade_no(row.out_trade_no)
    except WeChatError as error:
        return error


async def watch(rt: Runtime, settlers: Settlers) -> int:
    """The job: closes and asks about attempts whose time has come, at most PER_RUN; returns how many."""
    async with rt.db.transaction() as tx:
        rows = await db_watch.claim_due(tx, tx.now + _LEASE, PER_RUN)

    async def one(row: WatchedRow) -> tuple[MerchantId, Heard] | None:
        try:
            return await _look_at(rt, row)
        except Exception:
            log.exception("attempt not looked at", out_trade_no=row.out_trade_no)
            return None

    paid: dict[MerchantId, list[Heard]] = {}
    for found in await bounded.each(rows, one, parallel=PARALLEL):
        if found is not None:
            paid.setdefault(found[0], []).append(found[1])
    for merchant_id, heard in paid.items():
        await settle_safely(rt, settlers, merchant_id, heard)
    return len(rows)


async def _look_at(rt: Runtime, row: WatchedRow) -> tuple[MerchantId, Heard] | None:
    """One attempt: closed, put off, or paid (returned for settling)."""
    if row.close_wanted and await _close(rt, row):
        return None
    told = await _ask(rt, row)
    async with rt.db.transaction() as tx:
        if isinstance(told, Transaction | Trade):
            if told.is_paid:
                return row.merchant_id, Heard(told)
            state = told.trade_state if isinstance(told, Transaction) else told.trade_status
            if state in _ENDED:
                await db_watch.set_closed(tx, row.merchant_id, row.attempt_id)
                return None
        await _put_off(tx, row, told)
    return None


async def _put_off(tx: Tx, row: WatchedRow, told: Told) -> None:
    unknown = asking.unknown(told) or (isinstance(told, PayError) and told.verified and told.code == "ORDER_NOT_EXIST")
    expired = row.expires_at + timedelta(seconds=20) < tx.now
    error = str(told) if isinstance(told, WeChatError | AlipayError) and not unknown else None
    # An order that WeChat never saw may still be on its way there until it has expired; then its number is burnt.
    close = expired and (unknown or isinstance(told, Transaction | Trade))
    due_at = tx.now if close and not row.close_wanted else rules.next_check(tx.now, row.checks, row.expires_at)
    await db_watch.postpone(tx, row, due_at, error, close=close)


async def _close(rt: Runtime, row: WatchedRow) -> bool:
    """Closes at WeChat or Alipay; False when it refused (it may be paid) or gave no answer: ask."""
    if not await (asking.close(rt, row) if row.tender == "alipay" else _close_at_wechat(rt, row)):
        return False
    async with rt.db.transaction() as tx:
        await db_watch.set_closed(tx, row.merchant_id, row.attempt_id)
    return True


async def _close_at_wechat(rt: Runtime, row: WatchedRow) -> bool:
    line = (await clients.lines_of(rt, row.merchant_id)).of_mchid(row.mchid)
    if line is None:
        return False
    try:
        await line.client.close(row.out_trade_no)
    except WeChatError as error:
        log.info("not closed", out_trade_no=row.out_trade_no, error=str(error))
        return False
    return True


async def forget_old(rt: Runtime) -> int:
    """The job: deletes notifications older than _KEEP_NOTIFICATIONS; returns how many."""
    async with rt.db.transaction() as tx:
        return await db.forget_seen(tx, tx.now - _KEEP_NOTIFICATIONS)


async def list_for(
    tx: Tx, merchant_id: MerchantId, purpose: str, reference_ids: Sequence[UUID]
) -> dict[UUID, list[PaymentView]]:
    """Attempts with their refunds by reference, oldest first: two queries, however many references."""
    attempts = await db_watch.list_of_references(tx, merchant_id, purpose, reference_ids)
    refunds: dict[UUID, list[RefundView]] = {}
    paid = [row.attempt_id for row in attempts if row.state == "paid"]
    for row in await db_refunds.list_of_attempts(tx, merchant_id, paid) if paid else []:
        view = RefundView(
            row.refund_id,
            row.refund_id.hex,
            row.state,
            row.amount_fen,
            row.reason,
            row.error,
            row.parked_at is not None,
            row.created_at,
            row.succeeded_at,
        )
        refunds.setdefault(row.attempt_id, []).append(view)
    found: dict[UUID, list[PaymentView]] = {}
    for row in attempts:
        fields = {name: getattr(row, name) for name in row.__struct_fields__ if name != "reference_id"}
        view = PaymentView(**fields, refunds=refunds.get(row.attempt_id, []))
        found.setdefault(row.reference_id, []).append(view)
    return found


async def list_parked(
    tx: Tx,
    merchant_id: MerchantId,
    limit: int,
    *,
    kind: ParkedKind | None = None,
    after: tuple[datetime, str] | None = None,
) -> list[ParkedView]:
    """What a person must look at, the oldest first, from after `after` (the `since` and `id` of one) on."""
    rows = await db_watch.list_parked(tx, merchant_id, kind, after, limit)
    return [ParkedView(r.kind, r.id, r.reference, r.amount_fen, r.reason, r.since) for r in rows]
