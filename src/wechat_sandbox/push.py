"""Events and messages pushed to an app's server: signed, encrypted if asked, three tries.

What the server answers at once (a passive reply) becomes a line of the chat. An account in the hands
of a third-party platform tells the platform instead of its own server, with the platform's keys.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlencode

from wechat_sandbox import chat
from wechat_sandbox.crypto import sha1_sorted
from wechat_sandbox.envelope import Envelope, Fields, with_query
from wechat_sandbox.models import Attempt, Delivery, Identity, MessageMode, OfficialAccount
from wechat_sandbox.models_apps import MiniCallback
from wechat_sandbox.outbound import NoAnswerInTimeError, SendError
from wechat_sandbox.passive import ReplyError, parse_reply
from wechat_sandbox.world import World

TRIES = 3
PAUSE_SECONDS = 1.0
"""Between tries that failed at once; one that timed out has already taken its five seconds."""
HEADERS = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Accept": "*/*", "Pragma": "no-cache"}
TROUBLE = "该公众号提供的服务出现故障，请稍后再试"
MESSAGE_FUNCS = frozenset((1, 19))
"""消息管理权限 of official accounts, 客服消息管理权限 of mini programs."""


class Target(Protocol):
    """Who is pushed to: an official account, or the callback of a mini program."""

    appid: str
    original_id: str
    token: str
    encoding_aes_key: str
    mode: MessageMode
    callback_url: str | None


ReplyHook = Callable[[World, Target, Identity, dict[str, Any]], None]
REPLY_HOOKS: dict[str, ReplyHook] = {}
"""Replies that do more than add a line to the chat, by kind."""
Holder = Callable[[World, Target, Identity, str, dict[str, Any]], bool]
HOLDERS: list[Holder] = []
"""Who may keep a shopper's message from the server: a customer-service session, the blacklist."""


def envelope_of(world: World, target: Target) -> Envelope | None:
    """How the target's messages are closed, or None when nobody listens."""
    for row in world.apps.authorizations.values():
        if row.appid != target.appid or not MESSAGE_FUNCS.intersection(row.func_ids):
            continue
        component = world.apps.components.get(row.component_appid)
        if component is not None and component.message_url:
            return Envelope(
                component.message_url.replace("$APPID$", target.appid),
                component.token,
                component.encoding_aes_key,
                component.appid,
                "safe",
                {"ToUserName": target.original_id},
            )
    if not target.callback_url:
        return None
    return Envelope(
        target.callback_url,
        target.token,
        target.encoding_aes_key,
        target.appid,
        target.mode,
        {"ToUserName": target.original_id},
        as_json=isinstance(target, MiniCallback) and target.data_format == "json",
    )


def _head(world: World, target: Target, openid: str, kind: str) -> Fields:
    return {
        "ToUserName": target.original_id,
        "FromUserName": openid,
        "CreateTime": int(world.clock.now()),
        "MsgType": kind,
    }


def event(world: World, target: Target, identity: Identity | None, name: str, **fields: Any) -> None:
    """Push an event; one without an identity concerns the app and not a shopper."""
    openid = identity.openid if identity else "system"
    _start(world, target, identity, name, {**_head(world, target, openid, "event"), "Event": name, **fields})


def text(world: World, target: Target, identity: Identity, content: str) -> None:
    """Push a text message."""
    message(world, target, identity, "text", Content=content)


def message(world: World, target: Target, identity: Identity, kind: str, **fields: Any) -> None:
    """Push a message of the shopper: text, image, voice, location, link .."""
    if any(holds(world, target, identity, kind, fields) for holds in HOLDERS):
        return
    msgid = 20_000_000_000_000_000 + secrets.randbelow(10**16)
    _start(world, target, identity, kind, {**_head(world, target, identity.openid, kind), **fields, "MsgId": msgid})


def _start(world: World, target: Target, identity: Identity | None, what: str, fields: Fields) -> None:
    envelope = envelope_of(world, target)
    if envelope is None:
        return
    openid = identity.openid if identity else ""
    delivery = Delivery(target.appid, openid, what, envelope.write(fields), world.clock.now())
    world.pushes.append(delivery)
    world.spawn(_tell(world, target, envelope, identity, delivery))


async def deliver(world: World, envelope: Envelope, delivery: Delivery) -> bytes | None:
    """Send until the server says 200, at most three times. What it answered, or None."""
    headers = {**HEADERS, "Content-Type": "application/json"} if envelope.as_json else HEADERS
    for _ in range(TRIES):
        url, body = envelope.close(delivery.xml, delivery.openid)
        at = world.clock.now()
        try:
            reply = await world.outbound.send("POST", url, headers, body)
        except SendError as error:
            delivery.attempts.append(Attempt(at, 0, str(error)[:200]))
            if not isinstance(error, NoAnswerInTimeError):
                await asyncio.sleep(PAUSE_SECONDS)
            continue
        delivery.attempts.append(Attempt(at, reply.status))
        if reply.status == 200:
            delivery.state = "accepted"
            return reply.body
        await asyncio.sleep(PAUSE_SECONDS)
    delivery.state = "given_up"
    return None


async def _tell(
    world: World, target: Target, envelope: Envelope, identity: Identity | None, delivery: Delivery
) -> None:
    answer = await deliver(world, envelope, delivery)
    if identity is None:
        return
    if answer is None:
        _show_trouble(world, target, identity, delivery)
        return
    try:
        reply = parse_reply(envelope, target.original_id, identity.openid, answer)
    except ReplyError as error:
        delivery.attempts[-1].error = str(error)
        _show_trouble(world, target, identity, delivery)
        return
    if reply is None:
        return
    kind, body = reply
    if kind in REPLY_HOOKS:
        REPLY_HOOKS[kind](world, target, identity, body)
    else:
        chat.say(world, target.appid, identity.shopper_id, "account", kind, body)


def _show_trouble(world: World, target: Target, identity: Identity, delivery: Delivery) -> None:
    if delivery.what in ("text", "CLICK") and target.appid in world.accounts:  # where the shopper waits for an answer
        body: dict[str, Any] = {"content": TROUBLE}
        chat.say(world, target.appid, identity.shopper_id, "account", "notice", body)


async def handshake(world: World, target: OfficialAccount | MiniCallback, url: str) -> str:
    """WeChat's check of a callback address: the server must echo. Returns the reason of a failure, or ''."""
    timestamp, nonce, echo = str(int(time.time())), str(secrets.randbelow(10**10)), str(secrets.randbits(62))
    query = {
        "signature": sha1_sorted(target.token, timestamp, nonce),
        "echostr": echo,
        "timestamp": timestamp,
        "nonce": nonce,
    }
    return await expect_echo(world, with_query(url, urlencode(query)), echo)


async def expect_echo(world: World, url: str, echo: str) -> str:
    """GET the address; the server must answer `echo`. Returns the reason of a failure, or ''."""
    try:
        reply = await world.outbound.send("GET", url, HEADERS)
    except SendError as error:
        return f"请求URL超时或无法连接: {error}"
    if reply.status != 200:
        return f"请求URL返回 {reply.status}"
    if reply.body.strip() != echo.encode():
        return f"Token验证失败: 应原样返回 echostr，收到 {reply.text[:80]!r}"
    return ""
