"""Categories and pictures: the verbs."""

from pathlib import Path

import asyncpg

from bihuan.catalog import db_shelves, pictures, rules
from bihuan.catalog.errors import CategoryInUse, CategoryNameTaken, Fault, InvalidCategory
from bihuan.catalog.schemas import Category, NewCategory, Uploaded
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import CategoryId, MediaId, MerchantId, new_id


async def list_categories(tx: Tx, merchant_id: MerchantId) -> list[Category]:
    """All categories of a merchant; siblings stand in their order."""
    return await db_shelves.list_categories(tx, merchant_id, rules.MAX_CATEGORIES)


async def create_category(
    tx: Tx, merchant_id: MerchantId, category: NewCategory, *, category_id: CategoryId | None = None
) -> Category:
    """A new category; importers give it an id. Raises InvalidCategory, CategoryNameTaken."""
    present = await db_shelves.lock_categories(tx, merchant_id)
    if len(present) >= rules.MAX_CATEGORIES:
        most = rules.MAX_CATEGORIES
        raise InvalidCategory([Fault("", "too_many", f"最多 {most} 个分类。", f"At most {most} categories.")])
    return await _write(tx, merchant_id, category_id or CategoryId(new_id()), category, present)


async def update_category(tx: Tx, merchant_id: MerchantId, category_id: CategoryId, category: NewCategory) -> Category:
    """Renames or moves a category. Raises NotFound, InvalidCategory, CategoryNameTaken."""
    present = await db_shelves.lock_categories(tx, merchant_id)
    if all(other.category_id != category_id for other in present):
        raise NotFound
    return await _write(tx, merchant_id, category_id, category, present)


async def delete_category(tx: Tx, merchant_id: MerchantId, category_id: CategoryId) -> None:
    """Deletes an empty category. Raises NotFound, CategoryInUse."""
    children, products = await db_shelves.count_uses(tx, merchant_id, category_id)
    if children or products:
        raise CategoryInUse(children=children, products=products)
    if not await db_shelves.delete_category(tx, merchant_id, category_id):
        raise NotFound


async def add_picture(tx: Tx, merchant_id: MerchantId, home: Path, picture: pictures.Encoded) -> Uploaded:
    """Keeps a re-encoded picture as the merchant's own. The file is written first: a row always has its file."""
    await pictures.write(home, merchant_id, picture)
    media_id = await db_shelves.insert_media(
        tx, merchant_id, MediaId(new_id()), picture.hash, picture.width, picture.height, len(picture.data)
    )
    return Uploaded(media_id, pictures.url_of(merchant_id, picture.hash))


async def _write(
    tx: Tx, merchant_id: MerchantId, category_id: CategoryId, category: NewCategory, present: list[Category]
) -> Category:
    by_id = {other.category_id: other for other in present}
    faults = rules.check_category(category) or rules.check_tree(category_id, category.parent_id, present)
    icon = category.icon_url or ""
    before = by_id.get(category_id)
    if icon and (before is None or icon != before.icon_url):
        name = pictures.hash_of(merchant_id, icon)
        if not name or not await db_shelves.list_known_hashes(tx, merchant_id, [name]):
            faults.append(
                Fault("icon_url", "unknown_picture", "图片不存在，请先上传。", "There is no such picture; upload it.")
            )
    if faults:
        raise InvalidCategory(faults)
    written = Category(
        category_id=category_id,
        parent_id=category.parent_id,
        name=category.name.strip(),
        icon_url=icon,
        position=category.position if category.position is not None else before.position if before else 0,
    )
    try:
        async with tx.savepoint():
            await db_shelves.upsert_category(tx, merchant_id, written)
    except asyncpg.UniqueViolationError as error:
        raise CategoryNameTaken(name=written.name) from error
    return written
