"""Shifts: opened with a float, closed with a count, their cash carried on or banked.

Locks: the shift, then the book. Postings: a float from outside and cash put in come from `bank`, cash taken out and
banked goes there; the difference of a count goes to `differences`.
"""

from uuid import UUID

from bihuan import ledger, merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.staff import StaffSession
from bihuan.till import db, rules
from bihuan.till.db import ShiftRow
from bihuan.till.errors import CashDiffers, DrawerShort, NotHere, SalePending, ShiftClosed, ShiftOpen
from bihuan.till.schemas import Close, Movement, Opening

_COUNTER_SIDE = {"pay_in": "bank", "pay_out": "bank", "expense": "till_expenses"}
_NAMES = {"pay_in": "备用金存入钱箱", "pay_out": "钱箱缴款", "expense": "钱箱零星支出"}


async def open_shift(tx: Tx, merchant_id: MerchantId, staff: StaffSession, wish: Opening) -> UUID:
    """Opens a shift at a till; returns its id.

    Raises NotHere, NotFound for an unknown counter, ShiftOpen, CashDiffers when less was left to be carried on.
    """
    store = await merchants.find_store(tx, merchant_id, wish.store_id)
    if store is None or store.state != "open" or staff.store_id not in (None, wish.store_id):
        raise NotHere
    if wish.counter_id is not None:
        counters = await merchants.list_counters(tx, merchant_id)
        if all(one.counter_id != wish.counter_id or one.store_id != wish.store_id for one in counters):
            raise NotFound
    before = await db.last_closed(tx, merchant_id, wish.store_id, wish.till) if wish.carried else None
    shift = ShiftRow(
        shift_id=new_id(),
        store_id=wish.store_id,
        counter_id=wish.counter_id,
        till=wish.till,
        staff_id=staff.staff_id,
        state="open",
        carried_from=before.shift_id if before and wish.float_fen else None,
        expected_fen=0,
        counted_fen=None,
        difference_fen=None,
        carried_fen=0,
        banked_fen=0,
        report_no=None,
        note=None,
        opened_at=tx.now,
        closed_at=None,
        closed_by=None,
    )
    if not await db.insert_shift(tx, merchant_id, shift):
        raise ShiftOpen
    if wish.float_fen == 0:
        return shift.shift_id
    if wish.carried and (
        before is None or not await db.take_from_closed(tx, merchant_id, before.shift_id, carried_fen=wish.float_fen)
    ):
        raise CashDiffers
    await db.move(tx, merchant_id, shift.shift_id, "float", wish.float_fen, shift.shift_id, "备用金", staff.staff_id)
    if not wish.carried:
        entries = [ledger.Entry("cash", wish.float_fen), ledger.Entry("bank", -wish.float_fen)]
        what = f"收银机 {wish.till} 备用金"
        await ledger.post(tx, merchant_id, [ledger.Transaction("till_float", shift.shift_id, what, entries)])
    return shift.shift_id


async def own_shift(tx: Tx, staff: StaffSession, shift_id: UUID, *, lock: bool = False) -> ShiftRow:
    """The open shift of the person herself. Raises ShiftClosed."""
    shift = await db.find_shift(tx, staff.merchant_id, shift_id, lock=lock)
    if shift is None or shift.state != "open" or shift.staff_id != staff.staff_id:
        raise ShiftClosed
    return shift


async def get_shift(tx: Tx, staff: StaffSession, shift_id: UUID, *, lock: bool = False) -> ShiftRow:
    """A shift that the person may see: her own, or any for who answers for the cash. Raises NotFound."""
    shift = await db.find_shift(tx, staff.merchant_id, shift_id, lock=lock)
    if shift is None or not (shift.staff_id == staff.staff_id or sees_drawers(staff)):
        raise NotFound
    return shift


def sees_drawers(staff: StaffSession) -> bool:
    """Whether a person answers for the cash."""
    return bool(staff.permissions & {"*", "drawers.read"})


async def move(tx: Tx, staff: StaffSession, shift_id: UUID, wish: Movement) -> None:
    """Cash goes in or out beside sales. Raises ShiftClosed, DrawerShort."""
    await own_shift(tx, staff, shift_id, lock=True)
    amount = wish.amount_fen if wish.kind == "pay_in" else -wish.amount_fen
    movement_id = new_id()
    if not await db.move(
        tx, staff.merchant_id, shift_id, wish.kind, amount, movement_id, wish.reason.strip(), staff.staff_id
    ):
        raise DrawerShort
    entries = [ledger.Entry("cash", amount), ledger.Entry(_COUNTER_SIDE[wish.kind], -amount)]
    what = f"{_NAMES[wish.kind]}（{wish.reason.strip()}）"
    await ledger.post(tx, staff.merchant_id, [ledger.Transaction(f"till_{wish.kind}", movement_id, what, entries)])


async def close(tx: Tx, staff: StaffSession, shift_id: UUID, count: Close) -> None:
    """Closes a shift at its count; the difference is posted. Her own, or anybody's for who may write drawers.

    Raises NotFound, ShiftClosed, SalePending while a payment code is undecided.
    """
    shift = await get_shift(tx, staff, shift_id, lock=True)
    if shift.state != "open" or not (shift.staff_id == staff.staff_id or staff.permissions & {"*", "drawers.write"}):
        raise ShiftClosed
    if await db.any_pending(tx, staff.merchant_id, shift_id):
        raise SalePending
    closing = rules.Closing(shift.expected_fen, count.counted_fen)
    await db.close_shift(tx, staff.merchant_id, shift_id, count.counted_fen, count.note or None, staff.staff_id)
    if closing.difference_fen:
        entries = [
            ledger.Entry("cash", closing.difference_fen),
            ledger.Entry("differences", -closing.difference_fen),
        ]
        what = f"收银机 {shift.till} 盘点{'长款' if closing.difference_fen > 0 else '短款'}"
        await ledger.post(tx, staff.merchant_id, [ledger.Transaction("till_difference", shift_id, what, entries)])


async def bank(tx: Tx, staff: StaffSession, shift_id: UUID, amount_fen: int) -> None:
    """Cash of a closed drawer is at the bank. Raises NotFound, CashDiffers."""
    shift = await get_shift(tx, staff, shift_id, lock=True)
    if not await db.take_from_closed(tx, staff.merchant_id, shift_id, banked_fen=amount_fen):
        raise CashDiffers
    entries = [ledger.Entry("bank", amount_fen), ledger.Entry("cash", -amount_fen)]
    banking_id, what = new_id(), f"收银机 {shift.till} 缴存银行"
    await db.insert_banking(tx, staff.merchant_id, banking_id, shift_id, amount_fen, staff.staff_id)
    await ledger.post(tx, staff.merchant_id, [ledger.Transaction("till_banking", banking_id, what, entries)])
