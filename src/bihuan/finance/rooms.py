"""Cash flow, income by day, and a transaction with what it comes from."""

from datetime import date
from uuid import UUID

from bihuan import ledger
from bihuan.finance import tracing
from bihuan.finance.schemas import (
    CashFlow,
    ChannelName,
    FlowDay,
    Income,
    IncomeDay,
    IncomeLine,
    TransactionDetail,
)
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId
from bihuan.ledger import books, journal

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
    return TransactionDetail(ledger.view_of(row, language), await tracing.trace(tx, merchant_id, row))
