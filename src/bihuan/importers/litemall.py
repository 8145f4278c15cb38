"""litemall's catalogue tables as goods that hold together: each row checked, the bad ones reported.

The tables are what litemall's database exports as CSV (https://github.com/linlinjava/litemall): prices in yuan
with two decimals, lists as JSON texts, descriptions as HTML.
"""

import csv
import html
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from bihuan.catalog import (
    MAX_ATTRIBUTES,
    MAX_PRICE_FEN,
    Attribute,
    NewProduct,
    NewSku,
    Option,
    Picture,
    check_product,
)
from bihuan.importers.reporting import NotImportable, Rejected
from bihuan.kernel.ids import CategoryId

PREFIX = "litemall_litemall_"
CATEGORY, BRAND, GOODS = "category", "brand", "goods"
SKU, SPECIFICATION, ATTRIBUTE = "goods_product", "goods_specification", "goods_attribute"

_COLUMNS = {
    CATEGORY: ("id", "name", "pid", "sort_order", "deleted"),
    BRAND: ("id", "name", "deleted"),
    GOODS: (
        "id", "goods_sn", "name", "category_id", "brand_id", "gallery", "brief", "is_on_sale", "sort_order", "pic_url",
        "is_new", "is_hot", "counter_price", "detail", "deleted",
    ),
    SKU: ("id", "goods_id", "specifications", "price", "number", "url", "deleted"),
    SPECIFICATION: ("id", "goods_id", "specification", "value", "deleted"),
    ATTRIBUTE: ("id", "goods_id", "attribute", "value", "deleted"),
}  # fmt: skip

_MOST_PICTURES = 10
_MOST_STOCK = 1_000_000
_AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,2})0*)?")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?/[^\s\"'<>]{1,480}")
_BREAK = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6])[^>]*>")
_TAG = re.compile(r"(?s)<[^>]*>")


class Bad(ValueError):
    """A row cannot be imported; the message says why."""


class Row(msgspec.Struct, frozen=True):
    """A row by the names of its columns; `number` is as a spreadsheet counts, the header being row 1."""

    file: str
    number: int
    values: dict[str, str]

    def text(self, column: str) -> str:
        """A text without spaces around it."""
        return self.values[column].strip()

    def id(self, column: str = "id") -> str:
        """A number that names a row of the source."""
        value = self.text(column)
        if not (value.isascii() and value.isdecimal() and len(value) <= 18):
            raise Bad(f"{column} {value[:40]!r} is no id")
        return value

    def count(self, column: str, most: int) -> int:
        """A whole number from 0 to `most`."""
        value = self.text(column)
        if not (value.isascii() and value.isdecimal() and int(value[:12]) <= most):
            raise Bad(f"{column} {value[:40]!r} is no whole number from 0 to {most}")
        return int(value)

    def fen(self, column: str) -> int:
        """An amount of yuan with at most two decimals, in fen."""
        found = _AMOUNT.fullmatch(self.text(column))
        fen = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else -1
        if not 0 <= fen <= MAX_PRICE_FEN:
            raise Bad(f"{column} {self.text(column)[:40]!r} is no price")
        return fen

    def strings(self, column: str) -> list[str]:
        """A JSON list of texts."""
        try:
            texts = msgspec.json.decode(self.text(column) or "[]", type=list[str])
            return [text.strip() for text in texts]
        except msgspec.MsgspecError:
            raise Bad(f"{column} is no JSON list of texts") from None

    def reject(self, reason: object) -> Rejected:
        """This row with the reason why it is not imported."""
        return Rejected(self.file, self.number, str(reason))


class Shelf(msgspec.Struct, frozen=True):
    """A category."""

    source_id: str
    parent_id: str | None
    name: str
    position: int


class Good(msgspec.Struct, frozen=True, kw_only=True):
    """A product with its category and the pieces of each of its SKUs, by code."""

    source_id: str
    shelf_id: str
    on_sale: bool
    product: NewProduct
    stock: dict[str, int]

    def placed(self, category_id: CategoryId) -> NewProduct:
        """The product on its shelf."""
        return msgspec.structs.replace(self.product, category_ids=[category_id])


class Source(msgspec.Struct):
    """What the tables hold: shelves (parents first), goods, and what was refused."""

    shelves: list[Shelf] = []
    goods: list[Good] = []
    rejected: list[Rejected] = []
    notes: list[str] = []


def load(folder: Path) -> Source:
    """Reads and checks the tables. Raises NotImportable for a missing file or column."""
    source = Source([], [], [], [])
    tables = {name: list(_rows(folder, name, source.rejected)) for name in _COLUMNS}
    source.shelves = _shelves(tables[CATEGORY], source.rejected)
    brands = {row.id(): row.text("name") for row in tables[BRAND]}
    goods = {row.id(): row for row in tables[GOODS]}
    parts = {name: _by_goods(tables[name], goods, source.rejected) for name in (SKU, SPECIFICATION, ATTRIBUTE)}
    shelves = {shelf.source_id for shelf in source.shelves}
    for source_id, row in goods.items():
        try:
            if row.id("category_id") not in shelves:
                raise Bad(f"there is no category {row.id('category_id')}")
            of_good = {name: rows.get(source_id, []) for name, rows in parts.items()}
            source.goods.append(_good(row, brands, of_good, source))
        except Bad as bad:
            source.rejected.append(row.reject(bad))
            told = {(one.file, one.row) for one in source.rejected}
            why = f"its product {source_id} (row {row.number}) is not imported: {bad}"
            rest = [part for rows in parts.values() for part in rows.get(source_id, [])]
            source.rejected += [part.reject(why) for part in rest if (part.file, part.number) not in told]
    return source


def _rows(folder: Path, name: str, rejected: list[Rejected]) -> Iterator[Row]:
    """The rows of a table that are not deleted and have an id of their own."""
    file = f"{PREFIX}{name}.csv"
    if not (folder / file).is_file():
        raise NotImportable(f"{folder} has no {file}; the catalogue importer reads litemall's tables")
    with (folder / file).open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        rows = csv.reader(lines)
        header = [column.strip() for column in next(rows, list[str]())]
        if missing := [column for column in _COLUMNS[name] if column not in header]:
            raise NotImportable(f"{file} has no column {', '.join(missing)}")
        seen: set[str] = set()
        for number in itertools.count(2):  # of records, not lines: texts run over several lines
            try:
                values = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                rejected.append(Rejected(file, number, f"is no CSV: {error}"))
                continue
            if not values:
                continue
            row = Row(file, number, dict(zip(header, values, strict=False)))
            try:
                _check_row(row, values, len(header), seen)
            except Bad as bad:
                rejected.append(row.reject(bad))
                continue
            seen.add(row.id())
            yield row


def _check_row(row: Row, values: Sequence[str], columns: int, seen: set[str]) -> None:
    if len(values) != columns:
        raise Bad(f"has {len(values)} columns instead of {columns}")
    if any("\0" in value or "\ufffd" in value for value in values):
        raise Bad("holds bytes that are no text")
    if row.text("deleted") not in ("", "0"):
        raise Bad("is marked as deleted")
    if row.id() in seen:
        raise Bad(f"the id {row.id()} was used before")


def _shelves(rows: Sequence[Row], rejected: list[Rejected]) -> list[Shelf]:
    """Categories whose parents are there, parents first; two levels, as litemall has."""
    tops: dict[str, Shelf] = {}
    lower: list[Shelf] = []
    names: set[tuple[str | None, str]] = set()
    for row in sorted(rows, key=lambda row: row.text("pid") != "0"):
        try:
            parent = row.id("pid") if row.text("pid") != "0" else None
            if parent is not None and parent not in tops:
                raise Bad(f"there is no category {parent} of the first level")
            shelf = Shelf(row.id(), parent, row.text("name"), row.count("sort_order", 100_000))
            if not 1 <= len(shelf.name) <= 40:
                raise Bad("the name has no characters, or more than 40")
            if (parent, shelf.name) in names:
                raise Bad(f"a category {shelf.name} is there at this level already")
        except Bad as bad:
            rejected.append(row.reject(bad))
            continue
        names.add((parent, shelf.name))
        if parent is None:
            tops[shelf.source_id] = shelf
        else:
            lower.append(shelf)
    return [*tops.values(), *lower]


def _by_goods(rows: Iterable[Row], goods: dict[str, Row], rejected: list[Rejected]) -> dict[str, list[Row]]:
    """Rows by the product that they belong to."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        try:
            if row.id("goods_id") not in goods:
                raise Bad(f"there is no product {row.id('goods_id')}")
        except Bad as bad:
            rejected.append(row.reject(bad))
            continue
        found.setdefault(row.id("goods_id"), []).append(row)
    return found


def _good(row: Row, brands: dict[str, str], parts: dict[str, list[Row]], source: Source) -> Good:
    """A product with its SKUs. Raises Bad when nothing of it can be sold."""
    options = _options(parts[SPECIFICATION])
    counter_fen = row.fen("counter_price")
    skus: list[NewSku] = []
    stock: dict[str, int] = {}
    for part in parts[SKU]:
        try:
            sku = _sku(row, part, options, counter_fen, source.notes)
            stock[sku.code] = part.count("number", _MOST_STOCK)
            skus.append(sku)
        except Bad as bad:
            source.rejected.append(part.reject(bad))
    used = [{sku.option_values[i] for sku in skus} for i in range(len(options))]
    options = [
        Option(option.name, [value for value in option.values if value in used[i]]) for i, option in enumerate(options)
    ]
    if len(skus) == 1:  # nothing to choose: litemall says so by one option with one value, 标准
        options, skus = [], [msgspec.structs.replace(skus[0], option_values=[])]
    product = NewProduct(
        title=row.text("name"),
        subtitle=row.text("brief")[:200],
        description=_plain(row.values["detail"]),
        media=[Picture(url) for url in _pictures([row.text("pic_url"), *row.strings("gallery")])],
        options=options,
        attributes=_attributes(row, brands, parts[ATTRIBUTE], source.rejected),
        skus=skus,
        weight=_weight(row),
    )
    if faults := check_product(product):
        raise Bad("; ".join(f"{fault.field}: {fault.en}" for fault in faults[:3]))
    on_sale = row.text("is_on_sale") == "1"
    return Good(source_id=row.id(), shelf_id=row.id("category_id"), on_sale=on_sale, product=product, stock=stock)


def _options(rows: Sequence[Row]) -> list[Option]:
    """The options of a product with all their values, in the order of the source's ids."""
    values: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda row: int(row.id())):
        known = values.setdefault(row.text("specification"), [])
        if row.text("value") not in known:
            known.append(row.text("value"))
    return [Option(name, given) for name, given in values.items()]


def _sku(good: Row, row: Row, options: Sequence[Option], counter_fen: int, notes: list[str]) -> NewSku:
    chosen = row.strings("specifications")
    if len(chosen) != len(options):
        raise Bad(f"has {len(chosen)} option values, its product {len(options)} options")
    for option, value in zip(options, chosen, strict=True):
        if value not in option.values:
            raise Bad(f"the option {option.name} has no value {value!r}")
    price_fen = row.fen("price")
    if price_fen == 0:
        raise Bad("the price is nothing")
    picture = _secure(row.text("url"))
    if row.text("url") and picture is None:
        notes.append(f"{row.file} row {row.number}: imported without its picture, which is no address")
    return NewSku(
        code=f"{good.text('goods_sn')}-{row.id()}",
        option_values=chosen,
        price_fen=price_fen,
        market_price_fen=counter_fen if counter_fen > price_fen else None,
        image_url=picture,
    )


def _attributes(row: Row, brands: dict[str, str], rows: Sequence[Row], rejected: list[Rejected]) -> list[Attribute]:
    found: list[Attribute] = []
    if (brand_id := row.text("brand_id")) not in ("", "0"):
        if brand_id not in brands:
            raise Bad(f"there is no brand {brand_id}")
        found.append(Attribute("品牌", brands[brand_id]))
    for part in rows:
        name, value = part.text("attribute"), " ".join(part.text("value").split())
        if not 1 <= len(name) <= 40 or not 1 <= len(value) <= 500:
            rejected.append(part.reject("the name or the value is empty or too long"))
        elif len(found) >= MAX_ATTRIBUTES:
            rejected.append(part.reject(f"its product has {MAX_ATTRIBUTES} attributes already"))
        else:
            found.append(Attribute(name, value))
    return found


def _weight(row: Row) -> int:
    """litemall shows small `sort_order`s first, after what is hot or new."""
    hot, new = row.text("is_hot") == "1", row.text("is_new") == "1"
    return 100_000 - row.count("sort_order", 100_000) + 200_000 * hot + 100_000 * new


def _pictures(urls: Iterable[str]) -> list[str]:
    secure = (_secure(url) for url in urls)
    return list(dict.fromkeys(url for url in secure if url))[:_MOST_PICTURES]


def _secure(url: str) -> str | None:
    """The address by https, which the source's hosts speak too; None for what is no address."""
    return "https://" + url.partition("://")[2] if _URL.fullmatch(url) else None


def _plain(text: str) -> str:
    """HTML as plain text with its line breaks; pictures are lost."""
    plain = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    lines = (" ".join(line.split()) for line in plain.splitlines())
    return "\n".join(line for line in lines if line)[:20_000]
