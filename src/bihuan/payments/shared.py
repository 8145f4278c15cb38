"""What settlement needs of payments: which account received an order's money, and the client that shares it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import PLATFORM_CODE, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import merchant_of_code
from bihuan.payments import clients, db_decisions
from bihuan.wechat.pay import ProfitSharing


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


class SharingLine(msgspec.Struct, frozen=True):
    """The client of an account's profit sharing, and the app to name. `partner`: the platform signs for it."""

    sharing: ProfitSharing
    appid: str
    partner: bool


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


async def sharing_line(rt: Runtime, merchant_id: MerchantId, mchid: str, appid: str) -> SharingLine | None:
    """The client for an account of the merchant's; None when its keys are not there.

    `appid` is the app that the payment was made under: of a partner's, the provider's own app stands first.
    """
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(mchid)
    if line is None:
        return None
    if not line.account.sp_mchid:
        return SharingLine(line.reader.profit_sharing(), appid, partner=False)
    if line.provider_appid is None:
        return None
    return SharingLine(line.reader.profit_sharing(mchid), line.provider_appid, partner=True)


async def platform_mchid(rt: Runtime) -> str | None:
    """The platform's account at WeChat Pay; None before it has one."""
    platform = await merchant_of_code(rt, PLATFORM_CODE)
    lines = (await clients.lines_of(rt, platform.merchant_id)).lines
    return lines[0].account.mchid if lines and lines[0].account.active else None


async def decided_fen(tx: Tx, merchant_id: MerchantId, decision_id: UUID) -> int:
    """The whole amount of a decided refund. Raises LookupError."""
    return (await db_decisions.get(tx, merchant_id, decision_id)).amount_fen


async def account_mchid(tx: Tx, merchant_id: MerchantId) -> str | None:
    """The number of the account that receives a merchant's payments; None without one."""
    return await tx.fetchval("select mchid from payment_accounts where merchant_id = $1 and active", merchant_id)
