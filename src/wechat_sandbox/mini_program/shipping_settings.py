"""Settings of the shipping-information service: where its messages lead, and whether it is on."""

from typing import Any

from msgspec import Struct

from wechat_sandbox.apps import save_settings
from wechat_sandbox.asgi import Request
from wechat_sandbox.mini_program import shipping
from wechat_sandbox.models import MiniProgram
from wechat_sandbox.models_apps import AppSettings
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError


class PathBody(Struct):
    """POST /wxa/sec/order/set_msg_jump_path."""

    path: str


class AppBody(Struct):
    """POST /wxa/sec/order/is_trade_managed and is_trade_management_confirmation_completed."""

    appid: str = ""


class SpecialBody(Struct):
    """POST /wxa/sec/order/opspecialorder."""

    order_id: str = ""
    type: int = 0
    delay_to: int = 0


def set_jump_path(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/set_msg_jump_path: the page that a shipping message opens."""
    app = mini_program_of(world, request)
    settings = world.apps.settings_of(app.appid)
    settings.jump_path = read_body(request, PathBody).path[:1024]
    save_settings(world, settings)
    return OK


def _asked(world: World, request: Request) -> tuple[MiniProgram, AppSettings]:
    app = mini_program_of(world, request)
    wanted = read_body(request, AppBody).appid
    if not wanted:
        raise WxError(40097)
    if wanted != app.appid:
        raise WxError(40013)
    return app, world.apps.settings_of(wanted)


def is_managed(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/is_trade_managed"""
    _, settings = _asked(world, request)
    return {"errcode": 0, "errmsg": "ok", "is_trade_managed": settings.trade_managed}


def is_confirmed(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/is_trade_management_confirmation_completed"""
    _, settings = _asked(world, request)
    return {"errcode": 0, "errmsg": "ok", "completed": settings.trade_managed}


def special_order(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/sec/order/opspecialorder: presale (1) or a test order (2), of one that is not shipped yet."""
    app = mini_program_of(world, request)
    asked = read_body(request, SpecialBody)
    if asked.type not in (1, 2):
        raise WxError(268546000)
    found = [
        row
        for row in shipping.orders_of(world, app)
        if asked.order_id and asked.order_id in (row.transaction_id, row.out_trade_no)
    ]
    if not found or shipping.order_state(world, found[0]) != shipping.TO_SHIP:
        raise WxError(268546002)
    paid_at, day = found[0].paid_at, 86400
    if asked.type == 1 and not paid_at + 15 * day <= asked.delay_to <= paid_at + 330 * day:
        raise WxError(268546001)
    return OK
