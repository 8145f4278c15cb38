"""What top-ups refuse."""

from bihuan.kernel.errors import Conflict, Unprocessable


class TopUpsClosed(Conflict):
    """The merchant takes no top-ups."""

    code = "topups_closed"
    zh = "商家暂未开通储值。"
    en = "This merchant takes no top-ups."


class AmountOutOfRange(Unprocessable):
    """Below the least or above the most of one top-up."""

    code = "topup_amount_out_of_range"
    zh = "单次储值金额须在允许的范围内。"
    en = "The amount of a top-up is outside its limits."


class ReturnTooLarge(Conflict):
    """More than is left of the top-up, or than is in the wallet; `left_fen` is what can go back."""

    code = "return_too_large"
    zh = "可退的储值本金不足。"
    en = "Less than that can be taken back."


class GiftSpent(Conflict):
    """The gift's share was spent and is worth as much as would go back."""

    code = "gift_spent"
    zh = "赠金已使用，扣除后无可退金额。"
    en = "The gift was spent; after taking it off nothing is left to give back."
