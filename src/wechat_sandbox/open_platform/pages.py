"""The page on which an account's admin chooses an account and agrees, and its mobile variant.

Source: developers.weixin.qq.com 授权流程技术说明: `/cgi-bin/componentloginpage` in a browser (the real one shows
a code for the admin's phone), `/safe/bindcomponent?action=bindcomponent&no_scan=1` inside WeChat; `auth_type` 1
official accounts, 2 mini programs, 3 both; `biz_appid` a single one; back to `redirect_uri` with `auth_code` and
`expires_in`.
"""

import html
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

from wechat_sandbox.asgi import Answer, Request, redirect
from wechat_sandbox.models import MiniProgram, OfficialAccount
from wechat_sandbox.models_apps import AuthCode, Component
from wechat_sandbox.oauth import page, shopper_of
from wechat_sandbox.open_platform import platforms
from wechat_sandbox.open_platform.permissions import MINI_PROGRAM, OFFICIAL_ACCOUNT, find
from wechat_sandbox.world import World

_STYLE = (
    "<style>body{padding:8vh 24px;text-align:left;max-width:520px;margin:auto}h2{text-align:center}"
    "label{display:block;padding:10px;border:1px solid #eee;border-radius:8px;margin:8px 0}small{color:#737373}"
    "details label{border:0;padding:2px 10px;margin:0;font-size:15px}"
    "button{font:inherit;width:100%;padding:10px;border:0;border-radius:8px;background:#07c160;color:#fff;margin-top:16px}"
    "</style>"
)


def login_page(world: World, request: Request) -> Answer:
    """GET and POST /cgi-bin/componentloginpage"""
    return _page(world, request)


def bind_page(world: World, request: Request) -> Answer:
    """GET and POST /safe/bindcomponent: the same for a phone; it opens inside WeChat alone."""
    if shopper_of(world, request) is None:
        hint = "<p>在沙盒的手机里打开；脚本带上请求头 X-Sandbox-Shopper。</p>"
        return page("请在微信客户端打开链接", f'{hint}<a href="/phone/">打开沙盒的手机</a>')
    return _page(world, request)


def _page(world: World, request: Request) -> Answer:
    query = request.query
    component = world.apps.components.get(query.get("component_appid", ""))
    if component is None:
        return page("component_appid 参数错误", "<p>错误码 61011</p>")
    target = urlsplit(query.get("redirect_uri", ""))
    if target.scheme not in ("http", "https") or not target.netloc:
        return page("redirect_uri 参数错误", "<p>请确认授权入口页所在域名，与授权后回调页所在域名</p>")
    code = world.apps.auth_codes.get(query.get("pre_auth_code", ""))
    if code is None or code.appid or code.used or code.component_appid != component.appid:
        return page("预授权码无效", "<p>错误码 61009</p>")
    if world.clock.now() >= code.expires_at:
        return page("预授权码已过期", "<p>请回到第三方平台重新发起授权</p>")
    choices = _choices(world, query)
    if request.method != "POST":
        return _choose(world, component, choices)
    return _agree(world, request, component, code, choices)


def _choices(world: World, query: dict[str, str]) -> list[OfficialAccount | MiniProgram]:
    kinds = query.get("auth_type", "3")
    rows: list[OfficialAccount | MiniProgram] = []
    if kinds != "2":
        rows += world.accounts.values()
    if kinds != "1":
        rows += world.mini_programs.values()
    single = query.get("biz_appid")
    return [row for row in rows if single in (None, "", row.appid)]


def _choose(world: World, component: Component, rows: list[OfficialAccount | MiniProgram]) -> Answer:
    if not rows:
        return page("没有可授权的账号", "<p>沙盒里还没有这种公众号或小程序</p>")
    items = "".join(_choice(world, component, row, first=not index) for index, row in enumerate(rows))
    names = OFFICIAL_ACCOUNT | MINI_PROGRAM
    funcs = "".join(
        f"<label><input type=checkbox name=func value={func} checked> {html.escape(name)}</label>"
        for func, name in sorted(names.items())
    )
    return page(
        f"授权给 {component.name}",
        f"{_STYLE}<form method=post><p>选择要授权的公众号或小程序</p>{items}"
        f"<details><summary>权限集</summary>{funcs}</details><button>授权</button></form>",
    )


def _choice(world: World, component: Component, row: OfficialAccount | MiniProgram, *, first: bool) -> str:
    kind = "公众号" if row.appid in world.accounts else "小程序"
    known = " · 已授权" if find(world, component.appid, row.appid) else ""
    appid = html.escape(row.appid)
    return (
        f'<label><input type=radio name=appid value="{appid}"{" checked" if first else ""}> '
        f"{html.escape(row.name)} <small>{kind} {appid}{known}</small></label>"
    )


def _agree(
    world: World,
    request: Request,
    component: Component,
    pre: AuthCode,
    choices: list[OfficialAccount | MiniProgram],
) -> Answer:
    form = parse_qs(request.body.decode("utf-8", "replace"), errors="replace")
    appid = form.get("appid", [""])[0]
    if appid not in {row.appid for row in choices}:
        return page("请选择要授权的账号", "<p>appid 参数错误</p>")
    chosen = [int(word) for word in form.get("func", []) if word.isascii() and word.isdigit() and len(word) < 6]
    try:
        code = platforms.authorize(world, component, appid, chosen or None, pre.code)
    except platforms.PlatformError as error:
        return page("授权失败", f"<p>{html.escape(str(error))}</p>")
    pre.used = True
    world.apps.auth_codes.put(pre.code, pre)
    target = urlsplit(request.query["redirect_uri"])
    back = urlencode({"auth_code": code.code, "expires_in": platforms.CODE_SECONDS})
    joined = "&".join(part for part in (target.query, back) if part)
    return redirect(quote(urlunsplit(target._replace(query=joined)), safe="%/:=&?~#+!$,;'@()*[]"))
