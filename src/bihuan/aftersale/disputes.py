"""The platform as judge: a shopper who was refused calls it, both sides show what they have, it rules once."""

from datetime import datetime, timedelta

import msgspec

from bihuan import orders
from bihuan.aftersale import db, db_lists, opening, rules, steps, story
from bihuan.aftersale.db import CaseRow
from bihuan.aftersale.errors import AmountNotAcceptable, DisputeClosed, DisputeTooLate
from bihuan.aftersale.schemas import RulingInput, StatementInput
from bihuan.aftersale.story import By, Held
from bihuan.kernel.db import Tx
from bihuan.orders import TooManyPieces


def may_dispute(case: CaseRow, now: datetime) -> bool:
    """Whether the shopper can call the platform: refused lately, or offered less; and no ruling yet."""
    if case.state == "applied":
        return case.dispute is None and case.proposed_fen is not None
    until = disputable_until(case)
    return until is not None and now <= until


def disputable_until(case: CaseRow) -> datetime | None:
    """Until when a refusal can be disputed; None for what was not refused, or was ruled on."""
    if case.state != "rejected" or case.dispute is not None or case.ended_at is None:
        return None
    return case.ended_at + timedelta(days=rules.DISPUTE_DAYS)


async def open_dispute(tx: Tx, held: Held, statement: StatementInput) -> CaseRow:
    """The shopper calls the platform: the case is open again, and claims its pieces.

    Raises TooManyPieces where they are another case's or were given back for meanwhile, over a counter too;
    SentMeanwhile when it was about pieces that were not sent.
    """
    case = held.case
    if not may_dispute(case, tx.now):
        raise DisputeTooLate(state=case.state)
    if case.state == "rejected":
        await _check_left(tx, held)
        await story.claim(tx, case, held.lines)
    case = await story.move(tx, case, "applied", waiting_for="platform", dispute="open", dispute_at=tx.now)
    await story.tell(tx, case, "disputed", story.SHOPPER, note=statement.text, pictures=statement.pictures)
    return case


async def _check_left(tx: Tx, held: Held) -> None:
    rows = await orders.list_lines(tx, held.case.merchant_id, [held.case.order_id])
    left = opening.left_of(rows, await db.list_pieces(tx, held.case.merchant_id, held.case.order_id))
    if any(piece not in left[line_id].free for line_id, piece in story.pieces_of(held.lines)):
        raise TooManyPieces(left={str(line.line_id): len(left[line.line_id].free) for line in held.lines})


async def rule(tx: Tx, held: Held, ruling: RulingInput, by: By) -> CaseRow:
    """The platform's word, once. For the shopper it is carried out as if the merchant had agreed.

    Raises DisputeClosed, AmountNotAcceptable, and what carrying it out raises.
    """
    case = held.case
    if case.dispute != "open" or case.state != "applied":
        raise DisputeClosed(state=case.state)
    if ruling.in_favour_of == "merchant":
        case = await story.end_without_refund(tx, held, "rejected", dispute="for_merchant", refuse_reason=ruling.note)
        await story.tell(tx, case, "ruled_for_merchant", by, note=ruling.note)
        return case
    amount = case.asked_fen if ruling.amount_fen is None or case.kind == "exchange" else ruling.amount_fen
    if amount > case.most_fen or (amount == 0 and case.most_fen > 0):
        raise AmountNotAcceptable(most_fen=case.most_fen)
    held = msgspec.structs.replace(held, case=await db.change(tx, case, dispute="for_shopper"))
    if case.received_at is not None:  # what the merchant counted is what she disputes: all of it is paid for
        counts = {line.line_id: (line.quantity, line.sellable_quantity or 0) for line in held.lines}
        await db.set_inspected(tx, case.merchant_id, case.case_id, counts)
        held = msgspec.structs.replace(held, lines=await db.list_lines(tx, case.merchant_id, [case.case_id]))
    if case.kind == "exchange" and case.received_at is not None:
        return await _exchange_of_received(tx, held, ruling, by)
    return await steps.agree(tx, held, amount, by, "ruled_for_shopper", note=ruling.note)


async def _exchange_of_received(tx: Tx, held: Held, ruling: RulingInput, by: By) -> CaseRow:
    """The merchant has the goods already: what she owes is the other parcel, after a fresh look at what came."""
    case = await steps.agree(tx, held, 0, by, "ruled_for_shopper", note=ruling.note)
    due = rules.due_after("returning", tx.now, await db_lists.find_settings(tx, case.merchant_id))
    return await story.move(tx, case, "returning", waiting_for="merchant", due_at=due)
