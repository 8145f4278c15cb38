"""Refunds at a till: pieces come back over the counter, their money goes back the way that it came.

Cash and cards are given back by the cashier's hand at once; what a payment code (or a phone) brought goes back by
itself. Which part comes from which tender is `payments.refund`'s rule. Locks: the shift, the order, the payment, the
book.
"""

from uuid import UUID

from bihuan import inventory, membership, merchants, orders, payments
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import LineId, MerchantId, OrderId, RefundId, new_id
from bihuan.orders import AftersaleOpen, LineRow, TooManyPieces
from bihuan.payments import counter
from bihuan.staff import StaffSession
from bihuan.till import db, db_returns, db_sales, rules, shifts
from bihuan.till.db import ShiftRow
from bihuan.till.db_returns import RefundRow
from bihuan.till.db_sales import SaleRow
from bihuan.till.errors import DrawerShort, SaleEnded, SaleOfAnotherStore, SlipRequired
from bihuan.till.schemas_sales import HandRefund, Refund, RefundView

CAUSE = "till_refund"


async def refund(tx: Tx, staff: StaffSession, shift_id: UUID, sale: SaleRow, wish: Refund) -> RefundView:
    """Takes pieces of a paid sale back at the cashier's own open drawer.

    Raises ShiftClosed, SaleOfAnotherStore, SaleEnded, AftersaleOpen, TooManyPieces, SlipRequired, DrawerShort,
    RefundTooLarge.
    """
    merchant_id = staff.merchant_id
    shift = await shifts.own_shift(tx, staff, shift_id, lock=True)
    if sale.state != "paid":
        raise SaleEnded(state=sale.state)
    await _check_store(tx, merchant_id, shift, sale)
    order = await orders.returns.lock(tx, merchant_id, sale.order_id)
    if order.open_cases:
        raise AftersaleOpen
    lines = {line.line_id: line for line in await orders.returns.lines_of(tx, merchant_id, sale.order_id)}
    pieces = _pieces(lines, wish)
    paid = rules.paid_by_line(order.paid_fen, {line_id: line.total_fen for line_id, line in lines.items()})
    amount = sum(
        rules.pieces_cost(paid[line_id], lines[line_id].quantity, lines[line_id].refunded_quantity, count)
        for line_id, count in pieces.items()
    )
    if amount == 0:
        raise TooManyPieces
    refund_id = new_id()
    split = await payments.refund(
        tx,
        merchant_id,
        purpose="order",
        reference_id=sale.order_id,
        amount_fen=amount,
        cause=CAUSE,
        cause_id=refund_id,
        reason=wish.reason.strip(),
    )
    await orders.record_refunded(tx, merchant_id, sale.order_id, amount, pieces)
    points = await _return_points(tx, merchant_id, sale.order_id, refund_id, lines, pieces)
    if wish.restock:
        rows = [(sale.order_id, lines[line_id].pool_id, count) for line_id, count in pieces.items()]
        await inventory.take_back(tx, merchant_id, rows)
    cash = sum(part.amount_fen for part in split.parts if part.tender == "cash")
    card = sum(part.amount_fen for part in split.parts if part.tender == "card")
    row = RefundRow(
        refund_id=refund_id,
        shift_id=shift_id,
        order_id=sale.order_id,
        order_no=sale.order_no,
        amount_fen=amount,
        cash_fen=cash,
        card_fen=card,
        card_slip=wish.card_slip or "",
        other_fen=amount - cash - card,
        lines=[{"line_id": str(line_id), "quantity": count} for line_id, count in pieces.items()],
        reason=wish.reason.strip(),
        staff_id=staff.staff_id,
        created_at=tx.now,
    )
    by_hand = [part.refund_id for part in split.parts if part.tender in ("cash", "card")]
    await _give_out(tx, staff, row, by_hand)
    return RefundView(
        order_no=sale.order_no,
        amount_fen=amount,
        cash_fen=cash,
        card_fen=card,
        other_fen=row.other_fen,
        points=points,
    )


async def _return_points(
    tx: Tx,
    merchant_id: MerchantId,
    order_id: OrderId,
    refund_id: UUID,
    lines: dict[LineId, LineRow],
    pieces: dict[LineId, int],
) -> int:
    """What of the pieces' price had been paid with points comes back as points; cards are locked before stock."""
    worth = sum(
        rules.pieces_cost(paid, lines[line_id].quantity, lines[line_id].refunded_quantity, count)
        for line_id, count in pieces.items()
        if (paid := -sum(one.amount_fen for one in lines[line_id].adjustments if one.kind == "points"))
    )
    return await membership.return_worth(tx, merchant_id, order_id, refund_id, worth) if worth else 0


async def _check_store(tx: Tx, merchant_id: MerchantId, shift: ShiftRow, sale: SaleRow) -> None:
    """The goods lie in this store then, and its stock takes them back."""
    sold_in = await db.find_shift(tx, merchant_id, sale.shift_id)
    if sold_in is None or sold_in.store_id != shift.store_id:
        store = await merchants.find_store(tx, merchant_id, sold_in.store_id) if sold_in else None
        raise SaleOfAnotherStore(store_name=store.name if store else "")


def _pieces(lines: dict[LineId, LineRow], wish: Refund) -> dict[LineId, int]:
    pieces: dict[LineId, int] = {}
    for line in wish.lines:
        pieces[line.line_id] = pieces.get(line.line_id, 0) + line.quantity
    for line_id, count in pieces.items():
        line = lines.get(line_id)
        if line is None or count > line.quantity - line.refunded_quantity:
            raise TooManyPieces
    return pieces


async def _give_out(tx: Tx, staff: StaffSession, row: RefundRow, by_hand: list[RefundId]) -> None:
    """Cash leaves the drawer, the terminal gave the card's part back, and it is written down."""
    if row.card_fen and not row.card_slip:
        raise SlipRequired
    if row.cash_fen and not await db.move(
        tx, staff.merchant_id, row.shift_id, "refund", -row.cash_fen, row.refund_id, row.order_no, staff.staff_id
    ):
        raise DrawerShort
    await db_returns.insert_refund(tx, staff.merchant_id, row)
    for refund_id in by_hand:
        await counter.refunded_by_hand(tx, staff.merchant_id, refund_id)


async def give_out(tx: Tx, staff: StaffSession, shift_id: UUID, refund_id: UUID, wish: HandRefund) -> RefundView:
    """Gives out a refund that was decided elsewhere (after-sale). Raises NotFound, ShiftClosed, SlipRequired ..."""
    merchant_id = staff.merchant_id
    await shifts.own_shift(tx, staff, shift_id, lock=True)
    waiting = next(
        (one for one in await counter.list_hand_refunds(tx, merchant_id, limit=1000) if one.refund_id == refund_id),
        None,
    )
    if waiting is None or waiting.purpose != "order":
        raise NotFound
    sale = await find_sale_of(tx, merchant_id, waiting.reference_id)
    row = RefundRow(
        refund_id=refund_id,
        shift_id=shift_id,
        order_id=sale.order_id,
        order_no=sale.order_no,
        amount_fen=waiting.amount_fen,
        cash_fen=waiting.amount_fen if waiting.tender == "cash" else 0,
        card_fen=waiting.amount_fen if waiting.tender == "card" else 0,
        card_slip=wish.card_slip or "",
        other_fen=0,
        lines=[],
        reason=waiting.reason,
        staff_id=staff.staff_id,
        created_at=tx.now,
    )
    await _give_out(tx, staff, row, [RefundId(refund_id)])
    return RefundView(
        order_no=sale.order_no,
        amount_fen=row.amount_fen,
        cash_fen=row.cash_fen,
        card_fen=row.card_fen,
        other_fen=0,
    )


async def find_sale_of(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> SaleRow:
    """The sale of an order. Raises NotFound."""
    sale = await db_sales.find_by_order(tx, merchant_id, OrderId(order_id))
    if sale is None:
        raise NotFound
    return sale
