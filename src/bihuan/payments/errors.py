"""What payments refuses."""

from typing import ClassVar

from bihuan.kernel.errors import (
    BadGateway,
    BadRequest,
    Conflict,
    NotFound,
    TooManyRequests,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)


class PaymentNotConfigured(Conflict):
    """The merchant cannot take this kind of payment yet; `missing` names what is not connected."""

    code = "payment_not_configured"
    zh = "商家尚未开通此支付方式（缺少：{missing}）。"
    en = "This merchant cannot take this kind of payment yet (missing: {missing})."


class OpenidRequired(Conflict):
    """The shopper never signed in through the app that the payment is made under."""

    code = "openid_required"
    zh = "请先在微信中授权登录，再使用此支付方式。"
    en = "Sign in through WeChat first to pay this way."


class AlreadyPaid(Conflict):
    """It is paid."""

    code = "already_paid"
    zh = "该笔款项已支付，无需重复付款。"
    en = "This is paid already."


class PaymentClosed(Conflict):
    """It is no longer to be paid."""

    code = "payment_closed"
    zh = "该笔款项已关闭，无法继续支付。"
    en = "This can no longer be paid."


class TooManyAttempts(TooManyRequests):
    """More attempts than a person makes."""

    code = "too_many_attempts"
    zh = "发起支付次数过多，请重新下单。"
    en = "Too many attempts to pay this; place a new order."


class WeChatPayRefused(BadGateway):
    """WeChat Pay refused; `wechat_code` is its word."""

    code = "wechat_pay_refused"
    zh = "微信支付拒绝了本次请求（{wechat_code}）。"
    en = "WeChat Pay refused ({wechat_code})."


class WeChatPayUnavailable(Unavailable):
    """WeChat Pay gave no usable answer; the same request may be made again."""

    code = "wechat_pay_unavailable"
    zh = "微信支付暂时没有响应，请稍后再试。"
    en = "WeChat Pay does not answer at the moment; try again."


class PaymentBusy(Unavailable):
    """Too many payments begin in this process, or the database is too slow; the same request may be made again."""

    code = "payment_busy"


class SettlementBusy(Unavailable):
    """More notifications wait than one process takes, or the database is too slow; WeChat delivers again."""

    code = "settlement_busy"


class NotificationUntrusted(BadRequest):
    """A notification that WeChat did not sign for this merchant; nothing of it is used."""

    status: ClassVar[int] = 401
    code = "notification_untrusted"
    zh = "通知验签失败。"
    en = "The notification is not trusted."


class NotificationMalformed(BadRequest):
    """A notification without the form that WeChat documents."""

    code = "notification_malformed"
    zh = "通知格式不正确。"
    en = "The notification is malformed."


class NotJson(UnsupportedMediaType):
    """A callback that is no JSON."""

    zh = "仅接受 application/json。"
    en = "Send application/json."


class KeyNotUsable(Unprocessable):
    """A key of the payment account does not work; `field` names it."""

    code = "key_not_usable"
    zh = "密钥或证书无效：{field}。"
    en = "This key does not work: {field}."


class SubMerchantTaken(Conflict):
    """Another merchant's payments go to this sub-merchant."""

    code = "sub_merchant_taken"
    zh = "该子商户号已被其他商家使用。"
    en = "Another merchant uses this sub-merchant already."


class NoProviderAccount(Conflict):
    """The platform has no service-provider account at WeChat Pay, or the merchant is the platform."""

    code = "no_provider_account"
    zh = "平台尚未配置微信支付服务商账户。"
    en = "The platform has no WeChat Pay service-provider account yet."


class H5Unavailable(Conflict):
    """WeChat takes no payment in a browser from this address."""

    code = "h5_unavailable"
    zh = "当前网络无法使用浏览器支付，请扫码支付。"
    en = "This address cannot pay in the browser; scan the code instead."


class PlanChanged(Conflict):
    """Another request chose another part for the wallet at the same time."""

    code = "payment_plan_changed"
    zh = "支付方式已在其他页面更改，请重新发起支付。"
    en = "The payment was planned otherwise elsewhere; start it again."


class NotAccepted(Conflict):
    """What was to be paid cannot be paid any more; nothing was taken. `reason` says why."""

    code = "payment_not_accepted"
    zh = "该笔款项当前无法支付，未扣款。"
    en = "This cannot be paid now; nothing was taken."


class RefundTooLarge(Conflict):
    """More than is left of what was paid; `left_fen` is what is."""

    code = "refund_too_large"
    zh = "退款金额超过可退余额。"
    en = "The refund is more than what is left of the payment."


class RefundDecidedOtherwise(Conflict):
    """The same cause was refunded with another amount before."""

    code = "refund_decided_otherwise"
    zh = "该笔退款已按其他金额受理。"
    en = "This refund was decided with another amount."


class RefundByHand(Conflict):
    """The money was collected by another system, which has to give it back."""

    code = "refund_by_hand"
    zh = "该笔款项由其他系统收取，请在原系统人工退款。"
    en = "Another system collected this money; refund it there, by hand."


class TooManyRefunds(Conflict):
    """WeChat takes no more partial refunds of one payment."""

    code = "too_many_refunds"
    zh = "该笔支付的部分退款已达 {most} 次上限。"
    en = "A payment takes {most} partial refunds at most."


class NoPaymentAccount(NotFound):
    """The merchant has no payment account yet."""

    code = "no_payment_account"
    zh = "尚未配置微信支付账户。"
    en = "There is no WeChat Pay account yet."
