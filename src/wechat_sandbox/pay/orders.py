"""What is true of an order, wherever it is asked: its state now, and its public form."""

import secrets
from datetime import datetime
from typing import Any, TypeVar

from wechat_sandbox.clock import SHANGHAI, rfc3339
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.pay.rows import CombinedOrder
from wechat_sandbox.world import World, random_digits

PREPAY_SECONDS = 2 * 3600
H5_SECONDS = 5 * 60
CLOSES_AFTER_SECONDS = 7 * 24 * 3600

_AnyOrder = TypeVar("_AnyOrder", Order, CombinedOrder, Order | CombinedOrder)

STATE_TEXTS = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "REVOKED": "订单已撤销",
    "USERPAYING": "需要用户输入支付密码",
    "PAYERROR": "支付失败，请重新下单支付",
}


def find_order(world: World, merchant: Merchant, out_trade_no: str) -> Order | None:
    """The merchant's order in its state of now."""
    order = world.orders.get(f"{merchant.mchid}:{out_trade_no}")
    return settle(world, order) if order is not None else None


def settle(world: World, order: _AnyOrder) -> _AnyOrder:
    """Close an unpaid order whose time is over (`time_expire`, or seven days).

    At a till the shopper's time to enter the password is over instead: the payment has failed.
    """
    if order.state in ("NOTPAY", "USERPAYING") and world.clock.now() >= order.expires_at:
        end(world, order, "CLOSED" if order.state == "NOTPAY" else "PAYERROR")
    return order


def end(world: World, order: Order | CombinedOrder, state: str) -> None:
    """Put an unpaid order, and what it consists of, into a final state."""
    with world.store.together():
        order.state = state
        if isinstance(order, Order):
            world.orders.put(order.key, order)
            return
        world.pay.combined.put(order.key, order)
        for part in parts(world, order):
            end(world, part, state)


def parts(world: World, combined: CombinedOrder) -> list[Order]:
    """The orders of a combined one, as they were given."""
    found = [world.orders.get(key) for key in combined.order_keys]
    return [order for order in found if order is not None]


def prepay_lives(world: World, order: Order | CombinedOrder) -> bool:
    """True while the prepay id or code of an order may still be paid."""
    life = H5_SECONDS if order.trade_type == "MWEB" else PREPAY_SECONDS
    return world.clock.now() < order.prepaid_at + life


def new_prepay_id(world: World) -> str:
    """wx, the time of the day in China, 20 hex digits."""
    moment = datetime.fromtimestamp(world.clock.now(), SHANGHAI)
    return f"wx{moment:%Y%m%d%H%M%S}{secrets.token_hex(10)}"


def new_number(world: World, prefix: str, length: int) -> str:
    """A transaction or refund number: prefix, date, digits."""
    moment = datetime.fromtimestamp(world.clock.now(), SHANGHAI)
    head = f"{prefix}{moment:%Y%m%d}"
    return head + random_digits(length - len(head))


def transaction(order: Order) -> dict[str, Any]:
    """The order as queries and notifications tell it.

    `description` and `notify_url` stand here because the published schema requires them.
    """
    data: dict[str, Any] = {
        **_owners(order),
        "out_trade_no": order.out_trade_no,
        "description": order.description,
        "notify_url": order.notify_url,
        "trade_state": order.state,
        "trade_state_desc": STATE_TEXTS[order.state],
        "attach": order.attach,
        "amount": {
            "total": order.total,
            "payer_total": order.total,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
        "promotion_detail": [],
    }
    if order.transaction_id:
        data["transaction_id"] = order.transaction_id
        data["trade_type"] = order.trade_type
        data["bank_type"] = order.bank_type
        data["success_time"] = rfc3339(order.paid_at)
        data["payer"] = _payer(order)
    return data


def _owners(order: Order) -> dict[str, str]:
    if not order.sub_mchid:
        return {"appid": order.appid, "mchid": order.mchid}
    owners = {"sp_appid": order.appid, "sp_mchid": order.mchid, "sub_mchid": order.sub_mchid}
    return owners | {"sub_appid": order.sub_appid} if order.sub_appid else owners


def _payer(order: Order) -> dict[str, str]:
    if not order.sub_mchid:
        return {"openid": order.payer_openid}
    payer = {"sp_openid": order.payer_openid}
    return payer | {"sub_openid": order.payer_sub_openid} if order.payer_sub_openid else payer


def combined_transaction(world: World, combined: CombinedOrder) -> dict[str, Any]:
    """A combined order as its query and its notification tell it."""
    data: dict[str, Any] = {
        "combine_appid": combined.appid,
        "combine_mchid": combined.mchid,
        "combine_out_trade_no": combined.out_trade_no,
        "combine_transaction_id": combined.transaction_id,
        "sub_orders": [_part(order) for order in parts(world, combined)],
    }
    if combined.device_id:
        data["scene_info"] = {"device_id": combined.device_id}
    if combined.payer_openid:
        data["combine_payer_info"] = {"openid": combined.payer_openid}
    return data


def _part(order: Order) -> dict[str, Any]:
    data: dict[str, Any] = {
        "mchid": order.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state,
        "trade_type": order.trade_type,
        "attach": order.attach,
        "promotion_detail": [],
        "amount": {
            "total_amount": order.total,
            "currency": "CNY",
            "payer_amount": order.total,
            "payer_currency": "CNY",
        },
    }
    if order.sub_mchid:
        data["sub_mchid"] = order.sub_mchid
        data |= {"sub_appid": order.sub_appid} if order.sub_appid else {}
        data |= {"sub_openid": order.payer_sub_openid} if order.payer_sub_openid else {}
    if order.transaction_id:
        data["transaction_id"] = order.transaction_id
        data["bank_type"] = order.bank_type
        data["success_time"] = rfc3339(order.paid_at)
    return data
