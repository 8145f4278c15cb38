"""The catalogue: products, their variants (SKUs), categories, pictures, search.

Invariants: a SKU chooses one value of each of its product's options, no two choose the same; a code is
borne by one active SKU of a merchant; SKUs are retired, never deleted; publication moves along
`rules.TRANSITIONS`; a product shows its merchant's own pictures only. How many there are is inventory's.
"""

from bihuan.catalog.checks import CHECKS
from bihuan.catalog.db_shelves import list_category_names
from bihuan.catalog.errors import (
    BadPicture,
    CategoryInUse,
    CategoryNameTaken,
    InvalidCategory,
    InvalidProduct,
    NoSuchProduct,
    SkuCodeTaken,
)
from bihuan.catalog.memory import SELLABLE_MEMORY, Goods
from bihuan.catalog.pictures import MAX_BYTES as MAX_PICTURE_BYTES
from bihuan.catalog.pictures import Encoded, encode, encode_upload
from bihuan.catalog.pictures import hash_of as picture_hash
from bihuan.catalog.pictures import read as read_picture
from bihuan.catalog.pictures import url_of as picture_url
from bihuan.catalog.pictures import write as write_picture
from bihuan.catalog.rules import MAX_ATTRIBUTES, MAX_PRICE_FEN, check_product
from bihuan.catalog.schemas import (
    Attribute,
    Category,
    NewCategory,
    NewProduct,
    NewSku,
    Option,
    Picture,
    Product,
    ProductSummary,
    Sellable,
    Sku,
    SkuRow,
    Sort,
    State,
    Uploaded,
)
from bihuan.catalog.search import warm_up
from bihuan.catalog.service import (
    SELLABLE,
    add_sold,
    change_state,
    create_product,
    create_products,
    find_product,
    get_product,
    list_known_products,
    list_products,
    list_sellable,
    list_sku_ids,
    list_skus,
    update_product,
)
from bihuan.catalog.shelves import add_picture, create_category, delete_category, list_categories, update_category

__all__ = [
    "CHECKS",
    "MAX_ATTRIBUTES",
    "MAX_PICTURE_BYTES",
    "MAX_PRICE_FEN",
    "SELLABLE",
    "SELLABLE_MEMORY",
    "Attribute",
    "BadPicture",
    "Category",
    "CategoryInUse",
    "CategoryNameTaken",
    "Encoded",
    "Goods",
    "InvalidCategory",
    "InvalidProduct",
    "NewCategory",
    "NewProduct",
    "NewSku",
    "NoSuchProduct",
    "Option",
    "Picture",
    "Product",
    "ProductSummary",
    "Sellable",
    "Sku",
    "SkuCodeTaken",
    "SkuRow",
    "Sort",
    "State",
    "Uploaded",
    "add_picture",
    "add_sold",
    "change_state",
    "check_product",
    "create_category",
    "create_product",
    "create_products",
    "delete_category",
    "encode",
    "encode_upload",
    "find_product",
    "get_product",
    "list_categories",
    "list_category_names",
    "list_known_products",
    "list_products",
    "list_sellable",
    "list_sku_ids",
    "list_skus",
    "picture_hash",
    "picture_url",
    "read_picture",
    "update_category",
    "update_product",
    "warm_up",
    "write_picture",
]
