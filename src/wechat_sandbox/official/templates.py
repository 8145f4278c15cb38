"""Templates of template messages.

Source: developers.weixin.qq.com 模板消息接口 (`api_add_template` with `keyword_name_list`: 40246 when a word is not in
the library; `get_all_private_template`, `del_private_template`, `api_set_industry`, `get_industry`).
"""

from typing import Any

from msgspec import Struct, field

from wechat_sandbox.asgi import Request
from wechat_sandbox.templates import library
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError


class AddBody(Struct):
    """POST api_add_template."""

    template_id_short: str = ""
    keyword_name_list: list[str] = field(default_factory=list[str])


class IdBody(Struct):
    """POST del_private_template."""

    template_id: str = ""


class IndustryBody(Struct):
    """POST api_set_industry."""

    industry_id1: str | int = ""
    industry_id2: str | int = ""


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/template/api_add_template -> template_id. Without keywords, the title's first five."""
    account = account_of(world, request)
    asked = read_body(request, AddBody)
    title = library.title_of(asked.template_id_short)
    if title is None:
        raise WxError(40037)
    by_name = {word.name: word for word in title.keywords}
    if any(name not in by_name for name in asked.keyword_name_list):
        raise WxError(40246)
    words = [by_name[name] for name in dict.fromkeys(asked.keyword_name_list)] or list(title.keywords[:5])
    if len(library.mine(world, account.appid, "template")) >= 25:
        raise WxError(45026)
    row = library.put(world, account.appid, "template", title, words, "")
    return {"errcode": 0, "errmsg": "ok", "template_id": row.template_id}


def listing(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/template/get_all_private_template"""
    account = account_of(world, request)
    return {
        "template_list": [
            {
                "template_id": row.template_id,
                "title": row.title,
                "primary_industry": "",
                "deputy_industry": "",
                "content": row.content,
                "example": row.example,
            }
            for row in library.mine(world, account.appid, "template")
        ]
    }


def delete(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/template/del_private_template"""
    account = account_of(world, request)
    row = library.find(world, account.appid, read_body(request, IdBody).template_id, "template")
    if row is None:
        raise WxError(40037)
    world.apps.templates.delete(f"{account.appid}:{row.template_id}")
    return OK


def set_industry(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/template/api_set_industry: taken, and of no effect on the library here."""
    account_of(world, request)
    asked = read_body(request, IndustryBody)
    if not asked.industry_id1 or not asked.industry_id2:
        raise WxError(40102)
    return OK


def get_industry(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/template/get_industry"""
    account_of(world, request)
    shop = {"first_class": "消费品", "second_class": "消费品"}
    return {
        "primary_industry": shop,
        "secondary_industry": {"first_class": "IT科技", "second_class": "互联网|电子商务"},
    }
