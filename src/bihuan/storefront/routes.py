"""Routes of the storefront's reads: home, categories, products."""

import hashlib
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, QueryParameter

from bihuan import catalog
from bihuan.catalog import Sort
from bihuan.kernel.http import access
from bihuan.kernel.ids import CategoryId, ProductId
from bihuan.kernel.page_memory import REMEMBERED
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.merchants import Merchant
from bihuan.storefront import service
from bihuan.storefront.schemas import CategoryCards, Home, ProductCard, ProductPage

T = TypeVar("T")

Search = Annotated[
    str | None, QueryParameter(name="q", required=False, max_length=100, description="Words; all must match.")
]
InCategory = Annotated[
    UUID | None, QueryParameter(name="category_id", required=False, description="With all its subcategories.")
]

_encode = msgspec.json.Encoder().encode


@get("/api/shop/{m:str}/home", opt=access("public") | REMEMBERED)
async def get_home(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[Home]:
    """The mall's first page."""
    async with rt.db.session() as tx:
        return _cacheable(request, await service.home(tx, merchant), seconds=5)


@get("/api/shop/{m:str}/categories", opt=access("public") | REMEMBERED)
async def list_categories(rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any]) -> Response[CategoryCards]:
    """All categories, parents and children."""
    async with rt.db.session() as tx:
        return _cacheable(request, await service.categories(tx, merchant.merchant_id), seconds=15)


@get("/api/shop/{m:str}/products", opt=access("public") | REMEMBERED)
async def list_products(
    rt: Runtime,
    merchant: Merchant,
    request: Request[Any, Any, Any],
    category_id: InCategory = None,
    q: Search = None,
    sort: Sort = "default",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[Page[ProductCard]]:
    """Products on sale: of a category, by a search, or all. The default order of a search is by relevance."""
    if q:
        await catalog.warm_up()
    async with rt.db.session() as tx:
        page = await service.products(
            tx,
            merchant.merchant_id,
            category_id=CategoryId(category_id) if category_id else None,
            words=q,
            sort=sort,
            limit=limit,
            cursor=cursor,
        )
    return _cacheable(request, page, seconds=5)


@get("/api/shop/{m:str}/products/{product_id:uuid}", opt=access("public") | REMEMBERED)
async def get_product(
    rt: Runtime, merchant: Merchant, request: Request[Any, Any, Any], product_id: FromPath[UUID]
) -> Response[ProductPage]:
    """A product on sale with its variants and how many there are; 404 when it is not published."""
    async with rt.db.session() as tx:
        page = await service.product(tx, merchant.merchant_id, ProductId(product_id))
    return _cacheable(request, page, seconds=0)


def _cacheable(request: Request[Any, Any, Any], body: T, *, seconds: int) -> Response[T]:
    """An answer that is the same for everybody; 304 when the reader has it already.

    Kept for `seconds` without asking again: prices and stock are checked anew when an order is placed.
    """
    content = _encode(body)
    etag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={seconds}" if seconds else "no-cache"}
    asked = request.headers.get("if-none-match", "")
    if etag in (tag.strip() for tag in asked.split(",")):
        return cast("Response[T]", Response(b"", status_code=304, headers=headers))
    return cast("Response[T]", Response(content, media_type=MediaType.JSON, headers=headers))


ROUTES: tuple[Any, ...] = (get_home, list_categories, list_products, get_product)
