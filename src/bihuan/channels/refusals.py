"""Pushes that were refused: written down by digest, so that a merchant sees why its account is silent."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from bihuan.channels.db import refusals as rows
from bihuan.channels.db.refusals import RefusedPush, list_latest
from bihuan.channels.errors import PushMalformed, PushRefused, PushStale
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import DecryptionFailed, MalformedMessage, SignatureInvalid, StaleTimestamp, WeChatError

__all__ = ["KEEP", "RefusedPush", "forget_old", "list_latest", "note", "recorded"]

log = structlog.get_logger(__name__)

KEEP = timedelta(days=7)
_MOST_A_MINUTE = 60
"""Anyone can send forgeries: more than these are answered but not written down."""


@asynccontextmanager
async def recorded(rt: Runtime, merchant_id: MerchantId, address: str, body: bytes) -> AsyncGenerator[None, None]:
    """What the block refuses is written down. Raises PushRefused, PushStale, PushMalformed in its place."""
    try:
        yield
    except (SignatureInvalid, StaleTimestamp, DecryptionFailed, MalformedMessage) as error:
        await note(rt, merchant_id, address, error.code, body)
        raise _refusal(error) from error
    except PushRefused:
        await note(rt, merchant_id, address, "refused", body)
        raise


def _refusal(error: WeChatError) -> Exception:
    if isinstance(error, StaleTimestamp):
        return PushStale()
    return PushMalformed() if isinstance(error, MalformedMessage) else PushRefused()


async def note(rt: Runtime, merchant_id: MerchantId, address: str, reason: str, body: bytes) -> None:
    """Writes a refusal down, unless there were too many just now."""
    log.warning("push refused", merchant_id=str(merchant_id), address=address, reason=reason)
    async with rt.db.session() as tx:
        digest, since = hashlib.sha256(body).hexdigest(), tx.now - timedelta(minutes=1)
        await rows.insert(tx, merchant_id, address, reason, digest, len(body), since, _MOST_A_MINUTE)


async def forget_old(rt: Runtime) -> int:
    """Forgets refusals older than KEEP; how many."""
    async with rt.db.transaction() as tx:
        return await rows.forget(tx, tx.now - KEEP)
