"""Followers that an account does not want to hear from.

Source: developers.weixin.qq.com 黑名单管理 (20 at once; 49003 for an openid of another account; 10,000 to a page).
"""

from typing import Any

from msgspec import Struct, field

from wechat_sandbox import push
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Identity, OfficialAccount
from wechat_sandbox.models_apps import Blacklist
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError

PAGE = 10_000


class BatchBody(Struct):
    """POST batchblacklist and batchunblacklist."""

    openid_list: list[str] = field(default_factory=list[str])


class ListBody(Struct):
    """POST getblacklist."""

    begin_openid: str = ""


def _rows(world: World, appid: str) -> list[str]:
    row = world.apps.blacklists.get(appid)
    return row.openids if row else []


def _save(world: World, appid: str, openids: list[str]) -> None:
    world.apps.blacklists.put(appid, Blacklist(appid, openids))


def _batch(world: World, request: Request) -> tuple[OfficialAccount, list[str]]:
    account = account_of(world, request)
    openids = read_body(request, BatchBody).openid_list
    if not 1 <= len(openids) <= 20:
        raise WxError(40032)
    for openid in openids:
        identity = world.openids.get(openid)
        if identity is None:
            raise WxError(40003)
        if identity.appid != account.appid:
            raise WxError(49003)
    return account, openids


def add(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/members/batchblacklist"""
    account, openids = _batch(world, request)
    _save(world, account.appid, list(dict.fromkeys([*_rows(world, account.appid), *openids])))
    return OK


def remove(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/members/batchunblacklist"""
    account, openids = _batch(world, request)
    _save(world, account.appid, [openid for openid in _rows(world, account.appid) if openid not in openids])
    return OK


def listing(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/tags/members/getblacklist"""
    account = account_of(world, request)
    after = read_body(request, ListBody).begin_openid
    rows = _rows(world, account.appid)
    if after and after not in rows:
        raise WxError(40003)
    start = rows.index(after) + 1 if after else 0
    page = rows[start : start + PAGE]
    answer: dict[str, Any] = {"total": len(rows), "count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return answer | {"next_openid": page[-1] if page else ""}


def hold(world: World, target: push.Target, identity: Identity, kind: str, fields: dict[str, Any]) -> bool:
    """The account does not get what such a follower writes."""
    del kind, fields
    return identity.openid in _rows(world, target.appid)


push.HOLDERS.append(hold)
