"""What a person does about a difference: asks WeChat once more, posts, or accepts it as it is; always with a note."""

from uuid import UUID

from bihuan import ledger
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, StaffId
from bihuan.kernel.runtime import Runtime
from bihuan.payments import billed
from bihuan.reconciliation import db_differences, rules, running
from bihuan.reconciliation.errors import ActionDoesNotFit, DifferenceResolved, NoSuchDifference
from bihuan.reconciliation.rules import Action, Resolution
from bihuan.reconciliation.schemas import DifferenceRow


async def get(tx: Tx, merchant_id: MerchantId, difference_id: UUID) -> DifferenceRow:
    """A difference. Raises NoSuchDifference."""
    found = await db_differences.find(tx, merchant_id, difference_id)
    if found is None:
        raise NoSuchDifference
    return found


async def ask(rt: Runtime, merchant_id: MerchantId, difference_id: UUID, action: Action) -> billed.Asked:
    """Actions "look_up" and "sync": asks WeChat, settles what it says, and resolves what agrees by then.

    Raises NoSuchDifference, DifferenceResolved, ActionDoesNotFit, SettlementBusy.
    """
    async with rt.db.session() as tx:
        found = await get(tx, merchant_id, difference_id)
    _check(found, action)
    if found.subject == "payment":
        asked = await billed.ask_payment(rt, merchant_id, found.mchid, found.out_number)
    elif found.record_id is not None:
        asked = await billed.ask_refund(rt, merchant_id, found.record_id)
    else:
        raise ActionDoesNotFit
    await running.recheck_numbers(rt, None, merchant_id, found.mchid, found.subject, [found.out_number])
    return asked


async def decide(
    tx: Tx, merchant_id: MerchantId, difference_id: UUID, action: Action, note: str, who: tuple[StaffId, str]
) -> DifferenceRow:
    """Actions "post" (so much to `wechat_clearing` against `differences`) and "accept" (nothing moves).

    Raises NoSuchDifference, DifferenceResolved, ActionDoesNotFit.
    """
    found = await db_differences.lock(tx, merchant_id, difference_id)
    if found is None:
        raise NoSuchDifference
    _check(found, action)
    resolution: Resolution = "posted" if action == "post" else "accepted"
    await db_differences.resolve_by_person(tx, merchant_id, difference_id, resolution, note, who)
    if action == "post":
        entries = [ledger.Entry("wechat_clearing", found.book_fen), ledger.Entry("differences", -found.book_fen)]
        what = f"对账差异 {found.day} {found.number}：{note}"
        await ledger.post(tx, merchant_id, [ledger.Transaction("reconciliation", difference_id, what, entries)])
    return await get(tx, merchant_id, difference_id)


def _check(found: DifferenceRow, action: Action) -> None:
    if "resolved" not in rules.TRANSITIONS[found.state]:
        raise DifferenceResolved
    known = found.record_id is not None
    if not rules.may(action, found.kind, found.subject, found.book_fen, known=known):
        raise ActionDoesNotFit
