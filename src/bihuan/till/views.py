"""What shifts and drawers show."""

from collections.abc import Sequence
from typing import Any

import msgspec

from bihuan import merchants, staff
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId
from bihuan.staff import StaffSession
from bihuan.till import db, db_reports, points, shifts
from bihuan.till.db import ShiftRow
from bihuan.till.schemas import MovementView, ShiftReport, ShiftView, TotalsView


async def show_shifts(tx: Tx, person: StaffSession, rows: Sequence[ShiftRow]) -> list[ShiftView]:
    """Shifts with names; what an open drawer should hold only to who answers for the cash."""
    stores = {one.store_id: one.name for one in await merchants.list_stores(tx, person.merchant_id)}
    counters = {one.counter_id: one.name for one in await merchants.list_counters(tx, person.merchant_id)}
    names = await names_of(tx, person.merchant_id)
    sees = shifts.sees_drawers(person)
    floats = await db_reports.floats_of(tx, person.merchant_id, [row.shift_id for row in rows])
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
            report_no=row.report_no,
            note=row.note,
            opened_at=row.opened_at,
            closed_at=row.closed_at,
        )
        for row in rows
    ]


async def report(tx: Tx, person: StaffSession, shift: ShiftRow) -> ShiftReport:
    """A shift with what it took, gave back and moved."""
    (view,) = await show_shifts(tx, person, [shift])
    totals = (await db_reports.totals_of(tx, person.merchant_id, [shift.shift_id]))[shift.shift_id]
    names = await names_of(tx, person.merchant_id)
    blind = shift.state == "open" and not shifts.sees_drawers(person)
    known: dict[str, Any] = msgspec.structs.asdict(totals) | ({"cash_fen": None} if blind else {})
    return ShiftReport(
        shift=view,
        totals=TotalsView(**known),
        points=await points.of_shift(tx, person.merchant_id, shift.shift_id),
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


async def names_of(tx: Tx, merchant_id: MerchantId) -> dict[StaffId, str]:
    """Names of the merchant's people."""
    return {one.staff_id: one.name for one in await staff.list_staff(tx, merchant_id)}
