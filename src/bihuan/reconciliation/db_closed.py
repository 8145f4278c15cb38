"""SQL of refunds whose two halves stand on two days: accepted on one, closed or booked on another."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.reconciliation.staging import TIMEOUT_SECONDS


async def stage_closed(tx: Tx, merchant_id: MerchantId, mchid: str, day: date) -> None:
    """Adds to `bill_rows` the refunds of former days that came back on this one, as kind `refund_closed`.

    Only the fund bill tells of it (退款退回): the trade bill has a refund on the day on which it was accepted. Its fee,
    given back then, is due again, so the row has it with the opposite sign.
    """
    await tx.fetch(
        """insert into bill_rows (at, kind, number, out_number, amount_fen, fee_fen, fee_agrees, state)
           select max(m.at), 'refund_closed', i.number, i.out_number, i.amount_fen, -i.fee_fen, true, 'CLOSED'
           from bill_moves m
           join reconciliation_items i on i.merchant_id = $1 and i.mchid = $2 and i.kind = 'refund'
             and i.number = m.number and i.day < $3
           where m.kind = 'refund' and m.amount_fen > 0
           group by i.number, i.out_number, i.amount_fen, i.fee_fen""",
        merchant_id,
        mchid,
        day,
        timeout=TIMEOUT_SECONDS,
    )


async def list_booked_unknown(tx: Tx, limit: int) -> list[str]:
    """Our numbers of refunds that the book has on the day (`ledger_occurred`) and `payments_recorded` has not."""
    rows = await tx.fetch(
        """select replace(o.source_id::text, '-', '') as out_number from ledger_occurred o
           where not exists (select from payments_recorded r where r.record_id = o.source_id) limit $1""",
        limit,
    )
    return [row["out_number"] for row in rows]


async def booked_elsewhere(tx: Tx, record_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these refunds the book has on no moment of the day (`ledger_occurred` has the booked ones)."""
    rows = await tx.fetch(
        """select r.record_id from unnest($1::uuid[]) as r (record_id)
           where not exists (select from ledger_occurred o where o.source_id = r.record_id)""",
        list(record_ids),
    )
    return {row["record_id"] for row in rows}
