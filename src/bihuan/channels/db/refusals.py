"""Pushes that were refused: rows and SQL."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id


class RefusedPush(msgspec.Struct, frozen=True):
    """What came to which address, and why it was refused."""

    refusal_id: UUID
    address: str
    reason: str
    digest: str
    bytes: int
    received_at: datetime


async def insert(
    tx: Tx, merchant_id: MerchantId, address: str, reason: str, digest: str, size: int, since: datetime, most: int
) -> None:
    """Writes a refusal down, unless there were `most` since `since`."""
    await tx.execute(
        """insert into refused_pushes (merchant_id, refusal_id, address, reason, digest, bytes, received_at)
           select $1, $2, $3, $4, $5, $6, $7
           where (select count(*) from refused_pushes where merchant_id = $1 and received_at > $8) < $9""",
        merchant_id,
        new_id(),
        address,
        reason,
        digest,
        size,
        tx.now,
        since,
        most,
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


async def forget(tx: Tx, before: datetime) -> int:
    """Forgets what is older; how many."""
    return await tx.execute("delete from refused_pushes where received_at < $1", before)
