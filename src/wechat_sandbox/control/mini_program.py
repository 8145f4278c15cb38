"""Mini programs: their callback and settings, what shoppers grant and confirm, what they are told."""

from typing import Any

import msgspec
from litestar import get, post, put
from msgspec import Struct, field

from wechat_sandbox import chat, push
from wechat_sandbox.accounts import AccountError, app_exists, check_aes_key
from wechat_sandbox.apps import mini_callback, save_settings
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.mini_program import shipping, shipping_events
from wechat_sandbox.models import MessageMode
from wechat_sandbox.models_apps import AppSettings, MiniCallback
from wechat_sandbox.templates import library, subscribe
from wechat_sandbox.world import World


class MiniCallbackSettings(Struct, forbid_unknown_fields=True):
    """Where and how a mini program's events are pushed; null stops them. `data_format`: xml or json."""

    callback_url: str | None
    token: str | None = None
    encoding_aes_key: str | None = None
    mode: MessageMode | None = None
    data_format: str | None = None


class SettingsChange(Struct, forbid_unknown_fields=True):
    """What to change of an app's settings; what is left out stays."""

    strict_templates: bool | None = None
    """Whether unknown template_ids are refused (40037). Usual: of subscribe messages, not of template messages."""
    quotas: dict[str, int] | None = None
    """Calls a day by path, `{"/cgi-bin/user/info": 10}`; beyond it 45009. Takes the place of what was set."""
    pages: list[str] | None = None
    """Pages that the published mini program has; others are refused (41030)."""
    trade_managed: bool | None = None
    money_held: bool | None = None
    """Whether the money of a mini program's orders is frozen until they are shipped and settled; usually not."""
    risky_words: dict[str, int] | None = None
    """Words that content checks find risky, with their label."""


class SubscriptionBody(Struct, forbid_unknown_fields=True):
    """The answer to `wx.requestSubscribeMessage`: one for all templates, `answers` where they differ."""

    appid: str
    template_ids: list[str]
    accept: bool = True
    answers: dict[str, bool] = field(default_factory=dict[str, bool])


class BanBody(Struct, forbid_unknown_fields=True):
    """A template switched off (or on again) in the shopper's settings."""

    appid: str
    template_id: str
    banned: bool = True


class ReceiptBody(Struct, forbid_unknown_fields=True):
    """An order that the shopper has received."""

    transaction_id: str


def _callback(world: World, appid: str) -> MiniCallback:
    if appid not in world.mini_programs:
        raise not_found(f"mini program {appid}")
    return mini_callback(world, appid)


@get("/mini-programs/{appid:str}/callback", tags=["accounts"])
async def get_mini_callback(world: World, appid: str) -> MiniCallback:
    """A mini program's message settings: original id, token, key, address."""
    return _callback(world, appid)


@put("/mini-programs/{appid:str}/callback", tags=["accounts"])
async def configure_mini_callback(world: World, appid: str, data: MiniCallbackSettings) -> MiniCallback:
    """Set the callback. WeChat's verification handshake runs first: 409 `handshake_failed` with the reason."""
    row = msgspec.structs.replace(_callback(world, appid))
    try:
        check_aes_key(data.encoding_aes_key or row.encoding_aes_key)
    except AccountError as error:
        raise ControlError(400, "account_refused", str(error)) from error
    if data.data_format not in (None, "xml", "json"):
        raise ControlError(400, "refused", "data_format is xml or json")
    row.token = data.token or row.token
    row.encoding_aes_key = data.encoding_aes_key or row.encoding_aes_key
    row.mode = data.mode or row.mode
    row.data_format = "json" if (data.data_format or row.data_format) == "json" else "xml"
    row.callback_url = data.callback_url
    if data.callback_url:
        reason = await push.handshake(world, row, data.callback_url)
        if reason:
            raise ControlError(409, "handshake_failed", reason)
    return world.apps.mini_callbacks.put(appid, row)


@get("/apps/{appid:str}/settings", tags=["accounts"])
async def get_settings(world: World, appid: str) -> AppSettings:
    """What differs from the usual for an official account or mini program."""
    if not app_exists(world, appid):
        raise not_found(f"app {appid}")
    return world.apps.settings_of(appid)


@put("/apps/{appid:str}/settings", tags=["accounts"])
async def change_settings(world: World, appid: str, data: SettingsChange) -> AppSettings:
    """Change settings of an official account or mini program: templates, daily quotas, pages, shipping, words."""
    if not app_exists(world, appid):
        raise not_found(f"app {appid}")
    settings = world.apps.settings_of(appid)
    for name in data.__struct_fields__:
        value = getattr(data, name)
        if value is not None:
            setattr(settings, name, value)
    save_settings(world, settings)
    return settings


@get("/apps/{appid:str}/templates", tags=["accounts"])
async def list_templates(world: World, appid: str) -> dict[str, Any]:
    """Templates of subscribe messages and template messages that the app has; some are there from the start."""
    if not app_exists(world, appid):
        raise not_found(f"app {appid}")
    rows = [*library.mine(world, appid, "subscribe"), *library.mine(world, appid, "template")]
    return {"items": msgspec.to_builtins(rows)}


@post("/shoppers/{shopper_id:str}/subscriptions", tags=["shoppers"], status_code=200)
async def answer_prompt(world: World, shopper_id: str, data: SubscriptionBody) -> dict[str, Any]:
    """Answer the sheet of `wx.requestSubscribeMessage`; what the page gets. An accepted template is one message."""
    shopper = find(world, shopper_id)
    if not app_exists(world, data.appid):
        raise not_found(f"app {data.appid}")
    try:
        return subscribe.answer_prompt(world, shopper, data.appid, data.template_ids, data.answers, accept=data.accept)
    except subscribe.ConsentError as error:
        raise ControlError(400, "refused", str(error), errMsg=str(error), errCode=error.code) from error


@get("/shoppers/{shopper_id:str}/subscriptions", tags=["shoppers"])
async def list_subscriptions(world: World, shopper_id: str) -> dict[str, Any]:
    """What the shopper granted: by app and template how many messages are left."""
    find(world, shopper_id)
    rows = [row for row in world.apps.consents.values() if row.shopper_id == shopper_id]
    return {"items": msgspec.to_builtins(rows)}


@put("/shoppers/{shopper_id:str}/subscriptions", tags=["shoppers"], status_code=204)
async def ban_template(world: World, shopper_id: str, data: BanBody) -> None:
    """Switch a template off or on in the shopper's settings; switching off pushes `subscribe_msg_change_event`."""
    shopper = find(world, shopper_id)
    if not app_exists(world, data.appid):
        raise not_found(f"app {data.appid}")
    subscribe.set_banned(world, shopper, data.appid, data.template_id, banned=data.banned)


@get("/shoppers/{shopper_id:str}/service-messages", tags=["chats"])
async def service_messages(world: World, shopper_id: str) -> dict[str, Any]:
    """服务通知: what mini programs sent to the shopper, newest first."""
    find(world, shopper_id)
    lines = [line for row in world.mini_programs.values() for line in chat.lines(world, row.appid, shopper_id)]
    return {
        "items": [
            {"appid": line.appid, "name": app.name if (app := world.mini_programs.get(line.appid)) else "", **public}
            for line in sorted(lines, key=lambda line: -line.at)
            for public in (chat.public(line),)
        ]
    }


@get("/shoppers/{shopper_id:str}/shipments", tags=["shoppers"])
async def list_shipments(world: World, shopper_id: str) -> dict[str, Any]:
    """The shopper's orders of mini programs with what was told of their shipping."""
    find(world, shopper_id)
    openids = {row.openid for row in world.identities.values() if row.shopper_id == shopper_id}
    rows = [
        order
        for app in world.mini_programs.values()
        for order in shipping.orders_of(world, app)
        if order.payer_openid in openids
    ]
    return {"items": [shipping.public(world, order) for order in rows]}


@post("/shoppers/{shopper_id:str}/receipts", tags=["shoppers"], status_code=200)
async def confirm_receipt(world: World, shopper_id: str, data: ReceiptBody) -> dict[str, Any]:
    """Confirm that an order has arrived; its money is settled a second later and the mini program told."""
    find(world, shopper_id)
    order = world.order_of_transaction.get(data.transaction_id)
    payer = world.openids.get(order.payer_openid) if order else None
    if order is None or payer is None or payer.shopper_id != shopper_id:
        raise not_found(f"order {data.transaction_id} of this shopper")
    try:
        shipping_events.confirm(world, order)
    except shipping_events.ConfirmError as error:
        raise ControlError(400, "refused", str(error)) from error
    return shipping.public(world, order)


HANDLERS = [
    get_mini_callback,
    configure_mini_callback,
    get_settings,
    change_settings,
    list_templates,
    answer_prompt,
    list_subscriptions,
    ban_template,
    service_messages,
    list_shipments,
    confirm_receipt,
]
