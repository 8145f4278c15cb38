"""A shop to test in: a merchant of the test's own with goods, stock and shoppers."""

import itertools
from typing import Any, cast

import httpx

from bihuan import catalog, identity, inventory, merchants
from bihuan.catalog import NewProduct, NewSku
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import AddressId, LocationId, ProductId, ShopperId, SkuId, StoreId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

_numbers = itertools.count(1)


class Shop:
    """A merchant with SKUs in stock, a warehouse and a store that hands over."""

    def __init__(self, rt: Runtime, merchant: Merchant, warehouse: LocationId, store_id: StoreId) -> None:
        self.rt = rt
        self.merchant = merchant
        self.warehouse = warehouse
        self.store_id = store_id
        self.skus: list[SkuId] = []

    @property
    def url(self) -> str:
        """The shopper API of this merchant."""
        return f"/api/shop/{self.merchant.code}"

    async def add_sku(self, price_fen: int = 1000, stock: int = 10, *, at_store: int = 0) -> SkuId:
        """A published product with one SKU and this much stock."""
        number = next(_numbers)
        async with self.rt.db.transaction() as tx:
            product = await catalog.create_product(
                tx,
                self.merchant.merchant_id,
                NewProduct(title=f"测试商品{number}", skus=[NewSku(code=f"T{number}", price_fen=price_fen)]),
                state="published",
                check_media=False,
            )
            sku_id = product.skus[0].sku_id
            store = await merchants.store_location(tx, self.merchant.merchant_id, self.store_id)
            rows = [(sku_id, self.warehouse, stock), (sku_id, store, at_store)]
            await inventory.receive(tx, self.merchant.merchant_id, [r for r in rows if r[2]], "test")
        self.skus.append(sku_id)
        return sku_id

    async def reprice(self, sku_id: SkuId, price_fen: int) -> None:
        """Gives the one SKU of a product another price."""
        mid = self.merchant.merchant_id
        async with self.rt.db.transaction() as tx:
            product = await catalog.get_product(tx, mid, await self._product_of(tx, sku_id))
            (sku,) = product.skus
            new = NewProduct(title=product.title, skus=[NewSku(code=sku.code, price_fen=price_fen, sku_id=sku_id)])
            await catalog.update_product(tx, mid, product.product_id, new)

    async def show(self, sku_id: SkuId, state: catalog.State) -> None:
        """Publishes the SKU's product, or takes it off sale."""
        async with self.rt.db.transaction() as tx:
            product_id = await self._product_of(tx, sku_id)
            await catalog.change_state(tx, self.merchant.merchant_id, product_id, state)

    async def _product_of(self, tx: Tx, sku_id: SkuId) -> ProductId:
        return (await catalog.list_sellable(tx, self.merchant.merchant_id, [sku_id]))[sku_id].product_id

    async def new_shopper(self, nickname: str = "小林") -> "Buyer":
        """A shopper with an address, signed in."""
        async with self.rt.db.transaction() as tx:
            shopper = await identity.shopper_of_wechat(tx, "wx-test", f"o-{new_id().hex}", nickname=nickname)
            address_id = AddressId(new_id())
            await tx.execute(
                """insert into addresses (shopper_id, address_id, name, phone, province, city, district, street,
                     is_default, created_at, updated_at)
                   values ($1, $2, '林', '13800000000', '广东省', '深圳市', '南山区', '科技园 1 号', true, $3, $3)""",
                shopper.shopper_id,
                address_id,
                tx.now,
            )
        token, _ = identity.issue_shopper_token(self.rt, shopper.shopper_id)
        return Buyer(self, shopper.shopper_id, address_id, token)

    async def stock(self, sku_id: SkuId) -> tuple[int, int, int]:
        """Available, held and sold of a SKU at the warehouse."""
        async with self.rt.db.session() as tx:
            levels = await inventory.list_stock(tx, self.merchant.merchant_id, [sku_id])
        (level,) = [level for level in levels if level.location_id == self.warehouse]
        return level.available, level.held, level.sold


class Buyer:
    """A shopper of a shop, with what her requests carry."""

    def __init__(self, shop: Shop, shopper_id: ShopperId, address_id: AddressId, token: str) -> None:
        self.shop = shop
        self.shopper_id = shopper_id
        self.address_id = address_id
        self.headers = {"Authorization": f"Bearer {token}"}

    def order(self, sku_id: SkuId, price_fen: int = 1000, quantity: int = 1, **more: object) -> dict[str, Any]:
        """The body of a one-line order to her address."""
        return {
            "lines": [{"sku_id": str(sku_id), "quantity": quantity, "price_fen": price_fen}],
            "delivery": {"method": "ship", "address_id": str(self.address_id)},
            "total_fen": price_fen * quantity,
            **more,
        }

    async def place(self, client: httpx.AsyncClient, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Places an order."""
        headers = {**self.headers, "Idempotency-Key": key or new_id().hex}
        return await client.post(f"{self.shop.url}/orders", json=body, headers=headers)

    async def get(self, client: httpx.AsyncClient, path: str) -> httpx.Response:
        """Asks this shop's API."""
        return await client.get(f"{self.shop.url}{path}", headers=self.headers)

    async def post(self, client: httpx.AsyncClient, path: str, body: object | None = None) -> httpx.Response:
        """Sends a command to this shop's API."""
        return await client.post(f"{self.shop.url}{path}", json=body or {}, headers=self.headers)


async def new_shop(rt: Runtime, **about: object) -> Shop:
    """A merchant of the test's own, with a store for pickup."""
    number = next(_numbers)
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(
            tx, code=f"t{number}-{new_id().hex[-6:]}", name=f"测试商户{number}", **cast("Any", about)
        )
        store = await merchants.create_store(
            tx, merchant.merchant_id, code="s1", name="一店", city="深圳市", pickup=True
        )
        warehouse = await merchants.default_location(tx, merchant.merchant_id)
    return Shop(rt, merchant, warehouse, store.store_id)
