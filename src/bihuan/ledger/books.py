"""Balances at any date, turnovers and days of a book: what others read of it by sums."""

from bihuan.ledger.db_books import (
    DayRow,
    Turnover,
    VoucherLine,
    balances_on,
    first_day,
    list_days,
    month_turnovers,
    turnovers,
    voucher_lines,
)

__all__ = [
    "DayRow",
    "Turnover",
    "VoucherLine",
    "balances_on",
    "first_day",
    "list_days",
    "month_turnovers",
    "turnovers",
    "voucher_lines",
]
