"""What happens to an order after it is placed: cancelled, shipped, handed over, completed."""

from collections.abc import Sequence

from bihuan import inventory, membership
from bihuan.facts.orders import OrderCancelled, OrderCompleted, OrderDelivered, OrderShipped
from bihuan.kernel import events
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Conflict, NotFound, WrongState
from bihuan.kernel.ids import MerchantId, OrderId, ShopperId, StaffId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.orders import db, points, rules
from bihuan.orders.db import OrderRow, WholeOrder, fact_members
from bihuan.orders.errors import AftersaleOpen, PickupCodeUnknown, TooManyToShip
from bihuan.orders.schemas import ShipInput, ShipLine


async def get_own(
    tx: Tx, merchant_id: MerchantId, order_id: OrderId, shopper_id: ShopperId | None, *, lock: bool = False
) -> OrderRow:
    """An order of this merchant, and of this shopper when given. Raises NotFound for another's as for none."""
    order = await db.find_order(tx, merchant_id, order_id, lock=lock)
    if order is None or (shopper_id is not None and order.shopper_id != shopper_id):
        raise NotFound
    return order


async def get_own_whole(rt: Runtime, merchant_id: MerchantId, order_id: OrderId, shopper_id: ShopperId) -> WholeOrder:
    """A shopper's order with its lines and parcels. Raises NotFound for another's as for none."""
    order = await db.WHOLE.find(rt, merchant_id, order_id)
    if order is None or order.shopper_id != shopper_id:
        raise NotFound
    return order


async def cancel(
    tx: Tx, merchant_id: MerchantId, order_ids: Sequence[OrderId], reason: str, *, must: bool = True
) -> int:
    """Cancels unpaid orders and gives their stock and points back; returns how many.

    With `must`, raises WrongState when one is not unpaid (any more); without, such are left alone.
    """
    rows = await db.lock_orders(tx, merchant_id, order_ids)
    unpaid = [row for row in rows.values() if row.state == "unpaid"]
    if must and len(unpaid) != len(order_ids):
        raise WrongState(state=next((r.state for r in rows.values() if r.state != "unpaid"), "unknown"))
    if not unpaid:
        return 0
    ids = [row.order_id for row in unpaid]
    if spent := points.paid_with(unpaid):
        await membership.release(tx, merchant_id, spent)
    await inventory.release(tx, merchant_id, ids)
    await db.set_cancelled(tx, merchant_id, ids, reason)
    await events.emit(tx, *(OrderCancelled(**fact_members(tx, row), reason=reason) for row in unpaid))
    return len(ids)


async def ship(tx: Tx, merchant_id: MerchantId, order_id: OrderId, parcel: ShipInput, staff_id: StaffId | None) -> None:
    """Sends a parcel. Raises NotFound, WrongState, TooManyToShip."""
    order = await get_own(tx, merchant_id, order_id, None, lock=True)
    if order.delivery_method != "ship":
        raise Conflict(detail="该订单为到店自提，请使用提货码核销。")
    lines = await db.list_lines(tx, merchant_id, [order_id])
    left = {line.line_id: line.to_send for line in lines}
    held_back = sum(line.held_back_quantity for line in lines)
    sent = parcel.lines or [ShipLine(line_id, quantity) for line_id, quantity in left.items() if quantity]
    if len({line.line_id for line in sent}) != len(sent) or any(left.get(s.line_id, 0) < s.quantity for s in sent):
        raise TooManyToShip
    if not sent:
        raise AftersaleOpen if held_back else TooManyToShip
    to = "delivered" if sum(s.quantity for s in sent) == sum(left.values()) + held_back else "partially_delivered"
    if order.state != to:
        rules.check_transition(order.state, to)
    await db.add_delivered(tx, merchant_id, order_id, sent)
    await db.insert_shipment(tx, merchant_id, new_id(), order_id, parcel.company, parcel.tracking_no, sent, staff_id)
    await _move(tx, order, to)
    about = fact_members(tx, order)
    titles = {line.line_id: line.title for line in lines}
    shipped = OrderShipped(
        **about,
        company=parcel.company,
        tracking_no=parcel.tracking_no,
        items=[f"{titles[s.line_id]}×{s.quantity}" for s in sent],
        receiver_phone=_masked((order.delivery.address or {}).get("phone", "")),
        all_shipped=to == "delivered",
    )
    await events.emit(tx, shipped)
    if to == "delivered":
        await events.emit(tx, OrderDelivered(**about, method="ship"))


def _masked(phone: str) -> str:
    """A phone number that tells one from another, and whose it is to nobody."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else ""


async def hand_over(tx: Tx, merchant_id: MerchantId, code: str) -> OrderId:
    """Hands a pickup order over at the counter; it is completed with that. Raises PickupCodeUnknown."""
    found = await db.find_by_pickup_code(tx, merchant_id, "".join(code.split()))
    if len(found) != 1:
        raise PickupCodeUnknown
    await hand_over_order(tx, merchant_id, found[0])
    return found[0]


async def hand_over_order(tx: Tx, merchant_id: MerchantId, order_id: OrderId) -> None:
    """The same for a known order: a sale at a till. Raises PickupCodeUnknown when it is not one that waits."""
    order = await get_own(tx, merchant_id, order_id, None, lock=True)
    if "completed" not in rules.TRANSITIONS[order.state] or order.state == "unpaid":
        raise PickupCodeUnknown
    lines = await db.list_lines(tx, merchant_id, [order.order_id])
    if any(line.held_back_quantity for line in lines):
        raise AftersaleOpen
    rest = [ShipLine(line.line_id, line.to_send) for line in lines if line.to_send]
    await db.add_delivered(tx, merchant_id, order.order_id, rest)
    await _move(tx, order, "completed")
    about = fact_members(tx, order)
    await events.emit(tx, OrderDelivered(**about, method="pickup"), OrderCompleted(**about))


async def complete(tx: Tx, merchant_id: MerchantId, order_id: OrderId, shopper_id: ShopperId | None) -> None:
    """The shopper has it (or the time to say otherwise is over). Raises NotFound, WrongState."""
    order = await get_own(tx, merchant_id, order_id, shopper_id, lock=True)
    if order.state != "delivered":
        raise WrongState(state=order.state)
    if order.open_cases:
        raise AftersaleOpen
    await _move(tx, order, "completed")
    await events.emit(tx, OrderCompleted(**fact_members(tx, order)))


async def _move(tx: Tx, order: OrderRow, to: str) -> None:
    if not await db.set_delivery(tx, order.merchant_id, order.order_id, order.state, to):
        raise WrongState(state=order.state)
