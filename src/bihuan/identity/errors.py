"""What identity refuses."""

from typing import ClassVar

from bihuan.kernel.errors import Conflict, Forbidden, TooManyRequests, Unauthorized, Unprocessable


class WrongCredentials(Unauthorized):
    """The login is unknown or the password is wrong; the answer does not say which."""

    code = "wrong_credentials"
    zh = "账号或密码不正确。"
    en = "The login or the password is not correct."


class SignInLocked(TooManyRequests):
    """Too many wrong passwords for one login; `retry_after_seconds` says how long it stays locked."""

    code = "sign_in_locked"
    zh = "密码错误次数过多，账号已临时锁定，请稍后再试。"
    en = "Too many wrong passwords; this login is locked for a while."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "900"}


class SignInThrottled(TooManyRequests):
    """Too many attempts from one address."""

    code = "sign_in_throttled"
    zh = "登录尝试过于频繁，请稍后再试。"
    en = "Too many attempts to sign in from here; wait a few minutes."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "300"}


class CrossSite(Forbidden):
    """A page of another site sent this request with the cookie of ours."""

    code = "cross_site"
    zh = "请求来源不受信任，已拒绝。"
    en = "This request came from another site."


class LoginTaken(Conflict):
    """Somebody has this login."""

    code = "login_taken"
    zh = "账号“{login}”已被使用。"
    en = "The login “{login}” is taken."


class LoginNotAcceptable(Unprocessable):
    """The login is too short, too long or has characters that it must not have."""

    code = "login_not_acceptable"
    zh = "账号须为 3 至 64 个字符，可用字母、数字和 . _ @ + -，并以字母或数字开头。"
    en = "A login has 3 to 64 characters: letters, digits and . _ @ + -, and begins with a letter or digit."


class PasswordNotAcceptable(Unprocessable):
    """The new password is too short, too long, the login itself, or among the first that anybody tries."""

    code = "password_not_acceptable"
    zh = "密码须为 8 至 128 个字符，且不能过于简单或与账号相同。"
    en = "A password has 8 to 128 characters, is not a common one and is not the login."


class WrongPassword(Unprocessable):
    """The old password given for a change is wrong."""

    code = "wrong_password"
    zh = "原密码不正确。"
    en = "The old password is not correct."


class TooManyAddresses(Conflict):
    """A shopper keeps at most MAX_ADDRESSES addresses."""

    code = "too_many_addresses"
    zh = "收货地址最多保存 {limit} 个，请先删除不用的地址。"
    en = "At most {limit} addresses can be kept; delete one first."
