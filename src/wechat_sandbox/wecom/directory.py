"""Departments and members.

Sources: developer.work.weixin.qq.com 获取部门列表 (90208), 获取子部门ID列表 (95350), 读取成员 (90196),
获取部门成员 (90200, 90201).
"""

from typing import Any

from wechat_sandbox.asgi import Request
from wechat_sandbox.models_apps import Corp, Member
from wechat_sandbox.wecom import corps
from wechat_sandbox.wecom.api import CorpError, corp_of
from wechat_sandbox.world import World


def _below(world: World, corp: Corp, root: int, *, deep: bool = True) -> list[int]:
    """The department and what is below it, in the order of the list."""
    rows = corps.departments(world, corp.corpid)
    if root not in {row.id for row in rows}:
        raise CorpError(60123)
    found = [root]
    for number in found:
        if deep:
            found += [row.id for row in rows if row.parentid == number]
    return found


def _root(request: Request, name: str) -> int:
    text = request.query.get(name, "") or "1"
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise CorpError(40058)
    return int(text)


def department_list(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/department/list?id="""
    corp = corp_of(world, request)
    wanted = _below(world, corp, _root(request, "id"))
    rows = {row.id: row for row in corps.departments(world, corp.corpid)}
    return {
        "errcode": 0,
        "errmsg": "ok",
        "department": [
            {
                "id": number,
                "name": rows[number].name,
                "parentid": rows[number].parentid,
                "order": rows[number].order,
                "department_leader": [],
            }
            for number in wanted
        ],
    }


def department_simple_list(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/department/simplelist?id="""
    listed = department_list(world, request)["department"]
    items = [{"id": row["id"], "parentid": row["parentid"], "order": row["order"]} for row in listed]
    return {"errcode": 0, "errmsg": "ok", "department_id": items}


def _members(world: World, request: Request) -> list[Member]:
    corp = corp_of(world, request)
    if not request.query.get("department_id"):
        raise CorpError(40058)
    deep = request.query.get("fetch_child") == "1"
    wanted = set(_below(world, corp, _root(request, "department_id"), deep=deep))
    return [row for row in corps.members(world, corp.corpid) if wanted.intersection(row.department)]


def user_simple_list(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/user/simplelist?department_id=&fetch_child="""
    items = [{"userid": row.userid, "name": row.name, "department": row.department} for row in _members(world, request)]
    return {"errcode": 0, "errmsg": "ok", "userlist": items}


def user_list(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/user/list?department_id=&fetch_child="""
    return {"errcode": 0, "errmsg": "ok", "userlist": [_public(row) for row in _members(world, request)]}


def user_get(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/user/get?userid="""
    corp = corp_of(world, request)
    row = world.apps.members.get(f"{corp.corpid}:{request.query.get('userid', '')}")
    if row is None:
        raise CorpError(60111)
    return {"errcode": 0, "errmsg": "ok", **_public(row)}


def _public(row: Member) -> dict[str, Any]:
    return {
        "userid": row.userid,
        "name": row.name,
        "department": row.department,
        "order": [0] * len(row.department),
        "position": row.position,
        "mobile": row.mobile,
        "gender": row.gender,
        "email": "",
        "is_leader_in_dept": [0] * len(row.department),
        "direct_leader": [],
        "avatar": "",
        "telephone": "",
        "alias": "",
        "status": row.status,
        "main_department": row.department[0],
        "extattr": {"attrs": []},
    }
