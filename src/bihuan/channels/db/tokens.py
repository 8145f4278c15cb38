"""Access tokens and JS tickets: rows and SQL. A value lies sealed."""

from datetime import datetime

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


async def find_sealed(tx: Tx, merchant_id: MerchantId, appid: str, kind: str) -> bytes | None:
    """A token that has not expired."""
    return await tx.fetchval(
        """select sealed from wechat_tokens
           where merchant_id = $1 and appid = $2 and kind = $3 and expires_at > $4""",
        merchant_id,
        appid,
        kind,
        tx.now,
    )


async def lease(tx: Tx, merchant_id: MerchantId, appid: str, kind: str, until: datetime) -> bool:
    """Takes the right to refresh a token; False while another has it."""
    return bool(
        await tx.fetchval(
            """insert into wechat_tokens as t (merchant_id, appid, kind, lease_until) values ($1, $2, $3, $4)
               on conflict (merchant_id, appid, kind) do update set lease_until = excluded.lease_until
               where t.lease_until is null or t.lease_until < $5 returning true""",
            merchant_id,
            appid,
            kind,
            until,
            tx.now,
        )
    )


async def store(
    tx: Tx, merchant_id: MerchantId, appid: str, kind: str, sealed: bytes | None, expires_at: datetime | None
) -> None:
    """Ends the lease, with a token or without."""
    await tx.execute(
        """update wechat_tokens set lease_until = null, sealed = coalesce($4, sealed),
             expires_at = coalesce($5, expires_at)
           where merchant_id = $1 and appid = $2 and kind = $3""",
        merchant_id,
        appid,
        kind,
        sealed,
        expires_at,
    )


async def forget(tx: Tx, merchant_id: MerchantId) -> None:
    """Drops what is stored."""
    await tx.execute("delete from wechat_tokens where merchant_id = $1", merchant_id)
