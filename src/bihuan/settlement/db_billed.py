"""What reconciliation needs of settlement: which shares, returns and unfreezings WeChat said yes to.

Laid into a temporary table of the caller's transaction, `sharings_recorded`, in the columns of payments' own
(`payments.billed`); kinds: share, share_return, unfreeze. `number` names one in WeChat's bill: our number, of a
share with its receiver.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId

_TIMEOUT_SECONDS = 1_800.0

_STAGE = """insert into sharings_recorded
  (kind, out_number, number, record_id, amount_fen, at, state, began_at, purpose, reference_id)
select * from (
  select o.kind, replace(o.sharing_order_id::text, '-', '') as out_number,
    replace(o.sharing_order_id::text, '-', '') || case o.kind when 'share' then '/' || s.receiver else '' end as number,
    o.sharing_order_id as record_id, o.amount_fen, o.ended_at as at, o.state, o.created_at as began_at,
    'order' as purpose, o.order_id as reference_id
  from sharing_orders o
  join sharings s on s.merchant_id = o.merchant_id and s.order_id = o.order_id
  where o.merchant_id = $1 and s.mchid = $2 and (o.ended_at >= $3 and o.ended_at < $4 or o.sharing_order_id = any($5))
  union all
  select 'share_return', replace(r.return_id::text, '-', ''), replace(r.return_id::text, '-', ''), r.return_id,
    r.amount_fen, r.ended_at, r.state, r.created_at, 'order', r.order_id
  from sharing_returns r
  join sharings s on s.merchant_id = r.merchant_id and s.order_id = r.order_id
  where r.merchant_id = $1 and s.mchid = $2 and (r.ended_at >= $3 and r.ended_at < $4 or r.return_id = any($5))
) told"""


class BilledShares:
    """Settlement's side of `reconciliation.Shares`."""

    table = "sharings_recorded"

    async def stage(
        self,
        tx: Tx,
        merchant_id: MerchantId,
        mchid: str,
        span: tuple[datetime, datetime] | None,
        numbers: Sequence[str],
    ) -> None:
        """Makes the table anew: what ended within the span, or bears one of these numbers."""
        await tx.execute("drop table if exists sharings_recorded")
        await tx.execute(
            """create temporary table sharings_recorded (
                 kind text not null, out_number text not null, number text not null, record_id uuid not null,
                 amount_fen bigint not null, at timestamptz, state text not null, began_at timestamptz not null,
                 purpose text not null, reference_id uuid not null
               ) on commit drop"""
        )
        since, until = span or (None, None)
        ids = [found for number in numbers if (found := _id_of(number)) is not None]
        await tx.fetch(_STAGE, merchant_id, mchid, since, until, ids, timeout=_TIMEOUT_SECONDS)


def _id_of(number: str) -> UUID | None:
    """Of one of our numbers; None for what is none."""
    try:
        found = UUID(hex=number)
    except ValueError:
        return None
    return found if found.hex == number else None
