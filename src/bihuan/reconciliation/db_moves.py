"""SQL of the fund bill's movements (`bill_moves`) that the trade bill does not tell of."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.reconciliation.staging import TIMEOUT_SECONDS


class Move(msgspec.Struct, frozen=True):
    """A movement of the fund bill to keep; `again` counts what is the same to the letter."""

    at: datetime
    kind: str
    business_name: str
    business_type: str
    number: str
    amount_fen: int
    note: str
    flow_id: str
    again: int

    @property
    def content(self) -> str:
        """What the row says, to the letter."""
        whose = f"{self.flow_id}|{self.number}|{self.business_name}|{self.business_type}"
        return f"{self.at}|{whose}|{self.amount_fen}"


async def list_moves_to_keep(tx: Tx, merchant_id: MerchantId, mchid: str, limit: int) -> list[Move]:
    """Movements to and from the bank, and what nothing explains: other kinds, payments and refunds of no trade.

    A refund that WeChat closed on the day it took it went out and came back: the trade bill does not tell of it.
    """
    rows = await tx.fetch(
        """select m.at, case when m.kind in ('withdrawal', 'top_up') then m.kind else 'other' end as kind,
             m.business_name, m.business_type, m.number, m.amount_fen, m.note, m.flow_id,
             (row_number() over (partition by m.at, m.flow_id, m.number, m.business_name, m.business_type, m.amount_fen
               order by m.line))::int as again
           from bill_moves m
           where m.amount_fen <> 0 and (m.kind in ('withdrawal', 'top_up', 'other')
             or (m.kind in ('payment', 'fee', 'refund') and not exists (
                  select from bill_rows b where b.number = m.number)
                and not exists (select from reconciliation_items i
                  where i.merchant_id = $2 and i.mchid = $3 and i.kind in ('payment', 'refund')
                    and i.number = m.number)
                and not (m.kind = 'refund' and m.number in (
                  select number from bill_moves where kind = 'refund' and number <> ''
                  group by number having sum(amount_fen) = 0))))
           order by m.line limit $1""",
        limit,
        merchant_id,
        mchid,
        timeout=TIMEOUT_SECONDS,
    )
    return db.many(Move, rows)


async def insert_moves(
    tx: Tx, merchant_id: MerchantId, mchid: str, day: date, ids: Sequence[UUID], moves: Sequence[Move]
) -> None:
    """Keeps movements; a repeat changes nothing."""
    await tx.execute(
        """insert into reconciliation_moves (merchant_id, mchid, day, move_id, at, kind, business_name, business_type,
             number, amount_fen, note)
           select $1, $2, $3, m.* from unnest($4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::bigint[], $11::text[]) as m
           on conflict do nothing""",
        merchant_id,
        mchid,
        day,
        ids,
        [m.at for m in moves],
        [m.kind for m in moves],
        [m.business_name for m in moves],
        [m.business_type for m in moves],
        [m.number for m in moves],
        [m.amount_fen for m in moves],
        [m.note for m in moves],
    )


async def sharing_change(tx: Tx) -> int:
    """What profit sharing did to the account, in the fund bill."""
    return int(await tx.fetchval("select coalesce(sum(amount_fen), 0) from bill_moves where kind = 'sharing'"))
