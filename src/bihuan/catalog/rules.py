"""Decisions of the catalogue: what a valid product is, and how publication moves. No I/O."""

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from bihuan.catalog.errors import Fault
from bihuan.catalog.schemas import Category, NewCategory, NewProduct, NewSku, State
from bihuan.kernel.ids import CategoryId

T = TypeVar("T", bound=Hashable)

MAX_TITLE = 120
MAX_SUBTITLE = 200
MAX_DESCRIPTION = 20_000
MAX_PICTURES = 20
MAX_OPTIONS = 4
MAX_VALUES = 60
MAX_SKUS = 300
MAX_ATTRIBUTES = 60
MAX_PRODUCT_CATEGORIES = 10
MAX_CATEGORIES = 500
MAX_CATEGORY_DEPTH = 3
MAX_CATEGORY_NAME = 40
MAX_PRICE_FEN = 1_000_000_000
"""Ten million yuan: beyond it a price is a slip of the keyboard."""
MAX_WEIGHT = 1_000_000

TRANSITIONS: dict[State, frozenset[State]] = {
    "draft": frozenset({"published"}),
    "published": frozenset({"unpublished"}),
    "unpublished": frozenset({"published"}),
}
"""Publication: a draft was never seen; what was once published is never a draft again."""


def may_become(state: State, wanted: State) -> bool:
    """Whether a product in `state` may go over to `wanted`."""
    return wanted in TRANSITIONS[state]


def check_product(product: NewProduct) -> list[Fault]:
    """Everything that is wrong with a product by itself; empty when nothing is."""
    return [
        *_check_texts(product),
        *_check_options(product),
        *_check_skus(product),
        *_check_matrix(product),
    ]


def check_pictures(product: NewProduct, allowed: Collection[str]) -> list[Fault]:
    """Pictures that are not the merchant's own; `allowed` are the URLs that are."""
    named = [(f"media[{i}].url", picture.url) for i, picture in enumerate(product.media)]
    named += [(f"skus[{i}].image_url", sku.image_url) for i, sku in enumerate(product.skus) if sku.image_url]
    return [
        Fault(field, "unknown_picture", "图片不存在，请先上传。", "There is no such picture; upload it first.")
        for field, url in named
        if url not in allowed
    ]


def picture_urls(product: NewProduct) -> list[str]:
    """Every picture that a product names."""
    return [picture.url for picture in product.media] + [sku.image_url for sku in product.skus if sku.image_url]


def cheapest(skus: Collection[NewSku]) -> NewSku:
    """The SKU whose price stands in lists: the lowest, earlier ones first among equals."""
    return min(skus, key=lambda sku: sku.price_fen)


def check_category(category: NewCategory) -> list[Fault]:
    """What is wrong with a category by itself."""
    faults: list[Fault] = []
    if not 1 <= len(category.name.strip()) <= MAX_CATEGORY_NAME:
        faults.append(_length("name", "分类名称", "The name", 1, MAX_CATEGORY_NAME))
    if category.position is not None and abs(category.position) > MAX_WEIGHT:
        faults.append(Fault("position", "out_of_range", "排序值超出范围。", "The position is out of range."))
    return faults


def check_tree(category_id: CategoryId, parent_id: CategoryId | None, present: Collection[Category]) -> list[Fault]:
    """Whether a category may hang under `parent_id`: it exists, closes no ring and the tree stays shallow."""
    parents = {other.category_id: other.parent_id for other in present}
    if parent_id is None:
        depth = 1
    elif parent_id not in parents:
        return [Fault("parent_id", "unknown_category", "上级分类不存在。", "There is no such parent category.")]
    else:
        above: list[CategoryId] = []
        step: CategoryId | None = parent_id
        while step is not None:
            if step == category_id:
                return [Fault("parent_id", "ring", "分类不能放在自己或下级之中。", "A category cannot lie in itself.")]
            above.append(step)
            step = parents.get(step)
        depth = len(above) + 1
    if depth + _height(category_id, parents) - 1 > MAX_CATEGORY_DEPTH:
        most = MAX_CATEGORY_DEPTH
        return [Fault("parent_id", "too_deep", f"分类最多 {most} 级。", f"Categories have at most {most} levels.")]
    return []


def _height(category_id: CategoryId, parents: Mapping[CategoryId, CategoryId | None]) -> int:
    """Levels of the subtree under a category, itself included."""
    children = [child for child, parent in parents.items() if parent == category_id]
    return 1 + max((_height(child, parents) for child in children), default=0)


def _check_texts(product: NewProduct) -> list[Fault]:
    faults: list[Fault] = []
    if _has_nul(product):
        faults.append(Fault("", "nul", "内容含有无法保存的空字符。", "A text holds a NUL, which cannot be stored."))
    if not 1 <= len(product.title.strip()) <= MAX_TITLE:
        faults.append(_length("title", "商品标题", "The title", 1, MAX_TITLE))
    if len(product.subtitle) > MAX_SUBTITLE:
        faults.append(_length("subtitle", "副标题", "The subtitle", 0, MAX_SUBTITLE))
    if len(product.description) > MAX_DESCRIPTION:
        faults.append(_length("description", "商品详情", "The description", 0, MAX_DESCRIPTION))
    counted: list[tuple[str, str, str, int, int]] = [
        ("media", "图片", "pictures", len(product.media), MAX_PICTURES),
        ("category_ids", "分类", "categories", len(product.category_ids), MAX_PRODUCT_CATEGORIES),
        ("attributes", "属性", "attributes", len(product.attributes), MAX_ATTRIBUTES),
        ("options", "规格", "options", len(product.options), MAX_OPTIONS),
        ("skus", "SKU", "SKUs", len(product.skus), MAX_SKUS),
    ]
    for field, zh, en, count, most in counted:
        if count > most:
            faults.append(Fault(field, "too_many", f"{zh}最多 {most} 个。", f"At most {most} {en}."))
    for i, attribute in enumerate(product.attributes):
        if not 1 <= len(attribute.name.strip()) <= 40 or not 1 <= len(attribute.value.strip()) <= 500:
            faults.append(
                Fault(
                    f"attributes[{i}]",
                    "length",
                    "属性名需 1 至 40 字，属性值需 1 至 500 字。",
                    "An attribute's name has 1 to 40 characters, its value 1 to 500.",
                )
            )
    if product.weight is not None and abs(product.weight) > MAX_WEIGHT:
        faults.append(Fault("weight", "out_of_range", "排序权重超出范围。", "The weight is out of range."))
    return faults


def _check_options(product: NewProduct) -> list[Fault]:
    faults = [
        Fault("options", "doubled", f"规格名“{name}”重复。", f"The option {name} is given twice.")
        for name in _doubled([option.name.strip() for option in product.options])
    ]
    for i, option in enumerate(product.options):
        field = f"options[{i}]"
        if not 1 <= len(option.name.strip()) <= 20:
            faults.append(_length(f"{field}.name", "规格名", "An option's name", 1, 20))
        if not 1 <= len(option.values) <= MAX_VALUES:
            faults.append(
                Fault(
                    f"{field}.values",
                    "count",
                    f"每个规格需 1 至 {MAX_VALUES} 个值。",
                    f"An option has 1 to {MAX_VALUES} values.",
                )
            )
        faults.extend(
            Fault(f"{field}.values", "doubled", f"规格值“{value}”重复。", f"The value {value} is given twice.")
            for value in _doubled(option.values)
        )
        if any(not 1 <= len(value.strip()) <= 60 for value in option.values):
            faults.append(_length(f"{field}.values", "规格值", "A value", 1, 60))
    return faults


def _check_skus(product: NewProduct) -> list[Fault]:
    faults: list[Fault] = []
    if not product.skus:
        faults.append(Fault("skus", "required", "至少需要一个 SKU。", "At least one SKU is needed."))
    codes = [sku.code for sku in product.skus]
    faults.extend(
        Fault(
            f"skus[{_last(codes, code)}].code",
            "doubled",
            f"SKU 编码“{code}”重复。",
            f"The SKU code {code} is given twice.",
        )
        for code in _doubled(codes)
    )
    faults.extend(
        Fault("skus", "doubled", f"SKU {sku_id} 出现了两次。", f"The SKU {sku_id} is given twice.")
        for sku_id in _doubled([str(sku.sku_id) for sku in product.skus if sku.sku_id])
    )
    for i, sku in enumerate(product.skus):
        faults.extend(_check_sku(f"skus[{i}]", sku))
    return faults


def _check_sku(field: str, sku: NewSku) -> list[Fault]:
    faults: list[Fault] = []
    if not 1 <= len(sku.code) <= 64 or not sku.code.isprintable() or sku.code != sku.code.strip():
        faults.append(_length(f"{field}.code", "SKU 编码（首尾不含空格）", "A code (without spaces around it)", 1, 64))
    if not 1 <= sku.price_fen <= MAX_PRICE_FEN:
        faults.append(
            Fault(
                f"{field}.price_fen",
                "out_of_range",
                "价格须在 0.01 元至 1000 万元之间。",
                "A price is between 0.01 and 10,000,000 yuan.",
            )
        )
    if sku.market_price_fen is not None and not sku.price_fen <= sku.market_price_fen <= MAX_PRICE_FEN:
        faults.append(
            Fault(
                f"{field}.market_price_fen",
                "out_of_range",
                "划线价不能低于售价。",
                "The market price cannot be below the price.",
            )
        )
    return faults


def _check_matrix(product: NewProduct) -> list[Fault]:
    """Each SKU chooses one value of each option, no two choose the same, and no value goes unused."""
    faults: list[Fault] = []
    count = len(product.options)
    for i, sku in enumerate(product.skus):
        field = f"skus[{i}].option_values"
        if len(sku.option_values) != count:
            faults.append(
                Fault(
                    field,
                    "option_count",
                    f"该 SKU 应有 {count} 个规格值，实际 {len(sku.option_values)} 个。",
                    f"This SKU needs {count} option values and has {len(sku.option_values)}.",
                )
            )
            continue
        for option, value in zip(product.options, sku.option_values, strict=True):
            if value not in option.values:
                faults.append(
                    Fault(
                        field,
                        "unknown_value",
                        f"规格“{option.name}”没有值“{value}”。",
                        f"The option {option.name} has no value {value}.",
                    )
                )
    chosen = [tuple(sku.option_values) for sku in product.skus]
    for values in _doubled(chosen):
        said = " / ".join(values) or "—"
        faults.append(
            Fault(
                f"skus[{_last(chosen, values)}].option_values",
                "doubled",
                f"规格组合“{said}”重复。",
                f"The combination {said} is given twice.",
            )
        )
    for i, option in enumerate(product.options):
        used = {sku.option_values[i] for sku in product.skus if len(sku.option_values) == count}
        faults.extend(
            Fault(
                f"options[{i}].values",
                "unused_value",
                f"规格值“{value}”没有对应的 SKU。",
                f"No SKU has the value {value}.",
            )
            for value in option.values
            if value not in used
        )
    return faults


def _has_nul(product: NewProduct) -> bool:
    """PostgreSQL stores no NUL in a text."""
    texts = [product.title, product.subtitle, product.description]
    texts += [text for attribute in product.attributes for text in (attribute.name, attribute.value)]
    texts += [text for option in product.options for text in (option.name, *option.values)]
    texts += [text for sku in product.skus for text in (sku.code, *sku.option_values)]
    return any("\0" in text for text in texts)


def _length(field: str, zh: str, en: str, least: int, most: int) -> Fault:
    return Fault(field, "length", f"{zh}长度须为 {least} 至 {most} 个字符。", f"{en} has {least} to {most} characters.")


def _doubled(values: list[T]) -> list[T]:
    return [value for value, count in Counter(values).items() if count > 1]


def _last(values: list[T], value: T) -> int:
    return len(values) - 1 - values[::-1].index(value)
