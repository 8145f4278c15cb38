"""SQL of what a scanner reads, and of baskets that wait."""

from datetime import datetime
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, SkuId, StaffId, StoreId
from bihuan.till.schemas_sales import ParkedLine


async def sku_of_barcode(tx: Tx, merchant_id: MerchantId, barcode: str) -> SkuId | None:
    """What a barcode stands for."""
    return await tx.fetchval(
        "select sku_id from till_barcodes where merchant_id = $1 and barcode = $2", merchant_id, barcode
    )


async def put_barcode(tx: Tx, merchant_id: MerchantId, barcode: str, sku_id: SkuId, staff_id: StaffId) -> None:
    """A barcode stands for this SKU from now on."""
    await tx.execute(
        """insert into till_barcodes (merchant_id, barcode, sku_id, staff_id, created_at) values ($1, $2, $3, $4, $5)
           on conflict (merchant_id, barcode) do update set sku_id = excluded.sku_id, staff_id = excluded.staff_id,
             created_at = excluded.created_at""",
        merchant_id,
        barcode,
        sku_id,
        staff_id,
        tx.now,
    )


class ParkedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A basket that waits at a store."""

    parked_id: UUID
    store_id: StoreId
    label: str
    member_no: str | None
    lines: list[ParkedLine]
    total_fen: int
    staff_id: StaffId
    parked_at: datetime


_PARKED = ", ".join(ParkedRow.__struct_fields__)


async def insert_parked(tx: Tx, merchant_id: MerchantId, row: ParkedRow) -> None:
    """Keeps a basket."""
    await tx.execute(
        """insert into till_parked (merchant_id, parked_id, store_id, label, member_no, lines, total_fen, staff_id,
             parked_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        merchant_id,
        row.parked_id,
        row.store_id,
        row.label,
        row.member_no,
        msgspec.to_builtins(row.lines),
        row.total_fen,
        row.staff_id,
        row.parked_at,
    )


async def list_parked(tx: Tx, merchant_id: MerchantId, store_id: StoreId, limit: int) -> list[ParkedRow]:
    """A store's baskets, the latest first."""
    rows = await tx.fetch(
        f"""select {_PARKED} from till_parked where merchant_id = $1 and store_id = $2
            order by parked_id desc limit $3""",  # noqa: S608 - names of columns
        merchant_id,
        store_id,
        limit,
    )
    return db.many(ParkedRow, rows)


async def take_parked(tx: Tx, merchant_id: MerchantId, store_id: StoreId, parked_id: UUID) -> ParkedRow | None:
    """A basket of this store, which is not kept any more; None when somebody was faster."""
    row = await tx.fetchrow(
        f"""delete from till_parked where merchant_id = $1 and store_id = $2 and parked_id = $3
            returning {_PARKED}""",  # noqa: S608 - names of columns
        merchant_id,
        store_id,
        parked_id,
    )
    return db.one_or_none(ParkedRow, row)


async def forget_parked(tx: Tx, merchant_id: MerchantId, store_id: StoreId, before: datetime) -> int:
    """Baskets of this store that nobody came back for go; returns how many."""
    return await tx.execute(
        "delete from till_parked where merchant_id = $1 and store_id = $2 and parked_at < $3",
        merchant_id,
        store_id,
        before,
    )
