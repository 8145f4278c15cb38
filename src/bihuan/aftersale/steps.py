"""The steps of a case: what the shopper, the merchant and the clock do. Each holds the order, then the case."""

from collections.abc import Sequence

import msgspec

from bihuan import inventory
from bihuan.aftersale import db, db_lists, exchanges, refunding, rules, story
from bihuan.aftersale.db import CaseRow
from bihuan.aftersale.errors import AmountNotAcceptable, LinesNotFitting, NotYourTurn, ReturnAddressMissing
from bihuan.aftersale.schemas import Address, InspectedLine, ParcelInput
from bihuan.aftersale.story import By, Held
from bihuan.facts.aftersale import AftersaleAgreed
from bihuan.kernel import events
from bihuan.kernel.db import Tx


async def agree(
    tx: Tx, held: Held, amount_fen: int, by: By, step: str, *, address: Address | None = None, note: str = ""
) -> CaseRow:
    """It is agreed: money goes back at once for what need not come back, else the goods are awaited.

    Raises ReturnAddressMissing where a merchant agrees without an address, inventory.OutOfStock for an exchange
    that there are no goods for, and what `refunding.decide` raises.
    """
    case = held.case
    agreed = AftersaleAgreed(**story.about(tx, case), agreed_fen=amount_fen)
    if case.kind == "refund" or (case.kind == "return" and case.received_at is not None):
        await events.emit(tx, agreed)
        return await refunding.decide(tx, held, amount_fen, by, step, note=note)
    terms = await db_lists.find_settings(tx, case.merchant_id)
    to = msgspec.to_builtins(address) if address else terms.return_address
    if to is None and by.actor == "merchant":
        raise ReturnAddressMissing
    if case.kind == "exchange":
        await exchanges.hold(tx, held.order, case, held.lines)
    await events.emit(tx, agreed)
    case = await story.move(
        tx,
        case,
        "agreed",
        waiting_for="shopper",
        due_at=rules.due_after("agreed", tx.now, terms),
        agreed_fen=amount_fen,
        agreed_at=tx.now,
        return_address=to,
    )
    await story.tell(tx, case, step, by, note=note, amount_fen=amount_fen or None)
    return case


async def agree_to_asked(tx: Tx, held: Held, by: By, address: Address | None = None) -> CaseRow:
    """The merchant (or the clock for her) agrees to what is asked. In a dispute that settles it for the shopper."""
    story.expect(held.case, "applied")
    held = await _settle_dispute(tx, held)
    step = "agreed" if by.actor == "merchant" else "auto_agreed"
    return await agree(tx, held, held.case.asked_fen, by, step, address=address)


async def _settle_dispute(tx: Tx, held: Held) -> Held:
    if held.case.dispute != "open":
        return held
    return msgspec.structs.replace(held, case=await db.change(tx, held.case, dispute="for_shopper"))


async def reject(tx: Tx, held: Held, reason: str, by: By) -> CaseRow:
    """The merchant refuses. Raises NotYourTurn while the platform judges."""
    story.expect(held.case, "applied")
    if held.case.dispute == "open":
        raise NotYourTurn(state=held.case.state, waiting_for=held.case.waiting_for)
    case = await story.end_without_refund(tx, held, "rejected", refuse_reason=reason)
    await story.tell(tx, case, "rejected", by, note=reason)
    return case


async def propose(tx: Tx, held: Held, amount_fen: int, note: str, by: By) -> CaseRow:
    """The merchant offers another amount; the shopper's turn. Raises AmountNotAcceptable."""
    case = held.case
    story.expect(case, "applied")
    if case.dispute == "open" or case.kind == "exchange":
        raise NotYourTurn(state=case.state, waiting_for=case.waiting_for)
    if not 1 <= amount_fen <= case.most_fen:
        raise AmountNotAcceptable(most_fen=case.most_fen)
    terms = await db_lists.find_settings(tx, case.merchant_id)
    due = rules.due_after("proposed", tx.now, terms)
    case = await story.move(tx, case, "applied", waiting_for="shopper", due_at=due, proposed_fen=amount_fen)
    await story.tell(tx, case, "proposed", by, note=note, amount_fen=amount_fen)
    return case


async def accept_proposal(tx: Tx, held: Held) -> CaseRow:
    """The shopper takes what was offered. Raises NotYourTurn when nothing is."""
    story.expect(held.case, "applied")
    offered = held.case.proposed_fen
    if offered is None or held.case.waiting_for != "shopper":
        raise NotYourTurn(state=held.case.state, waiting_for=held.case.waiting_for)
    return await agree(tx, held, offered, story.SHOPPER, "proposal_accepted")


async def insist(tx: Tx, held: Held, note: str, pictures: Sequence[str] = ()) -> CaseRow:
    """The shopper stays with what she asked for; the merchant's turn again. Raises NotYourTurn."""
    case = held.case
    story.expect(case, "applied")
    if case.proposed_fen is None or case.waiting_for != "shopper":
        raise NotYourTurn(state=case.state, waiting_for=case.waiting_for)
    due = rules.due_after("applied", tx.now, await db_lists.find_settings(tx, case.merchant_id))
    case = await story.move(tx, case, "applied", waiting_for="merchant", due_at=due)
    await story.tell(tx, case, "insisted", story.SHOPPER, note=note, pictures=pictures)
    return case


async def withdraw(tx: Tx, held: Held, by: By, step: str = "withdrawn") -> CaseRow:
    """The shopper gives it up, or her time is over; not once her parcel is on its way."""
    story.expect(held.case, "applied", "agreed")
    more = {"dispute": None, "dispute_at": None} if held.case.dispute == "open" else {}
    case = await story.end_without_refund(tx, held, "withdrawn", **more)
    await story.tell(tx, case, step, by)
    return case


async def send_parcel(tx: Tx, held: Held, parcel: ParcelInput) -> CaseRow:
    """The goods are on their way back; or its number is put right before it is inspected."""
    story.expect(held.case, "agreed", "returning")
    terms = await db_lists.find_settings(tx, held.case.merchant_id)
    case = await story.move(
        tx,
        held.case,
        "returning",
        waiting_for="merchant",
        due_at=rules.due_after("returning", tx.now, terms),
        return_company=parcel.company,
        return_no=parcel.tracking_no,
        sent_at=tx.now,
    )
    await story.tell(tx, case, "sent", story.SHOPPER, note=f"{parcel.company} {parcel.tracking_no}")
    return case


async def inspect(
    tx: Tx, held: Held, found: Sequence[InspectedLine], by: By, *, accept: bool = True, reason: str = ""
) -> CaseRow:
    """What came back is counted: the money goes back for it, the exchange is to be sent, or all is refused.

    Raises LinesNotFitting unless every line is counted within what it holds; an exchange needs all of it.
    """
    case = held.case
    story.expect(case, "returning")
    counts = {one.line_id: (one.received, one.sellable) for one in found}
    asked = {line.line_id: line.quantity for line in held.lines}
    fits = len(counts) == len(found) and counts.keys() == asked.keys()
    if not fits or any(not 0 <= s <= r <= asked[line_id] for line_id, (r, s) in counts.items()):
        raise LinesNotFitting
    received = sum(r for r, _ in counts.values())
    if accept and (received == 0 or (case.kind == "exchange" and received != sum(asked.values()))):
        raise LinesNotFitting
    await db.set_inspected(tx, case.merchant_id, case.case_id, counts)
    lines = [
        msgspec.structs.replace(
            line, received_quantity=counts[line.line_id][0], sellable_quantity=counts[line.line_id][1]
        )
        for line in held.lines
    ]
    due = None
    if case.kind == "exchange":  # the merchant has her goods now, so her time runs on
        due = rules.due_after("returning", tx.now, await db_lists.find_settings(tx, case.merchant_id))
    case = await story.move(tx, case, "received", waiting_for="merchant", due_at=due, received_at=tx.now)
    held = Held(held.order, case, lines)
    step = "received" if by.actor == "merchant" else "auto_received"
    if not accept:
        await story.tell(tx, case, step, by)
        case = await story.end_without_refund(tx, held, "rejected", refuse_reason=reason or "未通过验收")
        await story.tell(tx, case, "rejected", by, note=reason)
        return case
    if case.kind == "return":
        await story.tell(tx, case, step, by)
        return await refunding.decide(tx, held, case.agreed_fen or 0, by, "refund_decided")
    await refunding.restock(tx, held, {line.line_id: line.sellable_quantity or 0 for line in lines})
    await story.tell(tx, case, step, by)
    return case


async def ship_exchange(tx: Tx, held: Held, parcel: ParcelInput, by: By) -> CaseRow:
    """The other goods are on their way: the case is completed, and its pieces may be asked for again."""
    case = held.case
    story.expect(case, "received")
    if case.kind != "exchange":
        raise NotYourTurn(state=case.state, waiting_for=case.waiting_for)
    await inventory.confirm(tx, case.merchant_id, [case.case_id])
    pieces = [
        (line.line_id, piece.piece, line.exchange_pool_id)
        for line in held.lines
        for piece in line.pieces
        if line.exchange_pool_id is not None
    ]
    await db.set_exchanged(tx, case.merchant_id, case.case_id, pieces)
    case = await story.move(
        tx, case, "completed", waiting_for=None, exchange_company=parcel.company, exchange_no=parcel.tracking_no
    )
    await story.tell(tx, case, "exchanged", by, note=f"{parcel.company} {parcel.tracking_no}")
    return case


async def time_is_over(tx: Tx, held: Held) -> CaseRow:
    """What happens when nobody did anything in time."""
    case = held.case
    if case.due_at is None or case.due_at > tx.now:
        return case
    if case.state == "applied" and case.waiting_for == "shopper":
        return await withdraw(tx, held, story.SYSTEM, "not_answered")
    if case.state == "applied":
        return await agree_to_asked(tx, held, story.SYSTEM)
    if case.state == "agreed":
        return await withdraw(tx, held, story.SYSTEM, "not_sent")
    if case.state == "returning":  # nobody looked at the goods, so none of them can be sold
        found = [InspectedLine(line.line_id, line.quantity, 0) for line in held.lines]
        return await inspect(tx, held, found, story.SYSTEM)
    if case.state == "received" and case.kind == "exchange":
        return await _refund_instead(tx, held)
    return await db.change(tx, case, due_at=None)


async def _refund_instead(tx: Tx, held: Held) -> CaseRow:
    """The other goods never left: the exchange becomes a return, paid for in full. What came is in stock already."""
    case = held.case
    pieces = [piece for line in held.lines for piece in line.pieces]
    most = rules.most_of(pieces, case.reason, sent=True)
    await inventory.release(tx, case.merchant_id, [case.case_id])
    case = await db.change(tx, case, kind="return", most_fen=most, asked_fen=most)
    await events.emit(tx, AftersaleAgreed(**story.about(tx, case), agreed_fen=most))
    now = msgspec.structs.replace(held, case=case)
    return await refunding.decide(tx, now, most, story.SYSTEM, "not_exchanged", restocked=True)


async def put_off(tx: Tx, held: Held, hours: int, why: str) -> CaseRow:
    """The clock could not go on (no goods for an exchange, a refund by hand): a person must, and is asked again."""
    terms = msgspec.structs.replace(await db_lists.find_settings(tx, held.case.merchant_id), agree_hours=hours)
    case = await db.change(tx, held.case, due_at=rules.due_after("applied", tx.now, terms), waiting_for="merchant")
    await story.tell(tx, case, "put_off", story.SYSTEM, note=why)
    return case


async def say(tx: Tx, case: CaseRow, by: By, text: str, pictures: Sequence[str]) -> None:
    """A statement with pictures, as evidence for the other side and for the platform; in an open case."""
    story.expect(case, *rules.OPEN)
    await story.tell(tx, case, "evidence", by, note=text, pictures=pictures)
