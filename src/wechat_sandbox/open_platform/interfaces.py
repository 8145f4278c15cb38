"""Interfaces that a platform calls as itself: `/cgi-bin/component/..`.

Sources: wire.md section 5; developers.weixin.qq.com doc/oplatform: api_component_token (61005, 61006, 61011),
api_create_preauthcode (1,800 s), api_query_auth, api_authorizer_token (61003, 61023), api_get_authorizer_info,
api_get_authorizer_list (at most 500), api_get/set_authorizer_option. The token stands in the query as
`component_access_token`, on the newer pages as `access_token`; both are taken. Whether an authorization code
works twice is not told; here it does until it ends, since the event and the redirect both carry it.
"""

import secrets
from typing import Any, TypeVar

from msgspec import Struct

from wechat_sandbox.apps import mini_callback
from wechat_sandbox.asgi import Request
from wechat_sandbox.models_apps import AuthCode, Authorization, Component, ComponentToken
from wechat_sandbox.open_platform import platforms
from wechat_sandbox.open_platform.permissions import find
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, read_body
from wechat_sandbox.wx_errors import WxError

PRE_AUTH_SECONDS = 1800
OPTIONS = {"location_report": ("0", "1", "2"), "voice_recognize": ("0", "1"), "customer_service": ("0", "1")}


class ComponentBody(Struct):
    """What every call has."""

    component_appid: str = ""


class TokenBody(ComponentBody):
    """POST api_component_token."""

    component_appsecret: str = ""
    component_verify_ticket: str | None = ""


class QueryAuthBody(ComponentBody):
    """POST api_query_auth."""

    authorization_code: str = ""


class AuthorizerBody(ComponentBody):
    """POST api_authorizer_token, api_get_authorizer_info and the options."""

    authorizer_appid: str = ""
    authorizer_refresh_token: str = ""
    option_name: str = ""
    option_value: str = ""


class ListBody(ComponentBody):
    """POST api_get_authorizer_list."""

    offset: int = 0
    count: int = 100


Body = TypeVar("Body", bound=ComponentBody)


def component_token(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_component_token: appid, secret and the latest ticket for a token."""
    asked = read_body(request, TokenBody)
    component = world.apps.components.get(asked.component_appid)
    if component is None:
        raise WxError(61011)
    if not asked.component_appsecret:
        raise WxError(41004)
    if asked.component_appsecret != component.secret:
        raise WxError(40125)
    at = component.tickets.get(asked.component_verify_ticket or "")
    if at is None:
        raise WxError(61006)
    now = world.clock.now()
    if at <= now - platforms.TICKET_LIFE_SECONDS:
        raise WxError(61005)
    for row in world.apps.component_tokens.values():
        if row.expires_at < now:
            world.apps.component_tokens.delete(row.token)
    row = ComponentToken("6C_" + secrets.token_urlsafe(90)[:120], component.appid, now + platforms.TOKEN_SECONDS)
    world.apps.component_tokens.put(row.token, row)
    return {"component_access_token": row.token, "expires_in": platforms.TOKEN_SECONDS}


def check_token(world: World, value: str) -> Component:
    """The platform behind a component_access_token. Raises WxError 41001, 40001, 42001."""
    if not value:
        raise WxError(41001)
    row = world.apps.component_tokens.get(value)
    component = world.apps.components.get(row.component_appid) if row else None
    if row is None or component is None:
        raise WxError(40001)
    if world.clock.now() >= row.expires_at:
        raise WxError(42001)
    return component


def _caller(world: World, request: Request, body_type: type[Body]) -> tuple[Component, Body]:
    query = request.query
    component = check_token(world, query.get("component_access_token") or query.get("access_token", ""))
    asked = read_body(request, body_type)
    if asked.component_appid != component.appid:
        raise WxError(61011 if asked.component_appid else 40013)
    return component, asked


def authorization_of(world: World, component: Component, appid: str) -> Authorization:
    """Raises WxError 61003."""
    row = find(world, component.appid, appid)
    if row is None:
        raise WxError(61003)
    return row


def create_preauthcode(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_create_preauthcode"""
    component, _ = _caller(world, request, ComponentBody)
    now = world.clock.now()
    for old in world.apps.auth_codes.values():
        if old.expires_at < now - 86400:
            world.apps.auth_codes.delete(old.code)
    row = AuthCode("preauthcode@@@" + secrets.token_urlsafe(64)[:86], component.appid, now + PRE_AUTH_SECONDS)
    world.apps.auth_codes.put(row.code, row)
    return {"pre_auth_code": row.code, "expires_in": PRE_AUTH_SECONDS}


def _func_info(row: Authorization) -> list[dict[str, Any]]:
    return [
        {
            "funcscope_category": {"id": func},
            "confirm_info": {"need_confirm": 0, "already_confirm": 0, "can_confirm": 0},
        }
        for func in row.func_ids
    ]


def query_auth(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_query_auth: the code for the account's tokens and what it gave."""
    component, asked = _caller(world, request, QueryAuthBody)
    code = world.apps.auth_codes.get(asked.authorization_code)
    if not asked.authorization_code:
        raise WxError(40097)
    if code is None or not code.appid or code.component_appid != component.appid:
        raise WxError(61009)
    if world.clock.now() >= code.expires_at:
        raise WxError(61010)
    row = authorization_of(world, component, code.appid)
    return {
        "authorization_info": {
            "authorizer_appid": row.appid,
            "authorizer_access_token": platforms.issue_token(world, row).token,
            "expires_in": platforms.TOKEN_SECONDS,
            "authorizer_refresh_token": row.refresh_token,
            "func_info": _func_info(row),
        }
    }


def authorizer_token(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_authorizer_token: a new token by the refresh token, which stays."""
    component, asked = _caller(world, request, AuthorizerBody)
    row = authorization_of(world, component, asked.authorizer_appid)
    if asked.authorizer_refresh_token != row.refresh_token:
        raise WxError(61023)
    return {
        "authorizer_access_token": platforms.issue_token(world, row).token,
        "expires_in": platforms.TOKEN_SECONDS,
        "authorizer_refresh_token": row.refresh_token,
    }


def authorizer_info(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_get_authorizer_info; `MiniProgramInfo` tells a mini program."""
    component, asked = _caller(world, request, AuthorizerBody)
    row = authorization_of(world, component, asked.authorizer_appid)
    account = world.accounts.get(row.appid)
    mini = world.mini_programs.get(row.appid)
    name = account.name if account else mini.name if mini else ""
    info: dict[str, Any] = {
        "nick_name": name,
        "head_img": "",
        "service_type_info": {"id": 2 if account else 0},
        "verify_type_info": {"id": 0},
        "user_name": account.original_id if account else mini_callback(world, row.appid).original_id,
        "alias": "",
        "qrcode_url": f"{world.settings.base_url}/_sandbox/qr.svg?content={row.appid}",
        "business_info": {"open_pay": 1, "open_shake": 0, "open_scan": 0, "open_card": 0, "open_store": 0},
        "principal_name": name,
        "signature": "",
        "account_status": 1,
    }
    if mini is not None:
        domain = [world.settings.base_url]
        info["MiniProgramInfo"] = {
            "network": {
                "RequestDomain": domain,
                "WsRequestDomain": [],
                "UploadDomain": domain,
                "DownloadDomain": domain,
                "UDPDomain": [],
                "TCPDomain": [],
            },
            "categories": [{"first": "商家自营", "second": "服装/鞋/箱包"}],
            "visit_status": 0,
        }
    return {
        "authorizer_info": info,
        "authorization_info": {
            "authorizer_appid": row.appid,
            "authorizer_refresh_token": row.refresh_token,
            "func_info": _func_info(row),
        },
    }


def authorizer_list(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_get_authorizer_list"""
    component, asked = _caller(world, request, ListBody)
    if not (asked.offset >= 0 and 1 <= asked.count <= 500):
        raise WxError(40097)
    rows = [row for row in world.apps.authorizations.values() if row.component_appid == component.appid]
    return {
        "total_count": len(rows),
        "list": [
            {
                "authorizer_appid": row.appid,
                "refresh_token": row.refresh_token,
                "auth_time": int(row.authorized_at),
            }
            for row in rows[asked.offset : asked.offset + asked.count]
        ],
    }


def get_option(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_get_authorizer_option"""
    component, asked = _caller(world, request, AuthorizerBody)
    row = authorization_of(world, component, asked.authorizer_appid)
    if asked.option_name not in OPTIONS:
        raise WxError(40097)
    value = row.options.get(asked.option_name, "0")
    return {"authorizer_appid": row.appid, "option_name": asked.option_name, "option_value": value}


def set_option(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_set_authorizer_option"""
    component, asked = _caller(world, request, AuthorizerBody)
    row = authorization_of(world, component, asked.authorizer_appid)
    if asked.option_value not in OPTIONS.get(asked.option_name, ()):
        raise WxError(40097)
    row.options[asked.option_name] = asked.option_value
    world.apps.authorizations.put(f"{row.component_appid}:{row.appid}", row)
    return OK


def start_push_ticket(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/component/api_start_push_ticket: push a ticket now."""
    asked = read_body(request, StartBody)
    component = world.apps.components.get(asked.component_appid)
    if component is None:
        raise WxError(61011)
    if asked.component_secret != component.secret:
        raise WxError(40125)
    platforms.push_ticket(world, component)
    return OK


class StartBody(ComponentBody):
    """POST api_start_push_ticket."""

    component_secret: str = ""
