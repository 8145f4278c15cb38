"""Tags of customers, in groups.

Source: developer.work.weixin.qq.com 管理企业标签 (path/92117): `order` high first; an empty group
goes with its last tag.
"""

import secrets
from typing import Any

from msgspec import Struct, field

from wechat_sandbox.asgi import Request
from wechat_sandbox.models_apps import Corp, CustomerTag, CustomerTagGroup
from wechat_sandbox.wecom.api import CorpError, corp_of
from wechat_sandbox.wecom.ways import OK
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import read_body

MAX_TAGS = 10_000


class TagPart(Struct):
    """One of `tag`."""

    name: str = ""
    order: int = 0


class AddBody(Struct):
    """POST add_corp_tag."""

    group_id: str | None = ""
    group_name: str | None = ""
    order: int | None = 0
    tag: list[TagPart] = field(default_factory=list[TagPart])


class ListBody(Struct):
    """POST get_corp_tag_list."""

    tag_id: list[str] | None = None
    group_id: list[str] | None = None


class EditBody(Struct):
    """POST edit_corp_tag: of a tag or a group."""

    id: str = ""
    name: str = ""
    order: int | None = None


class DeleteBody(Struct):
    """POST del_corp_tag."""

    tag_id: list[str] | None = None
    group_id: list[str] | None = None


def _tags(world: World, group: CustomerTagGroup) -> list[CustomerTag]:
    rows = [row for row in world.apps.customer_tags.values() if row.group_id == group.group_id]
    return sorted(rows, key=lambda row: -row.order)


def _public(world: World, group: CustomerTagGroup, rows: list[CustomerTag] | None = None) -> dict[str, Any]:
    return {
        "group_id": group.group_id,
        "group_name": group.name,
        "create_time": int(group.created_at),
        "order": group.order,
        "deleted": False,
        "tag": [
            {
                "id": row.tag_id,
                "name": row.name,
                "create_time": int(row.created_at),
                "order": row.order,
                "deleted": False,
            }
            for row in (_tags(world, group) if rows is None else rows)
        ],
    }


def listing(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/get_corp_tag_list: all, or those of some groups or some tags."""
    corp = corp_of(world, request)
    asked = read_body(request, ListBody) if request.body else ListBody()
    groups = [row for row in world.apps.customer_tag_groups.values() if row.corpid == corp.corpid]
    answer: list[dict[str, Any]] = []
    for group in sorted(groups, key=lambda row: -row.order):
        rows = _tags(world, group)
        if asked.group_id:
            if group.group_id not in asked.group_id:
                continue
        elif asked.tag_id:
            rows = [row for row in rows if row.tag_id in asked.tag_id]
            if not rows:
                continue
        answer.append(_public(world, group, rows))
    return {**OK, "tag_group": answer}


def _group(world: World, corp: Corp, asked: AddBody) -> CustomerTagGroup:
    mine = [row for row in world.apps.customer_tag_groups.values() if row.corpid == corp.corpid]
    if asked.group_id:
        for row in mine:
            if row.group_id == asked.group_id:
                return row
        raise CorpError(40068)
    if not asked.group_name or len(asked.group_name) > 30:
        raise CorpError(40058)
    for row in mine:
        if row.name == asked.group_name:
            return row
    group_id = "et" + secrets.token_urlsafe(24)[:30]
    return CustomerTagGroup(corp.corpid, group_id, asked.group_name, world.clock.now(), asked.order or 0)


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/add_corp_tag: into a group, which is made when it is new."""
    corp = corp_of(world, request)
    asked = read_body(request, AddBody)
    if not asked.tag or any(not 0 < len(tag.name) <= 30 for tag in asked.tag):
        raise CorpError(40058)
    group = _group(world, corp, asked)
    names = [tag.name for tag in asked.tag]
    if len(set(names)) < len(names) or any(row.name in names for row in _tags(world, group)):
        raise CorpError(40071)
    if len(world.apps.customer_tags) + len(names) > MAX_TAGS:
        raise CorpError(40058)
    world.apps.customer_tag_groups.put(group.group_id, group)
    made: list[CustomerTag] = []
    for tag in asked.tag:
        tag_id = "et" + secrets.token_urlsafe(24)[:30]
        row = CustomerTag(corp.corpid, tag_id, tag.name, group.group_id, world.clock.now(), tag.order)
        made.append(world.apps.customer_tags.put(tag_id, row))
    return {**OK, "tag_group": _public(world, group, made)}


def edit(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/edit_corp_tag"""
    corp = corp_of(world, request)
    asked = read_body(request, EditBody)
    row = world.apps.customer_tags.get(asked.id) or world.apps.customer_tag_groups.get(asked.id)
    if row is None or row.corpid != corp.corpid:
        raise CorpError(40068)
    if len(asked.name) > 30:
        raise CorpError(40058)
    row.name = asked.name or row.name
    row.order = row.order if asked.order is None else asked.order
    if isinstance(row, CustomerTag):
        world.apps.customer_tags.put(row.tag_id, row)
    else:
        world.apps.customer_tag_groups.put(row.group_id, row)
    return OK


def delete(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/del_corp_tag: tags and whole groups; members' marks go with them."""
    corp = corp_of(world, request)
    asked = read_body(request, DeleteBody)
    groups, tags = asked.group_id or [], asked.tag_id or []
    if not groups and not tags:
        raise CorpError(40058)
    gone = [
        row
        for row in world.apps.customer_tags.values()
        if row.corpid == corp.corpid and (row.tag_id in tags or row.group_id in groups)
    ]
    for row in gone:
        world.apps.customer_tags.delete(row.tag_id)
    for group in world.apps.customer_tag_groups.values():
        if group.corpid == corp.corpid and not _tags(world, group):
            world.apps.customer_tag_groups.delete(group.group_id)
    ids = {row.tag_id for row in gone}
    for follow in world.apps.follows.values():
        if ids.intersection(follow.tag_ids):
            follow.tag_ids = [tag_id for tag_id in follow.tag_ids if tag_id not in ids]
            world.apps.follows.put(f"{follow.corpid}:{follow.userid}:{follow.external_userid}", follow)
    return OK
