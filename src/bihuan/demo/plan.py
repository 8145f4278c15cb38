"""What the demo makes, as written in `data/*.yaml`."""

from importlib import resources
from typing import Literal

import msgspec
import yaml

from bihuan.catalog import Attribute, NewProduct, NewSku, Option, Picture
from bihuan.kernel.ids import CategoryId
from bihuan.staff import Role


class Person(msgspec.Struct, frozen=True):
    """Somebody who works in a store."""

    name: str
    role: Role


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A store."""

    code: str
    name: str
    province: str
    city: str
    district: str
    address: str
    phone: str
    counters: list[str]
    people: list[Person]
    hours: str = "10:00-21:30"


class Tint(msgspec.Struct, frozen=True):
    """A colour (or scent, or glaze): its `#rrggbb`, and its name where one can choose."""

    paint: str
    name: str = ""


class Stock(msgspec.Struct, frozen=True):
    """Pieces of each SKU in the warehouse and in each store."""

    warehouse: int = 40
    store: int = 6


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A product: texts, variants and how it is drawn.

    Each colour has a picture of its own; with `option` it is chosen by the shopper. Every step in `sizes`
    adds `step_fen` to the price.
    """

    code: str
    title: str
    subtitle: str
    category: str
    draw: str
    colours: list[Tint]
    price_fen: int
    market_price_fen: int | None = None
    step_fen: int = 0
    option: str | None = None
    size_option: str = "尺码"
    sizes: list[str] = []
    weight: int = 0
    stock: Stock = Stock()
    attributes: dict[str, str] = {}
    text: str = ""

    def product(self, pictures: list[str], category_id: CategoryId) -> NewProduct:
        """The product as the catalogue takes it; `pictures` are one URL per colour."""
        options: list[Option] = []
        if self.option:
            options.append(Option(self.option, [colour.name for colour in self.colours]))
        if self.sizes:
            options.append(Option(self.size_option, self.sizes))
        chosen = self.colours if self.option else self.colours[:1]
        return NewProduct(
            title=self.title,
            subtitle=self.subtitle,
            description=self.text,
            category_ids=[category_id],
            media=[Picture(url) for url in pictures],
            options=options,
            attributes=[Attribute(name, value) for name, value in self.attributes.items()],
            skus=[
                self._sku(c, colour, s, size, pictures[c])
                for c, colour in enumerate(chosen)
                for s, size in enumerate(self.sizes or [""])
            ],
            weight=self.weight,
        )

    def _sku(self, c: int, colour: Tint, s: int, size: str, picture: str) -> NewSku:
        marks = [self.code, *([str(c + 1)] if self.option else []), *([str(s + 1)] if size else [])]
        return NewSku(
            code="-".join(marks),
            option_values=[*([colour.name] if self.option else []), *([size] if size else [])],
            price_fen=self.price_fen + s * self.step_fen,
            market_price_fen=self.market_price_fen + s * self.step_fen if self.market_price_fen else None,
            image_url=picture if self.option else None,
        )


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant: `code` is its login too, `mchid` its number at the sandbox's WeChat Pay."""

    code: str
    name: str
    intro: str
    theme: str
    mchid: str
    owner: str
    freight_fen: int
    freight_free_from_fen: int | None
    categories: list[str]
    places: list[Place]
    welcome: str
    keywords: dict[str, str]
    ground: Literal["backdrop", "table"]
    items: list[Item]
    safe_mode: bool = False
    guides: dict[str, str] = {}
    """Members of the sandbox's company, by userid: who of the shop's people each is."""


CODES = ("qingshan", "maixiang", "xiaoman")
"""The merchants, in the order of the landing page."""


def load(code: str) -> Shop:
    """A merchant's plan. Raises msgspec.ValidationError when its file is not in order."""
    text = (resources.files("bihuan.demo") / "data" / f"{code}.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Shop)
