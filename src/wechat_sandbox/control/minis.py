"""Mini programs on the phone: where their pages are served, and which ones a shopper opened."""

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from litestar import get, post, put
from msgspec import Struct

from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.control import schemas
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.control.views import mini_program_view
from wechat_sandbox.models import MiniProgram
from wechat_sandbox.phone_rows import Home, Visit
from wechat_sandbox.world import World


class MiniProgramSettings(Struct, forbid_unknown_fields=True):
    """Where the phone finds a mini program's pages: the address of an H5 build with a hash router; null for nowhere."""

    home_url: str | None


class OpenBody(Struct, forbid_unknown_fields=True):
    """What opens: a page with its query, and the scene of a scanned code."""

    path: str = ""
    scene: str = ""


def _program(world: World, appid: str) -> MiniProgram:
    row = world.mini_programs.get(appid)
    if row is None:
        raise not_found("mini program")
    return row


@put("/mini-programs/{appid:str}", tags=["accounts"])
async def configure_mini_program(world: World, appid: str, data: MiniProgramSettings) -> schemas.MiniProgramView:
    """Say where the phone finds a mini program's pages."""
    row = _program(world, appid)
    if data.home_url is not None and urlsplit(data.home_url).scheme not in ("http", "https"):
        raise ControlError(400, "refused", "home_url must be http or https")
    if data.home_url is None:
        world.phone.homes.delete(appid)
    else:
        world.phone.homes.put(appid, Home(data.home_url))
    return mini_program_view(world, row)


def launch_url(home_url: str, path: str, scene: str) -> str:
    """The H5 address of a mini program's page: its launch query before the hash, its page and query behind it.

    >>> launch_url("http://h/shop/", "/pages/a/a?id=1", "")
    'http://h/shop/?id=1#/pages/a/a?id=1'
    """
    base = home_url.partition("#")[0]
    page, _, query = path.lstrip("/").partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    if scene:
        # A page gets a code's scene percent-encoded once and decodes it itself.
        pairs.append(("scene", quote(scene, safe="")))
    search = urlencode(pairs, quote_via=quote)
    before = base + (("&" if "?" in base else "?") + search if search else "")
    return before + (f"#/{page}" + (f"?{search}" if search else "") if page else "")


@get("/shoppers/{shopper_id:str}/mini-programs", tags=["shoppers"])
async def list_mini_programs(world: World, shopper_id: str) -> dict[str, Any]:
    """All mini programs; those that the shopper opened first, with the time."""
    find(world, shopper_id)
    visits = {row.appid: row for row in world.phone.visits.values() if row.shopper_id == shopper_id}

    def view(row: MiniProgram) -> dict[str, Any]:
        visit = visits.get(row.appid)
        opened = rfc3339_utc(visit.at) if visit else None
        return {"appid": row.appid, "name": row.name, "runs": row.appid in world.phone.homes, "opened_at": opened}

    rows = sorted(world.mini_programs.values(), key=lambda row: -visits[row.appid].at if row.appid in visits else 0.0)
    return {"items": [view(row) for row in rows]}


@post("/shoppers/{shopper_id:str}/mini-programs/{appid:str}/open", tags=["shoppers"], status_code=200)
async def open_mini_program(world: World, shopper_id: str, appid: str, data: OpenBody) -> dict[str, Any]:
    """Open a mini program: `url` is its H5 page, null when the sandbox was not told a `home_url`."""
    find(world, shopper_id)
    row = _program(world, appid)
    if len(data.path) > 1024 or len(data.scene) > 32:
        raise ControlError(400, "refused", "path has at most 1024 characters, scene 32")
    visit = Visit(appid, shopper_id, data.path, world.clock.now())
    world.phone.visits.put(f"{appid}:{shopper_id}", visit)
    home = world.phone.homes.get(appid)
    url = launch_url(home.home_url, data.path, data.scene) if home else None
    return {"appid": appid, "name": row.name, "path": data.path, "scene": data.scene, "url": url}


HANDLERS = [configure_mini_program, list_mini_programs, open_mini_program]
