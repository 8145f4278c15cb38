"""What is true of an order, wherever it is asked: its state now, and its public form."""

import secrets
from datetime import datetime
from typing import Any

from wechat_sandbox.clock import SHANGHAI, rfc3339
from wechat_sandbox.models import Merchant, Order
from wechat_sandbox.world import World, random_digits

PREPAY_SECONDS = 2 * 3600
H5_SECONDS = 5 * 60
CLOSES_AFTER_SECONDS = 7 * 24 * 3600

STATE_TEXTS = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
}


def find_order(world: World, merchant: Merchant, out_trade_no: str) -> Order | None:
    """The merchant's order in its state of now."""
    order = world.orders.get(f"{merchant.mchid}:{out_trade_no}")
    return settle(world, order) if order is not None else None


def settle(world: World, order: Order) -> Order:
    """Close an unpaid order whose time is over (`time_expire`, or seven days)."""
    if order.state == "NOTPAY" and world.clock.now() >= order.expires_at:
        order.state = "CLOSED"
        world.orders.put(order.key, order)
    return order


def prepay_lives(world: World, order: Order) -> bool:
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
        "appid": order.appid,
        "mchid": order.mchid,
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
        data["payer"] = {"openid": order.payer_openid}
    return data
