"""Shipping information (发货信息管理): a mini program's paid orders wait for their shipment.

Sources: wire.md section 4; developers.weixin.qq.com order-shipping.html; codes as in `shipping_rules`.
Where the page is silent this is our reading: parcels of a split upload add up until `is_all_delivered`,
one tracking number is one parcel, and an upload_time that does not increase changes nothing (10060023).
"""

from typing import Any

from msgspec import Struct

from wechat_sandbox.asgi import Request
from wechat_sandbox.mini_program import shipping_events as events
from wechat_sandbox.mini_program.shipping_rules import (
    EXPRESS,
    MAX_PARCELS,
    SPLIT,
    CombinedBody,
    OrderKey,
    ShippingPart,
    UploadBody,
    check,
    check_key,
    upload_moment,
)
from wechat_sandbox.models import MiniProgram, Order
from wechat_sandbox.models_apps import Parcel, Shipment
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError

TO_SHIP, SHIPPED, CONFIRMED, DONE, REFUNDED = 1, 2, 3, 4, 5


class OrderQuery(Struct):
    """POST /wxa/sec/order/get_order and notify_confirm_receive."""

    transaction_id: str = ""
    merchant_id: str = ""
    sub_merchant_id: str = ""
    merchant_trade_no: str = ""
    received_time: int | None = None


class TimeRange(Struct):
    """`pay_time_range`: both ends belong to it."""

    begin_time: int = 0
    end_time: int = 2**32 - 1


class ListBody(Struct):
    """POST /wxa/sec/order/get_order_list."""

    pay_time_range: TimeRange | None = None
    order_state: int | None = None
    openid: str = ""
    last_index: str = ""
    page_size: int = 100


def order_state(world: World, order: Order) -> int:
    """1 to ship, 2 shipped, 3 confirmed, 4 settled, 5 refunded."""
    shipment = world.apps.shipments.get(order.transaction_id)
    if order.refunded >= order.total:
        return REFUNDED
    if shipment is None or not shipment.finish_count:
        return TO_SHIP
    if shipment.settled_at:
        return DONE
    return CONFIRMED if shipment.confirmed_at else SHIPPED


def orders_of(world: World, app: MiniProgram) -> list[Order]:
    """The mini program's paid orders, in the order of payment."""
    paid = [row for row in world.orders.values() if row.transaction_id and row.paid_at and row.appid == app.appid]
    return sorted(paid, key=lambda row: (row.paid_at, row.transaction_id))


def _find(world: World, app: MiniProgram, key: OrderKey) -> Order:
    """The order that the key names. Raises WxError 10060001."""
    if key.order_number_type == 2:
        order = world.order_of_transaction.get(key.transaction_id)
    else:
        order = _by_number(world, app, key.mchid, key.out_trade_no)
    if order is None or not order.paid_at or order.appid != app.appid:
        raise WxError(10060001)
    return order


def _by_number(world: World, app: MiniProgram, mchid: str, out_trade_no: str) -> Order | None:
    order = world.orders.get(f"{mchid}:{out_trade_no}")
    if order is not None:
        return order
    for row in orders_of(world, app):  # a sub-merchant's own number
        if row.out_trade_no == out_trade_no and row.sub_mchid == mchid:
            return row
    return None


def upload(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/upload_shipping_info"""
    app = mini_program_of(world, request)
    asked = read_body(request, UploadBody)
    check(asked)
    moment = upload_moment(asked.upload_time)
    order = _find(world, app, asked.order_key)
    shipment = _prepare(world, order, asked, moment, asked.payer.openid)
    _ship(world, app, order, shipment)
    return OK


def upload_combined(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/upload_combined_shipping_info: all sub-orders, or none when one is wrong."""
    app = mini_program_of(world, request)
    asked = read_body(request, CombinedBody)
    check_key(asked.order_key)
    if not asked.sub_orders:
        raise WxError(10060014)
    moment = upload_moment(asked.upload_time)
    ready: dict[str, tuple[Order, Shipment]] = {}
    for part in asked.sub_orders:
        check(part)
        if part.order_key.order_number_type != asked.order_key.order_number_type:
            raise WxError(268485253)
        order = _find(world, app, part.order_key)
        if order.transaction_id in ready:
            raise WxError(10060013)
        ready[order.transaction_id] = (order, _prepare(world, order, part, moment, asked.payer.openid))
    with world.store.together():
        for order, shipment in ready.values():
            _ship(world, app, order, shipment)
    return OK


def _prepare(world: World, order: Order, asked: ShippingPart, moment: float, openid: str) -> Shipment:
    """The shipment as it would be. Raises WxError; nothing is kept yet."""
    if not openid or (order.payer_openid or order.openid) != openid:
        raise WxError(10060031)
    state = order_state(world, order)
    if state == REFUNDED:
        raise WxError(10060004)
    if state in (CONFIRMED, DONE):
        raise WxError(10060002)
    now = world.clock.now()
    parcels = [
        Parcel(
            part.item_desc,
            now,
            part.tracking_no,
            part.express_company,
            part.contact.consignor_contact,
            part.contact.receiver_contact,
        )
        for part in asked.shipping_list
    ]
    former = world.apps.shipments.get(order.transaction_id)
    if former is not None and moment <= former.upload_time:
        raise WxError(10060023)
    finished = asked.delivery_mode != SPLIT or bool(asked.is_all_delivered)
    shipment = Shipment(order.transaction_id, asked.logistics_type, asked.delivery_mode, moment, parcels, finished)
    if former is None:
        return shipment
    changed = (former.logistics_type, former.delivery_mode) != (asked.logistics_type, asked.delivery_mode)
    shipment.reshipped, shipment.reminded = former.reshipped, former.reminded
    shipment.finish_count, shipment.shipped_at = former.finish_count, former.shipped_at
    if former.finished or changed:
        if former.reshipped:
            raise WxError(10060003)
        shipment.reshipped = True
        return shipment
    known = {parcel.tracking_no: parcel for parcel in former.parcels}
    shipment.parcels = list((known | {parcel.tracking_no: parcel for parcel in parcels}).values())
    if len(shipment.parcels) > MAX_PARCELS:
        raise WxError(10060024)
    return shipment


def _ship(world: World, app: MiniProgram, order: Order, shipment: Shipment) -> None:
    if shipment.finished:
        shipment.finish_count += 1
        shipment.shipped_at = world.clock.now()
    world.apps.shipments.put(order.transaction_id, shipment)
    if shipment.finished:
        events.shipped(world, app, order, shipment)


def _query(world: World, app: MiniProgram, asked: OrderQuery) -> Order:
    if asked.transaction_id:
        return _find(world, app, OrderKey(2, asked.transaction_id))
    if not ((asked.merchant_id or asked.sub_merchant_id) and asked.merchant_trade_no):
        raise WxError(10060014)
    mchid = asked.merchant_id or asked.sub_merchant_id
    return _find(world, app, OrderKey(1, "", mchid, asked.merchant_trade_no))


def get_order(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/get_order"""
    app = mini_program_of(world, request)
    order = _query(world, app, read_body(request, OrderQuery))
    return {"errcode": 0, "errmsg": "ok", "order": public(world, order)}


def get_order_list(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/get_order_list: by time of payment, payer or state."""
    app = mini_program_of(world, request)
    asked = read_body(request, ListBody)
    if not 1 <= asked.page_size <= 100:
        raise WxError(10060014)
    span = asked.pay_time_range or TimeRange()
    rows = [
        row
        for row in orders_of(world, app)
        if span.begin_time <= int(row.paid_at) <= span.end_time
        and asked.openid in ("", row.payer_openid)
        and asked.order_state in (None, order_state(world, row))
    ]
    if asked.last_index:
        last = world.order_of_transaction.get(asked.last_index)
        if last is None or last.appid != app.appid:
            raise WxError(10060011)
        rows = [row for row in rows if (row.paid_at, row.transaction_id) > (last.paid_at, last.transaction_id)]
    page = rows[: asked.page_size]
    return {
        "errcode": 0,
        "errmsg": "ok",
        "order_list": [public(world, row) for row in page],
        "last_index": page[-1].transaction_id if page else "",
        "has_more": len(rows) > len(page),
    }


def public(world: World, order: Order) -> dict[str, Any]:
    """An order with its shipment, as the queries answer it."""
    shipment = world.apps.shipments.get(order.transaction_id)
    described = "；".join(parcel.item_desc for parcel in shipment.parcels) if shipment else order.description
    return {
        "transaction_id": order.transaction_id,
        "merchant_trade_no": order.out_trade_no,
        "merchant_id": order.mchid,
        "sub_merchant_id": order.sub_mchid,
        "description": described if len(described) <= 120 else described[:117] + "...",
        "paid_amount": order.total,
        "openid": order.payer_openid,
        "trade_create_time": int(order.created_at),
        "pay_time": int(order.paid_at),
        "order_state": order_state(world, order),
        "in_complaint": False,
        "shipping": _public_shipment(shipment) if shipment else {},
    }


def _public_shipment(shipment: Shipment) -> dict[str, Any]:
    return {
        "delivery_mode": shipment.delivery_mode,
        "logistics_type": shipment.logistics_type,
        "finish_shipping": shipment.finished,
        "finish_shipping_count": shipment.finish_count,
        "goods_desc": "",
        "shipping_list": [
            {
                "tracking_no": parcel.tracking_no,
                "express_company": parcel.express_company,
                "goods_desc": parcel.item_desc,
                "upload_time": int(parcel.uploaded_at),
                "contact": {
                    "consignor_contact": parcel.consignor_contact,
                    "receiver_contact": parcel.receiver_contact,
                },
            }
            for parcel in shipment.parcels
        ],
    }


def notify_confirm_receive(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/notify_confirm_receive: ask the shopper to confirm, once."""
    app = mini_program_of(world, request)
    asked = read_body(request, OrderQuery)
    order = _query(world, app, asked)
    shipment = world.apps.shipments.get(order.transaction_id)
    if shipment is None or order_state(world, order) != SHIPPED:
        raise WxError(10060028)
    if shipment.logistics_type != EXPRESS:
        raise WxError(10060032)
    if shipment.reminded:
        raise WxError(10060030)
    if asked.received_time is None or not shipment.shipped_at - 1 <= asked.received_time < 2**32:
        raise WxError(10060029)
    shipment.reminded = True
    world.apps.shipments.put(order.transaction_id, shipment)
    events.remind_shopper(world, app, order, asked.received_time)
    return OK
