"""Tables for spreadsheets: UTF-8 with a BOM, so that Excel reads Chinese; amounts in yuan, never formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

from bihuan.kernel.money import yuan
from bihuan.reconciliation.schemas import DayRow, DifferenceRow

MOST_ROWS = 10_000
MOST_DAYS = 2_000
_KINDS = {
    "missing_here": "平台缺少",
    "missing_there": "账单缺少",
    "amount": "金额不符",
    "state": "状态不符",
    "fee": "手续费不符",
    "twice": "重复入账",
    "unknown_move": "资金流水不明",
    "balance": "余额不符",
}
_STATES = {"waiting": "等待次日账单", "open": "待处理", "resolved": "已处理"}
_RESOLUTIONS = {"agrees": "核对一致", "appeared": "次日账单已出现", "posted": "已入账", "accepted": "已确认"}


def _amount(fen: int | None) -> str:
    return "" if fen is None else yuan(fen)


def _text(value: str | None) -> str:
    """A cell that begins like a formula is led by an apostrophe: what shoppers and staff wrote is only text."""
    value = value or ""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def differences(rows: Iterable[DifferenceRow]) -> bytes:
    """Differences."""
    head = ("日期", "商户号", "差异", "对象", "微信单号", "商户单号", "平台金额", "账单金额", "平台状态", "账单状态",
            "应调整", "状态", "处理结果", "处理人", "说明")  # fmt: skip
    subjects = {"payment": "支付", "refund": "退款", "move": "资金流水", "day": "当日"}
    return _table(
        head,
        (
            (
                row.day, row.mchid, _KINDS[row.kind], subjects[row.subject], _text(row.number), _text(row.out_number),
                _amount(row.here_fen), _amount(row.there_fen), row.here_state or "", _text(row.there_state),
                _amount(row.book_fen), _STATES[row.state], _RESOLUTIONS.get(row.resolution or "", ""),
                _text(row.staff_name) or ("规则" if row.rule else ""), _text(row.note),
            )
            for row in rows
        ),
    )  # fmt: skip


def days(rows: Iterable[DayRow]) -> bytes:
    """Days with their sums."""
    head = ("日期", "商户号", "状态", "账单支付笔数", "账单支付金额", "账单退款笔数", "账单退款金额", "手续费",
            "平台支付笔数", "平台支付金额", "平台退款笔数", "平台退款金额", "账单期末余额", "账面期末余额", "提现",
            "在途退款", "待分账", "分账", "差异", "未解释", "未处理差异")  # fmt: skip
    states = {"waiting": "等待", "matched": "已对账", "failed": "失败"}
    return _table(
        head,
        (
            (
                row.day, row.mchid, states[row.state], row.payments, _amount(row.paid_fen), row.refunds,
                _amount(row.refunded_fen), _amount(row.fees_fen), row.here_payments, _amount(row.here_paid_fen),
                row.here_refunds, _amount(row.here_refunded_fen), _amount(row.closing_fen),
                _amount(row.book_closing_fen), _amount(row.withdrawn_fen), _amount(row.in_transit_fen),
                _amount(row.frozen_fen), _amount(row.shared_fen), _amount(row.differing_fen),
                _amount(row.unexplained_fen), row.open_differences,
            )
            for row in rows
        ),
    )  # fmt: skip
