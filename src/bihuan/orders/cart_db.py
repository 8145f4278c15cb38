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


class Put(msgspec.Struct, frozen=True):
    """A quantity of a SKU for a shopper's cart, at the price that she sees."""

    shopper_id: ShopperId
    sku_id: SkuId
    quantity: int
    price_fen: int


async def put_items(tx: Tx, merchant_id: MerchantId, puts: Sequence[Put], limit: int) -> dict[ShopperId, list[CartRow]]:
    """Sets an item's quantity in the carts of some shoppers, one each: their carts then, the latest item first.

    A cart that already holds `limit` others stays as it is and is left out. The commit does not wait for the disk: a
    crash of PostgreSQL may take back what was put into a cart in its last half second, as it may not with an order.
    """
    rows = await tx.fetch(
        # The reading half sees the carts as they were before, so the items themselves come from the writing half.
        """with w as (
             select * from unnest($2::uuid[], $3::uuid[], $4::int[], $5::bigint[])
               as w (shopper_id, sku_id, quantity, price_fen)
             where set_config('synchronous_commit', 'off', true) is not null
           ), other as (
             select c.shopper_id, c.sku_id, c.quantity, c.added_price_fen, c.added_at
             from cart_items c join w on w.shopper_id = c.shopper_id
             where c.merchant_id = $1 and c.sku_id <> w.sku_id
           ), put as (
             insert into cart_items (merchant_id, shopper_id, sku_id, quantity, added_price_fen, added_at)
             select $1, w.shopper_id, w.sku_id, w.quantity, w.price_fen, $6 from w
             where (select count(*) from other o where o.shopper_id = w.shopper_id) < $7
             order by w.shopper_id
             on conflict (merchant_id, shopper_id, sku_id) do update set quantity = excluded.quantity
             returning shopper_id, sku_id, quantity, added_price_fen, added_at
           )
           select shopper_id, sku_id, quantity, added_price_fen from (
             select * from put union all select * from other where shopper_id in (select shopper_id from put)) c
           order by added_at desc, sku_id""",
        merchant_id,
        [put.shopper_id for put in puts],
        [put.sku_id for put in puts],
        [put.quantity for put in puts],
        [put.price_fen for put in puts],
        tx.now,
        limit,
    )
    carts: dict[ShopperId, list[CartRow]] = {}
    for shopper_id, sku_id, quantity, added_price_fen in rows:
        carts.setdefault(shopper_id, []).append(CartRow(sku_id, quantity, added_price_fen))
    return carts


async def delete_items(tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId, sku_ids: Sequence[SkuId]) -> None:
    """Takes items out."""
    await tx.execute(
        "delete from cart_items where merchant_id = $1 and shopper_id = $2 and sku_id = any($3)",
        merchant_id,
        shopper_id,
        sku_ids,
    )


async def delete_pairs(tx: Tx, merchant_id: MerchantId, pairs: Sequence[tuple[ShopperId, SkuId]]) -> None:
    """Takes items out of many carts; does not wait for the disk, as `put_items`."""
    await tx.execute(
        """delete from cart_items c using unnest($2::uuid[], $3::uuid[]) as w (shopper_id, sku_id)
           where set_config('synchronous_commit', 'off', true) is not null
             and c.merchant_id = $1 and c.shopper_id = w.shopper_id and c.sku_id = w.sku_id""",
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
