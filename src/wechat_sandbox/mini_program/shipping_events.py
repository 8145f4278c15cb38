"""What follows from a shipment: messages to the shopper, confirmation, settlement, reminders, their events.

Sources: developers.weixin.qq.com order-shipping.html section 九 (`trade_manage_remind_access_api`,
`trade_manage_remind_shipping` after 48 hours, `trade_manage_order_settlement` when shipped and when settled;
`confirm_receive_method` 1 by itself, 2 by hand; field names as in silenceper/wechat `miniprogram/message`).
The days until an order confirms itself, ten of an express and two otherwise, are those that shop systems tell their
merchants (crmeb, yingzaizhijian).
"""

from typing import Any

from wechat_sandbox import books, chat, push
from wechat_sandbox.apps import mini_callback
from wechat_sandbox.clock import rfc3339
from wechat_sandbox.mini_program.express import COMPANIES
from wechat_sandbox.models import Identity, MiniProgram, Order
from wechat_sandbox.models_apps import Shipment
from wechat_sandbox.world import World

DAY = 86400
AUTO_CONFIRM_SECONDS = {1: 10 * DAY}
AUTO_CONFIRM_OTHER_SECONDS = 2 * DAY
SETTLE_SECONDS = 1.0
"""From the confirmation to the settlement."""
REMIND_SECONDS = 2 * DAY
SWEEP_SECONDS = 3600.0
AUTO, BY_HAND = 1, 2


class ConfirmError(Exception):
    """The order cannot be confirmed; the text says why."""


def _payer(world: World, order: Order) -> Identity | None:
    return world.openids.get(order.payer_openid or order.openid)


def _say(world: World, app: MiniProgram, order: Order, kind: str, **body: Any) -> None:
    """A service message to the payer; it leads to the page that the mini program chose, or to WeChat's own."""
    payer = _payer(world, order)
    if payer is None:
        return
    path = world.apps.settings_of(app.appid).jump_path
    keys = {
        "transaction_id": order.transaction_id,
        "merchant_id": order.mchid,
        "merchant_trade_no": order.out_trade_no,
    } | ({"sub_merchant_id": order.sub_mchid} if order.sub_mchid else {})
    if path:
        query = "&".join(f"{name}={value}" for name, value in keys.items())
        path += ("&" if "?" in path else "?") + query
    chat.say(world, app.appid, payer.shopper_id, "account", kind, {**keys, "page": path, **body})


def _event(world: World, app: MiniProgram, order: Order | None, name: str, **fields: Any) -> None:
    keys: dict[str, Any] = {}
    if order is not None:
        keys = {
            "transaction_id": order.transaction_id,
            "merchant_id": order.mchid,
            "sub_merchant_id": order.sub_mchid,
            "merchant_trade_no": order.out_trade_no,
            "pay_time": int(order.paid_at),
        }
    payer = _payer(world, order) if order else None
    push.event(world, mini_callback(world, app.appid), payer, name, **keys, **fields)


def confirms_at(shipment: Shipment) -> float:
    """When the order confirms itself."""
    return shipment.shipped_at + AUTO_CONFIRM_SECONDS.get(shipment.logistics_type, AUTO_CONFIRM_OTHER_SECONDS)


def shipped(world: World, app: MiniProgram, order: Order, shipment: Shipment) -> None:
    """Everything is on its way: tell the shopper, and the mini program when it will have its money."""
    parcels = [
        {
            "tracking_no": parcel.tracking_no,
            "express_company": COMPANIES.get(parcel.express_company, parcel.express_company),
            "item_desc": parcel.item_desc,
        }
        for parcel in shipment.parcels
    ]
    _say(world, app, order, "shipped", parcels=parcels, again=shipment.finish_count > 1)
    ends = confirms_at(shipment)
    _event(
        world,
        app,
        order,
        "trade_manage_order_settlement",
        shipped_time=int(shipment.shipped_at),
        estimated_settlement_time=int(ends),
    )
    world.clock.call_at(ends, lambda: _confirm_when_due(world, order))


def remind_shopper(world: World, app: MiniProgram, order: Order, received_time: int) -> None:
    """The mini program says that the parcel has arrived."""
    _say(world, app, order, "confirm_receive", received_at=rfc3339(received_time))


def confirm(world: World, order: Order, method: int = BY_HAND) -> Shipment:
    """The shopper has it. Raises ConfirmError unless the order is shipped and neither confirmed nor refunded."""
    shipment = world.apps.shipments.get(order.transaction_id)
    if shipment is None or not shipment.finish_count:
        raise ConfirmError("the order is not shipped")
    if shipment.confirmed_at:
        raise ConfirmError("the order is confirmed already")
    if order.refunded >= order.total:
        raise ConfirmError("the order is refunded")
    shipment.confirmed_at = world.clock.now()
    shipment.confirm_method = method
    world.apps.shipments.put(order.transaction_id, shipment)
    world.clock.call_later(SETTLE_SECONDS, lambda: _settle(world, order))
    return shipment


def _confirm_when_due(world: World, order: Order) -> None:
    shipment = world.apps.shipments.get(order.transaction_id)
    if shipment is None or shipment.confirmed_at or order.refunded >= order.total:
        return
    if world.clock.now() >= confirms_at(shipment):  # shipped once more since: its time is later
        confirm(world, order, AUTO)


def _settle(world: World, order: Order) -> None:
    shipment = world.apps.shipments.get(order.transaction_id)
    app = world.mini_programs.get(order.appid)
    if shipment is None or app is None or shipment.settled_at or not shipment.confirmed_at:
        return
    shipment.settled_at = world.clock.now()
    with world.store.together():
        world.apps.shipments.put(order.transaction_id, shipment)
        books.settled(world, order)
    _event(
        world,
        app,
        order,
        "trade_manage_order_settlement",
        shipped_time=int(shipment.shipped_at),
        confirm_receive_method=shipment.confirm_method,
        confirm_receive_time=int(shipment.confirmed_at),
        settlement_time=int(shipment.settled_at),
    )


def resume(world: World) -> None:
    """Take up what waits for its time. Needs a running loop."""
    for shipment in world.apps.shipments.values():
        order = world.order_of_transaction.get(shipment.transaction_id)
        if order is None or not shipment.finish_count or shipment.settled_at:
            continue
        _wait(world, order, shipment)
    reminded: dict[str, float] = {}

    def sweep() -> None:
        _remind(world, reminded)
        world.clock.call_later(SWEEP_SECONDS, sweep)

    world.clock.call_later(SWEEP_SECONDS, sweep)


def _wait(world: World, order: Order, shipment: Shipment) -> None:
    if shipment.confirmed_at:
        world.clock.call_at(shipment.confirmed_at + SETTLE_SECONDS, lambda: _settle(world, order))
    else:
        world.clock.call_at(confirms_at(shipment), lambda: _confirm_when_due(world, order))


def _remind(world: World, reminded: dict[str, float]) -> None:
    """Each day: who never shipped is told of the interface, who did of the orders of more than 48 hours."""
    now = world.clock.now()
    apps = {
        appid: app
        for appid, app in ((row.appid, row) for row in world.mini_programs.values())
        if world.apps.settings_of(appid).trade_managed
    }
    waiting: dict[str, list[Order]] = {}
    ships: set[str] = set()
    for order in world.orders.values():
        if order.appid not in apps or not order.paid_at:
            continue
        if order.transaction_id in world.apps.shipments:
            ships.add(order.appid)
        elif order.refunded < order.total:
            waiting.setdefault(order.appid, []).append(order)
    for appid, orders in waiting.items():
        app = apps[appid]
        if appid not in ships:
            if reminded.get(appid, 0.0) <= now - DAY:
                reminded[appid] = now
                _event(world, app, None, "trade_manage_remind_access_api", msg="请尽快接入发货信息管理服务API")
            continue
        for order in orders:
            if order.paid_at <= now - REMIND_SECONDS and order.transaction_id not in reminded:
                reminded[order.transaction_id] = now
                _event(world, app, order, "trade_manage_remind_shipping", msg="你有订单超过48小时未发货，请尽快发货")
