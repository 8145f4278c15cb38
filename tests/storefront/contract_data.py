"""The little shop that the contract server sells from: enough of it to fill every page of the storefront."""

from __future__ import annotations

import uuid
from typing import Any

Json = dict[str, Any]

THEME_COLOR = "#2F6F5E"


def uid(name: str) -> str:
    """A uuid that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"bihuan-contract/{name}"))


MERCHANT: Json = {
    "code": "qingshan",
    "name": "青衫",
    "intro": "一件好衬衫，从一块好布开始。青衫，为日常做衣。",
    "logo_url": "/media/logo.svg",
    "theme_color": THEME_COLOR,
}

CATEGORY_NAMES = ("衬衫", "针织", "外套", "裤装", "配饰")

CATEGORIES: list[Json] = [
    {"category_id": uid(name), "parent_id": None, "name": name, "icon_url": f"/media/icon-{index}.svg"}
    for index, name in enumerate(CATEGORY_NAMES)
]

STORES: list[Json] = [
    {
        "store_id": uid(f"store-{code}"),
        "code": code,
        "name": f"青衫·{name}",
        "address": address,
        "phone": "021-55550100",
        "hours": "10:00 - 22:00",
        "pickup": True,
    }
    for code, name, address in (
        ("jingan", "静安店", "上海市静安区南京西路 1266 号 2 层"),
        ("xihu", "西湖店", "杭州市西湖区文三路 388 号"),
        ("taikoo", "太古里店", "成都市锦江区中纱帽街 8 号"),
    )
]

_GOODS: tuple[tuple[str, str, str, int, int | None, int, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "水洗长绒棉衬衫",
        "新疆长绒棉 · 免烫",
        "衬衫",
        25900,
        32900,
        1286,
        ("月白", "青灰", "墨绿"),
        ("S", "M", "L", "XL"),
    ),
    ("亚麻立领短袖衬衫", "透气亚麻，越穿越软", "衬衫", 19900, None, 642, ("米白", "烟灰"), ("M", "L", "XL")),
    ("美丽诺羊毛圆领开衫", "18.5 微米细羊毛", "针织", 45900, 59900, 318, ("燕麦", "藏青"), ("S", "M", "L")),
    ("轻薄防风短外套", "一握即收，通勤常备", "外套", 39900, None, 207, ("沙色", "墨黑"), ("M", "L")),
    ("直筒九分休闲裤", "垂顺不易皱", "裤装", 22900, 26900, 950, ("炭灰", "卡其"), ("29", "30", "31", "32")),
    ("手工编织帆布托特包", "装得下一台电脑", "配饰", 12900, None, 73, (), ()),
    ("桑蚕丝方巾", "90cm 手卷边", "配饰", 16800, None, 0, ("山水", "竹影"), ()),
    ("重磅纯棉圆领T恤", "260g 精梳棉", "针织", 9900, 12900, 15230, ("白", "黑", "雾蓝"), ("S", "M", "L", "XL")),
)


def _skus(title: str, price_fen: int, first: tuple[str, ...], second: tuple[str, ...]) -> list[Json]:
    choices = [[a, b] for a in first for b in second] if second else [[a] for a in first] or [[]]
    return [
        {
            "sku_id": uid(f"{title}/{'/'.join(values)}"),
            "code": f"QS{index:03d}",
            "option_values": values,
            "price_fen": price_fen + (2000 if values and values[-1] == "XL" else 0),
            "market_price_fen": None,
            "image_url": None,
            # Every fifth one is sold out, so that pages have something to disable.
            "available": 0 if index % 5 == 4 else 6 + index * 7,
        }
        for index, values in enumerate(choices)
    ]


def _product(index: int) -> Json:
    title, subtitle, category, price_fen, market_price_fen, sold, first, second = _GOODS[index]
    options = [{"name": "颜色", "values": list(first)}] if first else []
    if second:
        options.append({"name": "尺码", "values": list(second)})
    skus = _skus(title, price_fen, first, second)
    if index == 6:
        for sku in skus:
            sku["available"] = 0
    pictures = [f"/media/product-{index}-{view}.svg" for view in range(3)]
    return {
        "product_id": uid(title),
        "title": title,
        "subtitle": subtitle,
        "description": f"{title}。{subtitle}。\n\n面料经过预缩处理，建议冷水手洗或机洗轻柔档，阴凉处晾干。\n\n"
        "每一件都由合作十年以上的工坊制作，附赠备用纽扣一枚。",
        "cover_url": pictures[0],
        "media": [{"kind": "image", "url": url} for url in pictures],
        "category_ids": [uid(category)],
        "price_fen": price_fen,
        "market_price_fen": market_price_fen,
        "sold_count": sold,
        "options": options,
        "skus": skus,
    }


def products() -> list[Json]:
    """A fresh copy of the shop's products, with their stock."""
    return [_product(index) for index in range(len(_GOODS))]


def card(product: Json) -> Json:
    """A product as lists show it."""
    keys = ("product_id", "title", "subtitle", "cover_url", "price_fen", "market_price_fen", "sold_count")
    return {key: product[key] for key in keys} | {"sold_out": all(s["available"] <= 0 for s in product["skus"])}


_HUES = ("#d9e2dc", "#e9dfd0", "#d5dbe6", "#e5d8d3", "#dfe3cf", "#e3dccb", "#d8e4e6", "#e6e1dc")
_SHIRT = "M34 30l10-6q6 6 12 0l10 6 8 16-9 5-3-5v32H38V46l-3 5-9-5z"


def picture(name: str) -> str:
    """An SVG for a media name; the same name is always the same picture."""
    if name.startswith("product-"):
        index, view = (int(part) for part in name.removesuffix(".svg").split("-")[1:])
        back = _HUES[(index + view) % len(_HUES)]
        turn = (view - 1) * 6
        body = (
            f'<rect width="100" height="100" fill="{back}"/>'
            f'<circle cx="50" cy="52" r="38" fill="#fff" opacity=".4"/>'
            f'<g transform="rotate({turn} 50 50)" stroke="{THEME_COLOR}">'
            f'<path d="{_SHIRT}" fill="#fff" stroke-width="1.2"/>'
            '<path d="M50 28v50" stroke-width=".6" stroke-dasharray="1 4"/></g>'
        )
    elif name.startswith("icon-"):
        body = f'<path d="{_SHIRT}" fill="none" stroke="{THEME_COLOR}" stroke-width="3"/>'
    elif name.startswith("avatar"):
        body = (
            '<rect width="100" height="100" fill="#e9dfd0"/><circle cx="50" cy="40" r="18" fill="#b58e6b"/>'
            '<path d="M14 100q4-36 36-36t36 36z" fill="#2F6F5E"/>'
        )
    else:
        body = f'<rect width="100" height="100" fill="{THEME_COLOR}"/><path d="{_SHIRT}" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{body}</svg>'
