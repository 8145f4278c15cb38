"""Routes of the goods room: `/api/merchant/products`, `/api/merchant/stock`."""

from typing import Annotated, Any
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from bihuan import catalog
from bihuan.backoffice import places, service
from bihuan.backoffice.schemas import Adjustment, LocationStock, MerchantProduct, ProductItem, StockRow
from bihuan.catalog import NewProduct, State
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import ProductId
from bihuan.kernel.paging import Cursor, Limit, Page
from bihuan.kernel.runtime import Runtime
from bihuan.staff import StaffSession

StateFilter = Annotated[
    State | None, QueryParameter(name="state", required=False)
]  # `state` itself is a name of Litestar
Search = Annotated[
    str | None,
    QueryParameter(name="q", required=False, max_length=100, description="Words, or the beginning of a code."),
]


@get("/api/merchant/products", opt=access("staff:catalog.read"))
async def list_products(
    rt: Runtime,
    staff: StaffSession,
    in_state: StateFilter = None,
    q: Search = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ProductItem]:
    """The merchant's products, newest first."""
    if q:
        await catalog.warm_up()
    async with rt.db.session() as tx:
        return await service.list_products(tx, staff.merchant_id, state=in_state, words=q, limit=limit, cursor=cursor)


@get("/api/merchant/products/{product_id:uuid}", opt=access("staff:catalog.read"))
async def get_product(rt: Runtime, staff: StaffSession, product_id: FromPath[UUID]) -> MerchantProduct:
    """A product in any state, with its stock at each location."""
    async with rt.db.session() as tx:
        product = await catalog.get_product(tx, staff.merchant_id, ProductId(product_id))
        return await service.with_stock(tx, staff.merchant_id, product)


@post("/api/merchant/products", opt=access("staff:catalog.write"))
async def create_product(
    rt: Runtime, staff: StaffSession, data: JSONBody[NewProduct], idempotency_key: IdempotencyKey = None
) -> MerchantProduct:
    """A new draft. Everything that is wrong with it is told at once (422 `invalid_product`)."""
    await catalog.warm_up()

    async def work() -> MerchantProduct:
        product = await catalog.create_product(tx, staff.merchant_id, data)
        return await service.with_stock(tx, staff.merchant_id, product)

    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "catalog.create_product",
            data,
            MerchantProduct,
            work,
        )


@put("/api/merchant/products/{product_id:uuid}", opt=access("staff:catalog.write"))
async def update_product(
    rt: Runtime, staff: StaffSession, product_id: FromPath[UUID], data: JSONBody[NewProduct]
) -> MerchantProduct:
    """Replaces a product's content; its state stays. SKUs keep their ids by `sku_id`, else by their code."""
    await catalog.warm_up()
    async with rt.db.transaction() as tx:
        product = await catalog.update_product(tx, staff.merchant_id, ProductId(product_id), data)
        return await service.with_stock(tx, staff.merchant_id, product)


@post("/api/merchant/products/{product_id:uuid}/publish", opt=access("staff:catalog.write"), status_code=200)
async def publish(rt: Runtime, staff: StaffSession, product_id: FromPath[UUID]) -> MerchantProduct:
    """Puts a product on sale; 409 `wrong_state` when it is already."""
    return await _change_state(rt, staff, ProductId(product_id), "published")


@post("/api/merchant/products/{product_id:uuid}/unpublish", opt=access("staff:catalog.write"), status_code=200)
async def unpublish(rt: Runtime, staff: StaffSession, product_id: FromPath[UUID]) -> MerchantProduct:
    """Takes a product off sale; 409 `wrong_state` when it is not on sale."""
    return await _change_state(rt, staff, ProductId(product_id), "unpublished")


async def _change_state(rt: Runtime, staff: StaffSession, product_id: ProductId, wanted: State) -> MerchantProduct:
    async with rt.db.transaction() as tx:
        product = await catalog.change_state(tx, staff.merchant_id, product_id, wanted)
        return await service.with_stock(tx, staff.merchant_id, product)


@get("/api/merchant/stock", opt=access("staff:stock.read"))
async def list_stock(
    rt: Runtime, staff: StaffSession, q: Search = None, limit: Limit = 20, cursor: Cursor = None
) -> Page[StockRow]:
    """Stock by SKU and location; `limit` counts SKUs."""
    if q:
        await catalog.warm_up()
    async with rt.db.session() as tx:
        return await service.list_stock(tx, staff.merchant_id, words=q, limit=limit, cursor=cursor)


@post("/api/merchant/stock/adjustments", opt=access("staff:stock.write"))
async def adjust_stock(
    rt: Runtime, staff: StaffSession, data: JSONBody[Adjustment], idempotency_key: IdempotencyKey = None
) -> LocationStock:
    """Corrects the stock of a SKU at a location and records why; 409 when more would go than is there."""
    async with rt.db.transaction() as tx:
        return await run_once(
            tx,
            staff.merchant_id,
            f"staff:{staff.staff_id}",
            idempotency_key,
            "inventory.adjust",
            data,
            LocationStock,
            lambda: service.adjust(tx, staff.merchant_id, data, staff.staff_id),
        )


ROUTES: tuple[Any, ...] = (
    list_products,
    get_product,
    create_product,
    update_product,
    publish,
    unpublish,
    list_stock,
    adjust_stock,
    *places.ROUTES,
)
