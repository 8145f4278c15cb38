"""SQL of looking again at what was parked."""

from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.payments.db_watch import WatchedRow


class ParkedMoney(msgspec.Struct, frozen=True):
    """What is parked under a number: a notification's, or an attempt's."""

    reference: str
    event_type: str


async def list_merchants(tx: Tx) -> list[MerchantId]:
    """Merchants at whom something is parked, in the order of their ids."""
    rows = await tx.fetch(
        """select merchant_id from payment_attempts where verdict = 'parked'
           union select merchant_id from payment_refunds where parked_at is not null
           union select merchant_id from payment_notifications where outcome = 'parked' order by merchant_id"""
    )
    return [MerchantId(row["merchant_id"]) for row in rows]


async def find_notification(tx: Tx, merchant_id: MerchantId, notification_id: str) -> ParkedMoney | None:
    """A parked notification that nobody settled by hand."""
    row = await tx.fetchrow(
        """select n.reference, n.event_type from payment_notifications n
           where n.merchant_id = $1 and n.notification_id = $2 and n.outcome = 'parked'
             and not exists (select from parked_resolutions r where r.merchant_id = $1
                               and r.kind = 'notification' and r.parked_id = n.notification_id)""",
        merchant_id,
        notification_id,
    )
    return db.one_or_none(ParkedMoney, row)


async def find_payment(tx: Tx, merchant_id: MerchantId, attempt_id: UUID) -> ParkedMoney | None:
    """Parked money that nobody settled by hand."""
    row = await tx.fetchrow(
        """select a.out_trade_no as reference, 'query' as event_type from payment_attempts a
           where a.merchant_id = $1 and a.attempt_id = $2 and a.verdict = 'parked'
             and not exists (select from parked_resolutions r where r.merchant_id = $1
                               and r.kind = 'payment' and r.parked_id = a.attempt_id::text)""",
        merchant_id,
        attempt_id,
    )
    return db.one_or_none(ParkedMoney, row)


async def find_attempt(tx: Tx, merchant_id: MerchantId, out_trade_no: str) -> WatchedRow | None:
    """The attempt of a number, as asking about it needs it."""
    row = await tx.fetchrow(
        """select merchant_id, attempt_id, out_trade_no, mchid, state, expires_at, close_wanted, checks, tender, appid
           from payment_attempts where merchant_id = $1 and out_trade_no = $2""",
        merchant_id,
        out_trade_no,
    )
    return db.one_or_none(WatchedRow, row)


async def reopen(tx: Tx, merchant_id: MerchantId, out_trade_no: str) -> bool:
    """Parked money is undecided again: nothing was posted for it. Should nobody settle it now, the job asks at once.

    False when it is not parked, or was settled by hand.
    """
    return bool(
        await tx.execute(
            """update payment_attempts a set state = 'prepaid', verdict = null, reason = null, transaction_id = null,
                 paid_fen = null, paid_at = null, due_at = $3
               where a.merchant_id = $1 and a.out_trade_no = $2 and a.verdict = 'parked'
                 and not exists (select from parked_resolutions r where r.merchant_id = $1
                                   and r.kind = 'payment' and r.parked_id = a.attempt_id::text)""",
            merchant_id,
            out_trade_no,
            tx.now,
        )
    )


async def verdict_of(tx: Tx, merchant_id: MerchantId, out_trade_no: str) -> str | None:
    """Why an attempt's money is parked or refused; None when it is not."""
    return await tx.fetchval(
        "select reason from payment_attempts where merchant_id = $1 and out_trade_no = $2", merchant_id, out_trade_no
    )


async def unpark_notifications(tx: Tx, merchant_id: MerchantId, reference: str, outcome: str) -> None:
    """What was told about a number is dealt with."""
    await tx.execute(
        """update payment_notifications set outcome = $3, reason = null, content = null
           where merchant_id = $1 and reference = $2 and outcome = 'parked'""",
        merchant_id,
        reference,
        outcome,
    )


async def hurry_refund(tx: Tx, merchant_id: MerchantId, refund_id: UUID) -> bool:
    """A parked refund is tried at once, as if for the first time; False when it is not parked or has ended."""
    return bool(
        await tx.execute(
            """update payment_refunds set due_at = $3, tries = 0, parked_at = null
               where merchant_id = $1 and refund_id = $2 and parked_at is not null and not by_hand
                 and state in ('applied', 'processing', 'abnormal')""",
            merchant_id,
            refund_id,
            tx.now,
        )
    )
