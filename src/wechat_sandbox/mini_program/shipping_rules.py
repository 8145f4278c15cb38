"""What WeChat asks of an uploaded shipment, before it looks at the order.

Source: developers.weixin.qq.com order-shipping.html (wire.md section 4 for the limits); the codes 10060001 to
10060032 and 268485194 to 268485253 are that page's, as kept in the comments of the PHP client
handsomegyr/weixin `Wx/Manager/OrderShipping.php`.
"""

from datetime import datetime

from msgspec import Struct, field

from wechat_sandbox.mini_program.express import COMPANIES, SHUNFENG
from wechat_sandbox.wx_errors import WxError

EXPRESS, SAME_CITY, VIRTUAL, PICKUP = 1, 2, 3, 4
UNIFIED, SPLIT = 1, 2
MAX_PARCELS = 15
MAX_DESCRIPTION = 120


class OrderKey(Struct):
    """`order_key`."""

    order_number_type: int = 0
    transaction_id: str = ""
    mchid: str = ""
    out_trade_no: str = ""


class Contact(Struct):
    """`contact`: masked but for the last four digits."""

    consignor_contact: str = ""
    receiver_contact: str = ""


class ParcelPart(Struct):
    """One of `shipping_list`."""

    tracking_no: str = ""
    express_company: str = ""
    item_desc: str = ""
    contact: Contact = field(default_factory=Contact)


class Payer(Struct):
    """`payer`."""

    openid: str = ""


class ShippingPart(Struct):
    """What one order's upload says; of a combined upload one of `sub_orders`."""

    order_key: OrderKey = field(default_factory=OrderKey)
    logistics_type: int = 0
    delivery_mode: int = 0
    is_all_delivered: bool | None = None
    shipping_list: list[ParcelPart] = field(default_factory=list[ParcelPart])


class UploadBody(ShippingPart):
    """POST /wxa/sec/order/upload_shipping_info."""

    upload_time: str = ""
    payer: Payer = field(default_factory=Payer)


class CombinedBody(Struct):
    """POST /wxa/sec/order/upload_combined_shipping_info."""

    order_key: OrderKey = field(default_factory=OrderKey)
    sub_orders: list[ShippingPart] = field(default_factory=list[ShippingPart])
    upload_time: str = ""
    payer: Payer = field(default_factory=Payer)


def check_key(key: OrderKey) -> None:
    """Raises WxError when the order is not named as its type asks."""
    if key.order_number_type == 2:
        if not key.transaction_id:
            raise WxError(268485195)
    elif key.order_number_type == 1:
        if not key.mchid:
            raise WxError(268485196)
        if not key.out_trade_no:
            raise WxError(268485197)
    else:
        raise WxError(268485194)


def check(asked: ShippingPart) -> None:
    """Raises WxError for what is wrong whatever the order is."""
    check_key(asked.order_key)
    if asked.logistics_type not in (EXPRESS, SAME_CITY, VIRTUAL, PICKUP):
        raise WxError(10060005)
    if asked.delivery_mode not in (UNIFIED, SPLIT):
        raise WxError(268485224)
    if asked.delivery_mode == SPLIT:
        if asked.logistics_type != EXPRESS:
            raise WxError(10060006)
        if asked.is_all_delivered is None:
            raise WxError(10060007)
    if asked.delivery_mode == UNIFIED and len(asked.shipping_list) != 1:
        raise WxError(268485228)
    if not asked.shipping_list:
        raise WxError(10060014)
    if len(asked.shipping_list) > MAX_PARCELS:
        raise WxError(10060024)
    for parcel in asked.shipping_list:
        _check_parcel(parcel, express=asked.logistics_type == EXPRESS)


def _check_parcel(parcel: ParcelPart, *, express: bool) -> None:
    if not parcel.item_desc.strip():
        raise WxError(10060008)
    if len(parcel.item_desc) > MAX_DESCRIPTION:
        raise WxError(10060009)
    if len(parcel.express_company) > 128:
        raise WxError(10060025)
    if len(parcel.tracking_no) > 128:
        raise WxError(10060026)
    if express:
        _check_express(parcel)


def _check_express(parcel: ParcelPart) -> None:
    if not parcel.tracking_no:
        raise WxError(268485226)
    if not parcel.express_company:
        raise WxError(268485227)
    if parcel.express_company not in COMPANIES:
        raise WxError(10060014, "参数错误: 物流公司编码不存在")
    contacts = [text for text in (parcel.contact.consignor_contact, parcel.contact.receiver_contact) if text]
    if parcel.express_company == SHUNFENG and not contacts:
        raise WxError(10060014, "参数错误: 物流公司为顺丰时，收件人或寄件人联系方式必填")
    if not all(_masked(text) for text in contacts):
        raise WxError(10060014, "参数错误: 联系方式须以掩码传输，最后4位数字不能打掩码")


def _masked(contact: str) -> bool:
    digits = contact.replace("-", "")
    return len(contact) <= 1024 and "*" in contact and digits[-4:].isdigit() and len(digits) > 4


def upload_moment(text: str) -> float:
    """The upload time. Raises WxError 268485216 unless it is RFC 3339 with an offset."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise WxError(268485216) from error
    if moment.tzinfo is None or "T" not in text:
        raise WxError(268485216)
    try:
        return moment.timestamp()
    except (OverflowError, ValueError) as error:
        raise WxError(268485216) from error
