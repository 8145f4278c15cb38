"""What a transaction comes from, whatever its source: from the nearest cause on to the order, statement or bill.

A source that we cannot follow is shown by its id.
"""

from uuid import UUID

from bihuan import merchants, orders, reconciliation, settlement, till, topups
from bihuan.finance.schemas import Origin
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.kernel.money import yuan
from bihuan.ledger import periods
from bihuan.ledger.journal import TransactionRow
from bihuan.payments import origins as paid_for
from bihuan.payments.origins import PaidFor

_OF_ORDERS = frozenset({"order", "order_cancelled"})
_OF_RECEIPTS = frozenset({"receipt", "refused_receipt"})
_OF_REFUNDS = frozenset({"refund", "refund_decision"})
_OF_TOPUPS = frozenset({"wallet_topup", "wallet_gift_return"})


async def trace(tx: Tx, merchant_id: MerchantId, row: TransactionRow) -> list[Origin]:
    """The origins of a transaction of a book, the nearest first; never none."""
    source, source_id = row.source, row.source_id
    if source in _OF_ORDERS:
        found = [await _order(tx, merchant_id, source_id)]
    elif source in _OF_RECEIPTS:
        found = await _paid(
            tx, merchant_id, source, source_id, await paid_for.of_receipts(tx, merchant_id, [source_id])
        )
    elif source in _OF_REFUNDS:
        found = await _refund(tx, merchant_id, source, source_id)
    elif source in _OF_TOPUPS:
        found = [await _topup_of(tx, merchant_id, source, source_id)]
    elif source == "payment_fees":
        bill = await reconciliation.trace_fees(tx, merchant_id, periods.day_of(row.occurred_at), row.description)
        found = [Origin("bill_day", source_id, str(bill.day), day=bill.day, mchid=bill.mchid)] if bill else []
    elif source == "alipay_fees":
        found = [Origin("alipay_bill", source_id, str(periods.day_of(row.occurred_at)))]
    elif source in ("bank_transfer", "reconciliation"):
        found = await _of_bill(tx, merchant_id, source, source_id)
    elif source.startswith("till_"):
        shift = await till.trace(tx, merchant_id, source, source_id)
        opened = f"{shift.till} {shift.opened_at.astimezone(periods.CHINA):%m-%d %H:%M}" if shift else ""
        found = [Origin("till_shift", shift.shift_id, opened)] if shift else []
    else:
        found = await _settlement(tx, merchant_id, source, source_id)
    return [one for one in found if one is not None] or [Origin(source, source_id)]


async def _order(tx: Tx, merchant_id: MerchantId, order_id: UUID) -> Origin | None:
    found = (await orders.list_orders(tx, merchant_id, [OrderId(order_id)])).get(OrderId(order_id))
    return Origin("order", order_id, found.order_no) if found else None


async def _topup(tx: Tx, merchant_id: MerchantId, topup_id: UUID) -> Origin | None:
    found = await topups.find(tx, merchant_id, topup_id)
    if found is None:
        return None
    gift = f" + {yuan(found.gift_fen)}" if found.gift_fen else ""
    return Origin("wallet_topup", topup_id, f"{yuan(found.amount_fen)}{gift}", shopper_id=found.shopper_id)


async def _topup_of(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> Origin | None:
    if source == "wallet_topup":
        return await _topup(tx, merchant_id, source_id)
    returned = await paid_for.of_cause(tx, merchant_id, "topup_return", source_id)
    return await _topup(tx, merchant_id, returned.reference_id) if returned else None


async def _paid(
    tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID, near: list[PaidFor]
) -> list[Origin | None]:
    """The payment or refund by its number, and what it was for."""
    found: list[Origin | None] = [Origin(source, source_id, one.number) for one in near]
    for one in near:
        order = one.purpose == "order"
        of = await (_order if order else _topup)(tx, merchant_id, one.reference_id)
        found.append(of or Origin(one.purpose, one.reference_id))
    return found


async def _refund(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> list[Origin | None]:
    found = await _paid(tx, merchant_id, source, source_id, await paid_for.of_refunds(tx, merchant_id, [source_id]))
    cause = await paid_for.cause_of(tx, merchant_id, source_id)
    if cause is not None and cause.cause == "aftersale":
        found.insert(1, Origin("aftersale", cause.cause_id))
    return found


async def _of_bill(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> list[Origin | None]:
    bill = await reconciliation.trace(tx, merchant_id, source, source_id)
    if bill is None:
        return []
    kind = "difference" if source == "reconciliation" else source
    return [
        Origin(kind, source_id, bill.label),
        Origin("bill_day", source_id, str(bill.day), day=bill.day, mchid=bill.mchid),
    ]


async def _settlement(tx: Tx, merchant_id: MerchantId, source: str, source_id: UUID) -> list[Origin | None]:
    """In the platform's book a posting is about some merchant, who is named."""
    platform = (await merchants.get(tx, merchant_id)).is_platform
    found = await settlement.trace(tx, None if platform else merchant_id, source, source_id)
    if found is None:
        return []
    about = found.merchant_id if platform else None
    name = f"{(await merchants.get(tx, found.merchant_id)).name} " if platform else ""
    origins: list[Origin | None] = [Origin(found.kind, found.id, f"{name}{found.label}", merchant_id=about)]
    if found.statement_id and found.statement_no:
        origins.append(Origin("statement", found.statement_id, found.statement_no, merchant_id=about))
    return origins
