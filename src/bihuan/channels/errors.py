"""What channels refuse."""

from bihuan.kernel.errors import (
    BadGateway,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    Unavailable,
    Unprocessable,
    UnsupportedMediaType,
)


class NoOfficialAccount(NotFound):
    """The merchant has not connected an official account."""

    code = "no_official_account"
    zh = "该商家还没有接入公众号。"
    en = "This merchant has not connected an official account."


class NoMiniProgram(NotFound):
    """The merchant has not connected a mini program."""

    code = "no_mini_program"
    zh = "该商家还没有接入小程序。"
    en = "This merchant has not connected a mini program."


class PushRefused(Forbidden):
    """A push that WeChat did not send: forged, altered, meant for another account, or under a used signature."""

    code = "signature_invalid"
    zh = "消息签名无效。"
    en = "The signature of this message is not valid."


class PushStale(Forbidden):
    """A push that was signed too long ago: a replay, or a clock that is wrong."""

    code = "stale_timestamp"
    zh = "消息时间戳已过期。"
    en = "This message was signed too long ago."


class PushMalformed(BadRequest):
    """A push that is no XML of WeChat's form, or hostile XML."""

    code = "malformed_message"
    zh = "消息格式不正确。"
    en = "This message is not of WeChat's form."


class SettingsIncomplete(Unprocessable):
    """The official account's settings lack something; `missing` names the field."""

    code = "settings_incomplete"
    zh = "公众号设置不完整：{missing}。"
    en = "The official account's settings are incomplete: {missing}."


class UnknownPlace(Unprocessable):
    """The store, counter or member of staff that a label names is not this merchant's."""

    code = "unknown_place"
    zh = "标签所指的门店、柜台或导购不存在。"
    en = "The store, counter or member of staff that the label names does not exist."


class MenuNotAcceptable(Unprocessable):
    """WeChat would refuse this menu; `reason` says why."""

    code = "menu_not_acceptable"
    zh = "自定义菜单不符合微信的要求：{reason}"
    en = "WeChat would not accept this menu: {reason}"


class WeChatRefused(BadGateway):
    """WeChat answered a call with an error; `errcode` is WeChat's."""

    code = "wechat_error"
    zh = "微信返回错误（{errcode}）：{errmsg}"
    en = "WeChat answered with an error ({errcode}): {errmsg}"


class WeChatUnavailable(BadGateway):
    """WeChat did not answer."""

    code = "wechat_unavailable"
    zh = "暂时连不上微信，请稍后再试。"
    en = "WeChat does not answer; try again in a moment."


class LoginCodeInvalid(BadRequest):
    """The code of a sign-in is unknown, used or too old: ask for a new one."""

    code = "login_code_invalid"
    zh = "登录凭证无效或已过期，请重试。"
    en = "The sign-in code is invalid or was used; try again."


class WrongPage(BadRequest):
    """A URL to be signed or returned to that is not a page of ours."""

    code = "wrong_page"
    zh = "该网址不属于本商城。"
    en = "This address is not a page of this mall."


class NoOpenPlatform(NotFound):
    """The operator has not connected an Open Platform component."""

    code = "no_open_platform"
    zh = "平台尚未配置微信开放平台（第三方平台），请联系平台运营，或直接填写公众号信息。"
    en = "The operator has not set up the WeChat Open Platform; ask it to, or type the account's secrets in."


class AuthorizationExpired(Forbidden):
    """The authorization was begun in another browser, for another merchant, or too long ago."""

    code = "authorization_expired"
    zh = "授权已过期，请重新发起授权。"
    en = "The authorization took too long or was begun elsewhere; start it again."


class AppTaken(Conflict):
    """The account is connected to another merchant of this platform."""

    code = "app_taken"
    zh = "该公众号或小程序已授权给平台上的另一家商户，请先在微信公众平台取消授权。"
    en = "This account is connected to another merchant here; withdraw that authorization at WeChat first."


class WrongAppKind(Unprocessable):
    """A mini program was chosen where an official account was wanted, or the reverse."""

    code = "wrong_app_kind"
    zh = "您授权的帐号类型不符：请区分公众号与小程序。"
    en = "You authorized the other kind of account: official account and mini program differ."


class SyncRunning(Conflict):
    """The followers are being taken over already."""

    code = "sync_running"
    zh = "粉丝同步正在进行中。"
    en = "The followers are being taken over already."


class PushKindUnsupported(UnsupportedMediaType):
    """A push that says to be neither XML nor JSON."""

    zh = "消息推送应为 XML 或 JSON。"
    en = "A push is XML or JSON."


class PushesBusy(Unavailable):
    """More pushes wait than are taken in; WeChat delivers again."""

    code = "pushes_busy"
    zh = "消息太多，请稍后再试。"
    en = "Too many messages wait; try again in a moment."


class TemplateWrong(Unprocessable):
    """A notice's template is named without its fields, or a kind twice; `reason` says which."""

    code = "template_wrong"
    zh = "通知模板设置不完整：{reason}。"
    en = "The template of a notice is not complete: {reason}."


class NoCorp(NotFound):
    """The merchant has not connected WeCom."""

    code = "no_wecom"
    zh = "该商家还没有接入企业微信。"
    en = "This merchant has not connected WeCom."


class CorpIncomplete(SettingsIncomplete):
    """The corp's settings lack something; `missing` names the fields."""

    zh = "企业微信设置不完整：{missing}。"
    en = "WeCom's settings are incomplete: {missing}."


class NotAGuide(Conflict):
    """A contact code speaks for somebody of the staff: the member has to be matched first."""

    code = "not_matched"
    zh = "请先为该企业微信成员指定对应的店员。"
    en = "Say first who of the staff this member of WeCom is."


class StaffMatched(Conflict):
    """The person is another member's already."""

    code = "staff_matched"
    zh = "该店员已对应到另一位企业微信成员。"
    en = "This person is matched to another member of WeCom already."
