"""What staff refuses."""

from bihuan.kernel.errors import Conflict, Forbidden, Unprocessable


class RoleOutOfReach(Forbidden):
    """A person's role does not let her give, take or touch this role."""

    code = "role_out_of_reach"
    zh = "您无权管理该角色的员工。"
    en = "Your role cannot manage staff of this role."


class FreightNeverFree(Unprocessable):
    """A limit from which freight is free, where no freight is charged."""

    code = "freight_never_free"
    zh = "运费为 0 时不需要设置包邮门槛。"
    en = "Nothing is charged for freight, so there is nothing to be free from."


class OwnAccount(Conflict):
    """Nobody changes her own role, store, state or (this way) password."""

    code = "own_account"
    zh = "不能修改自己的角色、门店或状态；修改密码请使用“修改密码”。"
    en = "You cannot change your own role, store or state; change your password where you are signed in."


class LastOwner(Conflict):
    """A merchant always has an owner who can sign in."""

    code = "last_owner"
    zh = "至少要保留一位可登录的店主。"
    en = "At least one owner who can sign in must remain."


class LoginFixed(Unprocessable):
    """A login never changes."""

    code = "login_fixed"
    zh = "账号创建后不能修改。"
    en = "A login cannot be changed."


class PlatformCannotBeSuspended(Conflict):
    """The platform is a merchant, but nobody is above it."""

    code = "platform_cannot_be_suspended"
    zh = "平台自身不能停用。"
    en = "The platform itself cannot be suspended."
