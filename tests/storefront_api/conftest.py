"""A merchant with goods, stock and an owner who is signed in."""

from uuid import uuid4

import msgspec
import pytest

from bihuan import catalog, identity, inventory, merchants, staff
from bihuan.catalog import NewProduct, NewSku, Option, Product
from bihuan.identity import Client
from bihuan.kernel.ids import LocationId
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant


class Shop(msgspec.Struct, frozen=True):
    """What the tests need of a merchant."""

    merchant: Merchant
    product: Product
    warehouse: LocationId
    store: LocationId
    owner: dict[str, str]  # headers

    @property
    def path(self) -> str:
        """The beginning of the shopper's paths."""
        return f"/api/shop/{self.merchant.code}"


async def open_shop(rt: Runtime, *, role: staff.Role = "owner") -> Shop:
    """A merchant with one product of two SKUs: five in the warehouse and two in the store, and none."""
    name = uuid4().hex[:12]
    async with rt.db.transaction() as tx:
        merchant = await merchants.create(tx, code=f"t{name}", name="试衣间", theme_color="#123456")
        mid = merchant.merchant_id
        store = await merchants.create_store(tx, mid, code="s1", name="中街店", city="沈阳市", address="中街路 1 号")
        warehouse = await merchants.default_location(tx, mid)
        at_store = await merchants.store_location(tx, mid, store.store_id)
        product = await catalog.create_product(
            tx,
            mid,
            NewProduct(
                title="亚麻衬衫",
                options=[Option("尺码", ["S", "M"])],
                skus=[
                    NewSku(code="S", option_values=["S"], price_fen=200, market_price_fen=300),
                    NewSku(code="M", option_values=["M"], price_fen=250),
                ],
            ),
            state="published",
        )
        small = product.skus[0].sku_id
        await inventory.receive(tx, mid, [(small, warehouse, 5), (small, at_store, 2)], "到货")
        person = await staff.create(
            tx, mid, login=f"u{name}", password="a-long-password-9", name="掌柜", role=role, store_id=None
        )
        token, _ = await identity.open_session(tx, person.user_id, Client())
    return Shop(merchant, product, warehouse, at_store, {"Authorization": f"Bearer {token}"})


@pytest.fixture
async def shop(rt: Runtime) -> Shop:
    """A shop of one's own."""
    return await open_shop(rt)


@pytest.fixture
async def other(rt: Runtime) -> Shop:
    """Somebody else's."""
    return await open_shop(rt)
