"""What a notice says: a pure matter of the template's fields.

A subscribe message's field is named by its rule and a number (`thing1`, `amount3`), and WeChat refuses (47003) what
does not keep to the rule. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
"""

import re
from collections.abc import Mapping

from bihuan.channels.db.notices import NoticeKind

NAMES: dict[NoticeKind, frozenset[str]] = {
    "order_paid": frozenset({"merchant", "order_no", "goods", "amount", "time", "note"}),
    "order_shipped": frozenset({"merchant", "order_no", "goods", "company", "tracking_no", "time", "note"}),
    "refund_done": frozenset({"merchant", "order_no", "goods", "amount", "time", "note"}),
    "points_expiring": frozenset({"merchant", "points", "time", "note"}),
}
"""What may be filled in, by kind."""

TITLES: dict[NoticeKind, str] = {
    "order_paid": "支付成功",
    "order_shipped": "订单已发货",
    "refund_done": "退款已到账",
    "points_expiring": "积分即将到期",
}

_FIELD = re.compile(r"([a-z_]+?)\d+")
_MOST = {
    "thing": 20,
    "const": 20,
    "character_string": 32,
    "letter": 32,
    "number": 32,
    "name": 10,
    "phrase": 5,
    "phone_number": 17,
}
_NAMED = re.compile(r"\{(\w+)\}")

_WORDS = (
    ("tracking_no", ("快递单号", "运单", "物流单号")),
    ("company", ("快递公司", "物流公司", "承运")),
    ("order_no", ("订单编号", "订单号", "单号")),
    ("points", ("积分", "数量", "数额")),
    ("goods", ("商品", "物品", "内容")),
    ("amount", ("金额", "价格", "费用")),
    ("time", ("时间", "日期")),
    ("merchant", ("商家", "商户", "门店", "店铺")),
    ("note", ("提示", "备注", "说明", "原因")),
)
_LINE = re.compile(r"(.*?)[:：]?\{\{(\w+)\.DATA\}\}")


def fill(text: str, values: Mapping[str, str]) -> str:
    """`{name}` of `values` filled in; an unknown name stays as it is written, so that a person sees it."""
    return _NAMED.sub(lambda m: values.get(m.group(1), m.group(0)), text)


def fit(field: str, text: str) -> str:
    """A text as the field's rule allows it: shortened, and a character string without what is not ASCII."""
    match = _FIELD.fullmatch(field)
    rule = match.group(1) if match else ""
    if rule == "character_string":
        text = "".join(c for c in text if " " <= c <= "~")
    most = _MOST.get(rule)
    if most is None or len(text) <= most:
        return text
    return text[: most - 1] + "…" if rule in ("thing", "const") else text[:most]


def data_of(data: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """The fields of a message. An empty one is a dash: WeChat refuses messages with empty fields."""
    return {field: fit(field, fill(text, values)).strip() or "-" for field, text in data.items()}


def suggest(content: str, kind: NoticeKind) -> dict[str, str]:
    """Which field says what, guessed from the names that the template gives to its fields."""
    data: dict[str, str] = {}
    for label, field in _LINE.findall(content):
        found = (name for name, words in _WORDS if name in NAMES[kind] and any(word in label for word in words))
        data[field] = "{" + next(found, "note") + "}"
    return data
