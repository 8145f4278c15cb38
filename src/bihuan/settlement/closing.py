"""Statements: what a merchant's money with WeChat and the platform did in a period, from the ledger.

An open statement counts what the book says until now. Closing it, n days after the period's end, freezes its
transactions by their ids: each stands on one statement, a late one on the next. Then what stands between the books
becomes due, and is paid by bank.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from bihuan import merchants, orders
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, OrderId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Movement, list_movements
from bihuan.payments.sharing import account_mchid, list_origins
from bihuan.settlement import books, db_commission, db_plans, db_statements, rules
from bihuan.settlement.db_statements import Line, Payout, Statement
from bihuan.settlement.errors import (
    AdjustmentOfNothing,
    PaidLater,
    PayoutTooLarge,
    PeriodNotOver,
    ReferenceUsed,
    StatementClosed,
    StatementOpen,
)

log = structlog.get_logger(__name__)

BATCH = 2000
PER_RUN = 100
_LATE = timedelta(days=7)
"""A transaction that was posted so long before a period began stood in the book when the last one was closed."""

_COLUMNS = ("sales", "topups", "refunds", "commissions", "fees", "adjustments", "payouts")


async def open_statement(tx: Tx, merchant_id: MerchantId) -> Statement:
    """The running period; it is opened when there is none. The first begins with the first movement of the book.

    Raises NotFound for the platform, which settles with everybody else.
    """
    known = await db_statements.find_open(tx, merchant_id)
    if known is not None:
        return known
    if (await merchants.get(tx, merchant_id)).is_platform:
        raise NotFound
    last = await db_statements.find_last_closed(tx, merchant_id)
    terms = await db_plans.find_terms(tx, merchant_id)
    if last is not None:
        begins = last.period_to
    else:
        first = await list_movements(tx, merchant_id, rules.SETTLED_ACCOUNTS, None, 1)
        begins = min(first[0].posted_at, tx.now) if first else tx.now
    natural_from, period_to = rules.period_around(begins, terms.cycle)
    period_from = last.period_to if last is not None else natural_from
    number = f"ST{period_from.astimezone(rules.CHINA):%Y%m%d}{new_id().hex[-4:].upper()}"
    opened = Statement(
        statement_id=new_id(),
        statement_no=number,
        period_from=period_from,
        period_to=period_to,
        closes_at=period_to + timedelta(days=terms.delay_days),
        state="open",
        opening_fen=last.closing_fen if last else 0,
        closing_fen=last.closing_fen if last else 0,
    )
    if not await db_statements.insert_open(tx, merchant_id, opened):
        known = await db_statements.find_open(tx, merchant_id)
        if known is not None:
            return known
        raise RuntimeError("a period that is neither open nor new")
    return opened


async def unsettled(
    tx: Tx, merchant_id: MerchantId, statement: Statement, until: datetime | None
) -> AsyncIterator[list[Line]]:
    """The lines of an open statement, in batches: what the book has until then and no statement holds."""
    after = None if statement.opening_fen == 0 and await _is_first(tx, merchant_id) else _floor(tx, statement)
    while True:
        page = await list_movements(tx, merchant_id, rules.SETTLED_ACCOUNTS, after, BATCH)
        if not page:
            return
        after = page[-1].transaction_id
        frozen = await db_statements.list_frozen(tx, merchant_id, [one.transaction_id for one in page])
        fresh = [
            one
            for one in page
            if one.transaction_id not in frozen
            and one.source != "statement"  # of a closing: it only says where the same money stands
            and (until is None or one.posted_at < until)
        ]
        if fresh:
            yield await _lines(tx, merchant_id, fresh)


async def _is_first(tx: Tx, merchant_id: MerchantId) -> bool:
    return await db_statements.find_last_closed(tx, merchant_id) is None


def _floor(tx: Tx, statement: Statement) -> UUID:
    """The lowest id that a transaction of this period can have; ids lead with their time.

    That is the machine's: where a desk's clock was moved ahead of it, ids lag behind what they are about.
    """
    lag = tx.now - datetime.fromtimestamp((new_id().int >> 80) / 1000, UTC)
    begins = statement.period_from - _LATE - max(lag, timedelta())
    return UUID(int=int(begins.timestamp() * 1000) << 80)


async def _lines(tx: Tx, merchant_id: MerchantId, page: Sequence[Movement]) -> list[Line]:
    """Movements as lines, each with the order that it comes from."""
    receipts = [one.source_id for one in page if one.source in ("receipt", "refused_receipt")]
    origins = await list_origins(tx, merchant_id, receipts, [one.source_id for one in page if one.source == "refund"])
    order_of: dict[UUID, OrderId] = {
        one.source_id: OrderId(origins[one.source_id].reference_id)
        for one in page
        if one.source_id in origins and origins[one.source_id].purpose == "order"
    }
    order_of |= {one.source_id: OrderId(one.source_id) for one in page if one.source in ("order", "commission")}
    order_of |= await db_commission.list_orders_of(
        tx, merchant_id, [one.source_id for one in page if one.source in _OF_COMMISSION]
    )
    found = await orders.list_orders(tx, merchant_id, sorted(set(order_of.values())))
    lines: list[Line] = []
    for one in page:
        order = found.get(order_of.get(one.source_id, OrderId(one.source_id)))
        origin = origins.get(one.source_id)
        lines.append(
            Line(
                transaction_id=one.transaction_id,
                kind=rules.kind_of(one.accounts, origin.purpose if origin else None),
                wechat_fen=one.on("wechat_clearing"),
                interbook_fen=one.on("interbook_clearing"),
                payable_fen=one.on("merchant_payable"),
                source=one.source,
                order_id=order.order_id if order else None,
                order_no=order.order_no if order else None,
                description=one.description,
                occurred_at=one.occurred_at,
            )
        )
    return lines


_OF_COMMISSION = ("commission_return", "sharing", "sharing_return")


def added(statement: Statement, lines: Sequence[Line]) -> Statement:
    """A statement with more lines: the sums of their kinds, and the closing balance."""
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.kind] = sums.get(line.kind, 0) + line.amount_fen
    changes = {f"{name}_fen": getattr(statement, f"{name}_fen") + sums.get(name, 0) for name in _COLUMNS}
    total = sum(line.amount_fen for line in lines)
    return msgspec.structs.replace(
        statement,
        **changes,
        closing_fen=statement.closing_fen + total,
        line_count=statement.line_count + len(lines),
    )


async def preview(tx: Tx, merchant_id: MerchantId) -> Statement:
    """The running period as it stands now."""
    statement = await open_statement(tx, merchant_id)
    async for lines in unsettled(tx, merchant_id, statement, None):
        statement = added(statement, lines)
    return statement


async def close(tx: Tx, merchant_id: MerchantId, statement_id: UUID) -> Statement:
    """Closes a period: freezes its lines, and makes due what stands between merchant and platform.

    Raises NotFound, StatementClosed, PeriodNotOver.
    """
    statement = await db_statements.find(tx, merchant_id, statement_id, lock=True)
    if statement is None:
        raise NotFound
    if statement.state != "open":
        raise StatementClosed
    if tx.now < statement.period_to:
        raise PeriodNotOver
    platform = await books.platform_of(tx)
    collected = platform is not None and await _collected(tx, merchant_id, platform.merchant_id)
    wechat = interbook = 0
    async for lines in unsettled(tx, merchant_id, statement, statement.period_to):
        await db_statements.insert_lines(tx, merchant_id, statement_id, lines)
        statement = added(statement, lines)
        interbook += sum(line.interbook_fen for line in lines)
        wechat += sum(line.wechat_fen for line in lines) if collected else 0
    due = wechat + interbook
    closed = msgspec.structs.replace(
        statement,
        state="closed" if due else "paid",
        due_fen=due,
        collected=collected,
        closed_at=tx.now,
        paid_at=None if due else tx.now,
    )
    await db_statements.set_closed(tx, merchant_id, closed)
    await open_statement(tx, merchant_id)
    if platform is not None and (wechat or interbook):
        pair = books.closing(statement_id, statement.statement_no, wechat, interbook)
        await books.post(tx, merchant_id, platform.merchant_id, [pair])
    return closed


async def cut(tx: Tx, merchant_id: MerchantId, statement_id: UUID) -> Statement:
    """Ends the running period now and closes it, before its time; the next goes on from here to the cycle's end.

    Raises NotFound, StatementClosed.
    """
    statement = await db_statements.find(tx, merchant_id, statement_id, lock=True)
    if statement is None:
        raise NotFound
    if statement.state != "open":
        raise StatementClosed
    if statement.period_from >= tx.now:
        raise PeriodNotOver
    if tx.now < statement.period_to:
        await db_statements.set_period_end(tx, merchant_id, statement_id, tx.now)
    return await close(tx, merchant_id, statement_id)


async def _collected(tx: Tx, merchant_id: MerchantId, platform_id: MerchantId) -> bool:
    """Whether the platform's own account receives this merchant's money."""
    own, platforms = await account_mchid(tx, merchant_id), await account_mchid(tx, platform_id)
    return own is not None and own == platforms


async def close_due(rt: Runtime) -> int:
    """The job: opens a period for whoever has none, and closes those whose T+n has come; returns how many closed."""
    async with rt.db.session() as tx:
        platform = await books.platform_of(tx)
        everybody = await merchants.list_merchants(tx, None, 10_000, selling_only=False)
        due = await db_statements.list_to_close(tx, PER_RUN)
    if platform is None:
        return 0
    for merchant in everybody:
        if merchant.merchant_id == platform.merchant_id:
            continue
        async with rt.db.transaction() as tx:
            await open_statement(tx, merchant.merchant_id)
    for merchant_id, statement_id in due:
        try:
            async with rt.db.transaction() as tx:
                closed = await close(tx, merchant_id, statement_id)
            log.info("statement closed", merchant_id=str(merchant_id), number=closed.statement_no)
        except StatementClosed:
            log.info("statement was closed meanwhile", merchant_id=str(merchant_id))
    return len(due)


async def pay(tx: Tx, merchant_id: MerchantId, statement_id: UUID, payout: Payout) -> Statement:
    """Records a bank transfer of a closed statement; positive to the merchant. It is paid with the last fen.

    Raises NotFound, StatementOpen, PayoutTooLarge, PaidLater, ReferenceUsed.
    """
    statement = await db_statements.find(tx, merchant_id, statement_id, lock=True)
    platform = await books.platform_of(tx)
    if statement is None or platform is None:
        raise NotFound
    if statement.state == "open":
        raise StatementOpen
    left = statement.due_fen - statement.paid_fen
    if payout.amount_fen == 0 or (payout.amount_fen > 0) != (left > 0) or abs(payout.amount_fen) > abs(left):
        raise PayoutTooLarge(left_fen=left)
    if payout.paid_on > tx.now.astimezone(rules.CHINA).date():
        raise PaidLater
    if not await db_statements.insert_payout(tx, merchant_id, payout):
        raise ReferenceUsed
    await db_statements.add_paid(tx, merchant_id, statement_id, payout.amount_fen)
    pair = books.payout(payout.payout_id, statement.statement_no, payout.amount_fen)
    await books.post(tx, merchant_id, platform.merchant_id, [pair])
    paid = await db_statements.find(tx, merchant_id, statement_id)
    assert paid is not None, "statements are never deleted"
    return paid


async def adjust(tx: Tx, merchant_id: MerchantId, amount_fen: int, reason: str, staff_id: UUID) -> UUID:
    """The platform credits (negative: charges) a merchant by hand; it stands on the running statement.

    Raises NotFound, AdjustmentOfNothing.
    """
    if amount_fen == 0:
        raise AdjustmentOfNothing
    platform = await books.platform_of(tx)
    if platform is None or platform.merchant_id == merchant_id:
        raise NotFound
    adjustment_id = new_id()
    await db_statements.insert_adjustment(tx, merchant_id, adjustment_id, amount_fen, reason, staff_id)
    await books.post(tx, merchant_id, platform.merchant_id, [books.adjustment(adjustment_id, reason, amount_fen)])
    return adjustment_id
