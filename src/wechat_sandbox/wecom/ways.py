"""「联系我」: codes by which shoppers add members.

Source: developer.work.weixin.qq.com 客户联系「联系我」管理 (path/92228): type 1 has one member, type 2 several
members or departments; scene 1 in a mini program (style), scene 2 by a code (qr_code); state at most 30 characters.
"""

import secrets
from typing import Any
from urllib.parse import quote

from msgspec import UNSET, Struct, UnsetType, field

from wechat_sandbox.asgi import Request
from wechat_sandbox.models_apps import ContactWay, Corp
from wechat_sandbox.wecom import corps
from wechat_sandbox.wecom.api import CorpError, corp_of
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import read_body

OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}
MAX_STATE = 30


class AddBody(Struct):
    """POST add_contact_way."""

    type: int = 0
    scene: int = 0
    style: int = 0
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    user: list[str] = field(default_factory=list[str])
    party: list[int] = field(default_factory=list[int])
    is_temp: bool = False
    expires_in: int = 7 * 86400
    chat_expires_in: int = 86400
    unionid: str = ""
    conclusions: dict[str, Any] = field(default_factory=dict[str, Any])


class UpdateBody(Struct):
    """POST update_contact_way: what is left out stays."""

    config_id: str = ""
    remark: str | UnsetType = UNSET
    skip_verify: bool | UnsetType = UNSET
    style: int | UnsetType = UNSET
    state: str | UnsetType = UNSET
    user: list[str] | UnsetType = UNSET
    party: list[int] | UnsetType = UNSET
    conclusions: dict[str, Any] | UnsetType = UNSET


class IdBody(Struct):
    """POST get_contact_way and del_contact_way."""

    config_id: str = ""


class ListBody(Struct):
    """POST list_contact_way."""

    start_time: int = 0
    end_time: int = 2**32
    cursor: str = ""
    limit: int = 100


def _check(world: World, corp: Corp, kind: int, user: list[str], party: list[int], state: str) -> None:
    if len(state) > MAX_STATE:
        raise CorpError(40058)
    if kind == 1 and (len(user) != 1 or party):
        raise CorpError(40058)
    if kind == 2 and not (user or party):
        raise CorpError(41054)
    if len(user) > 100:
        raise CorpError(40058)
    if any(f"{corp.corpid}:{userid}" not in world.apps.members for userid in user):
        raise CorpError(60111)
    if any(f"{corp.corpid}:{number}" not in world.apps.departments for number in party):
        raise CorpError(60123)


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/add_contact_way -> config_id, and qr_code for scene 2."""
    corp = corp_of(world, request)
    asked = read_body(request, AddBody)
    if asked.type not in (1, 2) or asked.scene not in (1, 2):
        raise CorpError(40058)
    _check(world, corp, asked.type, asked.user, asked.party, asked.state)
    now = world.clock.now()
    config_id = secrets.token_hex(16)
    code_url = "https://work.weixin.qq.com/ca/cawcde" + secrets.token_hex(8)
    picture = f"{world.settings.base_url}/_sandbox/qr.svg?content={quote(code_url, safe='')}"
    row = ContactWay(
        corp.corpid,
        config_id,
        asked.type,
        asked.scene,
        picture if asked.scene == 2 else "",
        code_url,
        now,
        asked.style,
        asked.remark,
        asked.skip_verify,
        asked.state,
        asked.user,
        asked.party,
        asked.is_temp,
        now + asked.expires_in if asked.is_temp else None,
        asked.chat_expires_in,
        asked.unionid,
        asked.conclusions,
    )
    world.apps.contact_ways.put(config_id, row)
    return {**OK, "config_id": config_id} | ({"qr_code": row.qr_code} if asked.scene == 2 else {})


def _find(world: World, corp: Corp, config_id: str) -> ContactWay:
    row = world.apps.contact_ways.get(config_id)
    if row is None or row.corpid != corp.corpid:
        raise CorpError(41044)
    return row


def get(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/get_contact_way"""
    row = _find(world, corp_of(world, request), read_body(request, IdBody).config_id)
    return {
        **OK,
        "contact_way": {
            "config_id": row.config_id,
            "type": row.type,
            "scene": row.scene,
            "style": row.style,
            "remark": row.remark,
            "skip_verify": row.skip_verify,
            "state": row.state,
            "qr_code": row.qr_code,
            "user": row.user,
            "party": row.party,
            "is_temp": row.is_temp,
            "expires_in": round(row.expires_at - world.clock.now()) if row.expires_at else 0,
            "chat_expires_in": row.chat_expires_in,
            "unionid": row.unionid,
            "conclusions": row.conclusions,
        },
    }


def update(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/update_contact_way"""
    corp = corp_of(world, request)
    asked = read_body(request, UpdateBody)
    row = _find(world, corp, asked.config_id)
    user = row.user if asked.user is UNSET else asked.user
    party = row.party if asked.party is UNSET else asked.party
    state = row.state if asked.state is UNSET else asked.state
    _check(world, corp, row.type, user, party, state)
    for name in ("remark", "skip_verify", "style", "state", "user", "party", "conclusions"):
        value = getattr(asked, name)
        if value is not UNSET:
            setattr(row, name, value)
    world.apps.contact_ways.put(row.config_id, row)
    return OK


def delete(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/del_contact_way"""
    row = _find(world, corp_of(world, request), read_body(request, IdBody).config_id)
    world.apps.contact_ways.delete(row.config_id)
    return OK


def listing(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/externalcontact/list_contact_way"""
    corp = corp_of(world, request)
    asked = read_body(request, ListBody)
    if not 1 <= asked.limit <= 1000:
        raise CorpError(40058)
    rows = [row for row in world.apps.contact_ways.values() if row.corpid == corp.corpid and not row.is_temp]
    rows = [row for row in rows if asked.start_time <= row.created_at <= asked.end_time]
    start = next((index + 1 for index, row in enumerate(rows) if row.config_id == asked.cursor), 0)
    page = rows[start : start + asked.limit]
    more = start + len(page) < len(rows)
    return {
        **OK,
        "contact_way": [{"config_id": row.config_id} for row in page],
        "next_cursor": page[-1].config_id if page and more else "",
    }


def way_of(world: World, content: str) -> ContactWay | None:
    """The way behind a scanned code, by what it says or by its picture's address."""
    for row in world.apps.contact_ways.values():
        if content and content in (row.code_url, row.qr_code, row.config_id):
            return row
    return None


def member_of(world: World, way: ContactWay) -> str:
    """Whom a shopper gets: of several the one with the fewest customers."""
    wanted = list(way.user)
    for member in corps.members(world, way.corpid):
        if set(way.party).intersection(member.department) and member.userid not in wanted:
            wanted.append(member.userid)
    busy = dict.fromkeys(wanted, 0)
    for row in world.apps.follows.values():
        if row.corpid == way.corpid and row.userid in busy:
            busy[row.userid] += 1
    return min(wanted, key=lambda userid: busy[userid], default="")
