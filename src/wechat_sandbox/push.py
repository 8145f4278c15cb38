"""Events and messages pushed to an account's server: signed, encrypted if asked, three tries.

What the server answers at once (a passive reply) becomes a line of the chat.
"""

import asyncio
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

from wechat_sandbox import chat
from wechat_sandbox.crypto import encrypt_message, sha1_sorted
from wechat_sandbox.models import Attempt, Delivery, Identity, OfficialAccount
from wechat_sandbox.outbound import NoAnswerInTimeError, SendError
from wechat_sandbox.passive import ReplyError, parse_reply
from wechat_sandbox.world import World

TRIES = 3
PAUSE_SECONDS = 1.0
"""Between tries that failed at once; one that timed out has already taken its five seconds."""
HEADERS = {"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0", "Accept": "*/*", "Pragma": "no-cache"}
TROUBLE = "该公众号提供的服务出现故障，请稍后再试"


def cdata(value: str) -> str:
    """Text that may hold anything."""
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def build_xml(fields: dict[str, str | int]) -> str:
    """The flat XML of WeChat: numbers bare, texts in CDATA."""
    parts = (f"<{name}>{value if isinstance(value, int) else cdata(value)}</{name}>" for name, value in fields.items())
    return "<xml>" + "".join(parts) + "</xml>"


def _head(world: World, account: OfficialAccount, identity: Identity, kind: str) -> dict[str, str | int]:
    return {
        "ToUserName": account.original_id,
        "FromUserName": identity.openid,
        "CreateTime": int(world.clock.now()),
        "MsgType": kind,
    }


def event(world: World, account: OfficialAccount, identity: Identity, name: str, **fields: str | int) -> None:
    """Push an event."""
    xml = build_xml({**_head(world, account, identity, "event"), "Event": name, **fields})
    _start(world, account, identity, name, xml)


def text(world: World, account: OfficialAccount, identity: Identity, content: str) -> None:
    """Push a text message."""
    msgid = 20_000_000_000_000_000 + secrets.randbelow(10**16)
    fields = {**_head(world, account, identity, "text"), "Content": content, "MsgId": msgid}
    _start(world, account, identity, "text", build_xml(fields))


def _start(world: World, account: OfficialAccount, identity: Identity, what: str, xml: str) -> None:
    if account.callback_url:
        delivery = Delivery(account.appid, identity.openid, what, xml, world.clock.now())
        world.pushes.append(delivery)
        world.spawn(_deliver(world, account, identity, delivery))


def signed_query(account: OfficialAccount, openid: str, encrypted: str | None) -> str:
    """The query of a push: `signature` always, `msg_signature` when something is encrypted."""
    timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    query = {
        "signature": sha1_sorted(account.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": openid,
    }
    if encrypted is not None:
        query["encrypt_type"] = "aes"
        query["msg_signature"] = sha1_sorted(account.token, timestamp, nonce, encrypted)
    return urlencode(query, quote_via=quote)


def dress(account: OfficialAccount, xml: str) -> tuple[str, str | None]:
    """The body in the account's mode, and what of it is encrypted."""
    if account.mode == "plain":
        return xml, None
    encrypted = encrypt_message(account.encoding_aes_key, account.appid, xml)
    if account.mode == "compatible":
        return xml.removesuffix("</xml>") + f"<Encrypt>{cdata(encrypted)}</Encrypt></xml>", encrypted
    return build_xml({"ToUserName": account.original_id, "Encrypt": encrypted}), encrypted


def with_query(url: str, query: str) -> str:
    """The callback address with the push's query."""
    return f"{url}{'&' if '?' in url else '?'}{query}"


async def _deliver(world: World, account: OfficialAccount, identity: Identity, delivery: Delivery) -> None:
    for _ in range(TRIES):
        body, encrypted = dress(account, delivery.xml)
        url = with_query(account.callback_url or "", signed_query(account, identity.openid, encrypted))
        at = world.clock.now()
        try:
            reply = await world.outbound.send("POST", url, HEADERS, body.encode())
        except SendError as error:
            delivery.attempts.append(Attempt(at, 0, str(error)[:200]))
            if not isinstance(error, NoAnswerInTimeError):
                await asyncio.sleep(PAUSE_SECONDS)
            continue
        delivery.attempts.append(Attempt(at, reply.status))
        if reply.status == 200:
            delivery.state = "accepted"
            _take_reply(world, account, identity, delivery, reply.body)
            return
        await asyncio.sleep(PAUSE_SECONDS)
    delivery.state = "given_up"
    _show_trouble(world, account, identity, delivery)


def _take_reply(world: World, account: OfficialAccount, identity: Identity, delivery: Delivery, body: bytes) -> None:
    try:
        reply = parse_reply(account, identity.openid, body)
    except ReplyError as error:
        delivery.attempts[-1].error = str(error)
        _show_trouble(world, account, identity, delivery)
        return
    if reply is not None:
        chat.say(world, account.appid, identity.shopper_id, "account", *reply)


def _show_trouble(world: World, account: OfficialAccount, identity: Identity, delivery: Delivery) -> None:
    if delivery.what in ("text", "CLICK"):  # only where the shopper waits for an answer
        body: dict[str, Any] = {"content": TROUBLE}
        chat.say(world, account.appid, identity.shopper_id, "account", "notice", body)


async def handshake(world: World, account: OfficialAccount, url: str) -> str:
    """WeChat's check of a callback address: the server must echo. Returns the reason of a failure, or ''."""
    timestamp, nonce, echo = str(int(time.time())), str(secrets.randbelow(10**10)), str(secrets.randbits(62))
    query = {
        "signature": sha1_sorted(account.token, timestamp, nonce),
        "echostr": echo,
        "timestamp": timestamp,
        "nonce": nonce,
    }
    try:
        reply = await world.outbound.send("GET", with_query(url, urlencode(query)), HEADERS)
    except SendError as error:
        return f"请求URL超时或无法连接: {error}"
    if reply.status != 200:
        return f"请求URL返回 {reply.status}"
    if reply.body.strip() != echo.encode():
        return f"Token验证失败: 应原样返回 echostr，收到 {reply.text[:80]!r}"
    return ""
