"""The import of litemall's catalogue: small tables with faults of every kind, and the real ones."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from bihuan import catalog, inventory, merchants
from bihuan.importers import catalog as importer
from bihuan.importers import litemall
from bihuan.importers.reporting import NotImportable, Summary
from bihuan.kernel.runtime import Runtime
from bihuan.kernel.verification import run as verify

REAL = Path(__file__).parents[3] / "shared" / "data" / "cn_catalog"

GOODS: dict[str, Any] = {
    "id": "1", "goods_sn": "A", "name": "陶瓷马克杯", "category_id": "11", "brand_id": "5",
    "gallery": '["http://pictures.example/2.jpg"]', "brief": "手感温润", "is_on_sale": "1", "sort_order": "3",
    "pic_url": "http://pictures.example/1.png", "is_new": "0", "is_hot": "0", "counter_price": "59.90",
    "detail": '<p>第一行<br>第二行&amp;</p><p><img src="http://x.example/a.jpg"/></p>', "deleted": "0",
}  # fmt: skip
SKU: dict[str, Any] = {
    "id": "1", "goods_id": "1", "specifications": '["标准"]', "price": "49.9", "number": "7",
    "url": "http://pictures.example/sku.png?x=1", "deleted": "0",
}  # fmt: skip
SPEC = {"id": "1", "goods_id": "1", "specification": "规格", "value": "标准", "deleted": "0"}
ATTRIBUTE = {"id": "1", "goods_id": "1", "attribute": "材质", "value": "高岭土\n与釉", "deleted": "0"}

Tables = dict[str, list[dict[str, Any]]]
Write = Callable[..., Path]


def _tables() -> Tables:
    return {
        "category": [
            {"id": "1", "name": "餐厨", "pid": "0", "sort_order": "2", "deleted": "0"},
            {"id": "11", "name": "杯具", "pid": "1", "sort_order": "1", "deleted": "0"},
        ],
        "brand": [{"id": "5", "name": "景德镇制造商", "deleted": "0"}],
        "goods": [GOODS],
        "goods_product": [SKU],
        "goods_specification": [SPEC],
        "goods_attribute": [ATTRIBUTE],
    }


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the tables, with rows added by keyword."""

    def make(**more: list[dict[str, Any]]) -> Path:
        for name, rows in _tables().items():
            with (tmp_path / f"{litemall.PREFIX}{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows([*rows, *more.get(name, [])])
        return tmp_path

    return make


async def _import(rt: Runtime, folder: Path, code: str | None = None) -> tuple[Summary, str]:
    code = code or f"t{uuid4().hex[:12]}"
    return await importer.run(rt, folder, _silent, code=code, name="导入的店"), code


def _silent(stage: str, done: int, total: int) -> None:
    """Reports to nobody."""


async def test_a_good_comes_in_whole(rt: Runtime, client: httpx.AsyncClient, write: Write) -> None:
    summary, code = await _import(rt, write())
    assert summary.imported == {"merchants": 1, "categories": 2, "products": 1, "SKUs": 1, "pieces": 7}
    assert summary.rejected == []
    (card,) = (await client.get(f"/api/shop/{code}/products", params={"q": "马克杯"})).json()["items"]
    product = (await client.get(f"/api/shop/{code}/products/{card['product_id']}")).json()
    assert (product["title"], product["subtitle"]) == ("陶瓷马克杯", "手感温润")
    assert product["description"] == "第一行\n第二行&"
    assert product["options"] == []
    assert [(sku["code"], sku["price_fen"], sku["market_price_fen"], sku["available"]) for sku in product["skus"]] == [
        ("A-1", 4990, 5990, 7)
    ]
    assert [picture["url"] for picture in product["media"]] == [
        "https://pictures.example/1.png",
        "https://pictures.example/2.jpg",
    ]
    assert {"name": "品牌", "value": "景德镇制造商"} in product["attributes"]
    assert {"name": "材质", "value": "高岭土 与釉"} in product["attributes"]
    shelves = (await client.get(f"/api/shop/{code}/categories")).json()["items"]
    assert {(shelf["name"], shelf["parent_id"] is None) for shelf in shelves} == {("餐厨", True), ("杯具", False)}


async def test_a_repeat_and_a_run_after_a_kill_bring_in_what_is_missing(
    rt: Runtime, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importer, "BATCH", 1)
    second = {**GOODS, "id": "2", "goods_sn": "B"}
    parts = {
        "goods_product": [{**SKU, "id": "2", "goods_id": "2"}],
        "goods_specification": [{**SPEC, "id": "2", "goods_id": "2"}],
    }
    folder = write(goods=[second], **parts)
    code = f"t{uuid4().hex[:12]}"

    def killed(stage: str, done: int, total: int) -> None:
        if stage == "products":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await importer.run(rt, folder, killed, code=code)
    rest, _ = await _import(rt, folder, code)
    assert (rest.imported["products"], rest.present["products"]) == (1, 1)
    again, _ = await _import(rt, folder, code)
    assert set(again.imported.values()) == {0}
    async with rt.db.session() as tx:
        merchant = await merchants.get_by_code(tx, code)
        page = await catalog.list_products(tx, merchant.merchant_id)
        skus = [sku for item in page.items for sku in item.sku_ids]
        assert sorted((await inventory.availability(tx, merchant.merchant_id, skus)).values()) == [7, 7]


async def test_options_become_a_matrix(rt: Runtime, client: httpx.AsyncClient, write: Write) -> None:
    specifications = [
        {**SPEC, "id": str(10 + i), "goods_id": "2", "specification": name, "value": value}
        for i, (name, value) in enumerate([("尺寸", "大"), ("尺寸", "小"), ("颜色", "红"), ("颜色", "没有货的")])
    ]
    folder = write(
        goods=[{**GOODS, "id": "2", "goods_sn": "B", "is_on_sale": "1"}],
        goods_specification=specifications,
        goods_product=[
            {**SKU, "id": "20", "goods_id": "2", "specifications": '["大","红"]'},
            {**SKU, "id": "21", "goods_id": "2", "specifications": '["小","红"]', "number": "0"},
        ],
    )
    summary, code = await _import(rt, folder)
    assert summary.rejected == []
    cards = (await client.get(f"/api/shop/{code}/products")).json()["items"]
    bodies = [(await client.get(f"/api/shop/{code}/products/{card['product_id']}")).json() for card in cards]
    (product,) = [body for body in bodies if body["options"]]
    assert product["options"] == [{"name": "尺寸", "values": ["大", "小"]}, {"name": "颜色", "values": ["红"]}]
    assert [(sku["option_values"], sku["available"]) for sku in product["skus"]] == [
        (["大", "红"], 7),
        (["小", "红"], 0),
    ]


FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("category", {"id": "12", "name": "孤儿", "pid": "999", "sort_order": "1", "deleted": "0"}, "no category 999"),
    ("category", {"id": "12", "name": "餐厨", "pid": "0", "sort_order": "1", "deleted": "0"}, "there at this level"),
    ("goods", {**GOODS, "id": "9", "category_id": "404"}, "no category 404"),
    ("goods", {**GOODS, "id": "9", "brand_id": "404"}, "no brand 404"),
    ("goods", {**GOODS, "id": "x"}, "is no id"),
    ("goods", {**GOODS, "id": "1"}, "was used before"),
    ("goods", {**GOODS, "id": "9", "deleted": "1"}, "deleted"),
    ("goods", {**GOODS, "id": "9", "counter_price": "-3"}, "is no price"),
    ("goods", {**GOODS, "id": "9", "gallery": "{}"}, "no JSON list"),
    ("goods", {**GOODS, "id": "9", "name": "名" * 200}, "title"),
    ("goods", {**GOODS, "id": "9"}, "At least one SKU"),
    ("goods_product", {**SKU, "id": "9", "goods_id": "404"}, "no product 404"),
    ("goods_product", {**SKU, "id": "9", "price": "1.234"}, "is no price"),
    ("goods_product", {**SKU, "id": "9", "price": "0.00"}, "price is nothing"),
    ("goods_product", {**SKU, "id": "9", "number": "-1"}, "no whole number"),
    ("goods_product", {**SKU, "id": "9", "specifications": '["标准","多"]'}, "2 option values"),
    ("goods_product", {**SKU, "id": "9", "specifications": '["没有"]'}, "has no value"),
    ("goods_product", {**SKU, "id": "9", "specifications": "标准"}, "no JSON list"),
    ("goods_attribute", {**ATTRIBUTE, "id": "9", "value": " "}, "empty or too long"),
    ("goods_attribute", {**ATTRIBUTE, "id": "9", "value": "长" * 501}, "empty or too long"),
    ("goods_specification", {**SPEC, "id": "9", "goods_id": "404"}, "no product 404"),
]


@pytest.mark.parametrize(("table", "row", "reason"), FAULTS)
def test_a_bad_row_is_told_by_number_and_reason(write: Write, table: str, row: dict[str, Any], reason: str) -> None:
    source = litemall.load(write(**{table: [row]}))
    (told,) = source.rejected
    number = len(_tables()[table]) + 2
    assert (told.file, told.row) == (f"{litemall.PREFIX}{table}.csv", number)
    assert reason in told.reason
    assert len(source.goods) == 1


def test_rows_are_counted_as_records_and_broken_ones_are_told(write: Write) -> None:
    folder = write()
    path = folder / f"{litemall.PREFIX}goods_attribute.csv"
    path.write_bytes(path.read_bytes() + b"7,1\r\n8,1,\xff\xfe,x,0\r\n")
    told = {one.row: one.reason for one in litemall.load(folder).rejected}
    assert told == {3: "has 2 columns instead of 5", 4: "holds bytes that are no text"}


def test_what_belongs_to_a_refused_product_is_told_too(write: Write) -> None:
    bad = {**GOODS, "id": "2", "category_id": "404"}
    source = litemall.load(write(goods=[bad], goods_product=[{**SKU, "id": "2", "goods_id": "2"}]))
    assert [(one.file.split("_", 2)[2], one.row) for one in sorted(source.rejected)] == [
        ("goods.csv", 3),
        ("goods_product.csv", 3),
    ]


def test_a_folder_without_the_tables_is_refused(tmp_path: Path, write: Write) -> None:
    with pytest.raises(NotImportable, match="category"):
        litemall.load(tmp_path)
    folder = write()
    (folder / f"{litemall.PREFIX}goods.csv").write_text("id,name\n")
    with pytest.raises(NotImportable, match="goods_sn"):
        litemall.load(folder)


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/cn_catalog is not here: real data does not ship")
async def test_the_real_catalogue_comes_in(rt: Runtime, client: httpx.AsyncClient) -> None:
    stages: list[tuple[str, int, int]] = []
    code = f"t{uuid4().hex[:12]}"

    def report(stage: str, done: int, total: int) -> None:
        stages.append((stage, done, total))

    summary = await importer.run(rt, REAL, report, code=code)
    assert (summary.imported["products"], summary.imported["SKUs"], summary.imported["categories"]) == (239, 244, 93)
    assert stages[-1] == ("products", 239, 239)
    assert {one.file for one in summary.rejected} == {"litemall_litemall_goods_attribute.csv"}
    assert len(summary.rejected) == 15  # those that the source marks as deleted
    assert sum("without its picture" in note for note in summary.notes) == 2
    for words, least in (("四件套", 5), ("枕", 3), ("毛巾", 3), ("蚕丝被", 1), ("锅", 3), ("羊毛", 3)):
        page = (await client.get(f"/api/shop/{code}/products", params={"q": words, "limit": 100})).json()
        assert len(page["items"]) >= least, words
    async with rt.db.session() as tx:
        assert all(finding.holds for finding in await verify(tx, [*catalog.CHECKS, *inventory.CHECKS]))
