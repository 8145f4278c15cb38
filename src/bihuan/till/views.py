"""What tills show."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from bihuan import catalog, identity, inventory, membership, merchants, orders, staff
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, OrderId, StaffId, StoreId
from bihuan.payments import counter
from bihuan.staff import StaffSession
from bihuan.till import db, db_sales, rules, shifts
from bihuan.till.db import ShiftRow
from bihuan.till.db_sales import SaleRow, TakingRow
from bihuan.till.errors import MemberUnknown
from bihuan.till.schemas import (
    GoodsItem,
    HandRefundView,
    MemberView,
    MovementView,
    SaleItem,
    SaleLine,
    SaleView,
    ShiftReport,
    ShiftView,
    TakingView,
    TotalsView,
)


async def show_shifts(tx: Tx, person: StaffSession, rows: Sequence[ShiftRow]) -> list[ShiftView]:
    """Shifts with names; what an open drawer should hold only to who answers for the cash."""
    stores = {one.store_id: one.name for one in await merchants.list_stores(tx, person.merchant_id)}
    counters = {one.counter_id: one.name for one in await merchants.list_counters(tx, person.merchant_id)}
    names = await _names(tx, person.merchant_id)
    sees = shifts.sees_drawers(person)
    floats = await db.floats_of(tx, person.merchant_id, [row.shift_id for row in rows])
    return [
        ShiftView(
            shift_id=row.shift_id,
            store_id=row.store_id,
            store_name=stores.get(row.store_id, ""),
            counter_id=row.counter_id,
            counter_name=counters.get(row.counter_id) if row.counter_id else None,
            till=row.till,
            staff_name=names.get(row.staff_id, ""),
            state=row.state,
            own=row.staff_id == person.staff_id,
            float_fen=floats.get(row.shift_id, 0),
            expected_fen=row.expected_fen if sees or row.state == "closed" else None,
            counted_fen=row.counted_fen,
            difference_fen=row.difference_fen,
            carried_fen=row.carried_fen,
            banked_fen=row.banked_fen,
            left_fen=row.left_fen,
            note=row.note,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )
        for row in rows
    ]


async def report(tx: Tx, person: StaffSession, shift: ShiftRow) -> ShiftReport:
    """A shift with what it took, gave back and moved."""
    (view,) = await show_shifts(tx, person, [shift])
    totals = (await db.totals_of(tx, person.merchant_id, [shift.shift_id]))[shift.shift_id]
    names = await _names(tx, person.merchant_id)
    blind = shift.state == "open" and not shifts.sees_drawers(person)
    known: dict[str, Any] = msgspec.structs.asdict(totals) | ({"cash_fen": None} if blind else {})
    return ShiftReport(
        shift=view,
        totals=TotalsView(**known),
        movements=[
            MovementView(
                kind=row.kind,
                amount_fen=row.amount_fen,
                reason=row.reason,
                staff_name=names.get(row.staff_id, ""),
                occurred_at=row.occurred_at,
            )
            for row in await db.list_movements(tx, person.merchant_id, shift.shift_id)
        ],
    )


async def show_sale(tx: Tx, merchant_id: MerchantId, sale: SaleRow) -> SaleView:
    """A sale with its lines and the last attempt to take its money."""
    order = await orders.returns.find(tx, merchant_id, sale.order_id)
    shift = await db.find_shift(tx, merchant_id, sale.shift_id)
    if shift is None:
        raise RuntimeError("a sale without a shift")
    store = await merchants.find_store(tx, merchant_id, shift.store_id)
    takings = await db_sales.list_takings(tx, merchant_id, sale.sale_id)
    return SaleView(
        sale_id=sale.sale_id,
        order_id=sale.order_id,
        order_no=sale.order_no,
        state=sale.state,
        total_fen=sale.total_fen,
        refunded_fen=order.refunded_fen,
        member_no=sale.member_no,
        store_name=store.name if store else "",
        till=shift.till,
        staff_name=(await _names(tx, merchant_id)).get(sale.staff_id, ""),
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


def _taking(row: TakingRow) -> TakingView:
    return TakingView(
        state=row.state,
        cash_fen=row.cash_fen,
        tendered_fen=row.tendered_fen,
        change_fen=rules.change(row.cash_fen, row.tendered_fen),
        card_fen=row.card_fen,
        card_slip=row.card_slip,
        code_fen=row.code_fen,
        reason=row.reason,
        began_at=row.began_at,
    )


def item_of(sale: SaleRow) -> SaleItem:
    """A sale in a list."""
    return SaleItem(**{name: getattr(sale, name) for name in SaleItem.__struct_fields__})


async def find_goods(tx: Tx, merchant_id: MerchantId, store_id: StoreId, words: str, limit: int) -> list[GoodsItem]:
    """What the store can sell by a text, or by a code: the SKU whose code it is exactly comes first."""
    location = await merchants.store_location(tx, merchant_id, store_id)
    page = await catalog.list_skus(tx, merchant_id, words=words or None, limit=limit, cursor=None)
    ids = [sku.sku_id for sku in page.items]
    sellables = await catalog.list_sellable(tx, merchant_id, ids)
    stock = await inventory.availability(tx, merchant_id, ids, [location])
    found = [
        GoodsItem(
            sku_id=one.sku_id,
            code=one.code,
            title=one.title,
            option_values=one.option_values,
            image_url=one.image_url,
            price_fen=one.price_fen,
            available=stock.get(one.sku_id, 0),
            exact=bool(words) and one.code.lower() == words.lower(),
        )
        for sku_id in ids
        if (one := sellables.get(sku_id)) is not None and one.on_sale
    ]
    return sorted(found, key=lambda one: not one.exact)


async def find_member(tx: Tx, merchant_id: MerchantId, number: str) -> MemberView:
    """Whose card a code is of. Raises MemberUnknown."""
    member = await membership.find_by_number(tx, merchant_id, number.strip().upper())
    if member is None:
        raise MemberUnknown
    known = (await identity.list_shoppers(tx, [member.shopper_id])).get(member.shopper_id)
    return MemberView(
        number=member.number, nickname=known.nickname if known else None, points=member.points, growth=member.growth
    )


async def list_hand_refunds(tx: Tx, merchant_id: MerchantId, limit: int) -> list[HandRefundView]:
    """Refunds of cash and by card that wait for a cashier."""
    waiting = await counter.list_hand_refunds(tx, merchant_id, limit=limit)
    found: list[HandRefundView] = []
    for one in waiting:
        sale = await db_sales.find_by_order(tx, merchant_id, OrderId(one.reference_id))
        found.append(
            HandRefundView(
                refund_id=one.refund_id,
                order_id=one.reference_id,
                order_no=sale.order_no if sale else "",
                tender=one.tender,
                amount_fen=one.amount_fen,
                reason=one.reason,
                slip_no=one.slip_no,
                created_at=one.created_at,
            )
        )
    return found


async def get_sale(tx: Tx, merchant_id: MerchantId, sale_id: UUID) -> SaleRow:
    """A sale. Raises NotFound."""
    sale = await db_sales.find_sale(tx, merchant_id, sale_id)
    if sale is None:
        raise NotFound
    return sale


async def _names(tx: Tx, merchant_id: MerchantId) -> dict[StaffId, str]:
    return {one.staff_id: one.name for one in await staff.list_staff(tx, merchant_id)}
