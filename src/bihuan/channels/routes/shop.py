"""How shoppers sign in by WeChat, and what pages inside WeChat need."""

from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.response import Redirect

from bihuan import identity
from bihuan.channels import links, oauth, pages
from bihuan.channels.schemas import CodeIn, JsSdkOut, LoginOut, ShopperOut
from bihuan.kernel.errors import Unauthorized
from bihuan.kernel.http import access, language_of
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.wechat import WeChatError

Path = Annotated[str | None, QueryParameter(max_length=1024, description="A path of ours to return to.")]
Text = Annotated[str, QueryParameter(max_length=512)]


@get("/api/shop/{m:str}/wechat/authorize", opt=access("public"), status_code=302)
async def authorize(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any], next: Path = None) -> Redirect:
    """To WeChat's page, from which the shopper comes back to `callback` signed in."""
    path = links.check_next(next or f"/shop/{merchant.code}/")
    url, cookie = await oauth.begin(rt, merchant, path, request.cookies.get(oauth.COOKIE))
    return Redirect(url, status_code=302, cookies=[cookie], headers={"Cache-Control": "no-store"})


@get("/api/shop/{m:str}/wechat/callback", opt=access("public"), status_code=302)
async def callback(
    rt: Runtime,
    merchant: Merchant,
    request: Request[Any, Any, Any],
    code: Text = "",
    shopper_state: Annotated[str, QueryParameter(name="state", max_length=512)] = "",
    next: Path = None,
) -> Response[Any]:
    """Back from WeChat: signs in and goes on to the page; says what failed, with a way to try again."""
    home = f"/shop/{merchant.code}/"
    path = links.check_next(next or home)

    def failed(reason: str, status: int = 400) -> Response[str]:
        retry = f"/api/shop/{merchant.code}/wechat/authorize?next={quote(path, safe='')}"
        language = language_of(request.headers.get("accept-language"))
        return pages.failure(reason, language, retry=retry, home=home, color=merchant.theme_color, status=status)

    try:
        oauth.check_state(rt, merchant, shopper_state, path, request.cookies.get(oauth.COOKIE))
    except oauth.StateInvalid:
        return failed("expired")
    if not code:
        return failed("refused", 403)
    try:
        signed_in = await oauth.finish(rt, merchant, code)
    except oauth.SnapshotUser:
        return failed("snapshot", 403)
    except WeChatError as error:
        if not oauth.code_was_used(error):
            return failed("unavailable", 502)
        # The Back button brings a used code; whoever is signed in already just goes on.
        return Redirect(path, status_code=302) if _is_signed_in(rt, request) else failed("code")
    cookie = identity.shopper_cookie(rt, signed_in.token)
    return Redirect(path, status_code=302, cookies=[cookie], headers={"Cache-Control": "no-store"})


def _is_signed_in(rt: Runtime, request: Request[Any, Any, Any]) -> bool:
    try:
        identity.shopper_from_headers(rt, request.headers, "GET")
    except Unauthorized:
        return False
    return True


@post("/api/shop/{m:str}/wechat/login", opt=access("public"), status_code=200)
async def login(rt: Runtime, merchant: Merchant, data: JSONBody[CodeIn]) -> LoginOut:
    """Signs in a mini program's shopper by the code of `wx.login`."""
    signed_in = await oauth.login_mini_program(rt, merchant, data.code)
    return LoginOut(signed_in.token, signed_in.expires_at, ShopperOut.of(signed_in.shopper))


@get("/api/shop/{m:str}/wechat/jssdk", opt=access("public"))
async def jssdk(rt: Runtime, merchant: Merchant, url: Annotated[str, QueryParameter(max_length=2048)]) -> JsSdkOut:
    """The signature with which the page at `url` (of this mall) may use WeChat's JS-SDK."""
    config = await oauth.jssdk(rt, merchant, url)
    return JsSdkOut(config.app_id, config.timestamp, config.nonce_str, config.signature, rt.settings.wechat.js)


ROUTES: tuple[Any, ...] = (authorize, callback, login, jssdk)
