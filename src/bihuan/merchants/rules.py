"""Pure decisions of merchants."""

import re

from bihuan.kernel.ids import PLATFORM_CODE
from bihuan.merchants.errors import CodeNotAcceptable

RESERVED_CODES = frozenset(
    {"session", "addresses", "merchants", "shop", "api", "open", "wechat", "console", "docs", "media", "static"}
)
"""Words that stand where a merchant's code stands in an address."""

_CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")


def check_code(code: str, *, is_platform: bool = False) -> str:
    """The code itself; raises CodeNotAcceptable."""
    if not _CODE.fullmatch(code) or code in RESERVED_CODES or (code == PLATFORM_CODE) != is_platform:
        raise CodeNotAcceptable
    return code


def full_address(province: str, city: str, district: str, address: str) -> str:
    """One line for a reader.

    A municipality is its own province and is said once (上海市, 上海市 -> 上海市), and so is what the address
    begins with already.
    """
    line = ""
    for part in (province, "" if city == province else city, district):
        if part and address.startswith(part):
            break
        line += part
    return line + address
