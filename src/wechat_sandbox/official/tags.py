"""Tags of followers."""

from typing import Any

from msgspec import Struct, field

from wechat_sandbox.accounts import save_identity
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Identity, OfficialAccount, Tag
from wechat_sandbox.official.users import identity_by_openid
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError

MAX_TAGS = 100
FIRST_ID = 100  # below are the system's own


class TagPart(Struct):
    """`tag`."""

    id: int = 0
    name: str = ""


class TagBody(Struct):
    """POST /cgi-bin/tags/create, update, delete."""

    tag: TagPart


class BatchBody(Struct):
    """POST /cgi-bin/tags/members/batchtagging and batchuntagging."""

    tagid: int
    openid_list: list[str] = field(default_factory=list[str])


class OpenidBody(Struct):
    """POST /cgi-bin/tags/getidlist."""

    openid: str


class TagIdBody(Struct):
    """POST /cgi-bin/user/tag/get."""

    tagid: int
    next_openid: str = ""


def _mine(world: World, account: OfficialAccount) -> list[Tag]:
    return [row for row in world.tags.values() if row.appid == account.appid]


def _find(world: World, account: OfficialAccount, tagid: int) -> Tag:
    if 0 <= tagid < FIRST_ID:
        raise WxError(45058)
    tag = world.tags.get(f"{account.appid}:{tagid}")
    if tag is None:
        raise WxError(45159)
    return tag


def _tagged(world: World, account: OfficialAccount, tagid: int) -> list[Identity]:
    return [row for row in world.identities.values() if row.appid == account.appid and tagid in row.tagid_list]


def create(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/create"""
    account = account_of(world, request)
    name = read_body(request, TagBody).tag.name.strip()
    mine = _mine(world, account)
    if not 0 < len(name.encode()) <= 90 or any(row.name == name for row in mine):
        raise WxError(45157)
    if len(mine) >= MAX_TAGS:
        raise WxError(45056)
    tag = Tag(account.appid, max((row.tagid for row in mine), default=FIRST_ID - 1) + 1, name)
    world.tags.put(f"{account.appid}:{tag.tagid}", tag)
    return {"tag": {"id": tag.tagid, "name": tag.name}}


def listing(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/tags/get"""
    account = account_of(world, request)
    return {
        "tags": [
            {"id": row.tagid, "name": row.name, "count": len(_tagged(world, account, row.tagid))}
            for row in _mine(world, account)
        ]
    }


def update(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/update"""
    account = account_of(world, request)
    asked = read_body(request, TagBody).tag
    tag = _find(world, account, asked.id)
    if not 0 < len(asked.name.encode()) <= 90:
        raise WxError(45157)
    tag.name = asked.name
    world.tags.put(f"{account.appid}:{tag.tagid}", tag)
    return OK


def delete(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/delete"""
    account = account_of(world, request)
    tag = _find(world, account, read_body(request, TagBody).tag.id)
    for identity in _tagged(world, account, tag.tagid):
        identity.tagid_list.remove(tag.tagid)
        save_identity(world, identity)
    world.tags.delete(f"{account.appid}:{tag.tagid}")
    return OK


def batch_tag(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/members/batchtagging: up to 50 followers."""
    asked, identities = _batch(world, request)
    for identity in identities:
        if asked.tagid not in identity.tagid_list:
            identity.tagid_list.append(asked.tagid)
            save_identity(world, identity)
    return OK


def batch_untag(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/members/batchuntagging"""
    asked, identities = _batch(world, request)
    for identity in identities:
        if asked.tagid in identity.tagid_list:
            identity.tagid_list.remove(asked.tagid)
            save_identity(world, identity)
    return OK


def _batch(world: World, request: Request) -> tuple[BatchBody, list[Identity]]:
    account = account_of(world, request)
    asked = read_body(request, BatchBody)
    _find(world, account, asked.tagid)
    if not 1 <= len(asked.openid_list) <= 50:
        raise WxError(40032)
    return asked, [identity_by_openid(world, account, openid) for openid in asked.openid_list]


def ids_of(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/getidlist"""
    account = account_of(world, request)
    identity = identity_by_openid(world, account, read_body(request, OpenidBody).openid)
    return {"tagid_list": identity.tagid_list}


def members(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/user/tag/get: up to 10,000 at a time."""
    account = account_of(world, request)
    asked = read_body(request, TagIdBody)
    _find(world, account, asked.tagid)
    openids = sorted(row.openid for row in _tagged(world, account, asked.tagid))
    page = [openid for openid in openids if openid > asked.next_openid][:10_000]
    return {"count": len(page), "data": {"openid": page}, "next_openid": page[-1] if page else ""}
