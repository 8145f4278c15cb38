"""Refusals about complaints."""

from bihuan.kernel.errors import Conflict


class NotAnswered(Conflict):
    """WeChat lets nobody say that a complaint is dealt with before an answer was given."""

    code = "complaint_not_answered"
    zh = "请先回复用户，再标记处理完成。"
    en = "Answer the shopper first, then say that it is dealt with."


class Completed(Conflict):
    """It was said before that the complaint is dealt with."""

    code = "complaint_completed"
    zh = "该投诉已处理完成。"
    en = "This complaint is dealt with already."


class AnswerUnderWay(Conflict):
    """The answer before is still on its way to WeChat."""

    code = "complaint_answer_under_way"
    zh = "上一条回复正在发送，请稍候再试。"
    en = "The answer before is still being sent; wait a moment."


class AnswerRefused(Conflict):
    """WeChat did not take the answer; `reason` in its words."""

    code = "complaint_answer_refused"
    zh = "微信支付未接受：{reason}"
    en = "WeChat Pay did not take it: {reason}"


class NoDesk(Conflict):
    """The account that is complained about is not connected any more, or its keys do not open."""

    code = "complaint_account_missing"
    zh = "被投诉的商户号（{mchid}）未连接，无法操作，请检查微信支付设置。"
    en = "The account complained about ({mchid}) is not connected; look at the WeChat Pay settings."
