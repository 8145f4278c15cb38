"""Chats between shoppers and accounts: lines are kept, counted and told to open phones."""

import secrets
from typing import Any, Literal

from wechat_sandbox.accounts import identity_of, save_identity
from wechat_sandbox.clock import rfc3339_utc
from wechat_sandbox.models import Message
from wechat_sandbox.world import World


def say(
    world: World,
    appid: str,
    shopper_id: str,
    sender: Literal["shopper", "account"],
    kind: str,
    body: dict[str, Any],
) -> Message:
    """Add a line to a chat."""
    message = Message(secrets.token_hex(8), appid, shopper_id, world.clock.now(), sender, kind, body)
    world.messages.put(message.message_id, message)
    world.chats.setdefault((appid, shopper_id), []).append(message)
    world.hub.publish(shopper_id, {"type": "message", "appid": appid, "message": public(message)})
    return message


def public(message: Message) -> dict[str, Any]:
    """A line as the control API shows it."""
    return {
        "id": message.message_id,
        "at": rfc3339_utc(message.at),
        "from": message.sender,
        "kind": message.kind,
        **message.body,
    }


def lines(world: World, appid: str, shopper_id: str) -> list[Message]:
    """A chat, oldest first."""
    return world.chats.get((appid, shopper_id), [])


def overview(world: World, shopper_id: str) -> list[dict[str, Any]]:
    """The shopper's chats, the latest first."""
    items: list[tuple[float, dict[str, Any]]] = []
    for account in world.accounts.values():
        identity = world.identities.get(f"{account.appid}:{shopper_id}")
        chat = lines(world, account.appid, shopper_id)
        if identity is None or not (identity.following or chat):
            continue
        last = chat[-1] if chat else None
        unread = sum(1 for line in chat if line.sender == "account" and line.at > identity.read_at)
        items.append(
            (
                last.at if last else identity.followed_at,
                {
                    "appid": account.appid,
                    "name": account.name,
                    "avatar_color": account.avatar_color,
                    "following": identity.following,
                    "unread": unread,
                    "last": public(last) if last else None,
                    "menu": account.menu or [],
                },
            )
        )
    return [item for _, item in sorted(items, key=lambda pair: -pair[0])]


def mark_read(world: World, appid: str, shopper_id: str) -> None:
    """The shopper looked at the chat."""
    identity = identity_of(world, appid, shopper_id)
    identity.read_at = world.clock.now()
    save_identity(world, identity)
