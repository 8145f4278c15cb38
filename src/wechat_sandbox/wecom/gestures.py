"""What people do: a shopper adds a member, they write to each other, one of them ends it."""

import secrets
from typing import Any

from wechat_sandbox.models import Shopper
from wechat_sandbox.models_apps import Corp, Follow, Welcome
from wechat_sandbox.wecom import customers, messages, push, ways
from wechat_sandbox.wecom.corps import CorpRefused
from wechat_sandbox.world import World

BY_CODE, BY_SEARCH = 1, 2


def add_member(world: World, shopper: Shopper, content: str) -> Follow:
    """The shopper scans a contact way's code and adds the member. Adding twice changes nothing. Raises CorpRefused."""
    way = ways.way_of(world, content)
    if way is None or (way.expires_at is not None and world.clock.now() >= way.expires_at):
        raise CorpRefused("the code is of no contact way, or it has ended")
    corp = world.apps.corps.get(way.corpid)
    userid = ways.member_of(world, way)
    if corp is None or not userid:
        raise CorpRefused("the contact way has no member")
    return befriend(world, corp, userid, shopper, way.state, BY_CODE)


def befriend(world: World, corp: Corp, userid: str, shopper: Shopper, state: str, add_way: int) -> Follow:
    """A member gets a customer, with a welcome code. Raises CorpRefused."""
    if f"{corp.corpid}:{userid}" not in world.apps.members:
        raise CorpRefused(f"no member {userid}")
    external = customers.external_userid(world, corp.corpid, shopper.shopper_id)
    row = world.apps.follows.get(f"{corp.corpid}:{userid}:{external}")
    if row is not None and not row.deleted_by_shopper:
        return row
    now = world.clock.now()
    row = Follow(corp.corpid, userid, shopper.shopper_id, external, now, state, add_way, remark=shopper.nickname)
    customers.save(world, row)
    code = Welcome(secrets.token_urlsafe(32), corp.corpid, userid, shopper.shopper_id, now)
    world.apps.welcomes.put(code.code, code)
    fields: dict[str, Any] = {"UserID": userid, "ExternalUserID": external}
    if state:
        fields["State"] = state
    push.tell(world, corp, "add_external_contact", **fields, WelcomeCode=code.code)
    return row


def find(world: World, corpid: str, userid: str, shopper_id: str) -> tuple[Corp, Follow]:
    """The two who know each other. Raises CorpRefused."""
    corp = world.apps.corps.get(corpid)
    external = customers.external_userid(world, corpid, shopper_id)
    row = world.apps.follows.get(f"{corpid}:{userid}:{external}")
    if corp is None or row is None:
        raise CorpRefused("they do not know each other")
    return corp, row


def write(world: World, follow: Follow, *, by_shopper: bool, content: str) -> dict[str, Any]:
    """One writes to the other. Raises CorpRefused."""
    if not content.strip() or len(content) > 4000:
        raise CorpRefused("a text has 1 to 4000 characters")
    if follow.deleted_by_shopper:
        raise CorpRefused("the shopper has ended it")
    sender = "shopper" if by_shopper else "member"
    body = {"content": content}
    return messages.public(messages.say(world, follow.corpid, follow.userid, follow.shopper_id, sender, "text", body))


def leave(world: World, corp: Corp, follow: Follow) -> None:
    """The shopper deletes the member: the customer stays on the member's list."""
    if not follow.deleted_by_shopper:
        follow.deleted_by_shopper = True
        customers.save(world, follow)
        push.tell(world, corp, "del_follow_user", UserID=follow.userid, ExternalUserID=follow.external_userid)


def drop(world: World, corp: Corp, follow: Follow) -> None:
    """The member deletes the customer."""
    world.apps.follows.delete(f"{follow.corpid}:{follow.userid}:{follow.external_userid}")
    push.tell(world, corp, "del_external_contact", UserID=follow.userid, ExternalUserID=follow.external_userid)


def note(world: World, corp: Corp, follow: Follow, remark: str) -> None:
    """The member changes what is noted of the customer."""
    follow.remark = remark[:20]
    customers.save(world, follow)
    push.tell(world, corp, "edit_external_contact", UserID=follow.userid, ExternalUserID=follow.external_userid)
