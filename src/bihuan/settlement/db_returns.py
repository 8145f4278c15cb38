"""SQL of returns: parts that come back from the platform before a refund."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.settlement.db_sharing import Sharing


class ReturnRow(msgspec.Struct, frozen=True, kw_only=True):
    """A part that comes back from the platform."""

    merchant_id: MerchantId
    return_id: UUID
    sharing_order_id: UUID
    order_id: OrderId
    amount_fen: int
    state: str
    tries: int
    error: str | None
    created_at: datetime
    ended_at: datetime | None


_RETURN = ", ".join(f.name for f in msgspec.structs.fields(ReturnRow))


async def list_returns(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> list[ReturnRow]:
    """The returns of an order's sharing, oldest first."""
    rows = await tx.fetch(
        f"""select {_RETURN} from sharing_returns where merchant_id = $1 and order_id = $2
            order by return_id""",  # noqa: S608 - names of columns
        merchant_id,
        order_id,
    )
    return db.many(ReturnRow, rows)


async def insert_return(tx: Tx, row: Sharing, return_id: UUID, sharing_order_id: UUID, amount_fen: int) -> None:
    """The intent to take a part back; its amount is set aside at the share."""
    await tx.execute(
        """insert into sharing_returns (merchant_id, return_id, sharing_order_id, order_id, amount_fen, due_at,
             created_at) values ($1, $2, $3, $4, $5, $6, $6)""",
        row.merchant_id,
        return_id,
        sharing_order_id,
        row.order_id,
        amount_fen,
        tx.now,
    )
    await _set_aside(tx, row.merchant_id, sharing_order_id, amount_fen)


async def _set_aside(tx: Tx, merchant_id: MerchantId, sharing_order_id: UUID, amount_fen: int) -> None:
    await tx.execute(
        """update sharing_orders set returned_fen = returned_fen + $3
           where merchant_id = $1 and sharing_order_id = $2""",
        merchant_id,
        sharing_order_id,
        amount_fen,
    )


async def claim_returns(tx: Tx, lease_until: datetime, limit: int) -> list[ReturnRow]:
    """Takes returns whose time has come, and keeps other workers off them until `lease_until`."""
    rows = await tx.fetch(
        f"""with due as (
              select merchant_id, return_id from sharing_returns
              where due_at <= $1 and state in ('asked', 'processing') order by due_at limit $3 for update skip locked)
            update sharing_returns r set due_at = $2, tries = r.tries + 1 from due
            where r.merchant_id = due.merchant_id and r.return_id = due.return_id
            returning {", ".join(f"r.{name}" for name in _RETURN.split(", "))}""",  # noqa: S608 - names of columns
        tx.now,
        lease_until,
        limit,
    )
    return db.many(ReturnRow, rows)


async def set_return(tx: Tx, row: ReturnRow, to: str, due_at: datetime, error: str | None) -> bool:
    """Moves a return; what failed sets its amount free at the share. False when it has moved on."""
    ended = to in ("success", "failed")
    moved = await tx.execute(
        """update sharing_returns set state = $3, due_at = $4, error = $5,
             ended_at = case when $6 then $7::timestamptz end
           where merchant_id = $1 and return_id = $2 and state in ('asked', 'processing')""",
        row.merchant_id,
        row.return_id,
        to,
        due_at,
        error[:500] if error else None,
        ended,
        tx.now,
    )
    if moved and to == "failed":
        await _set_aside(tx, row.merchant_id, row.sharing_order_id, -row.amount_fen)
    return bool(moved)


async def waive_return(tx: Tx, merchant_id: MerchantId, return_id: UUID) -> bool:
    """failed -> waived: the refund goes on, the statement settles what the platform kept."""
    return bool(
        await tx.execute(
            """update sharing_returns set state = 'waived'
               where merchant_id = $1 and return_id = $2 and state = 'failed'""",
            merchant_id,
            return_id,
        )
    )


async def list_failed_returns(tx: Tx, limit: int) -> list[ReturnRow]:
    """Of all merchants: orders whose latest return failed, so that a refund waits; the oldest first."""
    rows = await tx.fetch(
        f"""select {_RETURN} from (
              select distinct on (merchant_id, order_id) * from sharing_returns
              order by merchant_id, order_id, return_id desc) r
            where state = 'failed' order by created_at limit $1""",  # noqa: S608 - names of columns
        limit,
    )
    return db.many(ReturnRow, rows)
