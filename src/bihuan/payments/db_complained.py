"""SQL of what complaints are about: accounts that are told of them, and payments by their numbers."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId


class Told(msgspec.Struct, frozen=True):
    """An account that signs for itself, its own and its sub-merchants'."""

    merchant_id: MerchantId
    mchid: str


class Paid(msgspec.Struct, frozen=True):
    """What a payment was for, and who made it."""

    out_trade_no: str
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId


async def list_told(tx: Tx, after: Told | None, limit: int) -> list[Told]:
    """Accounts of all merchants that sign for themselves, former ones too; in order, from after `after` on."""
    rows = await tx.fetch(
        """select merchant_id, mchid from payment_accounts
           where sp_mchid = '' and ($1::uuid is null or (merchant_id, mchid) > ($1, $2))
           order by merchant_id, mchid limit $3""",
        after.merchant_id if after else None,
        after.mchid if after else "",
        limit,
    )
    return db.many(Told, rows)


async def merchants_of_subs(tx: Tx, sp_mchid: str, mchids: Sequence[str]) -> dict[str, MerchantId]:
    """Whose the provider's sub-merchants are: of those who share one, who is paid at it now."""
    rows = await tx.fetch(
        """select distinct on (mchid) mchid, merchant_id from payment_accounts
           where sp_mchid = $1 and mchid = any($2) order by mchid, active desc, updated_at desc""",
        sp_mchid,
        mchids,
    )
    return {row["mchid"]: row["merchant_id"] for row in rows}


async def find_paid(tx: Tx, merchant_id: MerchantId, out_trade_nos: Sequence[str]) -> dict[str, Paid]:
    """What payments were for, by their numbers at WeChat; those that are not ours are left out."""
    rows = await tx.fetch(
        """select a.out_trade_no, p.purpose, p.reference_id, p.shopper_id
           from payment_attempts a join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where a.merchant_id = $1 and a.out_trade_no = any($2)""",
        merchant_id,
        out_trade_nos,
    )
    return {row["out_trade_no"]: db.one(Paid, row) for row in rows}
