"""Rows and SQL of what settlement needs of payments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class KeptMoney(msgspec.Struct, frozen=True):
    """WeChat's money of a payment that was kept. `sharing`: its account freezes payments for profit sharing."""

    reference_id: UUID
    attempt_id: UUID
    mchid: str
    appid: str
    transaction_id: str
    paid_fen: int
    paid_at: datetime
    sharing: bool


class Origin(msgspec.Struct, frozen=True):
    """What a receipt or a refund was for; `id` is the attempt's or the refund's."""

    id: UUID
    purpose: str
    reference_id: UUID


async def list_kept(tx: Tx, merchant_id: MerchantId, purpose: str, reference_ids: Sequence[UUID]) -> list[KeptMoney]:
    """The WeChat tenders of payments, in the order of their attempts."""
    rows = await tx.fetch(
        """select p.reference_id, a.attempt_id, a.mchid, a.appid, a.transaction_id, a.paid_fen, a.paid_at,
             coalesce(c.profit_sharing, false) as sharing
           from payments p
           join payment_attempts a on a.merchant_id = p.merchant_id and a.payment_id = p.payment_id
           left join payment_accounts c on c.merchant_id = a.merchant_id and c.mchid = a.mchid
           where p.merchant_id = $1 and p.purpose = $2 and p.reference_id = any($3) and a.verdict = 'accepted'
             and a.tender = 'wechat'
           order by a.attempt_id""",
        merchant_id,
        purpose,
        reference_ids,
    )
    return db.many(KeptMoney, rows)


async def list_origins(
    tx: Tx, merchant_id: MerchantId, attempt_ids: Sequence[UUID], refund_ids: Sequence[UUID]
) -> dict[UUID, Origin]:
    """What receipts and refunds were for; unknown ids are left out."""
    rows = await tx.fetch(
        """select a.attempt_id as id, p.purpose, p.reference_id from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where a.merchant_id = $1 and a.attempt_id = any($2)
           union all
           select r.refund_id, p.purpose, p.reference_id from payment_refunds r
           join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where r.merchant_id = $1 and r.refund_id = any($3)""",
        merchant_id,
        attempt_ids,
        refund_ids,
    )
    return {row.id: row for row in db.many(Origin, rows)}


async def account_mchid(tx: Tx, merchant_id: MerchantId) -> str | None:
    """The number of the account that receives a merchant's payments; None without one."""
    return await tx.fetchval("select mchid from payment_accounts where merchant_id = $1 and active", merchant_id)
