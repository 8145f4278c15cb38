"""Third-party platforms: where they listen, tickets on demand, and an admin who agrees or takes back."""

from typing import Any

import msgspec
from litestar import delete, get, post, put
from msgspec import Struct

from wechat_sandbox.accounts import AccountError, check_aes_key
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.models_apps import Component
from wechat_sandbox.open_platform import platforms
from wechat_sandbox.world import World


class NewComponent(Struct, forbid_unknown_fields=True):
    """A platform to make; what is left out follows from the seed."""

    name: str
    appid: str | None = None
    secret: str | None = None
    token: str | None = None
    encoding_aes_key: str | None = None


class ComponentSettings(Struct, forbid_unknown_fields=True):
    """Where a platform listens; null for nowhere. `$APPID$` in `message_url` becomes the authorizer's appid."""

    event_url: str | None
    message_url: str | None = None
    token: str | None = None
    encoding_aes_key: str | None = None


class AuthorizationBody(Struct, forbid_unknown_fields=True):
    """An account that its admin gives to the platform; `func_ids`: the permission sets, all when left out."""

    appid: str
    func_ids: list[int] | None = None
    pre_auth_code: str = ""


def _find(world: World, appid: str) -> Component:
    component = world.apps.components.get(appid)
    if component is None:
        raise not_found(f"component {appid}")
    return component


def _check_key(key: str | None) -> None:
    if key is not None:
        try:
            check_aes_key(key)
        except AccountError as error:
            raise ControlError(400, "account_refused", str(error)) from error


@post("/components", tags=["open platform"])
async def create_component(world: World, data: NewComponent) -> Component:
    """Make a third-party platform. 409 when the appid exists."""
    _check_key(data.encoding_aes_key)
    try:
        return platforms.add_component(world, data.name, data.appid, data.secret, data.token, data.encoding_aes_key)
    except platforms.PlatformError as error:
        raise ControlError(409, "account_refused", str(error)) from error


@get("/components/{appid:str}", tags=["open platform"])
async def get_component(world: World, appid: str) -> Component:
    """One platform with its credentials and tickets."""
    return _find(world, appid)


@put("/components/{appid:str}", tags=["open platform"])
async def configure_component(world: World, appid: str, data: ComponentSettings) -> Component:
    """Say where the platform listens; a ticket is pushed at once, then every ten minutes of the sandbox's clock."""
    component = _find(world, appid)
    _check_key(data.encoding_aes_key)
    component.event_url = data.event_url
    component.message_url = data.message_url
    component.token = data.token or component.token
    component.encoding_aes_key = data.encoding_aes_key or component.encoding_aes_key
    world.apps.components.put(appid, component)
    if component.event_url:
        platforms.push_ticket(world, component)
    return component


@post("/components/{appid:str}/ticket", tags=["open platform"], status_code=200)
async def push_ticket(world: World, appid: str) -> dict[str, str]:
    """A new `component_verify_ticket` now; it is pushed when the platform listens."""
    return {"component_verify_ticket": platforms.push_ticket(world, _find(world, appid))}


@get("/components/{appid:str}/authorizations", tags=["open platform"])
async def list_authorizations(world: World, appid: str) -> dict[str, Any]:
    """The accounts in the platform's hands."""
    _find(world, appid)
    rows = [row for row in world.apps.authorizations.values() if row.component_appid == appid]
    return {"items": msgspec.to_builtins(rows)}


@post("/components/{appid:str}/authorizations", tags=["open platform"], status_code=200)
async def authorize(world: World, appid: str, data: AuthorizationBody) -> dict[str, Any]:
    """An admin agrees, as on the page: pushes `authorized`, or `updateauthorized` when it was before."""
    try:
        code = platforms.authorize(world, _find(world, appid), data.appid, data.func_ids, data.pre_auth_code)
    except platforms.PlatformError as error:
        raise ControlError(400, "refused", str(error)) from error
    return {"auth_code": code.code, "expires_in": platforms.CODE_SECONDS}


@delete("/components/{appid:str}/authorizations/{authorizer:str}", tags=["open platform"], status_code=204)
async def cancel(world: World, appid: str, authorizer: str) -> None:
    """An admin takes it back: pushes `unauthorized`, and the tokens end."""
    try:
        platforms.cancel(world, _find(world, appid), authorizer)
    except platforms.PlatformError as error:
        raise not_found(str(error)) from error


HANDLERS = [
    create_component,
    get_component,
    configure_component,
    push_ticket,
    list_authorizations,
    authorize,
    cancel,
]
