"""Routes of the catalogue alone: categories, uploads, and the pictures themselves.

Products are read together with their stock, so their routes stand above both: `storefront`, `backoffice`.
"""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, JSONBody

from bihuan.catalog import pictures, shelves
from bihuan.catalog.errors import BadPicture
from bihuan.catalog.schemas import Category, CategoryList, NewCategory, Uploaded
from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import CategoryId, MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession

_FOREVER = f"public, max-age={int(timedelta(days=365).total_seconds())}, immutable"


@get("/api/merchant/categories", opt=access("staff:catalog.read"))
async def list_categories(rt: Runtime, staff: StaffSession) -> CategoryList:
    """All categories; the page is always the last one."""
    async with rt.db.session() as tx:
        return CategoryList(await shelves.list_categories(tx, staff.merchant_id))


@post("/api/merchant/categories", opt=access("staff:catalog.write"))
async def create_category(
    rt: Runtime, staff: StaffSession, data: JSONBody[NewCategory], idempotency_key: IdempotencyKey = None
) -> Category:
    """A new category; at most three levels."""
    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "catalog.create_category",
            data,
            Category,
            lambda: shelves.create_category(tx, staff.merchant_id, data),
        )


@put("/api/merchant/categories/{category_id:uuid}", opt=access("staff:catalog.write"))
async def update_category(
    rt: Runtime, staff: StaffSession, category_id: FromPath[UUID], data: JSONBody[NewCategory]
) -> Category:
    """Renames, moves or reorders a category."""
    async with rt.db.transaction() as tx:
        return await shelves.update_category(tx, staff.merchant_id, CategoryId(category_id), data)


@delete("/api/merchant/categories/{category_id:uuid}", opt=access("staff:catalog.write"))
async def delete_category(rt: Runtime, staff: StaffSession, category_id: FromPath[UUID]) -> None:
    """Deletes an empty category; 409 `category_in_use` otherwise."""
    async with rt.db.transaction() as tx:
        await shelves.delete_category(tx, staff.merchant_id, CategoryId(category_id))


class Upload(msgspec.Struct):
    """The form of an upload."""

    file: UploadFile


@post(
    "/api/merchant/media",
    opt=access("staff:catalog.write"),
    request_max_body_size=pictures.MAX_BYTES + 64 * 1024,  # the form's own bytes come on top of the picture's
)
async def upload(
    rt: Runtime,
    staff: StaffSession,
    data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Uploaded:
    """Stores a PNG, JPEG or WebP picture as WebP of at most 1600 pixels; the same bytes again answer the same URL."""
    content = await data.file.read(pictures.MAX_BYTES + 1)
    if not content:
        raise BadPicture(reason="empty")
    picture = await pictures.encode_upload(content)
    async with rt.db.transaction() as tx:
        return await shelves.add_picture(tx, staff.merchant_id, rt.settings.home, picture)


@get("/media/{merchant_id:uuid}/{name:str}", opt=access("public"), include_in_schema=False)
async def picture(
    rt: Runtime, request: Request[Any, Any, Any], merchant_id: FromPath[UUID], name: FromPath[str]
) -> Response[bytes]:
    """A stored picture. Its name is the hash of its bytes, so it may be kept for ever."""
    stem, _, suffix = name.partition(".")
    etag = f'"{stem}"'
    headers = {"Cache-Control": _FOREVER, "ETag": etag, "X-Content-Type-Options": "nosniff"}
    content = await pictures.read(rt.settings.home, MerchantId(merchant_id), stem) if suffix == "webp" else None
    if content is None:
        raise NotFound
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers)
    return Response(content, media_type="image/webp", headers=headers)


ROUTES: tuple[Any, ...] = (list_categories, create_category, update_category, delete_category, upload, picture)
