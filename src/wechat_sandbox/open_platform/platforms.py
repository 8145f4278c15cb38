"""Platforms, and accounts that come into their hands, change what they gave, and leave.

Sources: wire.md section 5; developers.weixin.qq.com 第三方平台: 授权流程技术说明, 授权变更通知推送
(`authorized`, `updateauthorized`, `unauthorized`), 验证票据 (every ten minutes, good for twelve hours).
"""

import secrets
from base64 import urlsafe_b64encode
from typing import Any

from wechat_sandbox import push
from wechat_sandbox.accounts import app_exists
from wechat_sandbox.apps import aes_key
from wechat_sandbox.envelope import Envelope
from wechat_sandbox.models import AccessToken, Delivery
from wechat_sandbox.models_apps import AuthCode, Authorization, Component
from wechat_sandbox.open_platform.permissions import MINI_PROGRAM, OFFICIAL_ACCOUNT, find
from wechat_sandbox.world import World

TICKET_SECONDS = 600
TICKET_LIFE_SECONDS = 12 * 3600
CODE_SECONDS = 3600
TOKEN_SECONDS = 7200
OVERLAP_SECONDS = 300
DEFAULT_NAME = "闭环服务商"


class PlatformError(Exception):
    """What was asked of a platform cannot be; the text says why."""


def add_component(
    world: World,
    name: str,
    appid: str | None = None,
    secret: str | None = None,
    token: str | None = None,
    encoding_aes_key: str | None = None,
) -> Component:
    """A new platform; what is left out follows from the seed. Raises PlatformError."""
    appid = appid or "wx" + world.derive(f"component:{len(world.apps.components)}").hex()[:16]
    if app_exists(world, appid) or appid in world.apps.components:
        raise PlatformError(f"appid {appid} exists")
    label = f"component:{appid}:"
    return world.apps.components.put(
        appid,
        Component(
            appid,
            secret or world.derive(label + "secret").hex()[:32],
            name,
            token or world.derive(label + "token").hex()[:24],
            encoding_aes_key or aes_key(world, label + "aes"),
        ),
    )


def ensure_default(world: World) -> None:
    """One platform is there from the start."""
    if not len(world.apps.components):
        add_component(world, DEFAULT_NAME)


def tell(world: World, component: Component, info_type: str, **fields: Any) -> None:
    """Push to 授权事件接收URL."""
    if not component.event_url:
        return
    envelope = Envelope(
        component.event_url,
        component.token,
        component.encoding_aes_key,
        component.appid,
        "safe",
        {"AppId": component.appid},
    )
    now = int(world.clock.now())
    xml = envelope.write({"AppId": component.appid, "CreateTime": now, "InfoType": info_type, **fields})
    delivery = Delivery(component.appid, "", info_type, xml, world.clock.now())
    world.pushes.append(delivery)
    world.spawn(push.deliver(world, envelope, delivery))


def push_ticket(world: World, component: Component) -> str:
    """A new ticket, on its way to the platform."""
    now = world.clock.now()
    ticket = "ticket@@@" + secrets.token_urlsafe(60)[:79]
    component.tickets = {value: at for value, at in component.tickets.items() if at > now - 2 * TICKET_LIFE_SECONDS} | {
        ticket: now
    }
    world.apps.components.put(component.appid, component)
    tell(world, component, "component_verify_ticket", ComponentVerifyTicket=ticket)
    return ticket


def resume(world: World) -> None:
    """Push tickets by the clock. Needs a running loop."""
    ensure_default(world)

    def tick() -> None:
        for component in world.apps.components.values():
            if component.event_url:
                push_ticket(world, component)
        world.clock.call_later(TICKET_SECONDS, tick)

    tick()


def all_funcs(world: World, appid: str) -> list[int]:
    """Every permission set that there is for the account."""
    return list(OFFICIAL_ACCOUNT if appid in world.accounts else MINI_PROGRAM)


def authorize(
    world: World, component: Component, appid: str, func_ids: list[int] | None = None, pre_auth_code: str = ""
) -> AuthCode:
    """The account's admin agrees: a code for the platform, told by event as well. Raises PlatformError."""
    if not app_exists(world, appid):
        raise PlatformError(f"no app {appid}")
    allowed = all_funcs(world, appid)
    chosen = [func for func in allowed if func_ids is None or func in func_ids]
    if not chosen:
        raise PlatformError("at least one permission set must be given")
    now = world.clock.now()
    known = find(world, component.appid, appid) is not None
    row = Authorization(component.appid, appid, "refreshtoken@@@" + secrets.token_urlsafe(33)[:43], chosen, now)
    world.apps.authorizations.put(f"{component.appid}:{appid}", row)
    _end_tokens(world, component.appid, appid)
    code = AuthCode("queryauthcode@@@" + secrets.token_urlsafe(64)[:86], component.appid, now + CODE_SECONDS, appid)
    world.apps.auth_codes.put(code.code, code)
    tell(
        world,
        component,
        "updateauthorized" if known else "authorized",
        AuthorizerAppid=appid,
        AuthorizationCode=code.code,
        AuthorizationCodeExpiredTime=int(code.expires_at),
        PreAuthCode=pre_auth_code,
    )
    return code


def cancel(world: World, component: Component, appid: str) -> None:
    """The account's admin takes it back. Raises PlatformError."""
    if find(world, component.appid, appid) is None:
        raise PlatformError(f"{appid} is not authorized to the platform")
    world.apps.authorizations.delete(f"{component.appid}:{appid}")
    _end_tokens(world, component.appid, appid)
    for code in world.apps.auth_codes.values():
        if code.appid == appid and code.component_appid == component.appid:
            world.apps.auth_codes.delete(code.code)
    tell(world, component, "unauthorized", AuthorizerAppid=appid)


def _end_tokens(world: World, component_appid: str, appid: str) -> None:
    for token in world.tokens.values():
        if token.appid == appid and token.component_appid == component_appid:
            world.tokens.delete(token.token)


def issue_token(world: World, authorization: Authorization) -> AccessToken:
    """A token of the account in the platform's hands; former ones live five minutes more."""
    now = world.clock.now()
    for row in world.tokens.values():
        mine = row.appid == authorization.appid and row.component_appid == authorization.component_appid
        if mine and row.expires_at > now + OVERLAP_SECONDS:
            row.expires_at = now + OVERLAP_SECONDS
            world.tokens.put(row.token, row)
        elif mine and row.expires_at < now - 86400:
            world.tokens.delete(row.token)
    value = "9A_" + urlsafe_b64encode(secrets.token_bytes(99)).decode()
    row = AccessToken(value, authorization.appid, False, now, now + TOKEN_SECONDS, authorization.component_appid)
    return world.tokens.put(value, row)
