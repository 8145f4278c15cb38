"""Notifications of Pay v3: encrypted, signed, and tried again until the merchant accepts.

Each notice is a row of the state, so that a restart goes on where the schedule stood.
"""

import secrets
import uuid
from typing import Any

import msgspec

from wechat_sandbox.clock import rfc3339
from wechat_sandbox.crypto import gcm_encrypt
from wechat_sandbox.models import Attempt, Merchant, Notice
from wechat_sandbox.outbound import SendError
from wechat_sandbox.pay.answers import signature_headers
from wechat_sandbox.world import World

RETRY_SECONDS = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
"""Pauses before the second and later tries: fifteen of them, about a day in all."""

_encode = msgspec.json.Encoder().encode


def enqueue(
    world: World,
    *,
    mchid: str,
    url: str,
    event_type: str,
    summary: str,
    original_type: str,
    reference: str,
    data: dict[str, Any],
) -> Notice:
    """Keep a notice and try it at once."""
    notice = Notice(
        notice_id=str(uuid.uuid4()),
        mchid=mchid,
        url=url,
        event_type=event_type,
        summary=summary,
        original_type=original_type,
        reference=reference,
        plaintext=_encode(data).decode(),
        created_at=world.clock.now(),
        next_at=world.clock.now(),
    )
    world.notices.put(notice.notice_id, notice)
    world.spawn(deliver(world, notice))
    return notice


def resume(world: World) -> None:
    """After a start: put what was on its way back on the clock."""
    for notice in world.notices.values():
        if notice.state == "pending":
            _schedule(world, notice)


def _schedule(world: World, notice: Notice) -> None:
    world.clock.call_at(notice.next_at, lambda: world.spawn(deliver(world, notice)))


async def deliver(world: World, notice: Notice) -> None:
    """One try; what comes next depends on the answer."""
    merchant = world.merchants.get(notice.mchid)
    if merchant is None or notice.state != "pending":
        return
    attempt = await _try(world, merchant, notice)
    notice.attempts.append(attempt)
    if attempt.status in (200, 204):
        notice.state = "accepted"
    elif len(notice.attempts) > len(RETRY_SECONDS):
        notice.state = "given_up"
    else:
        notice.next_at = attempt.at + RETRY_SECONDS[len(notice.attempts) - 1]
        _schedule(world, notice)
    world.notices.put(notice.notice_id, notice)


async def redeliver(world: World, notice: Notice) -> Attempt:
    """One more try because somebody asks for it, whatever became of the notice; the schedule stays as it is."""
    merchant = world.merchants.get(notice.mchid)
    assert merchant is not None, "merchants are never deleted"
    attempt = await _try(world, merchant, notice)
    if notice.state != "pending":  # one under way counts its own tries
        notice.attempts.append(attempt)
        if attempt.status in (200, 204):
            notice.state = "accepted"
        world.notices.put(notice.notice_id, notice)
    return attempt


async def _try(world: World, merchant: Merchant, notice: Notice) -> Attempt:
    at = world.clock.now()
    body = envelope(merchant, notice)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Mozilla/4.0",
        "Accept": "*/*",
        **signature_headers(world, merchant, body),
    }
    try:
        reply = await world.outbound.send("POST", notice.url, headers, body)
    except SendError as error:
        return Attempt(at, 0, str(error)[:200])
    return Attempt(at, reply.status, "" if reply.status in (200, 204) else reply.text[:200])


def envelope(merchant: Merchant, notice: Notice) -> bytes:
    """The body: a clear envelope around the encrypted resource."""
    nonce = secrets.token_hex(6)
    return _encode(
        {
            "id": notice.notice_id,
            "create_time": rfc3339(notice.created_at),
            "resource_type": "encrypt-resource",
            "event_type": notice.event_type,
            "summary": notice.summary,
            "resource": {
                "original_type": notice.original_type,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": gcm_encrypt(merchant.apiv3_key, nonce, notice.original_type, notice.plaintext.encode()),
                "associated_data": notice.original_type,
                "nonce": nonce,
            },
        }
    )
