"""Refusals of finance."""

from bihuan.kernel.errors import BadRequest, Conflict, Unprocessable


class BadMonth(BadRequest):
    """Not a month: YYYY-MM."""

    code = "bad_month"
    zh = "月份应写作 2026-11 的样子。"
    en = "Write a month like 2026-11."


class NotReadyToClose(Conflict):
    """Lines of the checklist do not hold; `failing` names them."""

    code = "not_ready_to_close"
    zh = "还不能结账：清单上有 {count} 项没有通过。"
    en = "The month cannot be closed: {count} lines of the checklist do not hold."


class UnknownAccounts(Unprocessable):
    """Codes were given for accounts that the chart does not have."""

    code = "unknown_account"
    zh = "没有这些科目：{accounts}。"
    en = "There are no such accounts: {accounts}."


class ExportTooLarge(Unprocessable):
    """More rows than a sheet should have; CSV has no such limit."""

    code = "export_too_large"
    zh = "超过 {most} 行，Excel 文件会太大。请缩短日期或导出 CSV。"
    en = "More than {most} rows: too many for a workbook. Choose fewer days, or CSV."


class VerifyUnderWay(Conflict):
    """A run was asked for, or runs, already."""

    code = "verify_under_way"
    zh = "核验正在进行，请稍候。"
    en = "A run is under way; wait for it."
