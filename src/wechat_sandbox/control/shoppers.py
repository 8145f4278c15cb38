"""Shoppers and what they do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import get, post
from litestar.response import ServerSentEvent, ServerSentEventMessage

from wechat_sandbox import acts, chat, mini_program
from wechat_sandbox.accounts import add_shopper, app_exists
from wechat_sandbox.acts import ActError
from wechat_sandbox.control import schemas
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.views import sheet_view, shopper_detail, shopper_view
from wechat_sandbox.models import Identity, Sheet, Shopper
from wechat_sandbox.oauth import SHOPPER_COOKIE, SHOPPER_HEADER
from wechat_sandbox.pay.sheets import SheetError
from wechat_sandbox.world import World

PING_SECONDS = 15.0


def find(world: World, shopper_id: str) -> Shopper:
    """The shopper. Raises 404."""
    shopper = world.shoppers.get(shopper_id)
    if shopper is None:
        raise not_found("shopper")
    return shopper


def _cannot(error: ActError | SheetError) -> ControlError:
    if isinstance(error, SheetError):
        return pay_refused(error)
    return ControlError(400, "refused", str(error))


def pay_refused(error: SheetError) -> ControlError:
    """What the page gets when WeChat refuses a payment."""
    return ControlError(400, "pay_refused", str(error), err_msg="get_brand_wcpay_request:fail", err_desc=str(error))


def _identity(identity: Identity) -> schemas.IdentityView:
    return schemas.IdentityView(identity.appid, identity.openid, identity.following)


@get("/shoppers", tags=["shoppers"])
async def list_shoppers(world: World) -> schemas.ShopperList:
    """All shoppers."""
    return schemas.ShopperList([shopper_view(world, row) for row in world.shoppers.values()])


@post("/shoppers", tags=["shoppers"])
async def create_shopper(world: World, data: schemas.NewShopper | None = None) -> schemas.ShopperView:
    """Make a shopper."""
    return shopper_view(world, add_shopper(world, data.nickname if data else None))


@get("/shoppers/{shopper_id:str}", tags=["shoppers"])
async def get_shopper(world: World, shopper_id: str) -> schemas.ShopperDetail:
    """A shopper with identities and wallet."""
    return shopper_detail(world, find(world, shopper_id))


@post("/shoppers/{shopper_id:str}/scan", tags=["shoppers"], status_code=200)
async def scan(world: World, shopper_id: str, data: schemas.ScanBody) -> dict[str, Any]:
    """Scan a QR code's text. `action` tells what the phone does next."""
    try:
        result = acts.scan(world, find(world, shopper_id), data.content)
    except (ActError, SheetError) as error:
        raise _cannot(error) from error
    if isinstance(result.get("sheet"), Sheet):
        result["sheet"] = msgspec.to_builtins(sheet_view(world, result["sheet"]))
    return result


@post("/shoppers/{shopper_id:str}/follow", tags=["shoppers"], status_code=200)
async def follow(world: World, shopper_id: str, data: schemas.FollowBody) -> schemas.IdentityView:
    """Follow an official account; `subscribe` is pushed."""
    try:
        return _identity(acts.follow(world, find(world, shopper_id), data.appid, data.ticket))
    except ActError as error:
        raise _cannot(error) from error


@post("/shoppers/{shopper_id:str}/unfollow", tags=["shoppers"], status_code=200)
async def unfollow(world: World, shopper_id: str, data: schemas.AppBody) -> schemas.IdentityView:
    """Stop following; `unsubscribe` is pushed."""
    try:
        return _identity(acts.unfollow(world, find(world, shopper_id), data.appid))
    except ActError as error:
        raise _cannot(error) from error


@get("/shoppers/{shopper_id:str}/chats", tags=["chats"])
async def list_chats(world: World, shopper_id: str) -> dict[str, Any]:
    """The shopper's chats, latest first, each with its menu."""
    find(world, shopper_id)
    return {"items": chat.overview(world, shopper_id)}


@get("/shoppers/{shopper_id:str}/chats/{appid:str}", tags=["chats"])
async def get_chat(
    world: World, shopper_id: str, appid: str, since: str | None = None, peek: bool = False
) -> dict[str, Any]:
    """The lines of a chat, oldest first; `since` is the id of the last one known. Marks it read unless `peek`."""
    find(world, shopper_id)
    if appid not in world.accounts:
        raise not_found("official account")
    lines = chat.lines(world, appid, shopper_id)
    if not peek:
        chat.mark_read(world, appid, shopper_id)
    known = [index for index, line in enumerate(lines) if line.message_id == since]
    return {"messages": [chat.public(line) for line in lines[known[0] + 1 if known else 0 :]]}


@post("/shoppers/{shopper_id:str}/chats/{appid:str}/text", tags=["chats"])
async def write(world: World, shopper_id: str, appid: str, data: schemas.TextBody) -> dict[str, Any]:
    """Write to an account that the shopper follows; the text is pushed."""
    try:
        return acts.write(world, find(world, shopper_id), appid, data.content)
    except ActError as error:
        raise _cannot(error) from error


@post("/shoppers/{shopper_id:str}/chats/{appid:str}/menu", tags=["chats"], status_code=200)
async def tap(world: World, shopper_id: str, appid: str, data: schemas.TapBody) -> dict[str, Any]:
    """Tap a menu button; CLICK or VIEW is pushed."""
    try:
        return acts.tap(world, find(world, shopper_id), appid, data.key, data.url)
    except ActError as error:
        raise _cannot(error) from error


@post("/shoppers/{shopper_id:str}/open-url", tags=["shoppers"], status_code=200)
async def open_url(world: World, shopper_id: str, data: schemas.UrlBody) -> schemas.OpenUrlView:
    """What a script needs to open an address as this shopper."""
    find(world, shopper_id)
    return schemas.OpenUrlView(
        url=data.url,
        headers={SHOPPER_HEADER.title(): shopper_id},
        cookies={SHOPPER_COOKIE: shopper_id},
        webview_url=f"{world.settings.base_url}/_sandbox/webview/{shopper_id}",
    )


@post("/shoppers/{shopper_id:str}/jscode", tags=["shoppers"])
async def jscode(world: World, shopper_id: str, data: schemas.CodeBody) -> dict[str, str]:
    """What `wx.login` gives (or, with purpose `phone`, the phone-number button): one use, five minutes."""
    shopper = find(world, shopper_id)
    if not app_exists(world, data.appid):
        raise not_found("app")
    return {"code": mini_program.new_code(world, shopper, data.appid, data.purpose)}


@get("/events/{shopper_id:str}", tags=["chats"])
async def events(world: World, shopper_id: str) -> ServerSentEvent:
    """Server-sent events: `message` (appid, message), `sheet`, and a `ping` every 15 s."""
    find(world, shopper_id)

    async def stream() -> AsyncIterator[ServerSentEventMessage]:
        queue = world.hub.listen(shopper_id)
        try:
            yield ServerSentEventMessage(event="hello", data="{}", retry=1000)
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), PING_SECONDS)
                except TimeoutError:
                    yield ServerSentEventMessage(event="ping", data="{}")
                    continue
                if event is None:
                    return
                yield ServerSentEventMessage(event=event["type"], data=msgspec.json.encode(event).decode())
        finally:
            world.hub.leave(shopper_id, queue)

    return ServerSentEvent(stream())


HANDLERS = [
    list_shoppers,
    create_shopper,
    get_shopper,
    scan,
    follow,
    unfollow,
    list_chats,
    get_chat,
    write,
    tap,
    open_url,
    jscode,
    events,
]
