"""SQL of payments, attempts and notifications."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, ShopperId
from bihuan.payments.schemas import Charge


class Begun(msgspec.Struct, frozen=True):
    """An attempt that serves, new or found; the attempt's fields are null unless `payment_state` is open."""

    payment_id: PaymentId
    payment_state: str  # open | paid | closed | exhausted | replan
    attempt_id: UUID | None
    out_trade_no: str | None
    prepay_id: str | None
    code_url: str | None
    description: str | None
    expires_at: datetime | None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to begin."""

    payment_id: PaymentId
    attempt_id: UUID
    method: str
    mchid: str
    appid: str
    openid: str | None
    description: str
    expires_at: datetime
    due_at: datetime


class Intent(msgspec.Struct, frozen=True):
    """A wish to pay: for what, by which attempt, and what of it the wallet has set aside (`wallet_fen`)."""

    charge: Charge
    draft: Draft
    prepay_life: timedelta
    wallet_fen: int


async def begin(tx: Tx, merchant_id: MerchantId, intents: Sequence[Intent], most: int) -> list[Begun]:
    """Records intents to pay, or finds live attempts that serve; in their order, by one statement.

    What is asked for at WeChat is the rest beside `wallet_fen`, which has to be the plan already ('replan' if not).
    """
    rows = await tx.fetch(
        # In the order of what is paid for: two processes that begin the same payments lock them alike.
        """select b.*, w.n as place
           from (select * from unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[], $8::timestamptz[],
                     $9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[],
                     $16::timestamptz[], $17::timestamptz[], $18::bigint[])
                   with ordinality as w (payment_id, purpose, reference_id, shopper_id, amount_fen, expires_at,
                     attempt_id, method, mchid, appid, openid, description, attempt_expires_at, due_at, prepaid_since,
                     wallet_fen, n)
                 order by reference_id) w
           cross join lateral payment_begin($1, $2, w.payment_id, w.purpose, w.reference_id, w.shopper_id, w.amount_fen,
             w.expires_at, w.attempt_id, replace(w.attempt_id::text, '-', ''), w.method, w.mchid, w.appid, w.openid,
             w.description, w.attempt_expires_at, w.due_at, w.prepaid_since, $19, w.wallet_fen) b""",
        merchant_id,
        tx.now,
        [intent.draft.payment_id for intent in intents],
        [intent.charge.purpose for intent in intents],
        [intent.charge.reference_id for intent in intents],
        [intent.charge.shopper_id for intent in intents],
        [intent.charge.amount_fen for intent in intents],
        [intent.charge.expires_at for intent in intents],
        [intent.draft.attempt_id for intent in intents],
        [intent.draft.method for intent in intents],
        [intent.draft.mchid for intent in intents],
        [intent.draft.appid for intent in intents],
        [intent.draft.openid for intent in intents],
        [intent.draft.description for intent in intents],
        [intent.draft.expires_at for intent in intents],
        [intent.draft.due_at for intent in intents],
        [tx.now - intent.prepay_life for intent in intents],
        [intent.wallet_fen for intent in intents],
        most,
    )
    begun = {place: Begun(*columns) for *columns, place in rows}
    if len(begun) != len(intents):
        raise RuntimeError("payment_begin returned nothing")
    return [begun[place] for place in range(1, len(intents) + 1)]


class Prepaid(msgspec.Struct, frozen=True):
    """What WeChat or Alipay gave for an attempt: a prepay_id, or the content of a QR code or a page to open."""

    attempt_id: UUID
    prepay_id: str | None
    code_url: str | None


async def set_prepaid(tx: Tx, merchant_id: MerchantId, prepaid: Sequence[Prepaid]) -> list[bool]:
    """Records it; False where the attempt was paid, closed or is to be closed in the meantime."""
    rows = await tx.fetch(
        """select w.n, payment_prepaid($1, $2, w.attempt_id, w.prepay_id, w.code_url) as kept
           from (select * from unnest($3::uuid[], $4::text[], $5::text[])
                   with ordinality as w (attempt_id, prepay_id, code_url, n) order by attempt_id) w""",
        merchant_id,
        tx.now,
        [one.attempt_id for one in prepaid],
        [one.prepay_id for one in prepaid],
        [one.code_url for one in prepaid],
    )
    kept = {row["n"]: row["kept"] for row in rows}
    return [kept[n] for n in range(1, len(prepaid) + 1)]


async def set_failed(tx: Tx, merchant_id: MerchantId, attempt_id: UUID, error: str) -> bool:
    """WeChat refused the order: created -> failed."""
    return bool(
        await tx.execute(
            """update payment_attempts set state = 'failed', error = $3
               where merchant_id = $1 and attempt_id = $2 and state = 'created'""",
            merchant_id,
            attempt_id,
            error[:500],
        )
    )


class AttemptRow(msgspec.Struct, frozen=True):
    """An attempt with what its payment is for."""

    attempt_id: UUID
    payment_id: PaymentId
    out_trade_no: str
    method: str
    mchid: str
    appid: str
    amount_fen: int
    state: str
    transaction_id: str | None
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId
    wallet_fen: int  # that the wallet was to pay beside it
    planned_fen: int  # that the wallet is to pay now
    payment_state: str
    sp_mchid: str  # of its account; empty: direct
    tender: str


_ATTEMPT = """a.attempt_id, a.payment_id, a.out_trade_no, a.method, a.mchid, a.appid, a.amount_fen, a.state,
              a.transaction_id, p.purpose, p.reference_id, p.shopper_id,
              a.wallet_fen, p.wallet_fen as planned_fen, p.state as payment_state,
              coalesce((select sp_mchid from payment_accounts c
                        where c.merchant_id = a.merchant_id and c.mchid = a.mchid), '') as sp_mchid, a.tender"""


async def lock_attempts(tx: Tx, merchant_id: MerchantId, out_trade_nos: Sequence[str]) -> dict[str, AttemptRow]:
    """Locks attempts and their payments, in the order of their ids; by out_trade_no.

    A payment is locked before its attempts, since its table is named first: two that settle two attempts of one
    payment would wait for one another otherwise.
    """
    rows = await tx.fetch(
        f"""select {_ATTEMPT} from payments p
            join payment_attempts a on a.merchant_id = p.merchant_id and a.payment_id = p.payment_id
            where p.merchant_id = $1 and a.merchant_id = $1 and a.out_trade_no = any($2)
            order by p.payment_id, a.attempt_id for no key update""",  # noqa: S608 - names of columns
        merchant_id,
        out_trade_nos,
    )
    return {row["out_trade_no"]: AttemptRow(**dict(row)) for row in rows}


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the money of an attempt."""

    attempt_id: UUID
    payment_id: PaymentId
    transaction_id: str
    paid_fen: int
    paid_at: datetime
    verdict: str
    reason: str | None
    refund_id: UUID | None  # to make, of all that was paid


async def write_settled(tx: Tx, merchant_id: MerchantId, settled: Sequence[Settled]) -> int:
    """Marks attempts paid with their verdicts, payments paid, other live attempts to be closed, refunds to be made.

    One statement; returns how many attempts changed.
    """
    return await tx.fetchval(
        """with s as (
             select * from unnest($3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::timestamptz[], $8::text[],
                                  $9::text[], $10::uuid[])
               as s (attempt_id, payment_id, transaction_id, paid_fen, paid_at, verdict, reason, refund_id)
           ), attempts as (
             update payment_attempts a set state = 'paid', transaction_id = s.transaction_id, paid_fen = s.paid_fen,
               paid_at = s.paid_at, verdict = s.verdict, reason = s.reason, close_wanted = false,
               refund_fen = case when s.refund_id is null then 0 else s.paid_fen end
             from s where a.merchant_id = $1 and a.attempt_id = s.attempt_id and a.state <> 'paid'
             returning a.attempt_id
           ), paid as (
             update payments p set state = 'paid', paid_at = s.paid_at
             from s where p.merchant_id = $1 and p.payment_id = s.payment_id and s.verdict = 'accepted'
           ), others as (
             update payment_attempts a set close_wanted = true, due_at = $2
             from s where a.merchant_id = $1 and a.payment_id = s.payment_id and s.verdict = 'accepted'
               and a.state in ('created', 'prepaid') and a.tender <> 'wallet'
               and a.attempt_id not in (select attempt_id from s)
           ), refunds as (
             insert into payment_refunds (merchant_id, refund_id, attempt_id, amount_fen, reason, due_at, created_at)
             select $1, s.refund_id, s.attempt_id, s.paid_fen, s.reason, $2, $2 from s where s.refund_id is not null
           )
           select count(*)::int from attempts""",
        merchant_id,
        tx.now,
        [s.attempt_id for s in settled],
        [s.payment_id for s in settled],
        [s.transaction_id for s in settled],
        [s.paid_fen for s in settled],
        [s.paid_at for s in settled],
        [s.verdict for s in settled],
        [s.reason for s in settled],
        [s.refund_id for s in settled],
    )


class Seen(msgspec.Struct, frozen=True):
    """A notification and what we did about it."""

    notification_id: str
    event_type: str
    reference: str
    outcome: str
    reason: str | None = None
    content: str | None = None


async def insert_seen(tx: Tx, merchant_id: MerchantId, seen: Sequence[Seen]) -> None:
    """Keeps notifications by their id; a repeat changes nothing."""
    await tx.execute(
        """insert into payment_notifications (merchant_id, notification_id, event_type, reference, outcome, reason,
             content, received_at)
           select $1, s.*, $2 from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[]) as s
           on conflict do nothing""",
        merchant_id,
        tx.now,
        [s.notification_id[:200] for s in seen],
        [s.event_type[:100] for s in seen],
        [s.reference[:100] for s in seen],
        [s.outcome for s in seen],
        [s.reason for s in seen],
        [s.content for s in seen],
    )


async def forget_seen(tx: Tx, before: datetime) -> int:
    """Deletes old notifications, but not the parked ones; returns how many."""
    return await tx.execute("delete from payment_notifications where received_at < $1 and outcome <> 'parked'", before)
