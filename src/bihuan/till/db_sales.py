"""SQL of sales at a till, and of attempts to take their money."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId, PaymentId, ShopperId, StaffId
from bihuan.payments import Part


class SaleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A sale."""

    sale_id: UUID
    shift_id: UUID
    order_id: OrderId
    order_no: str
    shopper_id: ShopperId
    member_no: str | None
    total_fen: int
    discount_fen: int  # that was taken off by hand before
    state: str
    staff_id: StaffId
    created_at: datetime
    ended_at: datetime | None


class TakingRow(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to take the money of a sale."""

    taking_id: UUID
    sale_id: UUID
    key: str
    input_hash: bytes
    state: str
    payment_id: PaymentId
    cash_fen: int
    tendered_fen: int
    card_fen: int
    card_slip: str
    code_fen: int
    wallet_fen: int
    code: Part | None
    reason: str | None
    staff_id: StaffId
    began_at: datetime
    ended_at: datetime | None


_SALE = ", ".join(SaleRow.__struct_fields__)
_TAKING = ", ".join(TakingRow.__struct_fields__)


def _taking(row: Any) -> TakingRow:
    fields = dict(row)
    fields["code"] = msgspec.convert(fields["code"], Part, strict=False) if fields["code"] else None
    return TakingRow(**fields)


async def insert_sale(tx: Tx, merchant_id: MerchantId, sale: SaleRow) -> SaleRow:
    """Writes a sale; of an order that has one already, that is returned."""
    await tx.execute(
        """insert into till_sales (merchant_id, sale_id, shift_id, order_id, order_no, shopper_id, member_no,
             total_fen, staff_id, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (merchant_id, order_id) do nothing""",
        merchant_id,
        sale.sale_id,
        sale.shift_id,
        sale.order_id,
        sale.order_no,
        sale.shopper_id,
        sale.member_no,
        sale.total_fen,
        sale.staff_id,
        tx.now,
    )
    found = await find_by_order(tx, merchant_id, sale.order_id)
    if found is None:
        raise RuntimeError("a sale vanished")
    return found


async def find_by_order(tx: Tx, merchant_id: MerchantId, order_id: OrderId, *, lock: bool = False) -> SaleRow | None:
    """The sale of an order."""
    row = await tx.fetchrow(
        f"""select {_SALE} from till_sales where merchant_id = $1 and order_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608 - names of columns
        merchant_id,
        order_id,
    )
    return db.one_or_none(SaleRow, row)


async def find_sale(tx: Tx, merchant_id: MerchantId, sale_id: UUID, *, lock: bool = False) -> SaleRow | None:
    """A sale, locked when asked for."""
    row = await tx.fetchrow(
        f"""select {_SALE} from till_sales where merchant_id = $1 and sale_id = $2
            {"for no key update" if lock else ""}""",  # noqa: S608 - names of columns
        merchant_id,
        sale_id,
    )
    return db.one_or_none(SaleRow, row)


async def find_by_no(tx: Tx, merchant_id: MerchantId, order_no: str) -> SaleRow | None:
    """A sale by its order's number, as the receipt has it."""
    row = await tx.fetchrow(
        f"select {_SALE} from till_sales where merchant_id = $1 and order_no = $2",  # noqa: S608 - names of columns
        merchant_id,
        order_no,
    )
    return db.one_or_none(SaleRow, row)


async def list_sales(tx: Tx, merchant_id: MerchantId, shift_id: UUID, before: UUID | None, limit: int) -> list[SaleRow]:
    """A shift's sales, the latest first."""
    rows = await tx.fetch(
        f"""select {_SALE} from till_sales
            where merchant_id = $1 and shift_id = $2 and ($3::uuid is null or sale_id < $3)
            order by sale_id desc limit $4""",  # noqa: S608 - names of columns
        merchant_id,
        shift_id,
        before,
        limit,
    )
    return db.many(SaleRow, rows)


async def list_open(tx: Tx, merchant_id: MerchantId, shift_id: UUID, limit: int) -> list[SaleRow]:
    """A shift's sales that wait for their money, the latest first."""
    rows = await tx.fetch(
        f"""select {_SALE} from till_sales where merchant_id = $1 and shift_id = $2 and state = 'open'
            order by sale_id desc limit $3""",  # noqa: S608 - names of columns
        merchant_id,
        shift_id,
        limit,
    )
    return db.many(SaleRow, rows)


async def set_total(tx: Tx, merchant_id: MerchantId, sale_id: UUID, total_fen: int, discount_fen: int) -> bool:
    """What an open sale costs now."""
    return bool(
        await tx.execute(
            """update till_sales set total_fen = $3, discount_fen = $4
               where merchant_id = $1 and sale_id = $2 and state = 'open'""",
            merchant_id,
            sale_id,
            total_fen,
            discount_fen,
        )
    )


async def sales_of(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> dict[OrderId, SaleRow]:
    """The sales of orders."""
    rows = await tx.fetch(
        f"select {_SALE} from till_sales where merchant_id = $1 and order_id = any($2)",  # noqa: S608 - names of columns
        merchant_id,
        order_ids,
    )
    return {row.order_id: row for row in db.many(SaleRow, rows)}


async def end_sale(tx: Tx, merchant_id: MerchantId, sale_id: UUID, state: str) -> bool:
    """open -> paid or void; void -> paid where its payment code was taken although its order had been cancelled."""
    return bool(
        await tx.execute(
            """update till_sales set state = $3, ended_at = $4
               where merchant_id = $1 and sale_id = $2 and (state = 'open' or (state = 'void' and $3 = 'paid'))""",
            merchant_id,
            sale_id,
            state,
            tx.now,
        )
    )


async def insert_taking(tx: Tx, merchant_id: MerchantId, row: TakingRow, due_at: datetime) -> None:
    """The intent to take a sale's money."""
    await tx.execute(
        """insert into till_takings (merchant_id, taking_id, sale_id, key, input_hash, payment_id, cash_fen,
             tendered_fen, card_fen, card_slip, code_fen, wallet_fen, code, staff_id, began_at, due_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)""",
        merchant_id,
        row.taking_id,
        row.sale_id,
        row.key,
        row.input_hash,
        row.payment_id,
        row.cash_fen,
        row.tendered_fen,
        row.card_fen,
        row.card_slip,
        row.code_fen,
        row.wallet_fen,
        msgspec.to_builtins(row.code) if row.code else None,
        row.staff_id,
        row.began_at,
        due_at,
    )


async def list_takings(tx: Tx, merchant_id: MerchantId, sale_id: UUID) -> list[TakingRow]:
    """Oldest first."""
    rows = await tx.fetch(
        f"""select {_TAKING} from till_takings where merchant_id = $1 and sale_id = $2
            order by taking_id limit 100""",  # noqa: S608 - names of columns
        merchant_id,
        sale_id,
    )
    return [_taking(row) for row in rows]


async def end_taking(tx: Tx, merchant_id: MerchantId, taking_id: UUID, state: str, reason: str | None) -> bool:
    """pending -> taken or refused; False when somebody was faster."""
    return bool(
        await tx.execute(
            """update till_takings set state = $3, reason = $4, ended_at = $5
               where merchant_id = $1 and taking_id = $2 and state = 'pending'""",
            merchant_id,
            taking_id,
            state,
            reason,
            tx.now,
        )
    )


async def claim_due(tx: Tx, pause: timedelta, limit: int) -> list[tuple[MerchantId, UUID]]:
    """Sales with an undecided payment whose time has come; nobody else takes them up within `pause`."""
    rows = await tx.fetch(
        """with due as (
             select merchant_id, taking_id from till_takings where state = 'pending' and due_at <= $1
             order by due_at limit $3 for no key update skip locked
           )
           update till_takings t set due_at = $2 from due
           where t.merchant_id = due.merchant_id and t.taking_id = due.taking_id
           returning t.merchant_id, t.sale_id""",
        tx.now,
        tx.now + pause,
        limit,
    )
    return [(row["merchant_id"], row["sale_id"]) for row in rows]


async def open_of_orders(tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId]) -> list[SaleRow]:
    """Open sales of orders, locked, in the order of their ids."""
    rows = await tx.fetch(
        f"""select {_SALE} from till_sales where merchant_id = $1 and order_id = any($2) and state = 'open'
            order by sale_id for no key update""",  # noqa: S608 - names of columns
        merchant_id,
        order_ids,
    )
    return db.many(SaleRow, rows)
