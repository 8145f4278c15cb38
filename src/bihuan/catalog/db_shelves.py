"""The catalogue's SQL: categories and pictures."""

from collections.abc import Sequence
from uuid import UUID

from bihuan.catalog.schemas import Category
from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import CategoryId, MediaId, MerchantId, ProductId

_CATEGORY = "category_id, parent_id, name, icon_url, position"


async def list_categories(tx: Tx, merchant_id: MerchantId, limit: int) -> list[Category]:
    """A merchant's categories; siblings stand in their order."""
    rows = await tx.fetch(
        f"select {_CATEGORY} from categories where merchant_id = $1 order by position, category_id limit $2",  # noqa: S608
        merchant_id,
        limit,
    )
    return db.many(Category, rows)


async def lock_categories(tx: Tx, merchant_id: MerchantId) -> list[Category]:
    """All of them, locked: the tree is changed by one at a time, so that no two changes close a ring."""
    rows = await tx.fetch(
        f"select {_CATEGORY} from categories where merchant_id = $1 order by category_id for no key update",  # noqa: S608
        merchant_id,
    )
    return db.many(Category, rows)


async def count_known_categories(tx: Tx, merchant_id: MerchantId, category_ids: Sequence[CategoryId]) -> int:
    """How many of these ids are the merchant's categories; they cannot be deleted until the transaction ends."""
    rows = await tx.fetch(
        "select 1 from categories where merchant_id = $1 and category_id = any($2) for key share",
        merchant_id,
        category_ids,
    )
    return len(rows)


async def upsert_category(tx: Tx, merchant_id: MerchantId, category: Category) -> None:
    """Writes a category."""
    await tx.execute(
        """insert into categories (merchant_id, category_id, parent_id, name, icon_url, position, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (merchant_id, category_id) do update set parent_id = excluded.parent_id,
             name = excluded.name, icon_url = excluded.icon_url, position = excluded.position""",
        merchant_id,
        category.category_id,
        category.parent_id,
        category.name,
        category.icon_url,
        category.position,
        tx.now,
    )


async def count_uses(tx: Tx, merchant_id: MerchantId, category_id: CategoryId) -> tuple[int, int]:
    """(subcategories, products) of a category."""
    row = await tx.fetchrow(
        """select (select count(*) from categories where merchant_id = $1 and parent_id = $2) as children,
             (select count(*) from product_categories where merchant_id = $1 and category_id = $2) as products""",
        merchant_id,
        category_id,
    )
    return (row["children"], row["products"]) if row else (0, 0)


async def delete_category(tx: Tx, merchant_id: MerchantId, category_id: CategoryId) -> bool:
    """Deletes an empty category; False when there is none."""
    return (
        await tx.execute("delete from categories where merchant_id = $1 and category_id = $2", merchant_id, category_id)
        == 1
    )


async def insert_media(
    tx: Tx, merchant_id: MerchantId, media_id: MediaId, hash: str, width: int, height: int, size_bytes: int
) -> MediaId:
    """Records a stored picture; the same picture again keeps its first id."""
    found: UUID = await tx.fetchval(
        """insert into media (merchant_id, media_id, hash, width, height, size_bytes, created_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (merchant_id, hash) do update set size_bytes = excluded.size_bytes returning media_id""",
        merchant_id,
        media_id,
        hash,
        width,
        height,
        size_bytes,
        tx.now,
    )
    return MediaId(found)


async def list_known_hashes(tx: Tx, merchant_id: MerchantId, hashes: Sequence[str]) -> set[str]:
    """Which of these pictures the merchant has."""
    rows = await tx.fetch("select hash from media where merchant_id = $1 and hash = any($2)", merchant_id, hashes)
    return {row["hash"] for row in rows}


async def list_category_names(
    tx: Tx, merchant_id: MerchantId, product_ids: Sequence[ProductId]
) -> dict[ProductId, frozenset[str]]:
    """Product -> the names of its categories and of those above them; products without any are left out."""
    rows = await tx.fetch(
        """with recursive up as (
             select pc.product_id, pc.category_id from product_categories pc
             where pc.merchant_id = $1 and pc.product_id = any($2)
             union select up.product_id, c.parent_id from up
             join categories c on c.merchant_id = $1 and c.category_id = up.category_id
             where c.parent_id is not null)
           select up.product_id, array_agg(c.name) as names from up
           join categories c on c.merchant_id = $1 and c.category_id = up.category_id group by up.product_id""",
        merchant_id,
        product_ids,
    )
    return {ProductId(row["product_id"]): frozenset(row["names"]) for row in rows}
