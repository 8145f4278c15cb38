"""Harm to what leaves the sandbox: notifications of Pay and pushes of accounts."""

import asyncio
import json
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from wechat_sandbox.faults.rules import Hit, Occasion
from wechat_sandbox.inspector.reading import read_push
from wechat_sandbox.outbound import Reply, SendError

if TYPE_CHECKING:
    from wechat_sandbox.world import World

PROBE = "WECHATPAY/SIGNTEST/"
SendOne = Callable[[str, dict[str, str], bytes, str], Awaitable[Reply]]
"""Sends url, headers, body, and the name of the fault for the inspector."""


async def around_send(world: "World", url: str, headers: dict[str, str], body: bytes, send: SendOne) -> Reply:
    """Send a notification or push that a fault may befall. Raises SendError."""
    occasion, notice_id = _occasion(world, headers, body)
    if notice_id and world.faults.is_lost(notice_id):
        raise SendError("lost on the way by a fault: no try of this notification arrives")
    hit = world.faults.decide(occasion)
    try:
        if hit is None:
            return await send(url, headers, body, "")
        if hit.rule.fault == "lost":
            world.faults.lose(notice_id)
            raise SendError(f"lost on the way: {hit.name}")
        return await _harm(world, hit, url, headers, body, send)
    finally:
        if hit is None or hit.rule.fault != "reordered":
            world.faults.release()


async def _harm(world: "World", hit: Hit, url: str, headers: dict[str, str], body: bytes, send: SendOne) -> Reply:
    fault = hit.rule.fault
    if fault == "dropped":
        raise SendError(f"dropped on the way: {hit.name}")
    if fault in ("delayed", "reordered"):
        await _wait(world, hit)
        return await send(url, headers, body, hit.name)
    if fault == "doubled":
        first, second = await asyncio.gather(
            send(url, headers, body, hit.name), send(url, headers, body, hit.name), return_exceptions=True
        )
        for reply in (first, second):
            if isinstance(reply, Reply):
                return reply
        raise first if isinstance(first, SendError) else SendError(str(first))
    if fault == "signtest":
        probe = PROBE + b64encode(secrets.token_bytes(256)).decode()
        try:
            _count(hit, await send(url, {**headers, "Wechatpay-Signature": probe}, body, hit.name))
        except SendError:
            hit.rule.probes_refused += 1
        return await send(url, headers, body, "")
    forged_url, forged_headers = _forge(url, headers)
    reply = await send(forged_url, forged_headers, body, hit.name)
    _count(hit, reply)
    return reply


def _count(hit: Hit, reply: Reply) -> None:
    if reply.status // 100 == 2:
        hit.rule.probes_accepted += 1
    else:
        hit.rule.probes_refused += 1


async def _wait(world: "World", hit: Hit) -> None:
    """Until the sandbox's time has come, or, to be overtaken, until something else has arrived."""
    done = asyncio.get_running_loop().create_future()

    def go_on() -> None:
        if not done.done():
            done.set_result(None)

    world.clock.call_later(hit.delay_seconds, go_on)
    if hit.rule.fault == "reordered":
        world.faults.held.append(go_on)
    await done


def _occasion(world: "World", headers: dict[str, str], body: bytes) -> tuple[Occasion, str]:
    if "Wechatpay-Signature" in headers:
        try:
            told: Any = json.loads(body)
        except ValueError:
            told = {}
        notice = world.notices.get(str(told.get("id", "")))
        mchid = notice.mchid if notice else ""
        return Occasion("notification", mchid=mchid, event=str(told.get("event_type", ""))), str(told.get("id", ""))
    push = read_push(world, body)
    return Occasion("push", appid=push.appid, event=push.event), ""


def _forge(url: str, headers: dict[str, str]) -> tuple[str, dict[str, str]]:
    if "Wechatpay-Signature" in headers:
        return url, {**headers, "Wechatpay-Signature": b64encode(secrets.token_bytes(256)).decode()}
    parts = urlsplit(url)
    query = [
        (name, secrets.token_hex(20) if name in ("signature", "msg_signature") else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote))), headers
