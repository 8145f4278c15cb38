"""What the catalogue refuses."""

import msgspec

from bihuan.kernel.errors import Conflict, NotFound, TooLarge, Unprocessable


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with what was handed in: where, which rule, and the sentence in both languages."""

    field: str
    rule: str
    zh: str
    en: str


class InvalidProduct(Unprocessable):
    """A product, or a category, that cannot be stored as it is; `errors` lists every fault, not the first only."""

    code = "invalid_product"
    zh = "商品信息有误：{first_zh}"
    en = "The product is not valid: {first_en}"

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__()
        self.faults = faults

    def text(self, language: str) -> str:
        """The first fault in a sentence."""
        return (self.en if language == "en" else self.zh).format(first_zh=self.faults[0].zh, first_en=self.faults[0].en)

    def body(self, language: str, request_id: str | None = None) -> dict[str, object]:
        """The problem with all its faults in the reader's language."""
        errors = [
            {"field": fault.field, "rule": fault.rule, "message": fault.en if language == "en" else fault.zh}
            for fault in self.faults
        ]
        return {**super().body(language, request_id), "errors": errors}


class InvalidCategory(InvalidProduct):
    """A category that cannot be stored as it is."""

    code = "invalid_category"
    zh = "分类信息有误：{first_zh}"
    en = "The category is not valid: {first_en}"


class SkuCodeTaken(Conflict):
    """Another product of this merchant bears one of the SKU codes."""

    code = "sku_code_taken"
    zh = "SKU 编码 {taken} 已被其他商品使用。"
    en = "Another product already uses the SKU code {taken}."


class CategoryInUse(Conflict):
    """A category with subcategories or products is not deleted under them."""

    code = "category_in_use"
    zh = "该分类下还有 {children} 个子分类、{products} 件商品，请先移走它们。"
    en = "This category still holds {children} subcategories and {products} products; move them first."


class CategoryNameTaken(Conflict):
    """A sibling has this name."""

    code = "category_name_taken"
    zh = "同级分类中已有“{name}”。"
    en = "There is a category named {name} at this level already."


class NoSuchProduct(NotFound):
    """The merchant has no such product, or it is not on sale."""

    zh = "没有找到该商品，或商品已下架。"
    en = "There is no such product, or it is not on sale."


class BadPicture(Unprocessable):
    """The upload is no picture that we take."""

    code = "bad_picture"
    zh = "请上传 PNG、JPEG 或 WebP 图片（{reason}）。"
    en = "Upload a PNG, JPEG or WebP picture ({reason})."


class PictureTooLarge(TooLarge):
    """The picture has too many bytes or pixels."""

    code = "picture_too_large"
    zh = "图片过大：文件不超过 {max_mib} MiB，像素不超过 {max_megapixels} 百万。"
    en = "The picture is too large: at most {max_mib} MiB and {max_megapixels} megapixels."
