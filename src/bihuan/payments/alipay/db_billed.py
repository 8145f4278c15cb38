"""Rows and SQL of what reconciliation needs of payments by Alipay; `billed` says what `alipay_recorded` holds."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId


class BilledSeller(msgspec.Struct, frozen=True):
    """A seller whose bills are to be had."""

    merchant_id: MerchantId
    seller_id: str


async def list_billed(tx: Tx) -> list[BilledSeller]:
    """Every merchant's sellers, also former ones: what was paid there is refunded there."""
    rows = await tx.fetch("select distinct merchant_id, seller_id from alipay_accounts order by merchant_id, seller_id")
    return db.many(BilledSeller, rows)


async def create_stage(tx: Tx) -> None:
    """The temporary table."""
    await tx.execute(
        """create temporary table alipay_recorded (
             kind text not null, number text not null, trade_no text not null, record_id uuid not null,
             amount_fen bigint not null, at timestamptz, primary key (kind, number)
           ) on commit drop"""
    )


async def stage_recorded(tx: Tx, merchant_id: MerchantId, seller_id: str, since: datetime, until: datetime) -> None:
    """What was received and given back through a seller from `since` to `until`."""
    await tx.execute(
        f"""{_RECEIVED} and a.paid_at >= $3 and a.paid_at < $4 on conflict do nothing""",
        merchant_id,
        seller_id,
        since,
        until,
    )
    await tx.execute(
        f"""{_REFUNDED} and r.succeeded_at >= $3 and r.succeeded_at < $4 on conflict do nothing""",
        merchant_id,
        seller_id,
        since,
        until,
    )


async def stage_numbers(
    tx: Tx, merchant_id: MerchantId, seller_id: str, payments: Sequence[str], refunds: Sequence[str]
) -> None:
    """Adds attempts and refunds by our numbers, whatever became of them and whenever."""
    if payments:
        sql = f"{_RECEIVED} and a.out_trade_no = any($3) on conflict do nothing"
        await tx.execute(sql, merchant_id, seller_id, payments)
    if ids := [UUID(number) for number in refunds if _is_id(number)]:
        sql = f"{_REFUNDED} and r.refund_id = any($3) on conflict do nothing"
        await tx.execute(sql, merchant_id, seller_id, ids)


def _is_id(number: str) -> bool:
    return len(number) == 32 and number.isascii() and number.isalnum() and all(c in "0123456789abcdef" for c in number)


_RECEIVED = """insert into alipay_recorded (kind, number, trade_no, record_id, amount_fen, at)
  select 'payment', a.out_trade_no, coalesce(a.transaction_id, ''), a.attempt_id, coalesce(a.paid_fen, a.amount_fen),
    case when a.verdict in ('accepted', 'refused') then a.paid_at end
  from payment_attempts a where a.merchant_id = $1 and a.mchid = $2 and a.tender = 'alipay'"""

_REFUNDED = """insert into alipay_recorded (kind, number, trade_no, record_id, amount_fen, at)
  select 'refund', replace(r.refund_id::text, '-', ''), coalesce(a.transaction_id, ''), r.refund_id, r.amount_fen,
    r.succeeded_at
  from payment_refunds r
  join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
  where r.merchant_id = $1 and a.mchid = $2 and a.tender = 'alipay'"""
