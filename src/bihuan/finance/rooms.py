"""Cash flow, income by day, and what a transaction comes from."""

from datetime import date
from uuid import UUID

from bihuan import ledger, orders
from bihuan.finance.schemas import (
    CashFlow,
    ChannelName,
    FlowDay,
    Income,
    IncomeDay,
    IncomeLine,
    Origin,
    TransactionDetail,
)
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.ledger import books, journal
from bihuan.payments import origins as paid_for

CHANNELS = tuple(row.account for row in ledger.CHART.values() if row.kind == "asset")
"""Where money can be: WeChat, Alipay, cards on their way, drawers, the bank, elsewhere."""
_RESULT = tuple(row.account for row in ledger.CHART.values() if row.kind in ("income", "expense"))
_KINDS = {row.account: row.kind for row in ledger.CHART.values()}


async def cash_flow(tx: Tx, merchant_id: MerchantId, first: date, last: date, language: str) -> CashFlow:
    """Money in and out by day and channel: a transfer between two channels goes out of one and into the other."""
    rows = await books.list_days(tx, merchant_id, CHANNELS, first, last)
    moved = {row.account for row in rows}
    return CashFlow(
        [FlowDay(row.day, row.account, row.debit_fen, row.credit_fen) for row in rows],
        [ChannelName(account, ledger.name_of(account, language)) for account in CHANNELS if account in moved],
    )


async def income(tx: Tx, merchant_id: MerchantId, first: date, last: date, language: str) -> Income:
    """Income and what is deducted from it, by day and by account."""
    rows = await books.list_days(tx, merchant_id, _RESULT, first, last)
    days: dict[date, tuple[int, int]] = {}
    accounts: dict[str, int] = {}
    for row in rows:
        earned = row.credit_fen - row.debit_fen
        plus, minus = days.get(row.day, (0, 0))
        days[row.day] = (plus + earned, minus) if _KINDS[row.account] == "income" else (plus, minus - earned)
        accounts[row.account] = accounts.get(row.account, 0) + earned
    return Income(
        [IncomeDay(day, plus, minus, plus - minus) for day, (plus, minus) in sorted(days.items())],
        [
            IncomeLine(account, ledger.name_of(account, language), accounts[account])
            for account in _RESULT
            if account in accounts
        ],
        sum(accounts.values()),
    )


async def detail(tx: Tx, merchant_id: MerchantId, transaction_id: UUID, language: str) -> TransactionDetail:
    """A transaction with what it comes from. Raises NotFound."""
    found = await journal.find(tx, merchant_id, journal.Filter(text=str(transaction_id)), None, 1)
    row = next((row for row in found.rows if row.transaction_id == transaction_id), None)
    if row is None:
        raise NotFound
    return TransactionDetail(ledger.view_of(row, language), await _origins(tx, merchant_id, row.source, row.source_id))


_OF_ORDERS = {"order", "commission"}
_OF_RECEIPTS = {"receipt", "refused_receipt"}
_OF_REFUNDS = {"refund", "refund_decision", "commission_return"}


async def _origins(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> list[Origin]:
    """From the nearest cause to the order; a source that we cannot follow is shown by its id."""
    if source in _OF_RECEIPTS:
        near = await paid_for.of_receipts(tx, merchant_id, [source_id])
    elif source in _OF_REFUNDS:
        near = await paid_for.of_refunds(tx, merchant_id, [source_id])
    else:  # an order itself, a commission of one, or what only its own room knows
        order = await _order(tx, merchant_id, source_id) if source in _OF_ORDERS else None
        return [order or Origin(source, source_id)]
    origins = [Origin(source, source_id, one.number) for one in near] or [Origin(source, source_id)]
    for one in near:
        if one.purpose == "order" and (order := await _order(tx, merchant_id, one.reference_id)):
            origins.append(order)
        else:
            origins.append(Origin(one.purpose, one.reference_id))
    return origins


async def _order(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> Origin | None:
    found = (await orders.list_orders(tx, merchant_id, [OrderId(order_id)])).get(OrderId(order_id))
    return Origin("order", order_id, found.order_no) if found else None
