"""The pages: storefront, console and API docs as built files, and a landing page.

The storefront and the console are built into `bihuan/static` (see `hatch_build.py`); their assets have a
hash in the name and are cached for ever, their HTML never.
"""

import html
from pathlib import Path
from typing import Any

from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from bihuan import merchants
from bihuan.kernel.errors import Unavailable
from bihuan.kernel.http import access
from bihuan.kernel.runtime import Runtime
from bihuan.pages.assets import assets

STATIC = Path(__file__).parents[1] / "static"
_HERE = Path(__file__).parent

_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-cache"}
_NO_FRAMES = {**_SAFE, "Content-Security-Policy": "frame-ancestors 'none'"}


class PagesNotBuilt(Unavailable):
    """The built files are not there: a checkout without its web build."""

    code = "pages_not_built"
    zh = "页面尚未构建：请运行 make web。"
    en = "The pages are not built; run `make web`."


def _page(path: Path, headers: dict[str, str]) -> Response[bytes]:
    try:
        return Response(path.read_bytes(), media_type=MediaType.HTML, headers=headers)
    except FileNotFoundError:
        raise PagesNotBuilt from None


@get("/", opt=access("public"), include_in_schema=False)
async def landing(rt: Runtime) -> Response[bytes]:
    """Where a person who types the address arrives: the malls, the console, the docs."""
    async with rt.db.session() as tx:
        shops = await merchants.list_merchants(tx, None, 100, selling_only=True)
    cards = "".join(
        f'<a class="card" style="--accent:{html.escape(shop.theme_color)}" href="/shop/{shop.code}/">'
        f"<strong>{html.escape(shop.name)}</strong><span>{html.escape(shop.intro)}</span></a>"
        for shop in shops
    )
    phone = f'<a href="{rt.settings.sandbox_url}/phone/">手机沙盒 Phone</a>' if rt.settings.sandbox_url else ""
    page = (_HERE / "landing.html").read_text("utf-8").replace("{{shops}}", cards).replace("{{phone}}", phone)
    return Response(page.encode(), media_type=MediaType.HTML, headers=_NO_FRAMES)


@get("/shop", opt=access("public"), include_in_schema=False)
async def first_shop(rt: Runtime) -> Redirect:
    """The first mall, for links that name none."""
    async with rt.db.session() as tx:
        shops = await merchants.list_merchants(tx, None, 1, selling_only=True)
    return Redirect(f"/shop/{shops[0].code}/" if shops else "/")


@get(["/shop/{m:str}", "/shop/{m:str}/{rest:path}"], opt=access("public"), include_in_schema=False)
async def storefront(rt: Runtime, m: str) -> Response[bytes]:
    """The mall of a merchant. Raises NotFound for an unknown one."""
    await merchants.merchant_of_code(rt, m)
    return _page(STATIC / "storefront" / "index.html", _SAFE)  # the phone of the sandbox shows it in a frame


@get(["/console", "/console/{rest:path}"], opt=access("public"), include_in_schema=False)
async def console() -> Response[bytes]:
    """The merchant's and operator's console."""
    return _page(STATIC / "console" / "index.html", _NO_FRAMES)


@get("/docs", opt=access("public"), include_in_schema=False)
async def docs() -> Response[bytes]:
    """The API, readable: drawn from /api/openapi.json in the browser."""
    return _page(_HERE / "docs.html", _NO_FRAMES)


ROUTES: tuple[HTTPRouteHandler | Any, ...] = (
    landing,
    first_shop,
    storefront,
    console,
    docs,
    assets("/shop-assets", STATIC / "storefront"),
    assets("/console/assets", STATIC / "console" / "assets"),
)
