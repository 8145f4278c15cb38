"""What merchants may send, field by field; anything else is refused as WeChat refuses it.

Field lists: wire.md section 2 and openapi/v3/pay/transactions. msgspec checks them in a few
microseconds; the work of explaining a mistake is done only when there is one.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from wechat_sandbox.pay.errors import PayError, invalid_request, param_error

AppId = Annotated[str, Meta(min_length=1, max_length=32)]
MchId = Annotated[str, Meta(min_length=1, max_length=32)]
OutNo = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*]{6,32}$")]
OutRefundNo = Annotated[str, Meta(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]
NotifyUrl = Annotated[str, Meta(min_length=1, max_length=255)]
Fen = Annotated[int, Meta(ge=1, le=10_000_000_000)]


EXTRA_PARAMETER = 270924358
"""The number in Request-ID that tells of an unknown field (wire.md section 1)."""
MIN_LIFE_SECONDS = 60


class Strict(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A request object that takes no unknown fields."""


class Amount(Strict):
    """`amount` of a prepay."""

    total: Fen
    currency: Literal["CNY"] = "CNY"


class Payer(Strict):
    """`payer` of a JSAPI prepay."""

    openid: Annotated[str, Meta(min_length=1, max_length=128)]
    identity: dict[str, Any] | UnsetType = UNSET


class OptionalPayer(Strict):
    """`payer` where the shopper is not known yet."""

    identity: dict[str, Any] | UnsetType = UNSET


class GoodsItem(Strict):
    """One of `goods_detail`."""

    merchant_goods_id: Annotated[str, Meta(min_length=1, max_length=32)]
    quantity: Annotated[int, Meta(ge=1)]
    unit_price: Annotated[int, Meta(ge=0)]
    wechatpay_goods_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    goods_name: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET


class Detail(Strict):
    """`detail`: what is in the basket."""

    cost_price: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    invoice_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    goods_detail: Annotated[list[GoodsItem], Meta(max_length=6000)] | UnsetType = UNSET


class StoreInfo(Strict):
    """`scene_info.store_info`; the schema asks for name, area and address, older texts for the id alone."""

    id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    name: Annotated[str, Meta(max_length=256)] | UnsetType = UNSET
    area_code: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    address: Annotated[str, Meta(max_length=512)] | UnsetType = UNSET


class H5Info(Strict):
    """`scene_info.h5_info`."""

    type: Annotated[str, Meta(min_length=1, max_length=32)]
    app_name: str | UnsetType = UNSET
    app_url: str | UnsetType = UNSET
    bundle_id: str | UnsetType = UNSET
    package_name: str | UnsetType = UNSET


class SceneInfo(Strict):
    """`scene_info`."""

    payer_client_ip: Annotated[str, Meta(max_length=45)] | UnsetType = UNSET
    device_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    store_info: StoreInfo | UnsetType = UNSET


class H5SceneInfo(Strict):
    """`scene_info` of an H5 prepay, where address and kind of page are required."""

    payer_client_ip: Annotated[str, Meta(min_length=1, max_length=45)]
    h5_info: H5Info
    device_id: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    store_info: StoreInfo | UnsetType = UNSET


class SettleInfo(Strict):
    """`settle_info`."""

    profit_sharing: bool = False


class Ordered(Strict, kw_only=True):
    """What every prepay says of the order itself, direct or by a service provider."""

    description: Annotated[str, Meta(min_length=1, max_length=127)]
    out_trade_no: OutNo
    notify_url: NotifyUrl
    amount: Amount
    time_expire: str | UnsetType = UNSET
    attach: Annotated[str, Meta(max_length=128)] | UnsetType = UNSET
    goods_tag: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    support_fapiao: bool | UnsetType = UNSET
    limit_pay: list[Literal["no_balance", "no_credit", "no_debit", "balance_only"]] | UnsetType = UNSET
    detail: Detail | UnsetType = UNSET
    settle_info: SettleInfo | UnsetType = UNSET


class Prepay(Ordered):
    """What all four ways of paying share."""

    appid: AppId
    mchid: MchId


class JsapiPrepay(Prepay, kw_only=True):
    """POST /v3/pay/transactions/jsapi."""

    payer: Payer
    scene_info: SceneInfo | UnsetType = UNSET
    subsidy_info: dict[str, Any] | UnsetType = UNSET


class NativePrepay(Prepay, kw_only=True):
    """POST /v3/pay/transactions/native and /app."""

    payer: OptionalPayer | UnsetType = UNSET
    scene_info: SceneInfo | UnsetType = UNSET


class H5Prepay(Prepay, kw_only=True):
    """POST /v3/pay/transactions/h5."""

    scene_info: H5SceneInfo
    payer: OptionalPayer | UnsetType = UNSET


class CloseOrder(Strict):
    """POST .../close."""

    mchid: MchId


Wanted = TypeVar("Wanted", bound=Strict)
_AT = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
_NAMES = {
    "appid": "公众号ID",
    "mchid": "直连商户号",
    "sp_appid": "服务商应用ID",
    "sp_mchid": "服务商户号",
    "sub_mchid": "子商户号",
    "combine_out_trade_no": "合单商户订单号",
    "sub_orders": "子单信息",
    "out_bill_no": "商户单号",
    "transfer_amount": "转账金额",
    "auth_code": "授权码",
    "description": "商品描述",
    "out_trade_no": "商户订单号",
    "notify_url": "通知地址",
    "total": "总金额",
    "currency": "货币类型",
    "openid": "用户标识",
    "attach": "附加数据",
    "payer": "支付者",
    "amount": "订单金额",
    "scene_info": "场景信息",
    "out_refund_no": "商户退款单号",
    "refund": "退款金额",
    "time_expire": "交易结束时间",
}


def decode(decoder: msgspec.json.Decoder[Wanted], body: bytes) -> Wanted:
    """The request in `body`. Raises PayError 400 PARAM_ERROR that names field and rule."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _explain(str(error), body) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PayError(400, "PARAM_ERROR", "请求内容不是合法的JSON") from error


def _explain(text: str, body: bytes) -> PayError:
    match = _AT.match(text)
    assert match is not None
    issue, path = match.group(1), match.group(2) or ""
    pointer = re.sub(r"\[(\d+|\.\.\.)\]", r"/\1", path.replace(".", "/"))
    named = re.search(r"field `(\w+)`", issue)
    if named:
        pointer = f"{pointer}/{named.group(1)}"
    value = _value_at(body, pointer)
    name = pointer.rsplit("/", 1)[-1]
    where = f"输入源“/body{pointer}”映射到值字段“{_NAMES.get(name, name)}”"
    if issue.startswith("Object contains unknown field"):
        error = param_error(pointer, value, "参数中含有非法的额外参数", issue)
        error.number = EXTRA_PARAMETER
        return error
    if issue.startswith("Object missing required field"):
        message = f"{where}必填性规则校验失败，此字段为必填项"
    elif (limit := re.search(r"length (<=|>=) (\d+)", issue)) and isinstance(value, str):
        word = "大于最大值" if limit.group(1) == "<=" else "小于最小值"
        message = f"{where}字符串规则校验失败，字节数 {len(value.encode())}，{word} {limit.group(2)}"
    elif name == "out_trade_no" and isinstance(value, str) and not 6 <= len(value) <= 32:
        word = "小于最小值 6" if len(value) < 6 else "大于最大值 32"
        message = f"{where}字符串规则校验失败，字节数 {len(value.encode())}，{word}"
    else:
        message = f"{where}规则校验失败"
    return param_error(pointer, value, message, issue)


def _value_at(body: bytes, pointer: str) -> Any:
    try:
        value: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):  # found before the end of a broken text
        return None
    for part in pointer.split("/")[1:]:
        if isinstance(value, dict):
            value = value.get(part)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):  # pyright: ignore[reportUnknownArgumentType]
            value = value[int(part)]  # pyright: ignore[reportUnknownVariableType]
        else:
            return None
    return value if isinstance(value, str | int | float | bool) else None  # pyright: ignore[reportUnknownVariableType]


def check_notify_url(url: str) -> None:
    """An absolute http(s) address without a query. Raises PayError."""
    if not url.startswith(("http://", "https://")) or "?" in url or "#" in url:
        raise param_error(
            "/notify_url", url, "通知地址格式错误：必须为直接可访问的URL，不能携带参数", "invalid notify_url"
        )


def parse_expiry(text: str, now: float) -> float:
    """`time_expire` in seconds. Raises PayError when it is no RFC 3339 time, past, or within the next minute."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or "T" not in text:
        raise param_error("/time_expire", text, "time_expire 不符合rfc3339格式", "invalid time")
    if moment.timestamp() <= now:
        raise invalid_request("time_expire 时间过短，早于当前时间")
    if moment.timestamp() < now + MIN_LIFE_SECONDS:
        raise invalid_request("time_expire 时间过短，最短失效时间间隔需大于1分钟")
    return moment.timestamp()
