"""What the wallet refuses."""

from bihuan.kernel.errors import Conflict, TooManyRequests, Unprocessable


class WalletShort(Conflict):
    """Less is in the wallet than was asked for; `available_fen` is what can be spent."""

    code = "wallet_short"
    zh = "储值余额不足。"
    en = "There is not enough in the wallet."


class WalletFrozen(Conflict):
    """The merchant stopped this wallet."""

    code = "wallet_frozen"
    zh = "储值账户已冻结，请联系商家。"
    en = "This wallet is frozen; ask the merchant."


class SettingsNotAcceptable(Unprocessable):
    """`reason` names what does not fit."""

    code = "wallet_settings_not_acceptable"
    zh = "储值设置有误：最低金额不能高于最高金额，赠送档位须从低到高且不重复。"
    en = "The least must not be above the most, and gift rules must ascend."


class WalletCodeUnknown(Unprocessable):
    """No wallet shows this code: it is over, was used, or is none."""

    code = "wallet_code_unknown"
    zh = "储值付款码无效、已过期或已使用，请顾客刷新后再扫。"
    en = "This wallet code is over, was used, or is none; ask for a fresh one."


class TooManyCodes(TooManyRequests):
    """More codes than a phone shows."""

    code = "too_many_wallet_codes"
    zh = "刷新过于频繁，请稍后再试。"
    en = "Too many codes at once; wait a moment."
