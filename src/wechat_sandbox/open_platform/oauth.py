"""Web authorization and login on an account's behalf: `/sns/oauth2/component/..`, `/sns/component/jscode2session`.

Sources: developers.weixin.qq.com 第三方平台 代公众号发起网页授权, 小程序登录; wechatpy `component.ComponentOAuth`.
"""

from typing import Any

from wechat_sandbox import oauth
from wechat_sandbox.asgi import Request
from wechat_sandbox.mini_program.login import session
from wechat_sandbox.models import MiniProgram, OfficialAccount
from wechat_sandbox.open_platform.interfaces import authorization_of, check_token
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import app_of
from wechat_sandbox.wx_errors import WxError


def _app(world: World, request: Request) -> OfficialAccount | MiniProgram:
    query = request.query
    component = check_token(world, query.get("component_access_token", ""))
    if query.get("component_appid") != component.appid:
        raise WxError(61011)
    app = app_of(world, query.get("appid", ""))
    authorization_of(world, component, app.appid)
    return app


def access_token(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/oauth2/component/access_token"""
    app = _app(world, request)
    return oauth.exchange(world, app.appid, request.query.get("code", ""), request.query.get("grant_type", ""))


def refresh_token(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/oauth2/component/refresh_token"""
    _app(world, request)
    return oauth.refresh_token(world, request)


def jscode2session(world: World, request: Request) -> dict[str, Any]:
    """GET /sns/component/jscode2session"""
    app = _app(world, request)
    if request.query.get("grant_type") != "authorization_code":
        raise WxError(40002)
    return session(world, app, request.query.get("js_code", ""))
