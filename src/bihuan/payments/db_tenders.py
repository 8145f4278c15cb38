"""SQL of payments with a part from the wallet. The payment's lock guards its plan and its part."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, PaymentId, ShopperId, new_id
from bihuan.payments.schemas import Charge


class PlannedRow(msgspec.Struct, frozen=True):
    """A payment with its plan."""

    payment_id: PaymentId
    purpose: str
    reference_id: UUID
    shopper_id: ShopperId
    amount_fen: int
    state: str
    wallet_fen: int


class Part(msgspec.Struct, frozen=True):
    """What is held in the wallet for a payment; its id names the hold."""

    attempt_id: UUID
    amount_fen: int


_PLANNED = "payment_id, purpose, reference_id, shopper_id, amount_fen, state, wallet_fen"


async def lock_or_insert(tx: Tx, merchant_id: MerchantId, charge: Charge) -> PlannedRow:
    """The payment of a charge, locked; new when there was none, at the charge's amount and end when it is open."""
    await tx.execute(
        """insert into payments (merchant_id, payment_id, purpose, reference_id, shopper_id, amount_fen, expires_at,
             created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (merchant_id, purpose, reference_id) do nothing""",
        merchant_id,
        new_id(),
        charge.purpose,
        charge.reference_id,
        charge.shopper_id,
        charge.amount_fen,
        charge.expires_at,
        tx.now,
    )
    row = await tx.fetchrow(
        f"""select {_PLANNED} from payments where merchant_id = $1 and purpose = $2 and reference_id = $3
            for no key update""",  # noqa: S608 - names of columns
        merchant_id,
        charge.purpose,
        charge.reference_id,
    )
    if row is None:
        raise RuntimeError("a payment vanished")
    return db.one(PlannedRow, row)


async def lock(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> PlannedRow | None:
    """A payment, locked."""
    row = await tx.fetchrow(
        f"select {_PLANNED} from payments where merchant_id = $1 and payment_id = $2 for no key update",  # noqa: S608 - names of columns
        merchant_id,
        payment_id,
    )
    return db.one_or_none(PlannedRow, row)


async def set_plan(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId, charge: Charge, wallet_fen: int) -> None:
    """Plans an open payment anew: what was ordered at WeChat under another plan is to be closed."""
    await tx.execute(
        """with planned as (
             update payments set wallet_fen = $3, amount_fen = $5, expires_at = $6
             where merchant_id = $1 and payment_id = $2
           )
           update payment_attempts set close_wanted = true, due_at = $4
           where merchant_id = $1 and payment_id = $2 and tender <> 'wallet' and state in ('created', 'prepaid')
             and wallet_fen <> $3""",
        merchant_id,
        payment_id,
        wallet_fen,
        tx.now,
        charge.amount_fen,
        charge.expires_at,
    )


async def forget_plan(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> None:
    """A (locked) payment is to be paid without the wallet."""
    await tx.execute(
        "update payments set wallet_fen = 0 where merchant_id = $1 and payment_id = $2", merchant_id, payment_id
    )


async def find_part(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> Part | None:
    """What is held for a payment."""
    row = await tx.fetchrow(
        """select attempt_id, amount_fen from payment_attempts
           where merchant_id = $1 and payment_id = $2 and tender = 'wallet' and state = 'created'""",
        merchant_id,
        payment_id,
    )
    return db.one_or_none(Part, row)


async def insert_part(
    tx: Tx, merchant_id: MerchantId, payment_id: PaymentId, part: Part, expires_at: datetime, due_at: datetime
) -> None:
    """Notes a part that the wallet holds."""
    await tx.execute(
        """insert into payment_attempts (merchant_id, attempt_id, payment_id, out_trade_no, method, tender, mchid,
             appid, amount_fen, description, expires_at, due_at, created_at)
           values ($1, $2, $3, $4, 'wallet', 'wallet', '', '', $5, '储值支付', $6, $7, $8)""",
        merchant_id,
        part.attempt_id,
        payment_id,
        part.attempt_id.hex,
        part.amount_fen,
        expires_at,
        due_at,
        tx.now,
    )


async def close_part(tx: Tx, merchant_id: MerchantId, attempt_id: UUID) -> None:
    """created -> closed."""
    await tx.execute(
        """update payment_attempts set state = 'closed'
           where merchant_id = $1 and attempt_id = $2 and tender = 'wallet' and state = 'created'""",
        merchant_id,
        attempt_id,
    )


async def pay_part(tx: Tx, merchant_id: MerchantId, attempt_id: UUID, paid_at: datetime) -> bool:
    """created -> paid: its money is kept."""
    return bool(
        await tx.execute(
            """update payment_attempts set state = 'paid', verdict = 'accepted', transaction_id = out_trade_no,
                 paid_fen = amount_fen, paid_at = $3
               where merchant_id = $1 and attempt_id = $2 and tender = 'wallet' and state = 'created'""",
            merchant_id,
            attempt_id,
            paid_at,
        )
    )


async def set_paid(tx: Tx, merchant_id: MerchantId, payment_id: PaymentId) -> None:
    """A payment is paid whole; what was ordered at WeChat for it is to be closed."""
    await tx.execute(
        """with paid as (
             update payments set state = 'paid', paid_at = $3 where merchant_id = $1 and payment_id = $2
           )
           update payment_attempts set close_wanted = true, due_at = $3
           where merchant_id = $1 and payment_id = $2 and tender <> 'wallet' and state in ('created', 'prepaid')""",
        merchant_id,
        payment_id,
        tx.now,
    )


async def parts_of_references(
    tx: Tx, merchant_id: MerchantId, purpose: str, reference_ids: list[UUID]
) -> list[tuple[PaymentId, Part]]:
    """What is held for payments that are not open."""
    rows = await tx.fetch(
        """select a.payment_id, a.attempt_id, a.amount_fen from payment_attempts a
           join payments p on p.merchant_id = a.merchant_id and p.payment_id = a.payment_id
           where p.merchant_id = $1 and p.purpose = $2 and p.reference_id = any($3) and p.state <> 'open'
             and p.wallet_fen > 0 and a.tender = 'wallet' and a.state = 'created'
           order by p.shopper_id, a.payment_id""",
        merchant_id,
        purpose,
        reference_ids,
    )
    return [(row["payment_id"], Part(row["attempt_id"], row["amount_fen"])) for row in rows]


async def list_left(tx: Tx, limit: int) -> list[tuple[MerchantId, PaymentId]]:
    """Payments whose wallet part is held past its time."""
    rows = await tx.fetch(
        """select merchant_id, payment_id from payment_attempts
           where tender = 'wallet' and due_at <= $1 and state in ('created', 'prepaid') order by due_at limit $2""",
        tx.now,
        limit,
    )
    return [(row["merchant_id"], row["payment_id"]) for row in rows]
