"""Refusals of the ledger."""

from bihuan.kernel.errors import Conflict


class PeriodClosed(Conflict):
    """Somebody chose a day of the book whose month is closed. Facts that come late are never refused: see ADR 10."""

    code = "period_closed"
    zh = "{day} 所在的月份已经结账，不能再记入。请记入未结账的月份，或请平台反结账。"
    en = "The month of {day} is closed. Book it in an open month, or ask an operator to reopen that one."


class StillClosed(Conflict):
    """The month is closed, or a later one is."""

    code = "period_already_closed"
    zh = "这个月已经结账。"
    en = "This month is closed already."


class StillOpen(Conflict):
    """The month is not closed."""

    code = "period_open"
    zh = "这个月没有结账。"
    en = "This month is not closed."
