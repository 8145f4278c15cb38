"""Merchants, goods and shoppers for a bench, made in bulk."""

import msgspec

from bihuan import catalog, identity, inventory, merchants
from bihuan.catalog import NewProduct, NewSku
from bihuan.kernel.ids import AddressId, ShopperId, SkuId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

PRICE_FEN = 9900


class Buyers(msgspec.Struct, frozen=True):
    """Shoppers with an address each, signed in."""

    ids: list[ShopperId]
    addresses: list[AddressId]
    tokens: list[str]


async def make_merchant(rt: Runtime, code: str, skus: int, stock: int) -> tuple[Merchant, list[SkuId]]:
    """A merchant with published one-SKU products, each with this much stock in its warehouse."""
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(tx, code=code, name=f"压测 {code}")
        products = [
            NewProduct(title=f"商品 {n}", skus=[NewSku(code=f"{code}-{n}", price_fen=PRICE_FEN)]) for n in range(skus)
        ]
        ids = await catalog.create_products(tx, merchant.merchant_id, products, state="published", check_media=False)
        rows = await tx.fetch(
            "select sku_id from skus where merchant_id = $1 and product_id = any($2)", merchant.merchant_id, ids
        )
        found = [SkuId(row["sku_id"]) for row in rows]
        warehouse = await merchants.default_location(tx, merchant.merchant_id)
        await inventory.receive(tx, merchant.merchant_id, [(sku, warehouse, stock) for sku in found], "bench")
    return merchant, found


async def make_buyers(rt: Runtime, count: int, appid: str = "wx-bench", openids: list[str] | None = None) -> Buyers:
    """Shoppers made by COPY, with the openids that WeChat knows them by, or made-up ones."""
    ids = [ShopperId(new_id()) for _ in range(count)]
    addresses = [AddressId(new_id()) for _ in range(count)]
    async with rt.db.transaction() as tx:
        await tx.copy(
            "shoppers",
            ("shopper_id", "nickname", "created_at", "updated_at"),
            [(i, "压测", tx.now, tx.now) for i in ids],
        )
        await tx.copy(
            "shopper_identities",
            ("appid", "openid", "shopper_id", "created_at"),
            [(appid, openid, i, tx.now) for i, openid in zip(ids, openids or [f"o{i.hex}" for i in ids], strict=True)],
        )
        columns = ("shopper_id", "address_id", "name", "phone", "province", "city", "district", "street", "is_default",
                   "created_at", "updated_at")  # fmt: skip
        about = ("林", "13800000000", "广东省", "深圳市", "南山区", "科技园 1 号", True)
        await tx.copy(
            "addresses", columns, [(i, a, *about, tx.now, tx.now) for i, a in zip(ids, addresses, strict=True)]
        )
    return Buyers(ids, addresses, [identity.issue_shopper_token(rt, i)[0] for i in ids])


async def analyze(server_url: str) -> None:
    """Fresh statistics after a bulk load, as the owner."""
    import asyncpg

    connection = await asyncpg.connect(server_url)
    await connection.execute("vacuum analyze")
    await connection.close()
