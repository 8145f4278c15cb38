"""Shoppers among themselves: chats, groups, share cards, moments, red packets."""

from typing import Any

from litestar import get, post, put
from msgspec import Struct

from wechat_sandbox import friends
from wechat_sandbox.control.errors import ControlError, not_found
from wechat_sandbox.control.shoppers import find
from wechat_sandbox.friends import FriendError, UnknownChatError
from wechat_sandbox.models import Shopper
from wechat_sandbox.phone_rows import Moment, RedPacket
from wechat_sandbox.world import World


class CardBody(Struct, forbid_unknown_fields=True):
    """A shared page (`link`), or a mini program (`appid`, `path`)."""

    title: str = ""
    desc: str = ""
    img_url: str = ""
    link: str = ""
    appid: str = ""
    path: str = ""

    def fields(self) -> dict[str, Any]:
        """As a dict."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


class FriendMessage(Struct, forbid_unknown_fields=True):
    """One of: a text, a card, a red packet."""

    content: str | None = None
    card: CardBody | None = None
    red_packet_fen: int | None = None
    count: int = 1
    greeting: str = ""


class GroupBody(Struct, forbid_unknown_fields=True):
    """A group to make; its name is made of its members' when empty."""

    members: list[str]
    name: str = ""


class MomentBody(Struct, forbid_unknown_fields=True):
    """A moment to post."""

    text: str = ""
    card: CardBody | None = None


class LikeBody(Struct, forbid_unknown_fields=True):
    """Like, or no longer."""

    liked: bool = True


class CommentBody(Struct, forbid_unknown_fields=True):
    """A word below a moment."""

    content: str


def _refused(error: FriendError) -> ControlError:
    if isinstance(error, UnknownChatError):
        return not_found("friend or group")
    return ControlError(400, "refused", str(error))


@get("/shoppers/{shopper_id:str}/friends", tags=["friends"])
async def list_friends(world: World, shopper_id: str) -> dict[str, Any]:
    """`items`: the shopper's chats with friends and groups, latest first. `friends`: everybody else of the sandbox."""
    shopper = find(world, shopper_id)
    others = [row for row in world.shoppers.values() if row.shopper_id != shopper_id]
    return {
        "items": friends.overview(world, shopper),
        "friends": [friends.person(world, row.shopper_id) for row in others],
    }


@post("/groups", tags=["friends"])
async def create_group(world: World, data: GroupBody) -> dict[str, Any]:
    """Make a group chat; the first member is who made it."""
    try:
        group = friends.make_group(world, data.name, data.members)
    except FriendError as error:
        raise _refused(error) from error
    return {
        "chat_id": group.group_id,
        "name": group.name,
        "members": [friends.person(world, one) for one in group.members],
    }


@get("/shoppers/{shopper_id:str}/friends/{chat_id:str}/messages", tags=["friends"])
async def list_messages(world: World, shopper_id: str, chat_id: str, peek: bool = False) -> dict[str, Any]:
    """A chat with a friend (their shopper id) or a group, oldest first. Marks it read unless `peek`."""
    shopper = find(world, shopper_id)
    try:
        lines = friends.lines(world, shopper, chat_id)
        if not peek:
            friends.mark_read(world, shopper, chat_id)
    except FriendError as error:
        raise _refused(error) from error
    return {"messages": [friends.public(world, line, shopper_id) for line in lines]}


@post("/shoppers/{shopper_id:str}/friends/{chat_id:str}/messages", tags=["friends"])
async def send_message(world: World, shopper_id: str, chat_id: str, data: FriendMessage) -> dict[str, Any]:
    """Send a text, a share card or a red packet to a friend or a group."""
    shopper = find(world, shopper_id)
    try:
        if data.card is not None:
            line = friends.send_card(world, shopper, chat_id, data.card.fields())
        elif data.red_packet_fen is not None:
            line = friends.give_packet(world, shopper, chat_id, data.red_packet_fen, data.count, data.greeting)
        else:
            line = friends.write(world, shopper, chat_id, data.content or "")
    except FriendError as error:
        raise _refused(error) from error
    return friends.public(world, line, shopper_id)


def _packet(world: World, shopper_id: str, packet_id: str) -> tuple[Shopper, RedPacket]:
    shopper = find(world, shopper_id)
    row = world.phone.packets.get(packet_id)
    if row is None:
        raise not_found("red packet")
    try:
        friends.members_of(world, shopper, friends.seen_as(row.talk_id, shopper_id))
    except FriendError as error:
        raise not_found("red packet") from error
    return shopper, row


@get("/shoppers/{shopper_id:str}/red-packets/{packet_id:str}", tags=["friends"])
async def get_packet(world: World, shopper_id: str, packet_id: str) -> dict[str, Any]:
    """A red packet of one of the shopper's chats, and who took what."""
    _, row = _packet(world, shopper_id, packet_id)
    return friends.packet_view(world, row, shopper_id)


@post("/shoppers/{shopper_id:str}/red-packets/{packet_id:str}/open", tags=["friends"], status_code=200)
async def open_packet(world: World, shopper_id: str, packet_id: str) -> dict[str, Any]:
    """Take one's share. `state` says whether there was one; opening again changes nothing."""
    shopper, row = _packet(world, shopper_id, packet_id)
    friends.open_packet(world, shopper, row)
    return friends.packet_view(world, row, shopper_id)


@get("/shoppers/{shopper_id:str}/moments", tags=["friends"])
async def list_moments(world: World, shopper_id: str, limit: int = 50) -> dict[str, Any]:
    """The moments of everybody, newest first."""
    find(world, shopper_id)
    rows = world.phone.moments.values()[::-1][: max(1, min(limit, 200))]
    return {"items": [friends.moment_view(world, row, shopper_id) for row in rows]}


@post("/shoppers/{shopper_id:str}/moments", tags=["friends"])
async def post_moment(world: World, shopper_id: str, data: MomentBody) -> dict[str, Any]:
    """Post a text, a card or both."""
    try:
        card = data.card.fields() if data.card is not None else None
        row = friends.post(world, find(world, shopper_id), data.text, card)
    except FriendError as error:
        raise _refused(error) from error
    return friends.moment_view(world, row, shopper_id)


def _moment(world: World, moment_id: str) -> Moment:
    row = world.phone.moments.get(moment_id)
    if row is None:
        raise not_found("moment")
    return row


@put("/shoppers/{shopper_id:str}/moments/{moment_id:str}/like", tags=["friends"])
async def like_moment(world: World, shopper_id: str, moment_id: str, data: LikeBody) -> dict[str, Any]:
    """Like a moment, or no longer."""
    row = _moment(world, moment_id)
    friends.like(world, find(world, shopper_id), row, data.liked)
    return friends.moment_view(world, row, shopper_id)


@post("/shoppers/{shopper_id:str}/moments/{moment_id:str}/comments", tags=["friends"])
async def comment_moment(world: World, shopper_id: str, moment_id: str, data: CommentBody) -> dict[str, Any]:
    """Write below a moment."""
    row = _moment(world, moment_id)
    try:
        friends.comment(world, find(world, shopper_id), row, data.content)
    except FriendError as error:
        raise _refused(error) from error
    return friends.moment_view(world, row, shopper_id)


HANDLERS = [
    list_friends,
    create_group,
    list_messages,
    send_message,
    get_packet,
    open_packet,
    list_moments,
    post_moment,
    like_moment,
    comment_moment,
]
