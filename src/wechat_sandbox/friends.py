"""What shoppers do among themselves: write, share cards, post moments, give red packets.

All shoppers of a sandbox are friends. A chat is named, as each of the two sees it, by the other's shopper id; a group
by its own id. None of this reaches a merchant, except that a shared card opens with the exact link or path it had.
"""

import secrets
from typing import Any

from wechat_sandbox.accounts import avatar_url
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.models import Shopper
from wechat_sandbox.phone_rows import Comment, Group, Line, LineKind, Moment, RedPacket, Seen, Share
from wechat_sandbox.world import World

MAX_TEXT = 2000
MAX_MEMBERS = 40
MAX_PACKET_FEN = 20_000
"""WeChat's own limit of an ordinary red packet: 200 yuan."""
PACKET_SECONDS = 24 * 3600


class FriendError(Exception):
    """What cannot be done among friends; the text says why."""


class UnknownChatError(FriendError):
    """There is no such friend or group."""


def members_of(world: World, shopper: Shopper, chat_id: str) -> tuple[str, list[str]]:
    """The chat's own id and who is in it. Raises UnknownChatError."""
    group = world.phone.groups.get(chat_id)
    if group is not None and shopper.shopper_id in group.members:
        return group.group_id, group.members
    if group is None and chat_id in world.shoppers and chat_id != shopper.shopper_id:
        pair = sorted((shopper.shopper_id, chat_id))
        return "~".join(pair), pair
    raise UnknownChatError("no such friend or group")


def seen_as(talk_id: str, shopper_id: str) -> str:
    """How one of its members names a chat."""
    pair = talk_id.split("~")
    return talk_id if len(pair) == 1 else pair[1] if pair[0] == shopper_id else pair[0]


def person(world: World, shopper_id: str) -> dict[str, Any]:
    """A shopper as friends see them."""
    row = world.shoppers.get(shopper_id)
    name = row.nickname if row else shopper_id
    return {"shopper_id": shopper_id, "nickname": name, "avatar_url": avatar_url(world, shopper_id)}


def make_group(world: World, name: str, members: list[str]) -> Group:
    """A group chat of two shoppers or more. Raises FriendError."""
    chosen = list(dict.fromkeys(members))
    if not 2 <= len(chosen) <= MAX_MEMBERS or any(one not in world.shoppers for one in chosen):
        raise FriendError(f"a group has 2 to {MAX_MEMBERS} shoppers of this sandbox")
    names = "、".join(str(person(world, one)["nickname"]) for one in chosen[:3])
    group = Group("g" + secrets.token_hex(6), name.strip()[:30] or names[:30], chosen, world.clock.now())
    world.phone.groups.put(group.group_id, group)
    _say(world, group.group_id, chosen, chosen[0], "event", {"event": "group", "members": chosen})
    return group


def write(world: World, shopper: Shopper, chat_id: str, content: str) -> Line:
    """Write a text. Raises FriendError."""
    if not content.strip() or len(content) > MAX_TEXT:
        raise FriendError(f"a text has 1 to {MAX_TEXT} characters")
    return _say(world, *members_of(world, shopper, chat_id), shopper.shopper_id, "text", {"content": content})


def send_card(world: World, shopper: Shopper, chat_id: str, card: dict[str, Any]) -> Line:
    """Send a shared page (`link`) or mini program (`appid`, `path`). Raises FriendError."""
    checked = check_card(world, card)
    kind: LineKind = "mini" if checked.get("appid") else "link"
    return _say(world, *members_of(world, shopper, chat_id), shopper.shopper_id, kind, {"card": checked})


def check_card(world: World, card: dict[str, Any]) -> dict[str, Any]:
    """A card as it is kept. Raises FriendError when there is nothing that it could open."""
    texts = {name: str(card.get(name) or "")[:2000] for name in ("title", "desc", "img_url", "link", "appid", "path")}
    if texts["appid"]:
        program = world.mini_programs.get(texts["appid"])
        if program is None:
            raise FriendError("no such mini program")
        return {**_without(texts, "link"), "name": program.name}
    if not texts["link"].startswith(("http://", "https://")):
        raise FriendError("a card has a link (http or https), or an appid and a path")
    return _without(texts, "appid", "path")


def _without(texts: dict[str, str], *names: str) -> dict[str, str]:
    return {name: text for name, text in texts.items() if name not in names}


def _say(world: World, talk_id: str, members: list[str], sender: str, kind: LineKind, body: dict[str, Any]) -> Line:
    line = world.phone.add(Line(secrets.token_hex(8), talk_id, world.clock.now(), sender, kind, body))
    for member in members:
        event = {"type": "friend", "chat_id": seen_as(talk_id, member), "message": public(world, line, member)}
        world.hub.publish(member, event)
    return line


def public(world: World, line: Line, reader: str) -> dict[str, Any]:
    """A line as the control API shows it to one of the chat's members."""
    body = dict(line.body)
    if line.kind == "event":
        names = [str(person(world, one)["nickname"]) for one in body.pop("members")]
        body["content"] = f"{names[0]}建立了群聊：{'、'.join(names)}"
    if line.kind == "red_packet":
        packet = world.phone.packets.get(str(body["packet_id"]))
        body["state"] = packet_state(world, packet, reader) if packet else "expired"
    return {
        "id": line.line_id,
        "at": rfc3339_utc(line.at),
        "from": line.sender,
        "mine": line.sender == reader,
        "nickname": person(world, line.sender)["nickname"],
        "kind": line.kind,
        **body,
    }


def lines(world: World, shopper: Shopper, chat_id: str) -> list[Line]:
    """A chat, oldest first. Raises UnknownChatError."""
    return world.phone.talks.get(members_of(world, shopper, chat_id)[0], [])


def mark_read(world: World, shopper: Shopper, chat_id: str) -> None:
    """The shopper looked at the chat. Raises UnknownChatError."""
    talk_id, _ = members_of(world, shopper, chat_id)
    world.phone.seen.put(f"{talk_id}:{shopper.shopper_id}", Seen(world.clock.now()))


def overview(world: World, shopper: Shopper) -> list[dict[str, Any]]:
    """The shopper's chats with friends and groups, the latest first."""
    me = shopper.shopper_id
    found: list[tuple[float, dict[str, Any]]] = []
    for talk_id, talk in world.phone.talks.items():
        group = world.phone.groups.get(talk_id)
        members = group.members if group else talk_id.split("~")
        if me not in members:
            continue
        seen = world.phone.seen.get(f"{talk_id}:{me}")
        read_at = seen.read_at if seen else 0.0
        others = [one for one in members if one != me]
        about: dict[str, Any] = {
            "chat_id": seen_as(talk_id, me),
            "kind": "group" if group else "friend",
            "name": group.name if group else person(world, others[0])["nickname"],
            "members": [person(world, one) for one in (members if group else others)],
            "unread": sum(1 for line in talk if line.sender != me and line.kind != "event" and line.at > read_at),
            "last": public(world, talk[-1], me),
        }
        found.append((talk[-1].at, about))
    return [about for _, about in sorted(found, key=lambda pair: -pair[0])]


# --- moments ------------------------------------------------------------------------------------


def post(world: World, shopper: Shopper, text: str, card: dict[str, Any] | None) -> Moment:
    """Post to the moments. Raises FriendError when it is empty."""
    if not text.strip() and card is None:
        raise FriendError("a moment has a text or a card")
    kept = check_card(world, card) if card is not None else None
    row = Moment(secrets.token_hex(8), shopper.shopper_id, world.clock.now(), text.strip()[:MAX_TEXT], kept)
    world.phone.moments.put(row.moment_id, row)
    _tell_all(world, row)
    return row


def _tell_all(world: World, row: Moment) -> None:
    for shopper in world.shoppers.values():
        world.hub.publish(shopper.shopper_id, {"type": "moment", "moment": moment_view(world, row, shopper.shopper_id)})


def moment_view(world: World, row: Moment, reader: str) -> dict[str, Any]:
    """A moment as the control API shows it."""
    return {
        "moment_id": row.moment_id,
        "at": rfc3339_utc(row.at),
        "author": person(world, row.author),
        "text": row.text,
        "card": row.card,
        "liked": reader in row.likes,
        "likes": [person(world, one)["nickname"] for one in row.likes],
        "comments": [
            {"nickname": person(world, one.author)["nickname"], "content": one.content, "at": rfc3339_utc(one.at)}
            for one in row.comments
        ],
    }


def like(world: World, shopper: Shopper, row: Moment, liked: bool) -> None:
    """Like a moment, or no longer."""
    rest = [one for one in row.likes if one != shopper.shopper_id]
    row.likes = [*rest, shopper.shopper_id] if liked else rest
    world.phone.moments.put(row.moment_id, row)
    _tell_all(world, row)


def comment(world: World, shopper: Shopper, row: Moment, content: str) -> None:
    """Write below a moment. Raises FriendError."""
    if not content.strip() or len(content) > MAX_TEXT:
        raise FriendError(f"a text has 1 to {MAX_TEXT} characters")
    row.comments.append(Comment(shopper.shopper_id, world.clock.now(), content.strip()))
    world.phone.moments.put(row.moment_id, row)
    _tell_all(world, row)


# --- red packets --------------------------------------------------------------------------------


def give_packet(world: World, shopper: Shopper, chat_id: str, amount_fen: int, count: int, greeting: str) -> Line:
    """Give a red packet; in a group `count` members share it by luck. Raises FriendError."""
    talk_id, members = members_of(world, shopper, chat_id)
    in_group = talk_id in world.phone.groups
    if not (1 <= count <= len(members)) or (count != 1 and not in_group):
        raise FriendError("a red packet has one share for a friend, and at most one for each member of a group")
    if not (count <= amount_fen <= MAX_PACKET_FEN * count):
        raise FriendError("a share is 0.01 to 200 yuan")
    words = greeting.strip()[:25] or "恭喜发财，大吉大利"
    packet_id = "rp" + secrets.token_hex(8)
    now = world.clock.now()
    row = RedPacket(packet_id, talk_id, shopper.shopper_id, amount_fen, count, words, now)
    world.phone.packets.put(packet_id, row)
    return _say(world, talk_id, members, shopper.shopper_id, "red_packet", {"packet_id": packet_id, "greeting": words})


def packet_state(world: World, row: RedPacket, reader: str) -> str:
    """ "open", "taken" (by the reader), "empty" or "expired", as the reader sees it."""
    if any(share.shopper_id == reader for share in row.shares):
        return "taken"
    if len(row.shares) >= row.count:
        return "empty"
    return "expired" if world.clock.now() >= row.created_at + PACKET_SECONDS else "open"


def open_packet(world: World, shopper: Shopper, row: RedPacket) -> Share | None:
    """Take a share; None when nothing is left for this shopper. Opening twice gives the same share."""
    me = shopper.shopper_id
    had = next((share for share in row.shares if share.shopper_id == me), None)
    own_gift = row.sender == me and "~" in row.talk_id
    if had or own_gift or packet_state(world, row, me) != "open":
        return had
    left = row.amount_fen - sum(share.amount_fen for share in row.shares)
    shares_left = row.count - len(row.shares)
    share = Share(me, left if shares_left == 1 else _luck(left, shares_left), world.clock.now())
    row.shares.append(share)
    world.phone.packets.put(row.packet_id, row)
    members = row.talk_id.split("~")
    group = world.phone.groups.get(row.talk_id)
    for member in group.members if group else members:
        world.hub.publish(member, {"type": "friend", "chat_id": seen_as(row.talk_id, member)})
    return share


def _luck(left: int, shares_left: int) -> int:
    """At least a fen for each, at most twice the fair share."""
    return 1 + secrets.randbelow(max(1, min(2 * left // shares_left, left - shares_left)))


def packet_view(world: World, row: RedPacket, reader: str) -> dict[str, Any]:
    """A red packet as one of the chat's members sees it."""
    return {
        "packet_id": row.packet_id,
        "sender": person(world, row.sender),
        "greeting": row.greeting,
        "amount_fen": row.amount_fen,
        "count": row.count,
        "state": packet_state(world, row, reader),
        "mine_fen": next((share.amount_fen for share in row.shares if share.shopper_id == reader), None),
        "shares": [
            {**person(world, share.shopper_id), "amount_fen": share.amount_fen, "at": rfc3339_utc(share.at)}
            for share in row.shares
        ],
    }
