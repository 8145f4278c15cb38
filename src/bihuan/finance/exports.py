"""The journal as files, streamed as CSV and as a workbook. Vouchers are `vouchers`."""

import csv
import io
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from bihuan import ledger
from bihuan.finance.errors import ExportTooLarge
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import journal, periods
from bihuan.ledger.journal import Filter, TransactionRow

PAGE = 1000
MOST_SHEET_ROWS = 200_000
BOM = "\ufeff"
"""Without it Excel reads a CSV of Chinese as GBK."""

SOURCES_ZH: dict[str, str] = {
    "receipt": "收款",
    "refused_receipt": "拒收退回",
    "order": "订单收入",
    "refund": "退款",
    "refund_decision": "决定退款",
    "wallet_topup": "储值充值",
    "wallet_gift_return": "收回赠金",
    "commission": "平台佣金",
    "commission_return": "退回佣金",
    "sharing": "微信分账",
    "sharing_return": "分账回退",
    "plan_invoice": "工具套餐",
    "settlement_adjustment": "结算调整",
    "statement": "结算单",
    "payout": "结算付款",
    "payment_fees": "支付手续费",
    "bank_transfer": "提现",
    "alipay_fees": "支付宝服务费",
    "reconciliation": "对账差异",
    "till_float": "备用金",
    "till_pay_in": "收银机存入",
    "till_pay_out": "收银机支出",
    "till_expense": "零星支出",
    "till_difference": "盘点差异",
    "till_banking": "缴存银行",
    "order_cancelled": "订单取消",
    "import": "导入",
}

_JOURNAL_ZH = ("记账日", "业务时间", "来源", "摘要", "科目", "科目名称", "借方", "贷方", "交易号", "来源号")
_JOURNAL_EN = ("Booked on", "Occurred at", "Source", "Description", "Account", "Name", "Debit", "Credit",
               "Transaction", "Cause")  # fmt: skip


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals; empty for nothing."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}" if fen else ""


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def line_of(cells: list[str] | tuple[str, ...]) -> str:
    """A line of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


async def journal_pages(
    rt: Runtime, merchant_id: MerchantId, wanted: Filter
) -> AsyncGenerator[list[TransactionRow], None]:
    """The journal from the oldest on, in pages: a reader who is slow keeps no transaction open."""
    after: journal.Place | None = None
    while True:
        async with rt.db.session() as tx:
            found = await journal.find(tx, merchant_id, wanted, after, PAGE, oldest_first=True)
        if found.rows:
            yield found.rows
        if found.next is None:
            return
        after = found.next


def _cells(row: TransactionRow, language: str) -> list[tuple[Any, ...]]:
    at = row.occurred_at.astimezone(periods.CHINA).strftime("%Y-%m-%d %H:%M:%S")
    source = row.source if language == "en" else SOURCES_ZH.get(row.source, row.source)
    return [
        (row.booked_on.isoformat(), at, source, plain(row.description), account, ledger.name_of(account, language),
         amount if amount > 0 else 0, -amount if amount < 0 else 0, str(row.transaction_id), str(row.source_id))
        for account, amount in zip(row.accounts, row.amounts, strict=True)
    ]  # fmt: skip


async def journal_csv(rt: Runtime, merchant_id: MerchantId, wanted: Filter, language: str) -> AsyncGenerator[str, None]:
    """The journal as CSV, one line per entry, amounts in yuan."""
    yield BOM + line_of(_JOURNAL_EN if language == "en" else _JOURNAL_ZH)
    async for rows in journal_pages(rt, merchant_id, wanted):
        yield "".join(
            line_of((*cells[:6], yuan(cells[6]), yuan(cells[7]), *cells[8:]))
            for row in rows
            for cells in _cells(row, language)
        )


async def journal_sheet(rt: Runtime, merchant_id: MerchantId, wanted: Filter, language: str, path: Path) -> None:
    """Writes the journal as a workbook, row by row. Raises ExportTooLarge."""
    from openpyxl import Workbook  # large, and seldom asked for: not with every start

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Journal" if language == "en" else "分录")
    sheet.freeze_panes = "A2"
    sheet.append(_JOURNAL_EN if language == "en" else _JOURNAL_ZH)
    count = 0
    async for rows in journal_pages(rt, merchant_id, wanted):
        for row in rows:
            for cells in _cells(row, language):
                sheet.append((*cells[:6], cells[6] / 100 or None, cells[7] / 100 or None, *cells[8:]))
                count += 1
        if count > MOST_SHEET_ROWS:
            book.close()
            raise ExportTooLarge(most=MOST_SHEET_ROWS)
    book.save(path)
