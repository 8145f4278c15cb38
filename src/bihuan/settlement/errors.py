"""What settlement refuses."""

from bihuan.kernel.errors import Conflict, Unprocessable


class RuleNotAcceptable(Unprocessable):
    """A commission rule that contradicts itself; `field` names where."""

    code = "rule_not_acceptable"
    zh = "佣金规则不成立：{field}。"
    en = "This commission rule cannot be: {field}."


class PlanUnknown(Unprocessable):
    """No such plan is offered."""

    code = "plan_unknown"
    zh = "没有该套餐，或套餐已停售。"
    en = "There is no such plan on offer."


class StatementOpen(Conflict):
    """Nothing is paid before the period is closed."""

    code = "statement_open"
    zh = "结算单尚未结账，不能登记付款。"
    en = "This statement is still open; close it before paying."


class StatementClosed(Conflict):
    """The period is closed: its lines are frozen."""

    code = "statement_closed"
    zh = "该账期已结账，不能再变动。"
    en = "This period is closed and does not change any more."


class PeriodNotOver(Conflict):
    """The period still runs."""

    code = "period_not_over"
    zh = "账期尚未结束，不能结账。"
    en = "This period is not over yet."


class PayoutTooLarge(Conflict):
    """More than is left to pay, or in the wrong direction; `left_fen` is what is left."""

    code = "payout_too_large"
    zh = "付款金额超过未结金额，或方向不符。"
    en = "The payment is more than what is left to pay, or goes the wrong way."


class ReferenceUsed(Conflict):
    """The bank's reference stands on another payout."""

    code = "reference_used"
    zh = "该银行流水号已登记过。"
    en = "This bank reference was recorded before."


class PaidLater(Unprocessable):
    """The bank transfer is said to be made on a day to come."""

    code = "paid_later"
    zh = "付款日期不能晚于今天。"
    en = "A payment cannot have been made on a day to come."


class AdjustmentOfNothing(Unprocessable):
    """An adjustment that moves no money."""

    code = "adjustment_of_nothing"
    zh = "调整金额不能为零。"
    en = "An adjustment must be of some amount."


class SharingNotFailed(Conflict):
    """Only what failed is taken up again, or given up."""

    code = "sharing_not_failed"
    zh = "该分账没有失败，无需处理。"
    en = "This sharing has not failed."


class SharingEnded(Conflict):
    """WeChat's thirty days are over: the money is unfrozen, the commission stands on the statement."""

    code = "sharing_ended"
    zh = "已超过支付后 30 天，微信已自动解冻，佣金转入结算单。"
    en = "The thirty days are over and WeChat has unfrozen the money; the commission stands on the statement."


class ReturnNotFailed(Conflict):
    """Only a return that failed is given up."""

    code = "return_not_failed"
    zh = "该分账回退没有失败，无需处理。"
    en = "This return has not failed."
