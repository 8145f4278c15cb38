"""Web authorization: the page that a shopper passes, and what the server does with the code."""

import html
import secrets
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from wechat_sandbox.accounts import avatar_url, identity_of
from wechat_sandbox.asgi import Answer, Request, html_answer, redirect
from wechat_sandbox.models import LoginCode, OAuthGrant, Shopper
from wechat_sandbox.open_platform.permissions import find as find_authorization
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, check_secret
from wechat_sandbox.wx_errors import WxError

CODE_SECONDS = 300
TOKEN_SECONDS = 7200
REFRESH_SECONDS = 30 * 24 * 3600
SHOPPER_COOKIE = "wechat_sandbox_shopper"
SHOPPER_HEADER = "x-sandbox-shopper"


def shopper_of(world: World, request: Request) -> Shopper | None:
    """The shopper whose WeChat opened this page: by header (scripts) or cookie (the phone)."""
    shopper_id = request.headers.get(SHOPPER_HEADER) or request.cookie(SHOPPER_COOKIE)
    return world.shoppers.get(shopper_id)


def page(title: str, body: str) -> Answer:
    """A plain page in the manner of WeChat's own."""
    return html_answer(
        "<!doctype html><html lang=zh-CN><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        '<link rel=icon href="data:,">'
        f"<title>{html.escape(title)}</title>"
        "<style>body{font:17px/1.6 -apple-system,system-ui,sans-serif;margin:0;padding:18vh 24px;"
        "text-align:center;color:#191919;background:#fff}p{color:#737373}a{display:block;max-width:220px;"
        "margin:16px auto;padding:10px;border-radius:8px;text-decoration:none;background:#07c160;color:#fff}"
        "a.quiet{background:#f2f2f2;color:#576b95}</style>"
        f"<h2>{html.escape(title)}</h2>{body}</html>"
    )


def authorize(world: World, request: Request) -> Answer:
    """GET /connect/oauth2/authorize: back to redirect_uri with a code and the state."""
    query = request.query
    account = world.accounts.get(query.get("appid", ""))
    target = urlsplit(query.get("redirect_uri", ""))
    scope = query.get("scope", "")
    if account is None:
        return page("appid 参数错误", "<p>错误码 40013</p>")
    if target.scheme not in ("http", "https") or not target.netloc:
        return page("redirect_uri 参数错误", "<p>错误码 10003</p>")
    if query.get("response_type") != "code" or scope not in ("snsapi_base", "snsapi_userinfo"):
        return page("scope 参数错误或没有 scope 权限", "<p>错误码 10005</p>")
    if len(query.get("state", "").encode()) > 128:
        return page("state 参数过长", "<p>错误码 10015</p>")
    component_appid = query.get("component_appid", "")
    if component_appid and find_authorization(world, component_appid, account.appid) is None:
        return page("公众号未授权给该第三方平台", "<p>错误码 61003</p>")
    shopper = shopper_of(world, request)
    if shopper is None:
        hint = "<p>在沙盒的手机里扫码打开；脚本带上请求头 X-Sandbox-Shopper。</p>"
        return page("请在微信客户端打开链接", f'{hint}<a href="/phone/">打开沙盒的手机</a>')
    consent = query.get("sandbox_consent", "")
    if scope == "snsapi_userinfo" and query.get("forcePopup") == "true" and not consent:
        return _ask(request, account.name, shopper)
    back = {"state": query.get("state", "")}
    if component_appid:
        back["appid"] = account.appid
    if consent != "refuse":
        code = "0" + secrets.token_hex(15) + "0w"
        row = LoginCode(code, account.appid, shopper.shopper_id, "oauth", world.clock.now() + CODE_SECONDS, scope)
        world.login_codes.put(code, row)
        back = {"code": code, **back}
    joined = "&".join(part for part in (target.query, urlencode(back)) if part)
    return redirect(quote(urlunsplit(target._replace(query=joined)), safe="%/:=&?~#+!$,;'@()*[]"))


def _ask(request: Request, name: str, shopper: Shopper) -> Answer:
    here = "/connect/oauth2/authorize?" + request.query_bytes.decode("latin-1")
    allow, refuse = (html.escape(f"{here}&sandbox_consent={word}") for word in ("allow", "refuse"))
    return page(
        f"{name} 申请获取你的昵称、头像",
        f'<p>{html.escape(shopper.nickname)}</p><a href="{allow}">允许</a><a class=quiet href="{refuse}">拒绝</a>',
    )


def take_code(world: World, code: str, appid: str, purpose: str) -> LoginCode:
    """Use a code up. Raises WxError 41008, 40029 (unknown, expired, another's) or 40163 (used)."""
    if not code:
        raise WxError(41008)
    row = world.login_codes.get(code)
    if row is None or row.appid != appid or row.purpose != purpose:
        raise WxError(40029)
    if row.used:
        raise WxError(40163)
    if world.clock.now() >= row.expires_at:
        raise WxError(40029)
    row.used = True
    return world.login_codes.put(code, row)


def access_token(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/oauth2/access_token: the code for a token and the openid."""
    query = request.query
    app = check_secret(world, query.get("appid", ""), query.get("secret", ""))
    return exchange(world, app.appid, query.get("code", ""), query.get("grant_type", ""))


def exchange(world: World, appid: str, value: str, grant_type: str) -> dict[str, Any]:
    """What a code is exchanged for, whoever asks. Raises WxError 40002 and those of `take_code`."""
    if grant_type != "authorization_code":
        raise WxError(40002)
    code = take_code(world, value, appid, "oauth")
    now = world.clock.now()
    grant = OAuthGrant(
        access_token="10_" + secrets.token_urlsafe(66)[:85],
        refresh_token="10_" + secrets.token_urlsafe(66)[:85],
        appid=appid,
        openid=identity_of(world, appid, code.shopper_id).openid,
        shopper_id=code.shopper_id,
        scope=code.scope,
        expires_at=now + TOKEN_SECONDS,
        refresh_expires_at=now + REFRESH_SECONDS,
    )
    world.grants.put(grant.access_token, grant)
    answer = _granted(grant)
    shopper = world.shoppers.get(code.shopper_id)
    if grant.scope == "snsapi_userinfo" and shopper is not None:
        answer["unionid"] = shopper.unionid
    return answer


def _granted(grant: OAuthGrant) -> dict[str, Any]:
    return {
        "access_token": grant.access_token,
        "expires_in": TOKEN_SECONDS,
        "refresh_token": grant.refresh_token,
        "openid": grant.openid,
        "scope": grant.scope,
    }


def refresh_token(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/oauth2/refresh_token: two hours more for the same token."""
    query = request.query
    if query.get("grant_type") != "refresh_token":
        raise WxError(40002)
    wanted = query.get("refresh_token", "")
    for grant in world.grants.values():
        if wanted and grant.refresh_token == wanted and grant.appid == query.get("appid"):
            now = world.clock.now()
            if now >= grant.refresh_expires_at:
                raise WxError(42002)
            world.grants.delete(grant.access_token)
            if now >= grant.expires_at:
                grant.access_token = "10_" + secrets.token_urlsafe(66)[:85]
            grant.expires_at = now + TOKEN_SECONDS
            world.grants.put(grant.access_token, grant)
            return _granted(grant)
    raise WxError(40030)


def _grant_of(world: World, request: Request) -> OAuthGrant:
    grant = world.grants.get(request.query.get("access_token", ""))
    if grant is None:
        raise WxError(40001)
    if world.clock.now() >= grant.expires_at:
        raise WxError(42001)
    if request.query.get("openid") != grant.openid:
        raise WxError(40003)
    return grant


def check(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/auth: is the token good?"""
    _grant_of(world, request)
    return OK


def userinfo(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/userinfo. 48001 for a token of snsapi_base."""
    grant = _grant_of(world, request)
    if grant.scope != "snsapi_userinfo":
        raise WxError(48001)
    shopper = world.shoppers.get(grant.shopper_id)
    if shopper is None:
        raise WxError(40003)
    return {
        "openid": grant.openid,
        "nickname": shopper.nickname,
        "sex": 0,
        "province": "",
        "city": "",
        "country": "",
        "headimgurl": avatar_url(world, shopper.shopper_id),
        "privilege": [],
        "unionid": shopper.unionid,
    }
