"""Chinese search, sorting and paging."""

from datetime import timedelta

import pytest

from bihuan import catalog
from bihuan.catalog import NewCategory, NewProduct, NewSku, Option, Sort, search
from bihuan.kernel.clock import OffsetClock
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import ProductId
from bihuan.kernel.paging import BadCursor
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant

GOODS = {
    "DRS-1": ("真丝印花连衣裙", "轻盈一夏"),
    "SHT-1": ("亚麻立领衬衫女款", "透气不闷热"),
    "SHT-2": ("水洗纯棉四件套", "裸睡级触感 1.5m床可用"),
    "TOA-1": ("海盐卷", "现烤面包，配黄油更香"),
}


async def _stock(tx: Tx, merchant: Merchant) -> dict[str, ProductId]:
    new = [
        NewProduct(title=title, subtitle=subtitle, skus=[NewSku(code=code, price_fen=100)])
        for code, (title, subtitle) in GOODS.items()
    ]
    ids = await catalog.create_products(tx, merchant.merchant_id, new, state="published")
    return dict(zip(GOODS, ids, strict=True))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("连衣裙", {"DRS-1"}),
        ("裙", {"DRS-1"}),  # one character
        ("衬衫", {"SHT-1"}),
        ("女衬衫", {"SHT-1"}),  # in another order than the title's
        ("亚麻 女款", {"SHT-1"}),
        ("洗纯棉", {"SHT-2"}),  # no word: found as a run of characters
        ("面包", {"TOA-1"}),
        ("海盐卷", {"TOA-1"}),
        ("盐", {"TOA-1"}),
        ("sht-2", {"SHT-2"}),
        ("SHT", {"SHT-1", "SHT-2"}),  # the beginning of a code
        ("1.5m", {"SHT-2"}),
        ("１．５Ｍ", {"SHT-2"}),  # full-width
        ("四件套 衬衫", set[str]()),  # all words must match
        ("轻夏", set[str]()),  # characters far apart are no phrase
        ("裙亚", set[str]()),
        ("'\\&|!():*<->", set[str]()),
        ("🙂", set[str]()),
        ("a\0b", set[str]()),
    ],
)
async def test_search_finds_what_a_person_means(rt: Runtime, merchant: Merchant, words: str, found: set[str]) -> None:
    async with rt.db.transaction() as tx:
        ids = await _stock(tx, merchant)
        page = await catalog.list_products(tx, merchant.merchant_id, words=words)
    assert {item.product_id for item in page.items} == {ids[code] for code in found}


async def test_search_keeps_to_the_merchant_and_to_what_is_published(
    rt: Runtime, merchant: Merchant, other_merchant: Merchant
) -> None:
    async with rt.db.transaction() as tx:
        ids = await _stock(tx, merchant)
        assert not (await catalog.list_products(tx, other_merchant.merchant_id, words="衬衫")).items
        await catalog.change_state(tx, merchant.merchant_id, ids["SHT-1"], "unpublished")
        assert not (await catalog.list_products(tx, merchant.merchant_id, words="衬衫")).items
        for_staff = await catalog.list_products(
            tx, merchant.merchant_id, words="衬衫", states=("draft", "published", "unpublished")
        )
        assert [item.state for item in for_staff.items] == ["unpublished"]


async def test_a_word_in_the_title_counts_more_than_one_in_the_text(rt: Runtime, merchant: Merchant) -> None:
    async with rt.db.transaction() as tx:
        new = [
            NewProduct(title="帆布袋", description="可以装下一件风衣", skus=[NewSku(code="A", price_fen=1)]),
            NewProduct(title="长款风衣", skus=[NewSku(code="B", price_fen=1)]),
            NewProduct(title="腰带", subtitle="配风衣", skus=[NewSku(code="C", price_fen=1)]),
        ]
        await catalog.create_products(tx, merchant.merchant_id, new, state="published")
        first = await catalog.list_products(tx, merchant.merchant_id, words="风衣", limit=2)
        rest = await catalog.list_products(tx, merchant.merchant_id, words="风衣", limit=2, cursor=first.next_cursor)
    assert [item.title for item in [*first.items, *rest.items]] == ["长款风衣", "腰带", "帆布袋"]
    assert rest.next_cursor is None


async def test_options_attributes_and_the_categorys_name_are_found(rt: Runtime, merchant: Merchant) -> None:
    async with rt.db.transaction() as tx:
        mid = merchant.merchant_id
        shelf = await catalog.create_category(tx, mid, NewCategory(name="配饰"))
        await catalog.create_product(
            tx,
            mid,
            NewProduct(
                title="围巾",
                category_ids=[shelf.category_id],
                options=[Option("颜色", ["雾霾蓝"])],
                attributes=[catalog.Attribute("材质", "羊绒")],
                skus=[NewSku(code="W", price_fen=1, option_values=["雾霾蓝"])],
            ),
            state="published",
        )
        for words in ("羊绒", "雾霾蓝", "配饰", "羊绒围巾"):
            assert len((await catalog.list_products(tx, mid, words=words)).items) == 1, words


async def test_every_sort_pages_through_all_without_gap_or_repeat(
    rt: Runtime, merchant: Merchant, clock: OffsetClock
) -> None:
    mid = merchant.merchant_id
    expected: dict[ProductId, tuple[int, int, int, int]] = {}  # weight, age, price, sold
    for i in range(14):
        async with rt.db.transaction() as tx:
            product = await catalog.create_product(
                tx,
                mid,
                NewProduct(title="货", weight=i % 3, skus=[NewSku(code=f"N{i}", price_fen=100 + i % 4)]),
                state="published",
            )
            await catalog.add_sold(tx, mid, {product.skus[0].sku_id: i % 5})
            expected[product.product_id] = (i % 3, i, 100 + i % 4, i % 5)
        clock.advance(timedelta(seconds=1))
    sorts: list[tuple[Sort, int, bool]] = [
        ("default", 0, True),
        ("newest", 1, True),
        ("price_asc", 2, False),
        ("price_desc", 2, True),
        ("sold", 3, True),
    ]
    for sort, column, descending in sorts:
        seen: list[ProductId] = []
        cursor: str | None = None
        while True:
            async with rt.db.session() as tx:
                page = await catalog.list_products(tx, mid, sort=sort, limit=5, cursor=cursor)
            seen += [item.product_id for item in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        keys = [expected[product_id][column] for product_id in seen]
        assert keys == sorted(keys, reverse=descending), sort
        assert sorted(seen) == sorted(expected), sort


async def test_a_cursor_of_another_sort_is_refused(rt: Runtime, merchant: Merchant) -> None:
    async with rt.db.transaction() as tx:
        await _stock(tx, merchant)
        page = await catalog.list_products(tx, merchant.merchant_id, sort="sold", limit=1)
        for cursor in (page.next_cursor, "!!", "WzFd"):
            with pytest.raises(BadCursor):
                await catalog.list_products(tx, merchant.merchant_id, sort="price_asc", limit=1, cursor=cursor)


async def test_a_category_holds_what_its_subcategories_hold(rt: Runtime, merchant: Merchant) -> None:
    async with rt.db.transaction() as tx:
        mid = merchant.merchant_id
        top = await catalog.create_category(tx, mid, NewCategory(name="女装"))
        low = await catalog.create_category(tx, mid, NewCategory(name="裙", parent_id=top.category_id))
        await catalog.create_product(
            tx,
            mid,
            NewProduct(title="裙", category_ids=[low.category_id], skus=[NewSku(code="X", price_fen=1)]),
            state="published",
        )
        for category in (top, low):
            page = await catalog.list_products(tx, mid, category_id=category.category_id)
            assert len(page.items) == 1


async def test_lexemes_are_quoted_whatever_comes() -> None:
    [document] = await search.documents(
        [search.Text(title="a'b\\c:1 '; drop 表 ' 衬衫", description="\x00\ud83d\ude42")]
    )
    assert "\\" not in document
    assert document.count("'") == 2 * document.count(":")


async def test_long_texts_stay_within_postgresqls_limits(rt: Runtime, merchant: Merchant) -> None:
    async with rt.db.transaction() as tx:
        await catalog.create_product(
            tx,
            merchant.merchant_id,
            NewProduct(title="衬衫" * 60, description="重复的词语衬衫" * 2800, skus=[NewSku(code="L", price_fen=1)]),
            state="published",
        )
        page = await catalog.list_products(tx, merchant.merchant_id, words="衬衫")
    assert [card.title for card in page.items] == ["衬衫" * 60]
