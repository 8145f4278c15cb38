"""What reconciliation needs of payments: whose bills there are, what was recorded, and to ask WeChat once more.

Bills hold a million rows, so what was recorded is not returned but laid into a temporary table of the caller's
transaction, `payments_recorded`, for set-based comparison:

kind            payment | refund
out_number      our number at WeChat (out_trade_no, out_refund_no)
number          WeChat's (transaction_id, refund_id); empty when it never told
record_id       the attempt or the refund
amount_fen      paid, or given back
at              when it was paid or given back; null: it was not
state           received | parked | unpaid | <state of the refund>
began_at        when the attempt or the refund was made
purpose, reference_id
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import clients, db_refunds, refunds
from bihuan.payments.inbox import INBOX
from bihuan.payments.settling import Heard
from bihuan.wechat import PayError, WeChatError
from bihuan.wechat.pay import Bills

_TIMEOUT_SECONDS = 1_800.0
"""A day of millions of payments takes longer than a request."""

Asked = Literal["settled", "unpaid", "unknown", "unreachable"]
"""What came of asking: recorded now; WeChat says that nothing was paid; it knows no such number; it did not answer."""


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


async def bills_of(rt: Runtime, merchant_id: MerchantId, mchid: str) -> Bills | None:
    """The client for an account's bills, of a partner the provider's; None when its keys are not there."""
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(mchid)
    return None if line is None else line.reader.bills


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


async def ask_payment(rt: Runtime, merchant_id: MerchantId, mchid: str, out_trade_no: str) -> Asked:
    """Asks WeChat about a payment and settles what it says: money that came is kept or goes back by the usual rules.

    Raises SettlementBusy. A number that no attempt here has is not settled: "unknown", whatever WeChat says.
    """
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(mchid)
    if line is None:
        return "unreachable"
    async with rt.db.session() as tx:
        known = await tx.fetchval(
            "select true from payment_attempts where merchant_id = $1 and mchid = $2 and out_trade_no = $3",
            merchant_id,
            mchid,
            out_trade_no,
        )
    if not known:
        return "unknown"
    try:
        told = await line.client.query_by_out_trade_no(out_trade_no)
    except WeChatError as error:
        gone = isinstance(error, PayError) and error.verified and error.code == "ORDER_NOT_EXIST"
        return "unknown" if gone else "unreachable"
    if not told.is_paid:
        return "unpaid"
    await INBOX.settle(rt, merchant_id, Heard(told))
    return "settled"


async def ask_refund(rt: Runtime, merchant_id: MerchantId, refund_id: UUID) -> Asked:
    """Asks WeChat how a refund stands and records it."""
    async with rt.db.transaction() as tx:
        row = await db_refunds.lock_refund(tx, merchant_id, refund_id)
    if row is None:
        return "unknown"
    line = (await clients.lines_of(rt, merchant_id)).of_mchid(row.mchid)
    if line is None:
        return "unreachable"
    try:
        told = await line.client.query_refund(row.out_refund_no)
    except WeChatError as error:
        gone = isinstance(error, PayError) and error.verified and error.code == "RESOURCE_NOT_EXISTS"
        return "unknown" if gone else "unreachable"
    async with rt.db.transaction() as tx:
        await refunds.record(tx, merchant_id, told)
    return "settled"
