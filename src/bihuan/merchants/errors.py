"""What merchants refuses."""

from bihuan.kernel.errors import Conflict, Forbidden, Unprocessable


class MerchantSuspended(Forbidden):
    """The platform has suspended this merchant: nothing can be browsed or bought."""

    code = "merchant_suspended"
    zh = "该商家已暂停营业。"
    en = "This merchant is suspended."


class CodeTaken(Conflict):
    """Another merchant, store or counter has this code."""

    code = "code_taken"
    zh = "编号“{taken}”已被使用。"
    en = "The code “{taken}” is taken."


class StoreRetired(Conflict):
    """Something new for a store that was given up."""

    code = "store_retired"
    zh = "该门店已撤店，请先恢复营业。"
    en = "This store was retired; open it again first."


class CodeNotAcceptable(Unprocessable):
    """The code has characters that it must not have, or is a word of the platform's own addresses."""

    code = "code_not_acceptable"
    zh = "商家编号须为 2 至 32 位小写字母、数字或连字符，以字母开头，且不能是系统保留字。"
    en = "A code has 2 to 32 lower-case letters, digits or dashes, begins with a letter and is not reserved."
