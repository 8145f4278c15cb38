"""The end of a case in money and goods: what goes back is decided once, and ends when the money is back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from bihuan import inventory, orders, payments
from bihuan.aftersale import db, rules, story
from bihuan.aftersale.db import CaseLine, CaseRow
from bihuan.aftersale.rules import PricedPiece
from bihuan.aftersale.story import By, Held
from bihuan.facts.aftersale import RefundDecided, RefundedLine
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import LineId, MerchantId, PoolId

CAUSE = "aftersale"
"""Names the refunds of cases to payments."""


async def decide(
    tx: Tx, held: Held, agreed_fen: int, by: By, step: str, *, note: str = "", restocked: bool = False
) -> CaseRow:
    """Gives back what was agreed: goods to the stock, money to the shopper. The case waits for the payment then.

    Of a return only what was received is paid for, and only what can be sold goes into the stock, unless it is
    there already (`restocked`). Raises what `payments.refund` raises; nothing is kept then.
    """
    case, lines = held.case, held.lines
    kept = {line.line_id: kept_pieces(case, line) for line in lines}
    part = sum(rules.most_of(pieces, case.reason, sent=case.received_goods) for pieces in kept.values())
    amount = rules.share_of_agreed(agreed_fen, case.most_fen, part)
    if not restocked:
        await _goods(tx, held, kept)
    counts = {line_id: len(pieces) for line_id, pieces in kept.items() if pieces}
    order = await orders.record_refunded(tx, case.merchant_id, case.order_id, amount, counts)
    case = await story.move(
        tx,
        case,
        "refunding" if amount else "completed",
        waiting_for="payment" if amount else None,
        agreed_fen=amount,
        agreed_at=case.agreed_at or tx.now,
        decided_at=tx.now,
    )
    await story.tell(tx, case, step, by, note=note, amount_fen=amount)
    await events.emit(tx, _fact(tx, case, lines, kept, order, amount))
    if amount:
        await payments.refund(
            tx,
            case.merchant_id,
            purpose="order",
            reference_id=case.order_id,
            amount_fen=amount,
            cause=CAUSE,
            cause_id=case.case_id,
            reason=f"售后退款 {case.case_no}",
        )
    return case


def kept_pieces(case: CaseRow, line: CaseLine) -> list[PricedPiece]:
    """The pieces that are paid for: all, or of what had to come back those that did."""
    return line.pieces if case.kind != "return" else line.pieces[: line.received_quantity or 0]


async def _goods(tx: Tx, held: Held, kept: Mapping[LineId, Sequence[PricedPiece]]) -> None:
    """Stock, and pieces: what was never sent is cancelled, what came back and can be sold is in stock again."""
    case = held.case
    if not case.received_goods:
        rows = await orders.list_lines(tx, case.merchant_id, [case.order_id])
        pools = {row.line_id: row.pool_id for row in rows}
        back = [(case.order_id, pools[line.line_id], line.quantity) for line in held.lines]
        await inventory.take_back(tx, case.merchant_id, back)
        await orders.returns.cancel_pieces(tx, held.order, {line.line_id: line.quantity for line in held.lines})
        return
    if case.kind != "return":
        return
    counts = {line.line_id: line.sellable_quantity or 0 for line in held.lines}
    await restock(tx, held, counts)
    missing = [(line.line_id, piece.piece) for line in held.lines for piece in line.pieces[len(kept[line.line_id]) :]]
    if missing:
        await db.let_go(tx, case.merchant_id, case.case_id, missing)


async def restock(tx: Tx, held: Held, counts: Mapping[LineId, int]) -> None:
    """Puts pieces of each line back into the stock that they came from: the order's, or that of an exchange."""
    case = held.case
    rows = await orders.list_lines(tx, case.merchant_id, [case.order_id])
    pools = {row.line_id: row.pool_id for row in rows}
    came = {
        (piece.line_id, piece.piece): (piece.hold_reference, piece.pool_id)
        for piece in await db.list_pieces(tx, case.merchant_id, case.order_id)
        if piece.hold_reference is not None and piece.pool_id is not None
    }
    back: dict[tuple[UUID, PoolId], int] = {}
    for line in held.lines:
        for piece in line.pieces[: counts.get(line.line_id, 0)]:
            reference, pool = came.get((line.line_id, piece.piece), (None, None))
            key = (reference or case.order_id, pool or pools[line.line_id])
            back[key] = back.get(key, 0) + 1
    await inventory.take_back(tx, case.merchant_id, [(*key, count) for key, count in back.items()])


def _fact(
    tx: Tx,
    case: CaseRow,
    lines: Sequence[CaseLine],
    kept: Mapping[LineId, Sequence[PricedPiece]],
    order: orders.OrderRow,
    amount: int,
) -> RefundDecided:
    freight = rules.freight_returns(case.reason, sent=case.received_goods)
    shares = [rules.most_of(kept[line.line_id], case.reason, sent=case.received_goods) for line in lines]
    back = {
        line.line_id: line.quantity
        if not case.received_goods
        else (line.received_quantity or 0)
        if case.kind == "return"
        else 0
        for line in lines
    }
    every = [piece for line in lines for piece in kept[line.line_id]]
    points, part = sum(piece.points_fen for piece in every), sum(shares)
    return RefundDecided(
        **story.about(tx, case),
        amount_fen=amount,
        freight_fen=min(amount, sum(piece.freight_fen for piece in every) if freight else 0),
        points_fen=rules.points_back(points, part, amount),
        paid_fen=order.paid_fen,
        refunded_fen=order.refunded_fen,
        store_id=order.store_id,
        lines=[
            RefundedLine(line.line_id, line.product_id, line.sku_id, len(kept[line.line_id]), back[line.line_id], share)
            for line, share in zip(lines, rules.spread(amount, shares), strict=True)
        ],
    )


async def finish(tx: Tx, merchant_id: MerchantId, case_id: UUID) -> None:
    """The money is back with the shopper: the case is completed. Told again, nothing changes."""
    held = await story.hold(tx, merchant_id, case_id)
    if held.case.state != "refunding":
        return
    case = await story.move(tx, held.case, "completed", waiting_for=None)
    await story.tell(tx, case, "completed", story.SYSTEM, amount_fen=case.agreed_fen)
