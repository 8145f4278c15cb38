"""Codes and links that open a mini program.

Sources: wire.md section 4; developers.weixin.qq.com, 小程序码与小程序链接 (getQRCode, getUnlimitedQRCode,
createQRCode, generateScheme, generateUrlLink, queryScheme, queryUrlLink, generateShortLink).
"""

import io
import re
import secrets
from typing import Any

from msgspec import Struct, field
from PIL import Image, ImageOps

from wechat_sandbox.asgi import Answer, Request
from wechat_sandbox.models import MiniProgram, QrCode
from wechat_sandbox.models_apps import UrlCode
from wechat_sandbox.official.qrcodes import keep, picture
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import mini_program_of, read_body
from wechat_sandbox.wx_errors import WxError

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_VERSIONS = ("release", "trial", "develop")
MAX_LINK_SECONDS = 30 * 86400
"""No link lives longer, since 2022."""


class UnlimitedCodeBody(Struct):
    """POST /wxa/getwxacodeunlimit; colours and transparency are taken and not drawn."""

    scene: str = ""
    page: str = ""
    check_path: bool = True
    env_version: str = "release"
    width: int = 430


class CodeBody(Struct):
    """POST /wxa/getwxacode and /cgi-bin/wxaapp/createwxaqrcode: `path` may carry a query."""

    path: str = ""
    env_version: str = "release"
    width: int = 430


class Jump(Struct):
    """`jump_wxa`."""

    path: str = ""
    query: str = ""
    env_version: str = "release"


class SchemeBody(Struct):
    """POST /wxa/generatescheme."""

    jump_wxa: Jump = field(default_factory=Jump)
    is_expire: bool = False
    expire_type: int = 0
    expire_time: int = 0
    expire_interval: int = 0


class UrlLinkBody(Struct):
    """POST /wxa/generate_urllink."""

    path: str = ""
    query: str = ""
    env_version: str = "release"
    is_expire: bool = False
    expire_type: int = 0
    expire_time: int = 0
    expire_interval: int = 0


class ShortLinkBody(Struct):
    """POST /wxa/genwxashortlink."""

    page_url: str = ""
    page_title: str = ""
    is_permanent: bool = False


class QuerySchemeBody(Struct):
    """POST /wxa/queryscheme."""

    scheme: str = ""


class QueryUrlLinkBody(Struct):
    """POST /wxa/query_urllink."""

    url_link: str = ""


def page_exists(world: World, app: MiniProgram, page: str) -> bool:
    """Whether the published mini program has the page; where nobody said which there are, all exist."""
    pages = world.apps.settings_of(app.appid).pages
    return not page or pages is None or page.lstrip("/") in pages


def unlimited_code(world: World, request: Request) -> Answer:
    """POST /wxa/getwxacodeunlimit -> a JPEG. It is a QR code, not the round one of the real service."""
    app = mini_program_of(world, request)
    asked = read_body(request, UnlimitedCodeBody)
    if not _SCENE.fullmatch(asked.scene):
        raise WxError(40169)
    if asked.page.startswith("/") or "?" in asked.page:
        raise WxError(41030)
    if asked.check_path and not page_exists(world, app, asked.page):
        raise WxError(41030)
    if asked.env_version not in _VERSIONS or not 280 <= asked.width <= 1280:
        raise WxError(40097)
    return _code(world, app, asked.page, asked.scene, asked.width)


def code(world: World, request: Request) -> Answer:
    """POST /wxa/getwxacode and /cgi-bin/wxaapp/createwxaqrcode: a path with its query, at most 100,000 of both."""
    app = mini_program_of(world, request)
    asked = read_body(request, CodeBody)
    page, _, query = asked.path.partition("?")
    if not 0 < len(asked.path) <= 1024:
        raise WxError(40159)
    if asked.env_version not in _VERSIONS or not 280 <= asked.width <= 1280:
        raise WxError(40097)
    return _code(world, app, page.lstrip("/"), query, asked.width)


def _code(world: World, app: MiniProgram, page: str, scene: str, width: int) -> Answer:
    ticket = "wxa_" + world.derive(f"wxacode:{app.appid}:{page}:{scene}").hex()[:24]
    code = world.codes.get(ticket)
    if code is None:
        url = "https://mp.weixin.qq.com/a/~" + ticket[4:]
        code = QrCode(ticket, app.appid, url, scene, True, world.clock.now(), page=page)
        keep(world, code)
    return Answer(200, _jpeg(code.url, width), b"image/jpeg")


def scheme(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/generatescheme -> openlink."""
    app = mini_program_of(world, request)
    asked = read_body(request, SchemeBody)
    url = "weixin://dl/business/?t=" + secrets.token_urlsafe(9)[:11]
    jump = asked.jump_wxa
    _keep_link(world, app, "scheme", url, jump, _ends(world, asked))
    return {"errcode": 0, "errmsg": "ok", "openlink": url}


def url_link(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/generate_urllink -> url_link."""
    app = mini_program_of(world, request)
    asked = read_body(request, UrlLinkBody)
    url = "https://wxaurl.cn/" + secrets.token_urlsafe(9)[:11]
    jump = Jump(asked.path, asked.query, asked.env_version)
    _keep_link(world, app, "url_link", url, jump, _ends(world, asked))
    return {"errcode": 0, "errmsg": "ok", "url_link": url}


def short_link(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/genwxashortlink -> link, which opens inside WeChat alone."""
    app = mini_program_of(world, request)
    asked = read_body(request, ShortLinkBody)
    if not asked.page_url:
        raise WxError(40225)
    page, _, query = asked.page_url.partition("?")
    url = f"#小程序://{app.name}/{asked.page_title or app.name}/{secrets.token_urlsafe(12)[:15]}"
    ends = None if asked.is_permanent else world.clock.now() + MAX_LINK_SECONDS
    _keep_link(world, app, "short_link", url, Jump(page, query), ends)
    return {"errcode": 0, "errmsg": "ok", "link": url}


def query_scheme(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/queryscheme"""
    row = _link(world, request, read_body(request, QuerySchemeBody).scheme)
    return {"errcode": 0, "errmsg": "ok", "scheme_info": _public(row), "quota_info": {"remain_visit_quota": 3_000_000}}


def query_url_link(world: World, request: Request) -> dict[str, Any]:
    """POST /wxa/query_urllink"""
    row = _link(world, request, read_body(request, QueryUrlLinkBody).url_link)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "url_link_info": _public(row),
        "quota_info": {"remain_visit_quota": 3_000_000},
    }


def _ends(world: World, asked: SchemeBody | UrlLinkBody) -> float:
    now = world.clock.now()
    if not asked.is_expire:
        return now + MAX_LINK_SECONDS
    if asked.expire_type == 1:
        if not 1 <= asked.expire_interval <= 30:
            raise WxError(85402)
        return now + asked.expire_interval * 86400
    if asked.expire_type != 0:
        raise WxError(85402)
    if not now + 60 < asked.expire_time <= now + MAX_LINK_SECONDS + 86400:
        raise WxError(85401)
    return float(asked.expire_time)


def _keep_link(world: World, app: MiniProgram, kind: Any, url: str, jump: Jump, ends: float | None) -> None:
    path = jump.path.lstrip("/")
    if not page_exists(world, app, path) or "?" in path:
        raise WxError(40165)
    if len(jump.query) > 1024:
        raise WxError(40212)
    if jump.env_version not in _VERSIONS:
        raise WxError(85404)
    now = world.clock.now()
    target = {"path": path, "query": jump.query, "env_version": jump.env_version}
    world.apps.url_codes.put(url, UrlCode(url, app.appid, kind, target, now, ends))
    keep(world, QrCode("url_" + secrets.token_hex(12), app.appid, url, jump.query, True, now, ends, page=path))


def _link(world: World, request: Request, url: str) -> UrlCode:
    app = mini_program_of(world, request)
    row = world.apps.url_codes.get(url)
    if row is None or row.appid != app.appid:
        raise WxError(40097)
    return row


def _public(row: UrlCode) -> dict[str, Any]:
    return {
        "appid": row.appid,
        **row.target,
        "create_time": int(row.created_at),
        "expire_time": int(row.expires_at or 0),
    }


def _jpeg(content: str, width: int) -> bytes:
    image = ImageOps.fit(
        Image.open(io.BytesIO(picture(content, "png"))).convert("RGB"), (width, width), Image.Resampling.NEAREST
    )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()
