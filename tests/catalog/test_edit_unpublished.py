"""A product that was taken off sale can still be edited."""

from bihuan import catalog
from bihuan.catalog import NewProduct, NewSku
from bihuan.kernel.runtime import Runtime
from tests.shop import new_shop


async def test_an_unpublished_product_can_be_edited_and_stays_unpublished(rt: Runtime) -> None:
    shop = await new_shop(rt)
    merchant_id = shop.merchant.merchant_id
    new = NewProduct(title="旧名", skus=[NewSku(code="E-1", price_fen=100)])
    async with rt.db.transaction() as tx:
        product = await catalog.create_product(tx, merchant_id, new, state="published", check_media=False)
        await catalog.change_state(tx, merchant_id, product.product_id, "unpublished")
    async with rt.db.transaction() as tx:
        renamed = NewProduct(title="新名", skus=[NewSku(code="E-1", price_fen=200)])
        await catalog.update_product(tx, merchant_id, product.product_id, renamed)
        found = await catalog.get_product(tx, merchant_id, product.product_id)
    assert (found.title, found.state, found.skus[0].price_fen) == ("新名", "unpublished", 200)
