"""Refusals of after-sale."""

from bihuan.kernel.errors import Conflict, TooManyRequests, Unprocessable


class NotApplicable(Conflict):
    """The order cannot have such a case now: not paid, not sent yet, or its time is over (`days`)."""

    code = "aftersale_not_applicable"
    zh = "该订单当前不能申请此类售后（完成后 {days} 天内可申请）。"
    en = "This order cannot have such a case now (up to {days} days after completion)."


class ReasonNotFitting(Unprocessable):
    """There is no such reason, or not for this kind of case."""

    code = "reason_not_fitting"
    zh = "请选择适用于该售后类型的原因。"
    en = "Choose a reason that fits this kind of case."


class AmountNotAcceptable(Unprocessable):
    """The amount is nothing, or above the most that can go back (`most_fen`)."""

    code = "amount_not_acceptable"
    zh = "金额须大于 0 且不超过可退金额。"
    en = "The amount must be above zero and at most what can go back."


class LinesNotFitting(Unprocessable):
    """The lines are not those of the order or case, or one is named twice."""

    code = "lines_not_fitting"
    zh = "所选商品与订单不符。"
    en = "These lines do not fit the order."


class ExchangeNotFitting(Unprocessable):
    """The wished SKU is not on sale, not of this product, or has another price."""

    code = "exchange_not_fitting"
    zh = "只能换成同款在售且同价的规格。"
    en = "An exchange is for a variant of the same product, on sale at the same price."


class ReturnAddressMissing(Unprocessable):
    """The merchant gave no address that goods can be sent to."""

    code = "return_address_missing"
    zh = "请填写退货地址，或先在售后设置中填写默认退货地址。"
    en = "Give an address for returns, here or in the after-sale settings."


class PicturesNotOwn(Unprocessable):
    """A picture was not uploaded by whoever shows it, or there are more than nine."""

    code = "pictures_not_own"
    zh = "请先上传凭证图片（最多 9 张）。"
    en = "Upload the pictures first (nine at most)."


class TooManyUploads(TooManyRequests):
    """More pictures a day than anybody needs."""

    code = "too_many_uploads"
    zh = "今天上传的图片过多，请明天再试。"
    en = "Too many pictures today; try again tomorrow."


class NotYourTurn(Conflict):
    """The case waits for somebody else (`waiting_for`), or is in another state."""

    code = "not_your_turn"
    zh = "售后状态已变化，当前不能进行此操作。"
    en = "The case has moved on; this cannot be done now."


class CaseEnded(Conflict):
    """The case has ended (`state`)."""

    code = "case_ended"
    zh = "该售后已结束。"
    en = "This case has ended."


class DisputeTooLate(Conflict):
    """The time to call the platform is over, or it has ruled already."""

    code = "dispute_not_possible"
    zh = "当前不能申请平台介入。"
    en = "The platform cannot be called in now."


class DisputeClosed(Conflict):
    """There is no open dispute to rule on."""

    code = "dispute_closed"
    zh = "该纠纷已裁决或已撤销。"
    en = "This dispute is closed."
