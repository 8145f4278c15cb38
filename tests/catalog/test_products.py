"""Products: writing, validation, SKUs that keep their ids, publication, what placement reads."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from bihuan import catalog
from bihuan.catalog import InvalidProduct, NewProduct, NewSku, Option, Picture, SkuCodeTaken
from bihuan.catalog.rules import TRANSITIONS, may_become
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.ids import CategoryId, SkuId
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import run
from bihuan.merchants import Merchant

from .conftest import MakeProduct

replace = msgspec.structs.replace


async def test_a_product_reads_back_as_written(rt: Runtime, merchant: Merchant, make: MakeProduct) -> None:
    async with rt.db.transaction() as tx:
        shelf = await catalog.create_category(tx, merchant.merchant_id, catalog.NewCategory(name="上衣"))
        new = make(
            subtitle="透气",
            description="第一行\n第二行",
            category_ids=[shelf.category_id],
            attributes=[catalog.Attribute("材质", "亚麻")],
            weight=7,
            freight_free=True,
        )
        product = await catalog.create_product(tx, merchant.merchant_id, new)
    assert product.state == "draft"
    assert product.published_at is None
    assert (product.title, product.subtitle, product.description) == (new.title, "透气", "第一行\n第二行")
    assert product.options == new.options
    assert [sku.code for sku in product.skus] == [sku.code for sku in new.skus]
    assert product.price_fen == 19900
    assert product.category_ids == [shelf.category_id]
    assert (product.attributes, product.weight, product.freight_free) == (new.attributes, 7, True)


async def test_sellable_tells_what_an_order_line_needs(
    rt: Runtime, merchant: Merchant, other_merchant: Merchant, make: MakeProduct
) -> None:
    async with rt.db.transaction() as tx:
        url = "https://pictures.example/1.webp"
        new = make(media=[Picture(url)])
        product = await catalog.create_product(tx, merchant.merchant_id, new, state="published", check_media=False)
        foreign = await catalog.create_product(tx, other_merchant.merchant_id, make(), state="published")
        ids = [product.skus[0].sku_id, foreign.skus[0].sku_id, SkuId(uuid4())]
        found = await catalog.list_sellable(tx, merchant.merchant_id, ids)
        assert list(found) == [product.skus[0].sku_id]
        sku = found[product.skus[0].sku_id]
        assert (sku.title, sku.option_values, sku.code) == ("亚麻衬衫", ["月白", "S"], "TEE-月白-S")
        assert (sku.price_fen, sku.on_sale, sku.image_url) == (19900, True, url)
        await catalog.change_state(tx, merchant.merchant_id, product.product_id, "unpublished")
        assert not (await catalog.list_sellable(tx, merchant.merchant_id, ids))[sku.sku_id].on_sale


async def test_updates_keep_sku_ids_and_retire_what_is_gone(rt: Runtime, merchant: Merchant, make: MakeProduct) -> None:
    async with rt.db.transaction() as tx:
        mid = merchant.merchant_id
        new = make()
        before = await catalog.create_product(tx, mid, new, state="published")
        ids = {sku.code: sku.sku_id for sku in before.skus}
        # The first two swap their codes by id; the last one goes.
        a, b, c, _ = new.skus
        changed = replace(
            new,
            options=[Option("颜色", ["月白", "黛蓝"]), Option("尺码", ["S", "M"])],
            skus=[
                replace(a, sku_id=ids[a.code], code=b.code, price_fen=100),
                replace(b, sku_id=ids[b.code], code=a.code),
                c,
            ],
        )
        after = await catalog.update_product(tx, mid, before.product_id, changed)
        assert [sku.sku_id for sku in after.skus] == [ids[a.code], ids[b.code], ids[c.code]]
        assert [sku.code for sku in after.skus] == [b.code, a.code, c.code]
        assert after.price_fen == 100
        assert after.state == "published"
        gone = await catalog.list_sellable(tx, mid, [ids["TEE-黛蓝-M"]])
        assert not gone[ids["TEE-黛蓝-M"]].on_sale
        # A code that comes back is the SKU that it was: its stock is its own again.
        again = await catalog.update_product(tx, mid, before.product_id, new)
        assert {sku.code: sku.sku_id for sku in again.skus}["TEE-黛蓝-M"] == ids["TEE-黛蓝-M"]
        assert all(finding.holds for finding in await run(tx, catalog.CHECKS))


async def test_a_code_is_borne_by_one_active_sku_of_a_merchant(
    rt: Runtime, merchant: Merchant, other_merchant: Merchant, make: MakeProduct
) -> None:
    async def create(owner: Merchant, *new: NewProduct) -> None:
        async with rt.db.transaction() as tx:  # a refusal rolls back, as a route's does
            await catalog.create_products(tx, owner.merchant_id, list(new))

    await create(merchant, make())
    with pytest.raises(SkuCodeTaken, match="TEE"):
        await create(merchant, make())
    with pytest.raises(SkuCodeTaken):
        await create(merchant, make("A"), make("A"))
    await create(other_merchant, make())


def _with_sku(new: NewProduct, **fields: Any) -> NewProduct:
    return replace(new, skus=[replace(new.skus[0], **fields), *new.skus[1:]])


BROKEN: list[tuple[Callable[[NewProduct], NewProduct], str, str]] = [
    (lambda p: replace(p, title="  "), "title", "length"),
    (lambda p: replace(p, title="长" * 121), "title", "length"),
    (lambda p: replace(p, title="a\0b"), "", "nul"),
    (lambda p: replace(p, skus=[]), "skus", "required"),
    (lambda p: _with_sku(p, price_fen=0), "skus[0].price_fen", "out_of_range"),
    (lambda p: _with_sku(p, price_fen=1_000_000_001), "skus[0].price_fen", "out_of_range"),
    (lambda p: _with_sku(p, market_price_fen=1), "skus[0].market_price_fen", "out_of_range"),
    (lambda p: _with_sku(p, code=" x"), "skus[0].code", "length"),
    (lambda p: _with_sku(p, code="TEE-黛蓝-M"), "skus[3].code", "doubled"),
    (lambda p: _with_sku(p, option_values=["月白"]), "skus[0].option_values", "option_count"),
    (lambda p: _with_sku(p, option_values=["月白", "XXL"]), "skus[0].option_values", "unknown_value"),
    (lambda p: _with_sku(p, option_values=["黛蓝", "M"]), "skus[3].option_values", "doubled"),
    (
        lambda p: replace(p, options=[p.options[0], Option("尺码", ["S", "M", "L"])]),
        "options[1].values",
        "unused_value",
    ),
    (lambda p: replace(p, options=[p.options[0], Option("颜色", ["S", "M"])]), "options", "doubled"),
    (lambda p: replace(p, options=[p.options[0], Option("尺码", ["S", "M", "S"])]), "options[1].values", "doubled"),
    (lambda p: replace(p, options=[]), "skus[0].option_values", "option_count"),
    (lambda p: replace(p, media=[Picture("https://elsewhere.example/x.png")]), "media[0].url", "unknown_picture"),
    (lambda p: _with_sku(p, image_url="/media/x/y.webp"), "skus[0].image_url", "unknown_picture"),
    (lambda p: replace(p, category_ids=[CategoryId(uuid4())]), "category_ids", "unknown_category"),
]


@pytest.mark.parametrize(("change", "field", "rule"), BROKEN)
async def test_what_is_wrong_is_named(
    rt: Runtime,
    merchant: Merchant,
    make: MakeProduct,
    change: Callable[[NewProduct], NewProduct],
    field: str,
    rule: str,
) -> None:
    with pytest.raises(InvalidProduct) as caught:
        async with rt.db.transaction() as tx:
            await catalog.create_product(tx, merchant.merchant_id, change(make()))
    assert (field, rule) in [(fault.field, fault.rule) for fault in caught.value.faults]
    assert caught.value.body("zh")["errors"] != caught.value.body("en")["errors"]


async def test_one_sku_needs_no_options(rt: Runtime, merchant: Merchant) -> None:
    async with rt.db.transaction() as tx:
        product = await catalog.create_product(
            tx, merchant.merchant_id, NewProduct(title="吐司", skus=[NewSku(code="T", price_fen=1800)])
        )
        with pytest.raises(InvalidProduct):
            await catalog.create_product(
                tx,
                merchant.merchant_id,
                NewProduct(title="吐司", skus=[NewSku(code="U", price_fen=1), NewSku(code="V", price_fen=1)]),
            )
    assert product.skus[0].option_values == []


async def test_publication_moves_along_its_table(rt: Runtime, merchant: Merchant, make: MakeProduct) -> None:
    mid = merchant.merchant_id
    async with rt.db.transaction() as tx:
        draft = await catalog.create_product(tx, mid, make())
        with pytest.raises(WrongState):
            await catalog.change_state(tx, mid, draft.product_id, "unpublished")
        first = await catalog.change_state(tx, mid, draft.product_id, "published")
        assert first.published_at == tx.now
        with pytest.raises(WrongState):
            await catalog.change_state(tx, mid, draft.product_id, "published")
        await catalog.change_state(tx, mid, draft.product_id, "unpublished")
        assert (await catalog.change_state(tx, mid, draft.product_id, "published")).published_at == tx.now
    assert not any(may_become(state, "draft") for state in TRANSITIONS)


async def test_another_merchants_product_is_not_there(
    rt: Runtime, merchant: Merchant, other_merchant: Merchant, make: MakeProduct
) -> None:
    async with rt.db.transaction() as tx:
        product = await catalog.create_product(tx, merchant.merchant_id, make())
        other = other_merchant.merchant_id
        for attempt in (
            catalog.get_product(tx, other, product.product_id),
            catalog.update_product(tx, other, product.product_id, make()),
            catalog.change_state(tx, other, product.product_id, "published"),
        ):
            with pytest.raises(NotFound):
                await attempt


async def test_a_sku_of_another_product_is_refused(rt: Runtime, merchant: Merchant, make: MakeProduct) -> None:
    async with rt.db.transaction() as tx:
        one = await catalog.create_product(tx, merchant.merchant_id, make("A"))
        two = await catalog.create_product(tx, merchant.merchant_id, make("B"))
    foreign = _with_sku(make("B"), sku_id=one.skus[0].sku_id)

    async def update() -> None:
        async with rt.db.transaction() as tx:
            await catalog.update_product(tx, merchant.merchant_id, two.product_id, foreign)

    with pytest.raises(InvalidProduct) as caught:
        await update()
    assert caught.value.faults[0].rule == "unknown_sku"


async def test_sold_pieces_add_up_per_product(rt: Runtime, merchant: Merchant, make: MakeProduct) -> None:
    async with rt.db.transaction() as tx:
        product = await catalog.create_product(tx, merchant.merchant_id, make())
        a, b, *_ = product.skus
        await catalog.add_sold(tx, merchant.merchant_id, {a.sku_id: 2, b.sku_id: 3})
        await catalog.add_sold(tx, merchant.merchant_id, {a.sku_id: -1})
        assert (await catalog.get_product(tx, merchant.merchant_id, product.product_id)).sold_count == 4
