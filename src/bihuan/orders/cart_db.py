"""The cart's SQL."""

from collections.abc import Sequence

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, ShopperId, SkuId


class CartRow(msgspec.Struct, frozen=True):
    """An item of a cart, at the price it had when it was put in."""

    sku_id: SkuId
    quantity: int
    added_price_fen: int


async def list_items(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId) -> list[CartRow]:
    """A cart, the latest first."""
    rows = await tx.fetch(
        """select sku_id, quantity, added_price_fen from cart_items
           where merchant_id = $1 and shopper_id = $2 order by added_at desc, sku_id""",
        merchant_id,
        shopper_id,
    )
    return db.many(CartRow, rows)


async def put_item(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, sku_id: SkuId, quantity: int, price_fen: int, limit: int
) -> list[CartRow] | None:
    """Sets an item's quantity: the cart then, the latest first; None when it already holds `limit` others."""
    rows = await tx.fetch(
        # The reading half sees the cart as it was before, so the item itself comes from the writing half.
        """with other as (
             select sku_id, quantity, added_price_fen, added_at from cart_items
             where merchant_id = $1 and shopper_id = $2 and sku_id <> $3
           ), put as (
             insert into cart_items (merchant_id, shopper_id, sku_id, quantity, added_price_fen, added_at)
             select $1, $2, $3, $4, $5, $6 where (select count(*) from other) < $7
             on conflict (merchant_id, shopper_id, sku_id) do update set quantity = excluded.quantity
             returning sku_id, quantity, added_price_fen, added_at
           )
           select sku_id, quantity, added_price_fen from (select * from put union all select * from other) c
           where exists (select from put) order by added_at desc, sku_id""",
        merchant_id,
        shopper_id,
        sku_id,
        quantity,
        price_fen,
        tx.now,
        limit,
    )
    return db.many(CartRow, rows) or None


async def delete_items(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, sku_ids: Sequence[SkuId]) -> None:
    """Takes items out."""
    await tx.execute(
        "delete from cart_items where merchant_id = $1 and shopper_id = $2 and sku_id = any($3)",
        merchant_id,
        shopper_id,
        sku_ids,
    )


async def delete_pairs(tx: Tx, merchant_id: MerchantId, pairs: Sequence[tuple[ShopperId, SkuId]]) -> None:
    """Takes items out of many carts."""
    await tx.execute(
        """delete from cart_items c using unnest($2::uuid[], $3::uuid[]) as w (shopper_id, sku_id)
           where c.merchant_id = $1 and c.shopper_id = w.shopper_id and c.sku_id = w.sku_id""",
        merchant_id,
        [shopper_id for shopper_id, _ in pairs],
        [sku_id for _, sku_id in pairs],
    )


async def move_shopper(tx: Tx, merchant_id: MerchantId, former_id: ShopperId, shopper_id: ShopperId) -> None:
    """Puts one shopper's cart into another's; an item in both keeps the larger quantity."""
    await tx.execute(
        """with former as (
             delete from cart_items where merchant_id = $1 and shopper_id = $2 returning *
           )
           insert into cart_items (merchant_id, shopper_id, sku_id, quantity, added_price_fen, added_at)
           select merchant_id, $3, sku_id, quantity, added_price_fen, added_at from former
           on conflict (merchant_id, shopper_id, sku_id)
             do update set quantity = greatest(cart_items.quantity, excluded.quantity)""",
        merchant_id,
        former_id,
        shopper_id,
    )
