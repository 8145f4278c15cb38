"""Companies on WeCom: made and configured, members and shoppers who add and write to each other."""

from typing import Any, Literal

import msgspec
from litestar import delete, get, post, put
from msgspec import Struct

from wechat_sandbox.accounts import AccountError, check_aes_key
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.models_apps import Corp, Department, Follow, Member
from wechat_sandbox.wecom import corps, gestures, messages, push
from wechat_sandbox.wecom.corps import CorpRefused
from wechat_sandbox.world import World


class NewCorp(Struct, forbid_unknown_fields=True):
    """A company to make."""

    name: str
    corpid: str | None = None
    secret: str | None = None


class NewDepartment(Struct, forbid_unknown_fields=True):
    """A department to make."""

    name: str
    parentid: int = 1


class NewMember(Struct, forbid_unknown_fields=True):
    """A member to make."""

    userid: str
    name: str
    department: list[int] | None = None
    position: str = ""


class CorpCallback(Struct, forbid_unknown_fields=True):
    """Where a company's events are pushed; null stops them."""

    callback_url: str | None
    token: str | None = None
    encoding_aes_key: str | None = None


class ContactBody(Struct, forbid_unknown_fields=True):
    """What the contact way's code says, or its picture's address; or a company and member found by search."""

    content: str = ""
    corpid: str = ""
    userid: str = ""


class LineBody(Struct, forbid_unknown_fields=True):
    """A text."""

    content: str


class MemberAct(Struct, forbid_unknown_fields=True):
    """What a member does to a customer: writes, notes, deletes."""

    act: Literal["say", "note", "delete"]
    text: str = ""


def _corp(world: World, corpid: str) -> Corp:
    corp = world.apps.corps.get(corpid)
    if corp is None:
        raise not_found(f"corp {corpid}")
    return corp


def _refused(error: CorpRefused) -> ControlError:
    return ControlError(409 if "exists" in str(error) else 400, "refused", str(error))


def _contact(world: World, row: Follow) -> dict[str, Any]:
    corp, member = world.apps.corps.get(row.corpid), world.apps.members.get(f"{row.corpid}:{row.userid}")
    lines = [
        line
        for line in world.apps.corp_lines.values()
        if (line.corpid, line.userid, line.shopper_id) == (row.corpid, row.userid, row.shopper_id)
    ]
    return {
        "corpid": row.corpid,
        "corp_name": corp.name if corp else "",
        "userid": row.userid,
        "member_name": member.name if member else "",
        "external_userid": row.external_userid,
        "state": row.state,
        "ended": row.deleted_by_shopper,
        "messages": [messages.public(line) for line in sorted(lines, key=lambda line: line.at)],
    }


@post("/corps", tags=["wecom"])
async def create_corp(world: World, data: NewCorp) -> Corp:
    """Make a company with its root department. 409 when the corpid exists."""
    try:
        return corps.add_corp(world, data.name, data.corpid, data.secret)
    except CorpRefused as error:
        raise _refused(error) from error


@get("/corps/{corpid:str}", tags=["wecom"])
async def get_corp(world: World, corpid: str) -> dict[str, Any]:
    """A company with its credentials, departments, members and contact ways."""
    corp = _corp(world, corpid)
    return {
        **msgspec.to_builtins(corp),
        "departments": msgspec.to_builtins(corps.departments(world, corpid)),
        "members": msgspec.to_builtins(corps.members(world, corpid)),
        "contact_ways": msgspec.to_builtins([row for row in world.apps.contact_ways.values() if row.corpid == corpid]),
    }


@put("/corps/{corpid:str}", tags=["wecom"])
async def configure_corp(world: World, corpid: str, data: CorpCallback) -> Corp:
    """Set the callback. The handshake runs first, its echo encrypted: 409 `handshake_failed` with the reason."""
    corp = msgspec.structs.replace(_corp(world, corpid))
    corp.token = data.token or corp.token
    corp.encoding_aes_key = data.encoding_aes_key or corp.encoding_aes_key
    try:
        check_aes_key(corp.encoding_aes_key)
    except AccountError as error:
        raise ControlError(400, "account_refused", str(error)) from error
    corp.callback_url = data.callback_url
    if data.callback_url:
        reason = await push.handshake(world, corp, data.callback_url)
        if reason:
            raise ControlError(409, "handshake_failed", reason)
    return world.apps.corps.put(corpid, corp)


@post("/corps/{corpid:str}/departments", tags=["wecom"])
async def create_department(world: World, corpid: str, data: NewDepartment) -> Department:
    """Make a department."""
    try:
        return corps.add_department(world, _corp(world, corpid), data.name, data.parentid)
    except CorpRefused as error:
        raise _refused(error) from error


@post("/corps/{corpid:str}/members", tags=["wecom"])
async def create_member(world: World, corpid: str, data: NewMember) -> Member:
    """Make a member."""
    try:
        return corps.add_member(world, _corp(world, corpid), data.userid, data.name, data.department, data.position)
    except CorpRefused as error:
        raise _refused(error) from error


@get("/corps/{corpid:str}/members/{userid:str}/messages", tags=["wecom"])
async def app_messages(world: World, corpid: str, userid: str) -> dict[str, Any]:
    """What the company's app wrote to a member, oldest first."""
    _corp(world, corpid)
    rows = [row for row in world.apps.corp_lines.values() if row.corpid == corpid and row.userid == userid]
    return {"messages": [messages.public(row) for row in rows if row.sender == "app"]}


@post("/corps/{corpid:str}/members/{userid:str}/customers/{shopper_id:str}", tags=["wecom"], status_code=200)
async def act_as_member(world: World, corpid: str, userid: str, shopper_id: str, data: MemberAct) -> dict[str, Any]:
    """Act as a member: write to a customer, note (`edit_external_contact`), delete (`del_external_contact`)."""
    try:
        corp, row = gestures.find(world, corpid, userid, shopper_id)
        if data.act == "say":
            return gestures.write(world, row, by_shopper=False, content=data.text)
    except CorpRefused as error:
        raise _refused(error) from error
    if data.act == "note":
        gestures.note(world, corp, row, data.text)
    else:
        gestures.drop(world, corp, row)
    return {"ok": True}


@get("/shoppers/{shopper_id:str}/contacts", tags=["wecom"])
async def list_contacts(world: World, shopper_id: str) -> dict[str, Any]:
    """Members that the shopper added, with the chats."""
    find(world, shopper_id)
    rows = [row for row in world.apps.follows.values() if row.shopper_id == shopper_id]
    return {"items": [_contact(world, row) for row in rows]}


@post("/shoppers/{shopper_id:str}/contacts", tags=["wecom"], status_code=200)
async def add_contact(world: World, shopper_id: str, data: ContactBody) -> dict[str, Any]:
    """Scan a contact way's code and add the member: `add_external_contact` is pushed with State and WelcomeCode."""
    shopper = find(world, shopper_id)
    try:
        if data.content:
            return _contact(world, gestures.add_member(world, shopper, data.content))
        corp = _corp(world, data.corpid)
        return _contact(world, gestures.befriend(world, corp, data.userid, shopper, "", gestures.BY_SEARCH))
    except CorpRefused as error:
        raise _refused(error) from error


@post("/shoppers/{shopper_id:str}/contacts/{corpid:str}/{userid:str}/text", tags=["wecom"])
async def write_to_member(world: World, shopper_id: str, corpid: str, userid: str, data: LineBody) -> dict[str, Any]:
    """Write to a member."""
    try:
        _, row = gestures.find(world, corpid, userid, shopper_id)
        return gestures.write(world, row, by_shopper=True, content=data.content)
    except CorpRefused as error:
        raise _refused(error) from error


@delete("/shoppers/{shopper_id:str}/contacts/{corpid:str}/{userid:str}", tags=["wecom"], status_code=204)
async def leave_member(world: World, shopper_id: str, corpid: str, userid: str) -> None:
    """The shopper deletes the member: `del_follow_user` is pushed."""
    try:
        corp, row = gestures.find(world, corpid, userid, shopper_id)
    except CorpRefused as error:
        raise not_found(str(error)) from error
    gestures.leave(world, corp, row)


HANDLERS = [
    create_corp,
    get_corp,
    configure_corp,
    create_department,
    create_member,
    app_messages,
    act_as_member,
    list_contacts,
    add_contact,
    write_to_member,
    leave_member,
]
