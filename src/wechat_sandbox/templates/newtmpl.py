"""Managing templates of subscribe messages: `/wxaapi/newtmpl/..`, for official accounts and mini programs.

Sources: developers.weixin.qq.com, subscribeMessage.addTemplate (body as a form or JSON, `kidList` of 2 to 5),
deleteTemplate, getCategory, getPubTemplateKeyWordsById, getPubTemplateTitleList, getTemplateList; codes 200011
to 200022 from the global list of return codes.
"""

from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct, field

from wechat_sandbox.asgi import Request
from wechat_sandbox.templates import library
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, caller_app, read_body
from wechat_sandbox.wx_errors import WxError


class AddBody(Struct):
    """POST /wxaapi/newtmpl/addtemplate."""

    tid: str | int = ""
    kid_list: list[int] = field(default_factory=list[int], name="kidList")
    scene: str = field(default="", name="sceneDesc")


class DeleteBody(Struct):
    """POST /wxaapi/newtmpl/deltemplate."""

    template_id: str = field(default="", name="priTmplId")


def _form(request: Request) -> dict[str, list[str]] | None:
    """A body of a form, as WeChat's documents use here; None when it is JSON."""
    if request.body.lstrip()[:1] in (b"{", b"[", b""):
        return None
    return parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")


def _add_body(request: Request) -> AddBody:
    form = _form(request)
    if form is None:
        return read_body(request, AddBody)
    kids = [*form.get("kidList", []), *form.get("kidList[]", [])]
    if not all(kid.isascii() and kid.isdigit() and len(kid) < 10 for kid in kids):
        raise WxError(47001)
    return AddBody(form.get("tid", [""])[0], [int(kid) for kid in kids], form.get("sceneDesc", [""])[0])


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /wxaapi/newtmpl/addtemplate -> priTmplId."""
    app = caller_app(world, request)
    asked = _add_body(request)
    title = library.title_of(str(asked.tid))
    if title is None:
        raise WxError(200014)
    by_kid = {word.kid: word for word in title.keywords}
    if not 2 <= len(asked.kid_list) <= 5 or len(set(asked.kid_list)) != len(asked.kid_list):
        raise WxError(200020)
    if any(kid not in by_kid for kid in asked.kid_list):
        raise WxError(200020)
    if len(asked.scene) > 15:
        raise WxError(200021)
    if len(library.mine(world, app.appid, "subscribe")) >= library.MAX_TEMPLATES:
        raise WxError(200012)
    row = library.put(world, app.appid, "subscribe", title, [by_kid[kid] for kid in asked.kid_list], asked.scene)
    return {"errcode": 0, "errmsg": "ok", "priTmplId": row.template_id}


def delete(world: World, request: Request) -> dict[str, Any]:
    """POST /wxaapi/newtmpl/deltemplate"""
    app = caller_app(world, request)
    form = _form(request)
    wanted = read_body(request, DeleteBody).template_id if form is None else form.get("priTmplId", [""])[0]
    row = library.find(world, app.appid, wanted, "subscribe")
    if row is None:
        raise WxError(200014)
    world.apps.templates.delete(f"{app.appid}:{row.template_id}")
    return OK


def category(world: World, request: Request) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/getcategory: the account's categories."""
    caller_app(world, request)
    return {"errcode": 0, "errmsg": "ok", "data": [{"id": library.CATEGORY_ID, "name": library.CATEGORY_NAME}]}


def titles(world: World, request: Request) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/getpubtemplatetitles?ids=&start=&limit="""
    caller_app(world, request)
    query = request.query
    start, limit = query.get("start", "0"), query.get("limit", "30")
    wanted = query.get("ids", "").split(",")
    numbers_ok = all(word.isascii() and word.isdigit() and len(word) < 10 for word in (start, limit, *wanted))
    if not numbers_ok or not 1 <= int(limit) <= 30:
        raise WxError(200016)
    rows = library.TITLES if str(library.CATEGORY_ID) in wanted else ()
    return {
        "errcode": 0,
        "errmsg": "ok",
        "count": len(rows),
        "data": [
            {"tid": int(row.tid), "title": row.title, "type": 2, "categoryId": str(library.CATEGORY_ID)}
            for row in rows[int(start) : int(start) + int(limit)]
        ],
    }


def keywords(world: World, request: Request) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/getpubtemplatekeywords?tid="""
    caller_app(world, request)
    title = library.title_of(request.query.get("tid", ""))
    if title is None:
        raise WxError(200014)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "count": len(title.keywords),
        "data": [
            {"kid": word.kid, "name": word.name, "example": word.example, "rule": word.rule} for word in title.keywords
        ],
    }


def listing(world: World, request: Request) -> dict[str, Any]:
    """GET /wxaapi/newtmpl/gettemplate: the account's own."""
    app = caller_app(world, request)
    return {
        "errcode": 0,
        "errmsg": "ok",
        "data": [
            {
                "priTmplId": row.template_id,
                "title": row.title,
                "content": row.content,
                "example": row.example,
                "type": 2,
            }
            for row in library.mine(world, app.appid, "subscribe")
        ],
    }
