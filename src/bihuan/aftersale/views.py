"""Cases as they are shown, page-wise, without a query per case; and what each reader may do."""

from collections.abc import Sequence
from typing import Any, Literal, cast
from uuid import UUID

import msgspec

from bihuan import identity, merchants, orders, payments, staff
from bihuan.aftersale import db, db_lists, disputes, exchanges, opening, refunding, rules
from bihuan.aftersale.db import CaseLine, CaseRow
from bihuan.aftersale.schemas import (
    Actor,
    Address,
    Applicable,
    ApplicableLine,
    CaseDetail,
    CaseEvent,
    CaseLineView,
    CaseView,
    Contact,
    DisputedCase,
    DisputedCaseDetail,
    MerchantCase,
    MerchantCaseDetail,
    ReasonView,
    RefundState,
    WaitingFor,
)
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId, StaffId

Reader = Literal["shopper", "merchant", "platform"]


def reasons(language: str) -> list[ReasonView]:
    """The reasons to choose from."""
    return [
        ReasonView(reason.code, list(reason.kinds), reason.fault, _label(reason.code, language))
        for reason in rules.REASONS.values()
    ]


def _label(code: str, language: str) -> str:
    reason = rules.REASONS.get(code)
    return code if reason is None else reason.en if language == "en" else reason.zh


def actions(case: CaseRow, reader: Reader, now: Any) -> list[str]:
    """What a reader may do about a case now."""
    if reader == "shopper":
        found = _of_shopper(case, now)
    elif reader == "merchant":
        found = _of_merchant(case)
    else:
        found = ["rule"] if case.dispute == "open" and case.state == "applied" else []
    return [*found, "evidence"] if case.state in rules.OPEN and reader != "platform" else found


def _of_shopper(case: CaseRow, now: Any) -> list[str]:
    found: list[str] = []
    if case.state in ("applied", "agreed"):
        found.append("withdraw")
    if case.state == "applied" and case.waiting_for == "shopper":
        found += ["accept_proposal", "insist"]
    if case.state in ("agreed", "returning"):
        found.append("send_parcel")
    if disputes.may_dispute(case, now):
        found.append("dispute")
    return found


def _of_merchant(case: CaseRow) -> list[str]:
    if case.state == "applied":
        refusing = ["reject"] if case.kind == "exchange" else ["reject", "propose"]
        return ["agree", *(refusing if case.dispute != "open" else [])]
    if case.state == "returning":
        return ["inspect"]
    return ["ship_exchange"] if case.state == "received" and case.kind == "exchange" else []


def _view(case: CaseRow, lines: Sequence[CaseLine], reader: Reader, language: str, now: Any) -> dict[str, Any]:
    same = {name: getattr(case, name) for name in CaseView.__struct_fields__ if hasattr(case, name)}
    return {
        **same,
        "points_fen": _points(case, lines),
        "dispute_until": disputes.disputable_until(case),
        "waiting_for": cast("WaitingFor | None", case.waiting_for),
        "reason_label": _label(case.reason, language),
        "return_address": Address(**case.return_address) if case.return_address else None,
        "lines": [_line(case, line) for line in lines],
        "actions": actions(case, reader, now),
    }


def _line(case: CaseRow, line: CaseLine) -> CaseLineView:
    same = {name: getattr(line, name) for name in CaseLineView.__struct_fields__ if hasattr(line, name)}
    most = 0 if case.kind == "exchange" else rules.most_of(line.pieces, case.reason, sent=case.received_goods)
    return CaseLineView(**same, most_fen=most)


def _points(case: CaseRow, lines: Sequence[CaseLine]) -> int:
    """What of the price comes back as points: of what was decided, agreed or asked for, whichever is there."""
    if case.kind == "exchange":
        return 0
    kept = [refunding.kept_pieces(case, line) if case.decided_at else line.pieces for line in lines]
    pieces = [piece for one in kept for piece in one]
    part = rules.most_of(pieces, case.reason, sent=case.received_goods)
    amount = case.asked_fen if case.agreed_fen is None else case.agreed_fen
    return rules.points_back(sum(piece.points_fen for piece in pieces), part, amount)


async def _lines(tx: Tx, merchant_id: MerchantId, cases: Sequence[CaseRow]) -> dict[UUID, list[CaseLine]]:
    found: dict[UUID, list[CaseLine]] = {}
    for line in await db.list_lines(tx, merchant_id, [case.case_id for case in cases]) if cases else []:
        found.setdefault(line.case_id, []).append(line)
    return found


async def show(
    tx: Tx, merchant_id: MerchantId, cases: Sequence[CaseRow], language: str, reader: Reader = "shopper"
) -> list[CaseView]:
    """Cases in a list."""
    lines = await _lines(tx, merchant_id, cases)
    return [CaseView(**_view(case, lines.get(case.case_id, []), reader, language, tx.now)) for case in cases]


async def show_to_merchant(
    tx: Tx, merchant_id: MerchantId, cases: Sequence[CaseRow], language: str, reader: Reader = "merchant"
) -> list[MerchantCase]:
    """Cases with whose they are."""
    lines = await _lines(tx, merchant_id, cases)
    shoppers = await identity.list_shoppers(tx, list({case.shopper_id for case in cases}))
    return [
        MerchantCase(
            **_view(case, lines.get(case.case_id, []), reader, language, tx.now),
            shopper_id=case.shopper_id,
            shopper_name=found.nickname if (found := shoppers.get(case.shopper_id)) else None,
        )
        for case in cases
    ]


async def show_detail(tx: Tx, case: CaseRow, language: str, reader: Reader = "shopper") -> CaseDetail:
    """One case with its story and refunds."""
    lines = await _lines(tx, case.merchant_id, [case])
    return CaseDetail(
        **_view(case, lines.get(case.case_id, []), reader, language, tx.now),
        contact=await _contact(tx, case),
        events=await _events(tx, case, named=reader != "shopper"),
        refunds=await _refunds(tx, case),
    )


async def _contact(tx: Tx, case: CaseRow) -> Contact | None:
    """The merchant's number for shoppers, else the one that goods go back to."""
    terms = await db_lists.find_settings(tx, case.merchant_id)
    address = case.return_address or terms.return_address
    phone = terms.service_phone or (address["phone"] if address else None)
    if phone is None:
        return None
    name = (await merchants.get(tx, case.merchant_id)).name
    return Contact(name, phone, terms.service_hours if terms.service_phone else None)


async def _events(tx: Tx, case: CaseRow, *, named: bool) -> list[CaseEvent]:
    rows = await db.list_events(tx, case.merchant_id, case.case_id)
    ids = list({row.staff_id for row in rows if row.staff_id and row.actor == "merchant"}) if named else []
    names: dict[StaffId, str] = await staff.list_names(tx, case.merchant_id, ids) if ids else {}
    return [
        CaseEvent(
            row.happened_at,
            cast("Actor", row.actor),
            names.get(row.staff_id) if row.staff_id else None,
            row.step,
            row.note,
            row.pictures,
            row.amount_fen,
        )
        for row in rows
    ]


async def _refunds(tx: Tx, case: CaseRow) -> list[RefundState]:
    if case.decided_at is None or not case.agreed_fen:
        return []
    rows = await payments.list_refunds(tx, case.merchant_id, refunding.CAUSE, case.case_id)
    return [
        RefundState(row.refund_id, row.tender, row.state, row.amount_fen, row.error, row.created_at, row.succeeded_at)
        for row in rows
    ]


async def show_in_console(tx: Tx, case: CaseRow, language: str, reader: Reader = "merchant") -> MerchantCaseDetail:
    """One case in the console."""
    detail = await show_detail(tx, case, language, reader)
    shoppers = await identity.list_shoppers(tx, [case.shopper_id])
    found = shoppers.get(case.shopper_id)
    return MerchantCaseDetail(
        **msgspec.structs.asdict(detail), shopper_id=case.shopper_id, shopper_name=found.nickname if found else None
    )


async def show_disputed(tx: Tx, cases: Sequence[CaseRow], language: str) -> list[DisputedCase]:
    """Disputed cases of several merchants."""
    found: dict[UUID, DisputedCase] = {}
    for merchant_id in {case.merchant_id for case in cases}:
        own = [case for case in cases if case.merchant_id == merchant_id]
        name = (await merchants.get(tx, merchant_id)).name
        for case, view in zip(own, await show_to_merchant(tx, merchant_id, own, language, "platform"), strict=True):
            found[case.case_id] = DisputedCase(
                **msgspec.structs.asdict(view),
                merchant_id=merchant_id,
                merchant_name=name,
                dispute_at=case.dispute_at or case.created_at,
            )
    return [found[case.case_id] for case in cases]


async def show_to_platform(tx: Tx, case: CaseRow, language: str) -> DisputedCaseDetail:
    """A disputed case for its judge. Raises NotFound for one that nobody disputed."""
    if case.dispute is None or case.dispute_at is None:
        raise NotFound
    detail = await show_in_console(tx, case, language, "platform")
    name = (await merchants.get(tx, case.merchant_id)).name
    return DisputedCaseDetail(
        **msgspec.structs.asdict(detail), merchant_id=case.merchant_id, merchant_name=name, dispute_at=case.dispute_at
    )


async def get_own(tx: Tx, merchant_id: MerchantId, case_id: UUID, shopper_id: ShopperId | None = None) -> CaseRow:
    """A case of this merchant, and of this shopper when given. Raises NotFound for another's as for none."""
    case = await db.find_case(tx, merchant_id, case_id)
    if case is None or (shopper_id is not None and case.shopper_id != shopper_id):
        raise NotFound
    return case


async def show_applicable(
    tx: Tx, merchant_id: MerchantId, shopper_id: ShopperId | None, order_id: OrderId, language: str
) -> Applicable:
    """What an order can still have, with the cases that it has: for its shopper, or (None) for the merchant."""
    order = await orders.returns.find(tx, merchant_id, order_id, shopper_id)
    terms = await db_lists.find_settings(tx, merchant_id)
    rows = await orders.list_lines(tx, merchant_id, [order_id])
    left = opening.left_of(rows, await db.list_pieces(tx, merchant_id, order_id))
    cases = await db_lists.list_of_order(tx, merchant_id, order_id)
    paid = order.paid_at is not None
    sent = [row for row in rows if paid and left[row.line_id].sent]
    variants = await exchanges.list_variants(tx, merchant_id, sent) if sent else {}
    lines = [
        ApplicableLine(
            line_id=row.line_id,
            sku_id=row.sku_id,
            product_id=row.product_id,
            title=row.title,
            option_values=row.option_values,
            image_url=row.image_url,
            unit_price_fen=row.unit_price_fen,
            quantity=row.quantity,
            unsent_left=left[row.line_id].unsent if paid else 0,
            sent_left=left[row.line_id].sent if paid else 0,
            exchanges=variants.get(row.line_id, []),
        )
        for row in rows
    ]
    return Applicable(
        opening.kinds_for(order, tx.now, terms, sent=False) if any(line.unsent_left for line in lines) else [],
        opening.kinds_for(order, tx.now, terms, sent=True) if any(line.sent_left for line in lines) else [],
        lines,
        await show(tx, merchant_id, cases, language, "shopper" if shopper_id else "merchant"),
    )
