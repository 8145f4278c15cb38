"""Refusals of reconciliation, and why a bill is not taken."""

from bihuan.kernel.errors import Conflict, NotFound, Unprocessable


class DayNotOver(Unprocessable):
    """A day whose bills cannot be had yet, or no longer."""

    code = "day_not_to_be_had"
    zh = "只能对账前一天至三个月内的日期，且需在次日 10:00 之后。"
    en = "Only days up to yesterday and within three months can be reconciled, after 10:00 of the next day."


class NoSuchDay(NotFound):
    """Nothing is known of that day."""

    code = "no_such_day"
    zh = "该日期尚未对账。"
    en = "That day has not been reconciled."


class NoSuchDifference(NotFound):
    """There is no such difference."""

    zh = "没有这条差异。"
    en = "There is no such difference."


class DifferenceResolved(Conflict):
    """It was resolved before."""

    code = "difference_resolved"
    zh = "该差异已处理。"
    en = "This difference has been resolved."


class ActionDoesNotFit(Unprocessable):
    """The action makes no sense for this difference."""

    code = "action_does_not_fit"
    zh = "该处理方式不适用于这条差异。"
    en = "That action does not fit this difference."


class DayReconciled(Conflict):
    """The day was matched: doing it again changes nothing."""

    code = "day_reconciled"
    zh = "该日期已对账完成。"
    en = "That day has been reconciled."


class BillForgotten(NotFound):
    """The file is not kept any more, or nothing happened on the day."""

    code = "bill_not_kept"
    zh = "账单文件已过保留期，或当日没有账单。"
    en = "The bill is not kept any more, or the day has none."


class BillRefused(Exception):
    """A bill that is not taken, with a stable code; nothing of it is used."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
