"""Access tokens, stable tokens and JS-SDK tickets."""

import secrets
from typing import Any

from msgspec import Struct

from wechat_sandbox.asgi import Request
from wechat_sandbox.models import AccessToken, JsTicket
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import account_of, check_secret, read_body
from wechat_sandbox.wx_errors import WxError

LIFE_SECONDS = 7200
OVERLAP_SECONDS = 300
FORCE_PER_DAY = 20
FORCE_PAUSE_SECONDS = 30


class StableTokenBody(Struct):
    """POST /cgi-bin/stable_token."""

    grant_type: str = ""
    appid: str = ""
    secret: str = ""
    force_refresh: bool = False


def token(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/token: a new token; the former one lives five minutes more."""
    query = request.query
    if query.get("grant_type") != "client_credential":
        raise WxError(40002)
    app = check_secret(world, query.get("appid", ""), query.get("secret", ""))
    now = world.clock.now()
    for row in world.tokens.values():
        if row.appid == app.appid and _own(row) and not row.stable and row.expires_at > now + OVERLAP_SECONDS:
            row.expires_at = now + OVERLAP_SECONDS
            world.tokens.put(row.token, row)
    return _answer(world, _issue(world, app.appid, stable=False))


def stable_token(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/stable_token: the living token, unless a new one is forced."""
    asked = read_body(request, StableTokenBody)
    if asked.grant_type != "client_credential":
        raise WxError(40002)
    app = check_secret(world, asked.appid, asked.secret)
    now = world.clock.now()
    issued = [row for row in world.tokens.values() if row.appid == app.appid and row.stable and _own(row)]
    living = max((row for row in issued if row.expires_at > now), key=lambda row: row.created_at, default=None)
    if living is None:
        return _answer(world, _issue(world, app.appid, stable=True))
    if not asked.force_refresh or now - living.created_at < FORCE_PAUSE_SECONDS:
        return _answer(world, living)
    if sum(1 for row in issued if row.created_at > now - 86400) > FORCE_PER_DAY:
        raise WxError(45009)
    living.expires_at = now
    world.tokens.put(living.token, living)
    return _answer(world, _issue(world, app.appid, stable=True))


def ticket(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/ticket/getticket: one ticket per account and kind, until it ends."""
    account = account_of(world, request)
    kind = request.query.get("type", "jsapi")
    if kind not in ("jsapi", "wx_card"):
        raise WxError(40050)
    now = world.clock.now()
    key = f"{account.appid}:{kind}"
    row = world.tickets.get(key)
    if row is None or row.expires_at <= now:
        row = JsTicket(secrets.token_urlsafe(64)[:86], account.appid, kind, now + LIFE_SECONDS)
        world.tickets.put(key, row)
    return {"errcode": 0, "errmsg": "ok", "ticket": row.ticket, "expires_in": round(row.expires_at - now)}


def _own(row: AccessToken) -> bool:
    """Not one that a platform holds."""
    return not row.component_appid


def _issue(world: World, appid: str, *, stable: bool) -> AccessToken:
    now = world.clock.now()
    for row in world.tokens.values():
        if row.appid == appid and row.expires_at < now - 86400:
            world.tokens.delete(row.token)
    value = ("8S_" if stable else "7N_") + secrets.token_urlsafe(100)[:132]
    return world.tokens.put(value, AccessToken(value, appid, stable, now, now + LIFE_SECONDS))


def _answer(world: World, row: AccessToken) -> dict[str, Any]:
    return {"access_token": row.token, "expires_in": round(row.expires_at - world.clock.now())}
