"""WeChat Pay's notifications, as a plain ASGI handler: the framework costs more than the work.

The bytes are verified and decrypted before anything in them is used; the answer 204 is given after the commit.
Everything else tells WeChat to deliver again (it tries for a day). Answers: 401 not signed by WeChat for this
merchant, or too old; 400 malformed; 404 unknown merchant or one without an account; 413 too large; 415 no JSON;
503 busy, or its certificates could not be fetched; 500 settlement failed.

A verified notification about nothing of ours is kept as parked and answered 204: telling it again helps nobody.
"""

import re
from collections.abc import Mapping

import msgspec
import structlog
from litestar.types import Receive, Scope, Send

from bihuan import merchants
from bihuan.kernel import metrics
from bihuan.kernel.bodies import read_body
from bihuan.kernel.errors import NotFound, Problem
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, db, refunds
from bihuan.payments.clients import Lines
from bihuan.payments.db import Seen
from bihuan.payments.errors import (
    NotificationMalformed,
    NotificationUntrusted,
    NotJson,
    WeChatPayUnavailable,
)
from bihuan.payments.inbox import INBOX
from bihuan.payments.refused import REFUSALS, describe
from bihuan.payments.settling import Heard
from bihuan.wechat import MalformedMessage, SignatureInvalid, Unavailable, Untrusted
from bihuan.wechat.pay import FAIL_BODY, MAX_NOTIFICATION_BYTES, Notification, Refund, Transaction

log = structlog.get_logger(__name__)

_REFUSED = frozenset({400, 401, 413, 415})
"""Answers that are the sender's fault; what is ours (5xx) is in the log."""

PATH = re.compile(r"^/wechat/([a-z0-9-]{1,40})/pay/(?:notify|refund-notify)$")


class Verified(msgspec.Struct, frozen=True):
    """A notification that WeChat signed, and whose keys opened it (a provider's, for its sub-merchants)."""

    merchant_id: MerchantId
    mchid: str
    notification: Notification


async def accept(rt: Runtime, code: str, headers: Mapping[str, str], body: bytes) -> None:
    """Takes in one notification, payment or refund alike; returns when it is committed. Raises as the module says."""
    verified = await verify(rt, code, headers, body)
    notification, merchant_id = verified.notification, verified.merchant_id
    resource = notification.resource
    if isinstance(resource, Transaction) and resource.is_paid:
        heard = Heard(resource, notification.id, notification.event_type, notification.plaintext)
        await INBOX.settle(rt, merchant_id, heard)
    elif isinstance(resource, Refund):
        await refunds.hear(rt, merchant_id, resource, notification)
    else:
        await _park(rt, merchant_id, notification)


async def verify(rt: Runtime, code: str, headers: Mapping[str, str], body: bytes) -> Verified:
    """What WeChat signed for this merchant. Raises as the module says."""
    if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise NotJson
    merchant = await merchants.merchant_of_code(rt, code)
    lines = await clients.lines_of(rt, merchant.merchant_id)
    if not lines.lines:
        raise NotFound
    mchid, notification = await _read(lines, headers, body)
    return Verified(merchant.merchant_id, mchid, notification)


async def _read(lines: Lines, headers: Mapping[str, str], body: bytes) -> tuple[str, Notification]:
    """By the active account; a former one may still be told of what was paid there."""
    refusal: Untrusted | None = None
    for line in lines.lines:
        try:
            return line.reader.mchid, await line.reader.parse_notification(headers, body)
        except Unavailable as error:
            raise WeChatPayUnavailable from error
        except Untrusted as error:
            refusal = refusal or error
    metrics.PAYMENTS.labels("untrusted").inc()
    if isinstance(refusal, SignatureInvalid) and refusal.probe:
        log.info("signature probe refused")
    else:
        log.warning("notification refused", error=str(refusal))
    if isinstance(refusal, MalformedMessage):
        raise NotificationMalformed
    raise NotificationUntrusted(reason=refusal.code if refusal else "")


async def _park(rt: Runtime, merchant_id: MerchantId, notification: Notification) -> None:
    log.error("notification parked", event_type=notification.event_type, id=notification.id)
    content = notification.plaintext.decode(errors="replace")[:8000]
    seen = Seen(notification.id, notification.event_type, "", "parked", "unknown_kind", content)
    async with rt.db.transaction() as tx:
        await db.insert_seen(tx, merchant_id, [seen])


async def handle(rt: Runtime, code: str, scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI side of `accept`."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    body = b""
    try:
        body = await read_body(receive, MAX_NOTIFICATION_BYTES)
        await accept(rt, code, headers, body)
        status = 204
    except Problem as problem:
        status = problem.status
        await note_refusal(rt, code, problem, headers, len(body))
    except Exception as error:
        log.error("notification failed", exc_info=error)
        status = 500
    payload = b"" if status == 204 else FAIL_BODY
    answer = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(payload))] if payload else []
    await send({"type": "http.response.start", "status": status, "headers": answer})
    await send({"type": "http.response.body", "body": payload, "more_body": False})


async def note_refusal(rt: Runtime, code: str, problem: Problem, headers: Mapping[str, str], size: int) -> None:
    """Keeps a refusal that is the sender's fault for people to see, of a merchant that there is."""
    if problem.status not in _REFUSED:
        return
    try:
        merchant = await merchants.merchant_of_code(rt, code)
    except Problem:
        return
    reason = str(problem.members.get("reason") or problem.code)
    REFUSALS.note(rt, merchant.merchant_id, reason, problem.status, describe(headers, size))
