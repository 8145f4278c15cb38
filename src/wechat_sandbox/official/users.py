"""Followers: one, several, all of them, and the note that the account keeps on each."""

from typing import Any

from msgspec import Struct

from wechat_sandbox.accounts import save_identity
from wechat_sandbox.asgi import Request
from wechat_sandbox.models import Identity, OfficialAccount
from wechat_sandbox.official.followers import unionid_of
from wechat_sandbox.world import World
from wechat_sandbox.wx_api import OK, account_of, read_body
from wechat_sandbox.wx_errors import WxError

PAGE = 10_000


class UserKey(Struct):
    """One of `user_list`."""

    openid: str
    lang: str = "zh_CN"


class BatchBody(Struct):
    """POST /cgi-bin/user/info/batchget."""

    user_list: list[UserKey]


class RemarkBody(Struct):
    """POST /cgi-bin/user/info/updateremark."""

    openid: str
    remark: str


def identity_by_openid(world: World, account: OfficialAccount, openid: str) -> Identity:
    """The account's user. Raises WxError 40003."""
    identity = world.openids.get(openid)
    if identity is None or identity.appid != account.appid:
        raise WxError(40003)
    return identity


def info(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/user/info?openid="""
    account = account_of(world, request)
    openid = request.query.get("openid", "")
    if not openid:
        raise WxError(41009)
    return _public(world, identity_by_openid(world, account, openid))


def batch_info(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/user/info/batchget: up to 100."""
    account = account_of(world, request)
    asked = read_body(request, BatchBody)
    if not 1 <= len(asked.user_list) <= 100:
        raise WxError(40097)
    found = [_public(world, identity_by_openid(world, account, key.openid)) for key in asked.user_list]
    return {"user_info_list": found}


def listing(world: World, request: Request) -> dict[str, Any]:
    """GET /cgi-bin/user/get?next_openid=: followers, 10,000 at a time."""
    account = account_of(world, request)
    followers = [row for row in world.identities.values() if row.appid == account.appid and row.following]
    openids = [row.openid for row in sorted(followers, key=lambda row: row.followed_at)]
    after = request.query.get("next_openid", "")
    if after and after not in openids:
        raise WxError(40003)
    start = openids.index(after) + 1 if after else 0
    page = openids[start : start + PAGE]
    answer: dict[str, Any] = {"total": len(openids), "count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    answer["next_openid"] = page[-1] if page else ""
    return answer


def remark(world: World, request: Request) -> dict[str, Any]:
    """POST /cgi-bin/user/info/updateremark"""
    account = account_of(world, request)
    asked = read_body(request, RemarkBody)
    identity = identity_by_openid(world, account, asked.openid)
    identity.remark = asked.remark[:30]
    save_identity(world, identity)
    return OK


def _public(world: World, identity: Identity) -> dict[str, Any]:
    if not identity.following:
        return {"subscribe": 0, "openid": identity.openid, "tagid_list": []}
    return {
        "subscribe": 1,
        "openid": identity.openid,
        "nickname": "",  # empty since 2021: names come by OAuth alone
        "sex": 0,
        "language": "zh_CN",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": "",
        "subscribe_time": int(identity.followed_at),
        "unionid": unionid_of(world, identity.shopper_id),
        "remark": identity.remark,
        "groupid": identity.tagid_list[0] if identity.tagid_list else 0,
        "tagid_list": identity.tagid_list,
        "subscribe_scene": identity.subscribe_scene,
        "qr_scene": identity.qr_scene,
        "qr_scene_str": identity.qr_scene_str,
    }
