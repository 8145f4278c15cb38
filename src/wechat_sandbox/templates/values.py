"""What a keyword of each kind may hold.

Source: developers.weixin.qq.com, 小程序订阅消息 subscribeMessage.send, 「订阅消息参数值内容限制说明」
(as quoted at blog.csdn.net/wwwwrrrrwr/article/details/128147589); an error names the field, for example
`argument invalid! data.thing2.value invalid` or `.. is empty` (community posts).
"""

import re
from typing import Any, cast

from wechat_sandbox.wx_errors import WxError

_TIME = r"\d{1,2}[:：]\d{2}(?:[:：]\d{2})?"
_DATE = r"\d{4}(?:年\d{1,2}月\d{1,2}日|[-/.]\d{1,2}[-/.]\d{1,2})"
_MOMENT = rf"(?:{_DATE}(?:[ T]?{_TIME})?|{_TIME})"
_RULES: dict[str, re.Pattern[str]] = {
    "thing": re.compile(r"(?s).{1,20}"),
    "number": re.compile(r"[-+]?\d{1,32}(?:\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x20-\x7e]{1,32}"),
    "time": re.compile(rf"{_MOMENT}(?:[~～]{_MOMENT})?"),
    "date": re.compile(rf"{_DATE}(?:[ T]?{_TIME})?(?:[~～]{_DATE}(?:[ T]?{_TIME})?)?"),
    "amount": re.compile(r"[¥￥$€£]?\d{1,10}(?:\.\d+)?元?"),
    "phone_number": re.compile(r"[\d+\- ()]{1,17}"),
    "car_number": re.compile(r"[一-鿿A-Za-z][A-Za-z0-9·]{1,6}[一-鿿A-Za-z0-9]"),
    "name": re.compile(r"(?=.*[一-鿿])[一-鿿·A-Za-z]{1,10}|[A-Za-z \W]{1,20}"),
    "phrase": re.compile(r"[一-鿿]{1,5}"),
    "const": re.compile(r"(?s).{1,20}"),
}
_KEY = re.compile(r"([a-z_]+?)(\d+)")


def kind_of(keyword: str) -> str:
    """`thing` of `thing1`; empty when it is no keyword of a subscribe message."""
    match = _KEY.fullmatch(keyword)
    return match.group(1) if match and match.group(1) in _RULES else ""


def read(data: Any, keywords: list[str]) -> dict[str, str]:
    """The texts of `data` for the template's keywords (empty: whatever is there). Raises WxError 47003."""
    given = cast("dict[Any, Any]", data) if isinstance(data, dict) else {}
    if not given and not keywords:
        raise WxError(47003)
    texts: dict[str, str] = {}
    for keyword in keywords or [str(name) for name in given]:
        value = _value(given.get(keyword))
        if not value:
            raise WxError(47003, f"argument invalid! data.{keyword}.value is empty")
        rule = _RULES.get(kind_of(keyword))
        if rule is not None and not rule.fullmatch(value):
            raise WxError(47003, f"argument invalid! data.{keyword}.value invalid")
        texts[keyword] = value
    return texts


def _value(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    value = cast("dict[Any, Any]", part).get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)
