"""What may be posted: the chart of accounts, and transactions that balance. No I/O."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel.money import MAX_FEN

Kind = Literal["asset", "liability", "income", "expense", "clearing"]


class Account(msgspec.Struct, frozen=True):
    """An account of every book; the table `ledger_chart` has the same."""

    account: str
    kind: Kind
    name_zh: str
    name_en: str


_ACCOUNTS = (
    Account("wechat_clearing", "asset", "微信支付结算", "WeChat Pay clearing"),
    Account("alipay_clearing", "asset", "支付宝结算", "Alipay clearing"),
    Account("card_clearing", "asset", "刷卡结算", "Card clearing"),
    Account("cash", "asset", "现金", "Cash in tills"),
    Account("bank", "asset", "银行存款", "Bank"),
    Account("external_clearing", "asset", "其他渠道结算", "Clearing of other channels"),
    Account("receipts", "liability", "待核销收款", "Unapplied receipts"),
    Account("refunds_payable", "liability", "应退款", "Refunds payable"),
    Account("wallet_liability", "liability", "顾客储值", "Stored value"),
    Account("commission_payable", "liability", "应付佣金", "Commission payable"),
    Account("merchant_payable", "liability", "应付商家款", "Merchant payable"),
    Account("sales", "income", "商品销售", "Sales"),
    Account("commission_income", "income", "佣金收入", "Commission income"),
    Account("tool_fees", "income", "工具费收入", "Tool fees"),
    Account("freight", "income", "运费收入", "Freight"),
    Account("discounts", "expense", "优惠折让", "Discounts"),
    Account("points_discounts", "expense", "积分抵扣", "Points redeemed"),
    Account("wallet_gifts", "expense", "储值赠送", "Stored-value gifts"),
    Account("refunds", "expense", "销售退款", "Refunds"),
    Account("payment_fees", "expense", "支付手续费", "Payment fees"),
    Account("tool_costs", "expense", "平台工具费", "Tools and plans"),
    Account("compensation", "expense", "赔付", "Compensation"),
    Account("differences", "expense", "对账与盘点差异", "Differences"),
    Account("till_expenses", "expense", "零星支出", "Paid out of tills"),
    Account("platform_fee", "expense", "平台服务费", "Platform fee"),
    Account("interbook_clearing", "clearing", "账簿间往来", "Interbook clearing"),
)
CHART: dict[str, Account] = {row.account: row for row in _ACCOUNTS}


class Unbalanced(ValueError):
    """A transaction that does not sum to zero, has fewer than two entries, or an entry of nothing."""


class UnknownAccount(ValueError):
    """An entry on an account that the chart does not have."""


class Entry(msgspec.Struct, frozen=True):
    """One side of a transaction, in fen: debit positive, credit negative, never zero."""

    account: str
    amount_fen: int


class Transaction(msgspec.Struct, frozen=True):
    """What happened, in money. (source, source_id) names the cause within the merchant and posts once.

    `occurred_at` is the time of the business; None is the time of posting. It is booked on that day (Asia/Shanghai),
    or on the first open day when that day's month is closed: a fact that comes late is not lost. `booked_on` is for
    a person who chooses the day of the book; a closed one is refused.
    """

    source: str
    source_id: UUID
    description: str
    entries: Sequence[Entry]
    occurred_at: datetime | None = None
    booked_on: date | None = None


def check(transaction: Transaction) -> None:
    """Raises Unbalanced or UnknownAccount; the database refuses the same."""
    entries = transaction.entries
    name = f"{transaction.source} {transaction.source_id}"
    for entry in entries:
        if entry.account not in CHART:
            raise UnknownAccount(f"{name}: {entry.account}")
        if entry.amount_fen == 0 or abs(entry.amount_fen) > MAX_FEN:
            raise Unbalanced(f"{name}: an entry of {entry.amount_fen} fen")
    if len(entries) < 2:
        raise Unbalanced(f"{name}: {len(entries)} entries")
    if (total := sum(entry.amount_fen for entry in entries)) != 0:
        raise Unbalanced(f"{name}: off by {total} fen")
