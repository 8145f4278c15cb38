"""Official accounts: followers they come with, customer-service workers, what shoppers send beside texts."""

from base64 import b64decode
from typing import Any, Literal

import msgspec
from litestar import get, post, put
from msgspec import Struct

from wechat_sandbox.acts import ActError
from wechat_sandbox.chat import say
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.models import OfficialAccount
from wechat_sandbox.official import followers, gestures, service
from wechat_sandbox.world import World
from wechat_sandbox.wx_errors import WxError


class FollowersBody(Struct, forbid_unknown_fields=True):
    """How many followers to make."""

    count: int


class FileBody(Struct, forbid_unknown_fields=True):
    """A picture, voice or video; `content` in base64, a small one when left out."""

    kind: Literal["image", "voice", "video"] = "image"
    content: str | None = None


class PlaceBody(Struct, forbid_unknown_fields=True):
    """A place: as a message, or (`report`) as the event LOCATION."""

    latitude: float
    longitude: float
    label: str = ""
    report: bool = False


class MenuInputBody(Struct, forbid_unknown_fields=True):
    """A button that asks for a scan, a picture or a place, by its key, and what it gets."""

    key: str
    scan_result: str = ""
    latitude: float = 30.25
    longitude: float = 120.16
    label: str = ""


class WorkerBody(Struct, forbid_unknown_fields=True):
    """What a customer-service worker does: comes or goes, takes a shopper, writes, ends the session."""

    kf_account: str
    act: Literal["online", "offline", "accept", "say", "close"]
    openid: str = ""
    text: str = ""


def _account(world: World, appid: str) -> OfficialAccount:
    account = world.accounts.get(appid)
    if account is None:
        raise not_found(f"official account {appid}")
    return account


def _refused(error: ActError | WxError) -> ControlError:
    return ControlError(400, "refused", str(error))


@post("/official-accounts/{appid:str}/followers", tags=["accounts"])
async def make_followers(world: World, appid: str, data: FollowersBody) -> dict[str, Any]:
    """Let an account come with followers. They have openid and unionid, but no phone; nothing is pushed."""
    account = _account(world, appid)
    if not 1 <= data.count <= followers.MAX_AT_ONCE:
        raise ControlError(400, "refused", f"count must be 1 to {followers.MAX_AT_ONCE}")
    openids = followers.add_followers(world, account, data.count)
    return {"count": len(openids), "first": openids[0], "last": openids[-1]}


@get("/official-accounts/{appid:str}/service", tags=["accounts"])
async def list_service(world: World, appid: str) -> dict[str, Any]:
    """Customer-service workers and sessions of an account."""
    _account(world, appid)
    sessions = [row for row in world.apps.service_sessions.values() if row.appid == appid]
    return {
        "workers": msgspec.to_builtins(service.mine(world, appid)),
        "sessions": msgspec.to_builtins(sessions),
    }


@put("/official-accounts/{appid:str}/service", tags=["accounts"])
async def act_as_worker(world: World, appid: str, data: WorkerBody) -> dict[str, Any]:
    """Act as a customer-service worker of the account."""
    account = _account(world, appid)
    try:
        worker = service.find(world, account, data.kf_account)
        if data.act in ("online", "offline"):
            worker.online = data.act == "online"
            service.save(world, worker)
            return {"ok": True}
        identity = world.openids.get(data.openid)
        if identity is None or identity.appid != appid:
            raise not_found(f"openid {data.openid}")
        if data.act == "accept":
            service.accept(world, account, identity, worker, service.ACCEPTED)
            return {"ok": True}
    except WxError as error:
        raise _refused(error) from error
    session = world.apps.service_sessions.get(f"{appid}:{data.openid}")
    if session is None or session.kf_account != data.kf_account:
        raise ControlError(400, "refused", "the worker has no session with this shopper")
    if data.act == "close":
        service.close(world, account, session)
    else:
        service.record(world, appid, data.openid, data.kf_account, service.SENT, data.text)
        body = {"content": data.text, "kf_account": data.kf_account}
        say(world, appid, identity.shopper_id, "account", "text", body)
    return {"ok": True}


@post("/shoppers/{shopper_id:str}/chats/{appid:str}/file", tags=["chats"])
async def send_file(world: World, shopper_id: str, appid: str, data: FileBody) -> dict[str, Any]:
    """Send a picture, voice or video to an account that the shopper follows."""
    try:
        content = b64decode(data.content, validate=True) if data.content else None
        return gestures.send_file(world, find(world, shopper_id), appid, data.kind, content)
    except ValueError as error:
        raise ControlError(400, "refused", "content is not base64") from error
    except (ActError, WxError) as error:
        raise _refused(error) from error


@post("/shoppers/{shopper_id:str}/chats/{appid:str}/place", tags=["chats"])
async def send_place(world: World, shopper_id: str, appid: str, data: PlaceBody) -> dict[str, Any]:
    """Send a place, or report where the shopper is."""
    shopper = find(world, shopper_id)
    try:
        if data.report:
            gestures.report_place(world, shopper, appid, data.latitude, data.longitude)
            return {"action": "reported"}
        return gestures.send_place(world, shopper, appid, data.latitude, data.longitude, data.label)
    except ActError as error:
        raise _refused(error) from error


@post("/shoppers/{shopper_id:str}/chats/{appid:str}/menu-input", tags=["chats"], status_code=200)
async def menu_input(world: World, shopper_id: str, appid: str, data: MenuInputBody) -> dict[str, Any]:
    """Tap a `scancode_*`, `pic_*` or `location_select` button and give what it asks for."""
    shopper = find(world, shopper_id)
    try:
        return gestures.menu_input(
            world, shopper, appid, data.key, data.scan_result, data.latitude, data.longitude, data.label
        )
    except ActError as error:
        raise _refused(error) from error


HANDLERS = [make_followers, list_service, act_as_worker, send_file, send_place, menu_input]
