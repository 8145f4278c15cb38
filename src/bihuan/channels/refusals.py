"""Pushes that were refused: written down by digest, so that a merchant sees why its account is silent."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from bihuan.channels.errors import PushMalformed, PushRefused, PushStale
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import DecryptionFailed, MalformedMessage, SignatureInvalid, StaleTimestamp, WeChatError

log = structlog.get_logger(__name__)

KEEP = timedelta(days=7)
_MOST_A_MINUTE = 60
"""Anyone can send forgeries: more than these are answered but not written down."""


class RefusedPush(msgspec.Struct, frozen=True):
    """What came to which address, and why it was refused."""

    refusal_id: UUID
    address: str
    reason: str
    digest: str
    bytes: int
    received_at: datetime


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
        await tx.execute(
            """insert into refused_pushes (merchant_id, refusal_id, address, reason, digest, bytes, received_at)
               select $1, $2, $3, $4, $5, $6, $7
               where (select count(*) from refused_pushes where merchant_id = $1 and received_at > $8) < $9""",
            merchant_id,
            new_id(),
            address,
            reason,
            hashlib.sha256(body).hexdigest(),
            len(body),
            tx.now,
            tx.now - timedelta(minutes=1),
            _MOST_A_MINUTE,
        )


async def list_latest(tx: Tx, merchant_id: MerchantId, limit: int) -> list[RefusedPush]:
    """The latest refusals."""
    rows = await tx.fetch(
        """select refusal_id, address, reason, digest, bytes, received_at from refused_pushes
           where merchant_id = $1 order by received_at desc, refusal_id limit $2""",
        merchant_id,
        limit,
    )
    return db.many(RefusedPush, rows)


async def forget_old(rt: Runtime) -> int:
    """Forgets refusals older than KEEP; how many."""
    async with rt.db.transaction() as tx:
        return await tx.execute("delete from refused_pushes where received_at < $1", tx.now - KEEP)
