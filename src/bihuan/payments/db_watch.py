"""SQL of watching attempts: what to ask WeChat about, what to close, and what is shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId


class WatchedRow(msgspec.Struct, frozen=True):
    """A live attempt, as far as asking about it needs."""

    merchant_id: MerchantId
    attempt_id: UUID
    out_trade_no: str
    mchid: str
    state: str
    expires_at: datetime
    close_wanted: bool
    checks: int
    tender: str
    appid: str


_WATCHED = """a.merchant_id, a.attempt_id, a.out_trade_no, a.mchid, a.state, a.expires_at, a.close_wanted, a.checks,
              a.tender, a.appid"""


async def claim_due(tx: Tx, lease_until: datetime, limit: int) -> list[WatchedRow]:
    """Takes live attempts whose time has come, and keeps other workers off them until `lease_until`."""
    rows = await tx.fetch(
        f"""with due as (
              select merchant_id, attempt_id from payment_attempts
              where tender in ('wechat', 'alipay') and method not in ('wechat_code', 'alipay_code') and due_at <= $1
                and state in ('created', 'prepaid')
              order by due_at limit $3 for no key update skip locked
            )
            update payment_attempts a set due_at = $2, checks = a.checks + 1, checked_at = $1
            from due where a.merchant_id = due.merchant_id and a.attempt_id = due.attempt_id
            returning {_WATCHED}""",  # noqa: S608 - names of columns
        tx.now,
        lease_until,
        limit,
    )
    return db.many(WatchedRow, rows)


async def claim_of_reference(
    tx: Tx, merchant_id: MerchantId, purpose: str, reference_id: UUID, pause: timedelta, limit: int
) -> list[WatchedRow]:
    """Attempts of one payment that nobody asked about within `pause`: those ordered last, at most `limit`."""
    rows = await tx.fetch(
        f"""with chosen as (
              select a.attempt_id from payment_attempts a
              join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
              where p.merchant_id = $1 and p.purpose = $2 and p.reference_id = $3
                and a.tender in ('wechat', 'alipay') and a.method not in ('wechat_code', 'alipay_code')
                and a.state in ('created', 'prepaid')
                and (a.checked_at is null or a.checked_at <= $4)
              order by a.attempt_id desc limit $5 for no key update of a skip locked
            )
            update payment_attempts a set checked_at = $6 from chosen
            where a.merchant_id = $1 and a.attempt_id = chosen.attempt_id
            returning {_WATCHED}""",  # noqa: S608 - names of columns
        merchant_id,
        purpose,
        reference_id,
        tx.now - pause,
        limit,
        tx.now,
    )
    return db.many(WatchedRow, rows)


async def set_closed(tx: Tx, merchant_id: MerchantId, attempt_id: UUID) -> bool:
    """WeChat closed it: created or prepaid -> closed."""
    return bool(
        await tx.execute(
            """update payment_attempts set state = 'closed', close_wanted = false
               where merchant_id = $1 and attempt_id = $2 and state in ('created', 'prepaid')""",
            merchant_id,
            attempt_id,
        )
    )


async def postpone(tx: Tx, row: WatchedRow, due_at: datetime, error: str | None, *, close: bool = False) -> None:
    """Ask again later; `close` makes the next step its closing."""
    await tx.execute(
        """update payment_attempts set due_at = $3, error = $4, close_wanted = close_wanted or $5
           where merchant_id = $1 and attempt_id = $2 and state in ('created', 'prepaid')""",
        row.merchant_id,
        row.attempt_id,
        due_at,
        error[:500] if error else None,
        close,
    )


async def close_references(tx: Tx, merchant_id: MerchantId, purpose: str, reference_ids: Sequence[UUID]) -> None:
    """Nobody shall pay these any more: payments open -> closed, their live attempts are to be closed at WeChat."""
    await tx.execute(
        """with closed as (
             select payment_id from payments
             where merchant_id = $1 and purpose = $2 and reference_id = any($3) and state = 'open'
             order by payment_id for no key update
           ), changed as (
             update payments p set state = 'closed' from closed c
             where p.merchant_id = $1 and p.payment_id = c.payment_id
           )
           update payment_attempts a set close_wanted = true, due_at = $4 from closed c
           where a.merchant_id = $1 and a.payment_id = c.payment_id and a.state in ('created', 'prepaid')
             and a.tender <> 'wallet'""",
        merchant_id,
        purpose,
        reference_ids,
        tx.now,
    )


class ListedAttempt(msgspec.Struct, frozen=True):
    """An attempt as it is shown."""

    reference_id: UUID
    payment_id: PaymentId
    attempt_id: UUID
    out_trade_no: str
    method: str
    state: str
    amount_fen: int
    transaction_id: str | None
    paid_at: datetime | None
    verdict: str | None
    reason: str | None
    error: str | None
    created_at: datetime


async def list_of_references(
    tx: Tx, merchant_id: MerchantId, purpose: str, reference_ids: Sequence[UUID]
) -> list[ListedAttempt]:
    """The attempts of payments, oldest first."""
    rows = await tx.fetch(
        """select p.reference_id, a.payment_id, a.attempt_id, a.out_trade_no, a.method, a.state,
                  coalesce(a.paid_fen, a.amount_fen) as amount_fen, a.transaction_id, a.paid_at, a.verdict, a.reason,
                  a.error, a.created_at
           from payments p join payment_attempts a on a.merchant_id = p.merchant_id and a.payment_id = p.payment_id
           where p.merchant_id = $1 and p.purpose = $2 and p.reference_id = any($3) order by a.attempt_id""",
        merchant_id,
        purpose,
        reference_ids,
    )
    return db.many(ListedAttempt, rows)


class ParkedRow(msgspec.Struct, frozen=True):
    """What a person must look at."""

    kind: str
    id: str
    reference: str
    amount_fen: int | None
    reason: str
    since: datetime


async def list_parked(
    tx: Tx, merchant_id: MerchantId, kind: str | None, after: tuple[datetime, str] | None, limit: int
) -> list[ParkedRow]:
    """Parked money, refunds and notifications (or one kind of them), the oldest first, from after `after` on.

    What a person settled by hand is left out.
    """
    rows = await tx.fetch(
        """select kind, id, reference, amount_fen, reason, since from (
             select 'payment' as kind, attempt_id::text as id, out_trade_no as reference, paid_fen as amount_fen,
                    reason, paid_at as since
             from payment_attempts where merchant_id = $1 and verdict = 'parked'
             union all
             select 'refund', refund_id::text, replace(refund_id::text, '-', ''), amount_fen,
                    coalesce(error, reason), parked_at
             from payment_refunds where merchant_id = $1 and parked_at is not null
             union all
             select 'notification', notification_id, reference, null, coalesce(reason, event_type), received_at
             from payment_notifications where merchant_id = $1 and outcome = 'parked') parked
           where ($2::text is null or kind = $2) and ($3::timestamptz is null or (since, id) > ($3, $4))
             and not exists (select from parked_resolutions r
                             where r.merchant_id = $1 and r.kind = parked.kind and r.parked_id = parked.id)
           order by since, id limit $5""",
        merchant_id,
        kind,
        *(after or (None, None)),
        limit,
    )
    return db.many(ParkedRow, rows)
