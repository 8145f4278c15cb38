"""The menu below a chat."""

from typing import Any, cast

import msgspec

from wechat_sandbox.asgi import Request
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError

_KEY_TYPES = frozenset(
    (
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    )
)
_OTHER_TYPES = {"media_id": "media_id", "article_id": "article_id", "article_view_limited": "article_id"}


class Button(msgspec.Struct, omit_defaults=True):
    """A button, or a group of them."""

    name: str = ""
    type: str = ""
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    media_id: str = ""
    article_id: str = ""
    sub_button: list["Button"] = msgspec.field(default_factory=list["Button"])


class MenuBody(msgspec.Struct):
    """POST /cgi-bin/menu/create."""

    button: list[Button]


def create(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/menu/create: up to three buttons with up to five below each."""
    account = account_of(world, request)
    asked = read_body(request, MenuBody)
    if not 1 <= len(asked.button) <= 3:
        raise WxError(40016)
    for button in asked.button:
        _check(button, name_bytes=16 * 3)
        if len(button.sub_button) > 5:
            raise WxError(40023)
        for below in button.sub_button:
            if below.sub_button:
                raise WxError(40023)
            _check(below, name_bytes=60 * 3)
    account.menu = cast("list[dict[str, Any]]", msgspec.to_builtins(asked.button))
    world.accounts.put(account.appid, account)
    return OK


def get(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/menu/get"""
    account = account_of(world, request)
    if account.menu is None:
        raise WxError(46003)
    return {"menu": {"button": account.menu}}


def delete(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/menu/delete"""
    account = account_of(world, request)
    account.menu = None
    world.accounts.put(account.appid, account)
    return OK


def _check(button: Button, name_bytes: int) -> None:
    if not 0 < len(button.name.encode()) <= name_bytes:
        raise WxError(40018)
    if not button.sub_button and (errcode := _mistake(button)):
        raise WxError(errcode)


def _mistake(button: Button) -> int:
    """The errcode of a button that lacks what its type needs, or 0."""
    if button.type in _KEY_TYPES:
        return 0 if 0 < len(button.key.encode()) <= 128 else 40019
    if button.type == "view":
        return 0 if button.url.startswith(("http://", "https://")) and len(button.url) <= 1024 else 40020
    if button.type == "miniprogram":
        return 0 if button.appid and button.pagepath and button.url else 40020
    if button.type in _OTHER_TYPES:
        return 0 if getattr(button, _OTHER_TYPES[button.type]) else 40019
    return 40017
