"""How a case moves: one place that writes its state, its story and the fact that tells others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from bihuan import inventory, orders
from bihuan.aftersale import db, rules
from bihuan.aftersale.db import CaseLine, CaseRow, EventRow
from bihuan.aftersale.errors import CaseEnded, NotYourTurn
from bihuan.aftersale.rules import State
from bihuan.facts.aftersale import AftersaleMoved
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import LineId, MerchantId, OrderId, ShopperId, StaffId
from bihuan.orders import OrderRow, TooManyPieces


class By(msgspec.Struct, frozen=True):
    """Who acts."""

    actor: Literal["shopper", "merchant", "platform", "system"]
    staff_id: StaffId | None = None


SHOPPER = By("shopper")
SYSTEM = By("system")


class Held(msgspec.Struct, frozen=True):
    """A case with its order and lines, their rows held: the order's first, as everywhere."""

    order: OrderRow
    case: CaseRow
    lines: list[CaseLine]


async def hold(tx: Tx, merchant_id: MerchantId, case_id: UUID, shopper_id: ShopperId | None = None) -> Held:
    """Locks a case of this merchant, and of this shopper when given. Raises NotFound for another's as for none."""
    seen = await db.find_case(tx, merchant_id, case_id)
    if seen is None or (shopper_id is not None and seen.shopper_id != shopper_id):
        raise NotFound
    order = await orders.returns.lock(tx, merchant_id, seen.order_id)
    case = await db.find_case(tx, merchant_id, case_id, lock=True)
    if case is None:
        raise NotFound
    return Held(order, case, await db.list_lines(tx, merchant_id, [case_id]))


def expect(case: CaseRow, *states: State) -> None:
    """Raises CaseEnded or NotYourTurn unless the case is in one of these states."""
    if case.state in states:
        return
    if case.state in rules.ENDED:
        raise CaseEnded(state=case.state)
    raise NotYourTurn(state=case.state, waiting_for=case.waiting_for)


def about(tx: Tx, case: CaseRow) -> dict[str, Any]:
    """The members that every fact of a case has."""
    return {
        "merchant_id": case.merchant_id,
        "occurred_at": tx.now,
        "case_id": case.case_id,
        "case_no": case.case_no,
        "type": case.kind,
        "order_id": case.order_id,
        "order_no": case.order_no,
        "shopper_id": case.shopper_id,
    }


async def tell(
    tx: Tx,
    case: CaseRow,
    step: str,
    by: By,
    *,
    note: str = "",
    pictures: Sequence[str] = (),
    amount_fen: int | None = None,
) -> None:
    """Adds to the story of a case, and tells whoever listens."""
    event = EventRow(
        case_id=case.case_id,
        actor=by.actor,
        staff_id=by.staff_id,
        step=step,
        note=note,
        pictures=list(pictures),
        amount_fen=amount_fen,
        happened_at=tx.now,
    )
    await db.insert_event(tx, case.merchant_id, event)
    moved = AftersaleMoved(
        **about(tx, case), step=step, actor=by.actor, state=case.state, amount_fen=amount_fen, note=note
    )
    await events.emit(tx, moved)


async def move(
    tx: Tx, case: CaseRow, to: State, *, waiting_for: str | None, due_at: datetime | None = None, **changes: Any
) -> CaseRow:
    """Moves a held case to another state. Raises NotYourTurn for a transition that there is not."""
    if to != case.state and to not in rules.TRANSITIONS[case.state]:
        raise NotYourTurn(state=case.state, waiting_for=case.waiting_for)
    ended = {"ended_at": tx.now} if to in rules.ENDED else {"ended_at": None}
    moved = await db.change(tx, case, state=to, waiting_for=waiting_for, due_at=due_at, **ended, **changes)
    if (to in rules.ENDED) != (case.state in rules.ENDED):
        await orders.returns.add_open_cases(tx, case.merchant_id, case.order_id, -1 if to in rules.ENDED else 1)
    return moved


def pieces_of(lines: Sequence[CaseLine]) -> list[tuple[LineId, int]]:
    """Every piece of a case."""
    return [(line.line_id, piece.piece) for line in lines for piece in line.pieces]


async def claim(tx: Tx, case: CaseRow, lines: Sequence[CaseLine]) -> None:
    """Claims the pieces of a case, and keeps from being sent what was not sent. Raises TooManyPieces, SentMeanwhile."""
    pieces = pieces_of(lines)
    if await db.claim(tx, case.merchant_id, case.order_id, case.case_id, pieces) != len(pieces):
        raise TooManyPieces(left={})
    if not case.received_goods:
        await hold_back(tx, case, lines, 1)


async def hold_back(tx: Tx, case: CaseRow, lines: Sequence[CaseLine], sign: int) -> None:
    """Keeps pieces from being sent (1), or lets them be sent again (-1)."""
    pieces = {line.line_id: sign * line.quantity for line in lines}
    await orders.returns.hold_back(tx, case.merchant_id, OrderId(case.order_id), pieces)


async def end_without_refund(tx: Tx, held: Held, to: State, **changes: Any) -> CaseRow:
    """Rejects or withdraws: the pieces are free again, and what was held for an exchange is given back."""
    case = held.case
    await db.let_go(tx, case.merchant_id, case.case_id, pieces_of(held.lines))
    if not case.received_goods:
        await hold_back(tx, case, held.lines, -1)
    if case.kind == "exchange":
        await inventory.release(tx, case.merchant_id, [case.case_id])
    return await move(tx, case, to, waiting_for=None, **changes)
