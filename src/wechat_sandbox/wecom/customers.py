"""Customers: who they are, what members note of them, their tags.

Sources: developer.work.weixin.qq.com 获取客户列表 (92113), 获取客户详情 (92114), 批量获取客户详情 (92994),
修改客户备注信息 (92115), 编辑客户企业标签 (92118). What is done here is not pushed: WeCom pushes what people do.
"""

from base64 import urlsafe_b64encode
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from wechat_sandbox.accounts import avatar_url
from wechat_sandbox.asgi import Request
from wechat_sandbox.models_apps import Corp, Follow
from wechat_sandbox.wecom.api import CorpError, corp_of
from wechat_sandbox.wecom.ways import OK
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import read_body


class BatchBody(Struct):
    """POST batch/get_by_user."""

    userid_list: list[str] = field(default_factory=list[str])
    cursor: str = ""
    limit: int = 50


class RemarkBody(Struct):
    """POST remark: what is left out stays."""

    userid: str = ""
    external_userid: str = ""
    remark: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    remark_company: str | UnsetType = UNSET
    remark_mobiles: list[str] | UnsetType = UNSET


class MarkBody(Struct):
    """POST mark_tag."""

    userid: str = ""
    external_userid: str = ""
    add_tag: list[str] | None = None
    remove_tag: list[str] | None = None


def external_userid(world: World, corpid: str, shopper_id: str) -> str:
    """The customer's id in one company."""
    return "wm" + urlsafe_b64encode(world.derive(f"external:{corpid}:{shopper_id}")).decode()[:30]


def follow_of(world: World, corp: Corp, userid: str, external: str) -> Follow:
    """The member's customer. Raises CorpError 60111, 84061."""
    if f"{corp.corpid}:{userid}" not in world.apps.members:
        raise CorpError(60111)
    row = world.apps.follows.get(f"{corp.corpid}:{userid}:{external}")
    if row is None:
        raise CorpError(84061)
    return row


def save(world: World, row: Follow) -> None:
    """Keep a change."""
    world.apps.follows.put(f"{row.corpid}:{row.userid}:{row.external_userid}", row)


def _follows(world: World, corp: Corp) -> list[Follow]:
    return [row for row in world.apps.follows.values() if row.corpid == corp.corpid]


def followers(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/externalcontact/get_follow_user_list: members who may have customers."""
    corp = corp_of(world, request)
    return {**OK, "follow_user": [row.userid for row in world.apps.members.values() if row.corpid == corp.corpid]}


def listing(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/externalcontact/list?userid="""
    corp = corp_of(world, request)
    userid = request.query.get("userid", "")
    if f"{corp.corpid}:{userid}" not in world.apps.members:
        raise CorpError(60111)
    found = [row.external_userid for row in _follows(world, corp) if row.userid == userid]
    if not found:
        raise CorpError(84061)
    return {**OK, "external_userid": found}


def _contact(world: World, row: Follow) -> dict[str, Any]:
    shopper = world.shoppers.get(row.shopper_id)
    return {
        "external_userid": row.external_userid,
        "name": shopper.nickname if shopper else "",
        "avatar": avatar_url(world, row.shopper_id),
        "type": 1,
        "gender": 0,
        "unionid": shopper.unionid if shopper else "",
    }


def _note(row: Follow) -> dict[str, Any]:
    return {
        "userid": row.userid,
        "remark": row.remark,
        "description": row.description,
        "createtime": int(row.created_at),
        "remark_corp_name": row.remark_company,
        "remark_mobiles": row.remark_mobiles,
        "oper_userid": row.external_userid,
        "add_way": row.add_way,
    } | ({"state": row.state} if row.state else {})


def _tags(world: World, row: Follow) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for tag_id in row.tag_ids:
        tag = world.apps.customer_tags.get(tag_id)
        group = world.apps.customer_tag_groups.get(tag.group_id) if tag else None
        if tag and group:
            found.append({"group_name": group.name, "tag_name": tag.name, "tag_id": tag_id, "type": 1})
    return found


def get(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/externalcontact/get?external_userid=: the customer and each member who follows them."""
    corp = corp_of(world, request)
    wanted = request.query.get("external_userid", "")
    rows = [row for row in _follows(world, corp) if row.external_userid == wanted]
    if not rows:
        raise CorpError(84061 if wanted.startswith("wm") else 40096)
    notes = [{**_note(row), "tags": _tags(world, row)} for row in rows]
    return {**OK, "external_contact": _contact(world, rows[0]), "follow_user": notes}


def batch(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/batch/get_by_user: customers of up to 100 members, 100 at a time."""
    corp = corp_of(world, request)
    asked = read_body(request, BatchBody)
    if not 1 <= len(asked.userid_list) <= 100 or not 1 <= asked.limit <= 100:
        raise CorpError(40058)
    if any(f"{corp.corpid}:{userid}" not in world.apps.members for userid in asked.userid_list):
        raise CorpError(60111)
    if not (asked.cursor == "" or (asked.cursor.isascii() and asked.cursor.isdigit() and len(asked.cursor) < 10)):
        raise CorpError(40058)
    rows = [row for row in _follows(world, corp) if row.userid in asked.userid_list]
    start = int(asked.cursor or 0)
    page = rows[start : start + asked.limit]
    following = start + len(page)
    return {
        **OK,
        "external_contact_list": [
            {"external_contact": _contact(world, row), "follow_info": {**_note(row), "tag_id": row.tag_ids}}
            for row in page
        ],
        "next_cursor": str(following) if following < len(rows) else "",
    }


def remark(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/remark"""
    corp = corp_of(world, request)
    asked = read_body(request, RemarkBody)
    row = follow_of(world, corp, asked.userid, asked.external_userid)
    for name, limit in (("remark", 20), ("description", 150), ("remark_company", 20)):
        value = getattr(asked, name)
        if value is not UNSET:
            if len(value) > limit:
                raise CorpError(40058)
            setattr(row, name, value)
    if asked.remark_mobiles is not UNSET:
        row.remark_mobiles = asked.remark_mobiles[:5]
    save(world, row)
    return OK


def mark(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/mark_tag"""
    corp = corp_of(world, request)
    asked = read_body(request, MarkBody)
    row = follow_of(world, corp, asked.userid, asked.external_userid)
    added, removed = asked.add_tag or [], asked.remove_tag or []
    if not added and not removed:
        raise CorpError(40058)
    for tag_id in (*added, *removed):
        tag = world.apps.customer_tags.get(tag_id)
        if tag is None or tag.corpid != corp.corpid:
            raise CorpError(40068)
    row.tag_ids = [tag_id for tag_id in dict.fromkeys([*row.tag_ids, *added]) if tag_id not in removed]
    save(world, row)
    return OK
