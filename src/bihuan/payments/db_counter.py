"""SQL of payments at a counter. The payment's lock guards its parts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, RefundId
from bihuan.payments.schemas import Charge


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a payment at a counter. `number` is the terminal slip's of a card; `mchid` and `appid` a code's."""

    attempt_id: UUID
    tender: Literal["cash", "card", "wechat", "alipay"]
    amount_fen: int
    number: str = ""
    mchid: str = ""
    appid: str = ""

    @property
    def out_trade_no(self) -> str:
        """Its number."""
        return self.attempt_id.hex


async def insert_parts(
    tx: Tx, merchant_id: MerchantId, payment_id: PaymentId, charge: Charge, parts: Sequence[Part]
) -> None:
    """Parts that are about to be paid. `transaction_id` keeps a card's slip already; a code's is told later."""
    await tx.execute(
        """insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, tender, mchid,
             appid, amount_fen, description, expires_at, due_at, created_at, transaction_id)
           select $1, p.attempt_id, $2, replace(p.attempt_id::text, '-', ''),
             p.tender || case when p.tender in ('wechat', 'alipay') then '_code' else '' end, p.tender, p.mchid,
             p.appid, p.amount_fen, $3, $4, $4, $5, nullif(p.number, '')
           from unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[])
             as p (attempt_id, tender, mchid, appid, amount_fen, number)""",
        merchant_id,
        payment_id,
        charge.description[:127] or "订单",
        charge.expires_at,
        tx.now,
        [part.attempt_id for part in parts],
        [part.tender for part in parts],
        [part.mchid for part in parts],
        [part.appid for part in parts],
        [part.amount_fen for part in parts],
        [part.number for part in parts],
    )


_AT_COUNTER = "(tender in ('cash', 'card') or method in ('wechat_code', 'alipay_code'))"


async def open_numbers(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> list[str]:
    """The numbers of the parts that were begun and not concluded."""
    rows = await tx.fetch(
        f"""select out_trade_no from payment_attempts
            where merchant_id = $1 and payment_id = $2 and state = 'created' and {_AT_COUNTER}""",  # noqa: S608 - names of columns
        merchant_id,
        payment_id,
    )
    return [row["out_trade_no"] for row in rows]


async def numbers_of(tx: Tx, merchant_id: MerchantId, attempt_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Slip numbers by attempt; empty for what has none."""
    rows = await tx.fetch(
        """select attempt_id, coalesce(transaction_id, '') as number from payment_attempts
           where merchant_id = $1 and attempt_id = any($2)""",
        merchant_id,
        attempt_ids,
    )
    return {row["attempt_id"]: row["number"] for row in rows}


async def last_verdict(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> tuple[str, str | None] | None:
    """What became of the money that a counter took last for a payment; None when it took none."""
    row = await tx.fetchrow(
        f"""select verdict, reason from payment_attempts
            where merchant_id = $1 and payment_id = $2 and verdict is not null
              and ({_AT_COUNTER} or tender = 'wallet')
            order by verdict = 'accepted' desc, attempt_id desc limit 1""",  # noqa: S608 - names of columns
        merchant_id,
        payment_id,
    )
    return (row["verdict"], row["reason"]) if row else None


async def close_parts(
    tx: Tx, merchant_id: MerchantId, payment_id: PaymentId, error: str, *, but_code: bool = False
) -> None:
    """created -> closed."""
    await tx.execute(
        f"""update payment_attempts set state = 'closed', close_wanted = false, error = $3
            where merchant_id = $1 and payment_id = $2 and state = 'created' and {_AT_COUNTER}
              and not ($4 and method in ('wechat_code', 'alipay_code'))""",  # noqa: S608 - names of columns
        merchant_id,
        payment_id,
        error[:500],
        but_code,
    )


class HandRefund(msgspec.Struct, frozen=True):
    """A decided refund of cash or by card that nobody has given out yet."""

    refund_id: RefundId
    tender: str
    amount_fen: int
    purpose: str
    reference_id: UUID
    reason: str
    slip_no: str
    created_at: datetime


async def list_hand_refunds(tx: Tx, merchant_id: MerchantId, reference_id: UUID | None, limit: int) -> list[HandRefund]:
    """The oldest first."""
    rows = await tx.fetch(
        """select r.refund_id, a.tender, r.amount_fen, p.purpose, p.reference_id, r.reason,
             case a.tender when 'card' then a.transaction_id else '' end as slip_no, r.created_at
           from payment_refunds r
           join payment_attempts a on a.merchant_id = r.merchant_id and a.attempt_id = r.attempt_id
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where r.merchant_id = $1 and r.by_hand and r.state = 'applied'
             and ($2::uuid is null or p.reference_id = $2)
           order by r.refund_id limit $3""",
        merchant_id,
        reference_id,
        limit,
    )
    return db.many(HandRefund, rows)
