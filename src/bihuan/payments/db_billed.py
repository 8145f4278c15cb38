"""Rows and SQL of what reconciliation needs of payments; `billed` says what `payments_recorded` holds."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

_TIMEOUT_SECONDS = 1_800.0
"""A day of millions of payments takes longer than a request."""


class BilledAccount(msgspec.Struct, frozen=True):
    """An account whose bills are to be had; of a partner (`sp_mchid`), through its provider."""

    merchant_id: MerchantId
    mchid: str
    sp_mchid: str
    active: bool


async def list_billed(tx: Tx, merchant_id: MerchantId | None = None) -> list[BilledAccount]:
    """A merchant's accounts, or every merchant's, also former ones: what was paid there is refunded there."""
    rows = await tx.fetch(
        """select merchant_id, mchid, sp_mchid, active from payment_accounts
           where mchid <> '' and ($1::uuid is null or merchant_id = $1) order by merchant_id, active desc, mchid""",
        merchant_id,
    )
    return db.many(BilledAccount, rows)


async def stage_recorded(tx: Tx, merchant_id: MerchantId, mchid: str, since: datetime, until: datetime) -> None:
    """Makes `payments_recorded`, with what was received and given back at an account from `since` to `until`."""
    await tx.execute(
        """create temporary table payments_recorded (
             kind text not null, out_number text not null, number text not null, record_id uuid not null,
             amount_fen bigint not null, at timestamptz, state text not null, began_at timestamptz not null,
             purpose text not null, reference_id uuid not null
           ) on commit drop"""
    )
    await tx.fetch(
        f"""{_RECEIVED} where a.merchant_id = $1 and a.mchid = $2 and a.tender = 'wechat'
              and a.paid_at >= $3 and a.paid_at < $4""",
        merchant_id,
        mchid,
        since,
        until,
        timeout=_TIMEOUT_SECONDS,
    )
    await tx.fetch(
        f"""{_REFUNDED} where r.merchant_id = $1 and a.mchid = $2 and a.tender = 'wechat'
              and r.succeeded_at >= $3 and r.succeeded_at < $4""",
        merchant_id,
        mchid,
        since,
        until,
        timeout=_TIMEOUT_SECONDS,
    )


async def stage_numbers(tx: Tx, merchant_id: MerchantId, mchid: str, kind: str, numbers: Sequence[str]) -> None:
    """Adds attempts (kind "payment") or refunds by our numbers, whatever became of them and whenever."""
    if kind == "payment":
        where = "a.merchant_id = $1 and a.mchid = $2 and a.tender = 'wechat' and a.out_trade_no = any($3)"
        await tx.execute(f"{_RECEIVED} where {where}", merchant_id, mchid, numbers)
        return
    ids = [UUID(number) for number in numbers if len(number) == 32 and _is_hex(number)]
    sql = f"{_REFUNDED} where r.merchant_id = $1 and a.mchid = $2 and a.tender = 'wechat' and r.refund_id = any($3)"
    await tx.execute(sql, merchant_id, mchid, ids)


def _is_hex(text: str) -> bool:
    try:
        int(text, 16)
    except ValueError:
        return False
    return text.isalnum()


_RECEIVED = """insert into payments_recorded
  (kind, out_number, number, record_id, amount_fen, at, state, began_at, purpose, reference_id)
  select 'payment', a.out_trade_no, coalesce(a.transaction_id, ''), a.attempt_id, coalesce(a.paid_fen, a.amount_fen),
    a.paid_at, case when a.verdict = 'parked' then 'parked' when a.state = 'paid' then 'received' else 'unpaid' end,
    a.created_at, p.purpose, p.reference_id
  from payment_attempts a join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id"""

_REFUNDED = """insert into payments_recorded
  (kind, out_number, number, record_id, amount_fen, at, state, began_at, purpose, reference_id)
  select 'refund', replace(r.refund_id::text, '-', ''), coalesce(r.wechat_refund_id, ''), r.refund_id, r.amount_fen,
    r.succeeded_at, r.state, r.created_at, p.purpose, p.reference_id
  from payment_refunds r
  join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
  join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id"""


async def knows_number(tx: Tx, merchant_id: MerchantId, mchid: str, out_trade_no: str) -> bool:
    """Whether a number at an account is an attempt's."""
    return bool(
        await tx.fetchval(
            "select true from payment_attempts where merchant_id = $1 and mchid = $2 and out_trade_no = $3",
            merchant_id,
            mchid,
            out_trade_no,
        )
    )
