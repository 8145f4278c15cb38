"""SQL of the codes that phones show at a till."""

from datetime import datetime

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId


async def insert(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, code_hash: bytes, expires_at: datetime
) -> None:
    """Keeps a code's hash; what of hers is over goes."""
    await tx.execute(
        "delete from wallet_codes where merchant_id = $1 and shopper_id = $2 and expires_at <= $3",
        merchant_id,
        shopper_id,
        tx.now,
    )
    await tx.execute(
        "insert into wallet_codes (merchant_id, code_hash, shopper_id, expires_at) values ($1, $2, $3, $4)",
        merchant_id,
        code_hash,
        shopper_id,
        expires_at,
    )


async def find(tx: Tx, merchant_id: MerchantId, code_hash: bytes) -> ShopperId | None:
    """Whose code it is, while it is good."""
    return await tx.fetchval(
        "select shopper_id from wallet_codes where merchant_id = $1 and code_hash = $2 and expires_at > $3",
        merchant_id,
        code_hash,
        tx.now,
    )


async def take(tx: Tx, merchant_id: MerchantId, code_hash: bytes) -> ShopperId | None:
    """The same, and it is used up."""
    return await tx.fetchval(
        """delete from wallet_codes where merchant_id = $1 and code_hash = $2 and expires_at > $3
           returning shopper_id""",
        merchant_id,
        code_hash,
        tx.now,
    )


async def count_good(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> int:
    """How many of hers are good."""
    return await tx.fetchval(
        "select count(*)::int from wallet_codes where merchant_id = $1 and shopper_id = $2 and expires_at > $3",
        merchant_id,
        shopper_id,
        tx.now,
    )


async def delete_of(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> None:
    """All of hers are void."""
    await tx.execute("delete from wallet_codes where merchant_id = $1 and shopper_id = $2", merchant_id, shopper_id)
