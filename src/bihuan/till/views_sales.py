"""What sales show, and refunds that wait."""

from uuid import UUID

from bihuan import merchants, orders
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, OrderId, StaffId
from bihuan.payments import counter
from bihuan.till import db, db_sales, rules, views
from bihuan.till.db_sales import SaleRow, TakingRow
from bihuan.till.schemas_sales import HandRefundView, SaleItem, SaleLine, SaleView, TakingView


async def show_sale(tx: Tx, merchant_id: MerchantId, sale: SaleRow) -> SaleView:
    """A sale with its lines and the last attempt to take its money."""
    order = await orders.returns.find(tx, merchant_id, sale.order_id)
    shift = await db.find_shift(tx, merchant_id, sale.shift_id)
    if shift is None:
        raise RuntimeError("a sale without a shift")
    store = await merchants.find_store(tx, merchant_id, shift.store_id)
    takings = await db_sales.list_takings(tx, merchant_id, sale.sale_id)
    names = await views.names_of(tx, merchant_id)
    manual = next((one for one in order.adjustments if one.kind == "manual"), None)
    return SaleView(
        sale_id=sale.sale_id,
        order_id=sale.order_id,
        order_no=sale.order_no,
        state=sale.state,
        goods_fen=order.goods_fen,
        discount_fen=sale.discount_fen,
        discount_reason=manual.label if manual else None,
        discount_by=_who(names, manual.source) if manual else None,
        points_fen=-sum(one.amount_fen for one in order.adjustments if one.kind == "points"),
        total_fen=sale.total_fen,
        refunded_fen=order.refunded_fen,
        member_no=sale.member_no,
        store_name=store.name if store else "",
        till=shift.till,
        staff_name=names.get(sale.staff_id, ""),
        created_at=sale.created_at,
        ended_at=sale.ended_at,
        paying=_taking(takings[-1]) if takings else None,
        lines=[
            SaleLine(
                line_id=line.line_id,
                title=line.title,
                option_values=line.option_values,
                quantity=line.quantity,
                unit_price_fen=line.unit_price_fen,
                total_fen=line.total_fen,
                refunded_quantity=line.refunded_quantity,
            )
            for line in await orders.returns.lines_of(tx, merchant_id, sale.order_id)
        ],
    )


def _who(names: dict[StaffId, str], source: str) -> str:
    """The name of who is written on an adjustment: `staff:<id>`."""
    return next((name for staff_id, name in names.items() if source == f"staff:{staff_id}"), "")


def _taking(row: TakingRow) -> TakingView:
    return TakingView(
        state=row.state,
        cash_fen=row.cash_fen,
        tendered_fen=row.tendered_fen,
        change_fen=rules.change(row.cash_fen, row.tendered_fen),
        card_fen=row.card_fen,
        card_slip=row.card_slip,
        code_fen=row.code_fen,
        code_tender=row.code.tender if row.code else None,
        wallet_fen=row.wallet_fen,
        reason=row.reason,
        began_at=row.began_at,
    )


def item_of(sale: SaleRow) -> SaleItem:
    """A sale in a list."""
    return SaleItem(**{name: getattr(sale, name) for name in SaleItem.__struct_fields__})


async def list_hand_refunds(tx: Tx, merchant_id: MerchantId, order_no: str, limit: int) -> list[HandRefundView]:
    """Refunds of cash and by card that wait for a cashier, the oldest first; with `order_no` only that order's."""
    wanted = await db_sales.find_by_no(tx, merchant_id, order_no) if order_no else None
    if order_no and wanted is None:
        return []
    reference = wanted.order_id if wanted else None
    waiting = await counter.list_hand_refunds(tx, merchant_id, reference_id=reference, limit=limit)
    sold = await db_sales.sales_of(tx, merchant_id, [OrderId(one.reference_id) for one in waiting])
    stores = {one.store_id: one.name for one in await merchants.list_stores(tx, merchant_id)}
    where = {
        row.shift_id: stores.get(row.store_id, "")
        for row in await db.find_shifts(tx, merchant_id, [sale.shift_id for sale in sold.values()])
    }
    return [
        HandRefundView(
            refund_id=one.refund_id,
            order_id=one.reference_id,
            order_no=sale.order_no if sale else "",
            store_name=where.get(sale.shift_id, "") if sale else "",
            tender=one.tender,
            amount_fen=one.amount_fen,
            reason=one.reason,
            slip_no=one.slip_no,
            created_at=one.created_at,
        )
        for one in waiting
        for sale in [sold.get(OrderId(one.reference_id))]
    ]


async def get_sale(tx: Tx, merchant_id: MerchantId, sale_id: UUID) -> SaleRow:
    """A sale. Raises NotFound."""
    sale = await db_sales.find_sale(tx, merchant_id, sale_id)
    if sale is None:
        raise NotFound
    return sale
