"""What moves money besides profit sharing: payments, refunds, transfers, and the merchant's own bank."""

from wechat_sandbox.journal import Movement, NotEnoughError
from wechat_sandbox.models import Order, Refund
from wechat_sandbox.world import World

FREEZE_SECONDS = 30 * 24 * 3600
"""After thirty days what was not shared is unfrozen."""


def fee_of(total: int, rate_bp: int) -> int:
    """WeChat's fee of an amount in fen, rounded half up."""
    return (total * rate_bp + 5000) // 10000


def fee_returned(order: Order, refunded: int) -> int:
    """The part of the fee that belongs back once `refunded` fen of the order are: all of it with the last fen."""
    return (order.fee * refunded * 2 + order.total) // (2 * order.total)


def available(world: World, mchid: str) -> int:
    """What a merchant can dispose of, in fen."""
    return world.journal.balance(mchid, "available")


def post_of(
    world: World, order: Order, kind: str, amount: int, entries: dict[str, int], number: str, out_number: str
) -> None:
    """Post a movement of an order in its payee's books; accounts that do not change are left out."""
    world.journal.post(
        Movement(
            mchid=order.payee,
            kind=kind,
            amount=amount,
            entries={account: change for account, change in entries.items() if change},
            at=world.clock.now(),
            sp_mchid=order.mchid if order.sub_mchid else "",
            order=order.key,
            number=number,
            out_number=out_number,
        )
    )


def order_paid(world: World, order: Order) -> None:
    """A shopper has paid: the price less the fee is the payee's, frozen if it is to be shared or shipped first.

    Keeps the order.
    """
    order.fee_bp = world.settings.fee_rate_bp
    order.fee = fee_of(order.total, order.fee_bp)
    net = order.total - order.fee
    mini_program = order.appid in world.mini_programs
    order.held = not order.profit_sharing and mini_program and world.apps.settings_of(order.appid).money_held
    order.frozen = net if order.profit_sharing or order.held else 0
    entries = {
        "shoppers": -order.total,
        "fees": order.fee,
        "frozen": order.frozen,
        "available": net - order.frozen,
    }
    with world.store.together():
        number, out_number = order.transaction_id, order.out_trade_no
        post_of(world, order, "payment", order.total, entries, number, out_number)
        world.orders.put(order.key, order)
    if order.profit_sharing:
        _watch(world, order)


def collected(world: World, order: Order) -> None:
    """A shopper has paid by a printed code, at `order.paid_at`: all of it is the merchant's own. Keeps the order."""
    movement = Movement(
        mchid=order.payee,
        kind="payment",
        amount=order.total,
        entries={"shoppers": -order.total, "available": order.total},
        at=order.paid_at,
        order=order.key,
        number=order.transaction_id,
        out_number=order.out_trade_no,
    )
    with world.store.together():
        world.journal.post(movement)
        world.orders.put(order.key, order)


def unfreeze(world: World, order: Order, order_id: str, out_order_no: str) -> int:
    """What is still frozen is the payee's own, and nothing more of the order can be shared. The fen unfrozen."""
    return _release(world, order, "unfreeze", order_id, out_order_no)


def settled(world: World, order: Order) -> None:
    """A mini program's order is shipped and received: the money that was held is the payee's own."""
    if order.held and not order.sharing_done:
        _release(world, order, "settled", order.transaction_id, order.out_trade_no)


def _release(world: World, order: Order, kind: str, number: str, out_number: str) -> int:
    amount = order.frozen
    with world.store.together():
        if amount:
            post_of(world, order, kind, amount, {"frozen": -amount, "available": amount}, number, out_number)
        order.frozen = 0
        order.sharing_done = True
        world.orders.put(order.key, order)
    return amount


def _watch(world: World, order: Order) -> None:
    """Unfreeze an order's money when its thirty days are over. Needs a running loop."""
    world.clock.call_at(order.paid_at + FREEZE_SECONDS, lambda: _expire(world, order))


def _expire(world: World, order: Order) -> None:
    if not order.sharing_done:
        unfreeze(world, order, "", "")


def resume(world: World) -> None:
    """After a start: watch the orders whose money is frozen. Needs a running loop."""
    if not len(world.journal):
        _adopt(world)
        return
    for order in world.orders.values():
        if order.transaction_id and order.profit_sharing and not order.sharing_done:
            _watch(world, order)


def _adopt(world: World) -> None:
    """Write the books of a state file from before there were any, all on the day of the first start with them."""
    paid = [(order.paid_at, order) for order in world.orders.values() if order.transaction_id]
    known = [(refund.created_at, refund) for refund in world.refunds.values()]
    with world.store.together():
        for _, row in sorted([*paid, *known], key=lambda pair: pair[0]):
            if isinstance(row, Order):
                row.refunded = row.refund_count = row.fee_returned = 0
                order_paid(world, row)
                continue
            order = world.orders.get(row.order_key or f"{row.mchid}:{row.out_trade_no}")
            assert order is not None, "orders are never deleted"
            refunded(world, order, row)
            if row.state == "SUCCESS":
                row.ended_at = row.succeeded_at
                refund_done(world, order, row)


def refunded(world: World, order: Order, refund: Refund) -> None:
    """A refund is accepted: its money leaves the accounts and is on its way. Keeps the order and the refund.

    It comes from what of the order is still frozen, then from the available money; `funds_account` can confine it
    to one of the two, `sources` say how much each pays. Raises NotEnoughError.
    """
    back = fee_returned(order, order.refunded + refund.amount) - order.fee_returned
    net = refund.amount - back
    frozen = _from_frozen(order, refund, net)
    entries = {"in_transit": refund.amount, "fees": -back, "frozen": -frozen, "available": frozen - net}
    with world.store.together():
        _post_refund(world, order, refund, "refund", entries)
        refund.fee_returned = back
        refund.from_frozen = frozen
        order.fee_returned += back
        order.frozen -= frozen
        order.refunded += refund.amount
        order.refund_count += 1
        order.state = "REFUND"
        world.orders.put(order.key, order)
        world.refunds.put(refund.key, refund)


def _from_frozen(order: Order, refund: Refund, net: int) -> int:
    """What of a refund, less the fee that WeChat gives back, the order's frozen money pays. Raises NotEnoughError."""
    if refund.sources:
        frozen = min(refund.sources.get("UNAVAILABLE", 0), net)  # the fee that comes back saves available money first
        if frozen > order.frozen:
            raise NotEnoughError(order.payee, "frozen", frozen - order.frozen)
        return frozen
    frozen = min(order.frozen, net)
    if refund.funds_account == "AVAILABLE":
        return 0
    if refund.funds_account == "UNSETTLED" and order.profit_sharing and frozen < net:
        raise NotEnoughError(order.payee, "frozen", net - frozen)  # what was shared or unfrozen is settled
    return frozen


def refund_done(world: World, order: Order, refund: Refund) -> None:
    """The money is the shopper's again, or in the merchant's bank. Keeps the refund."""
    entries = {"in_transit": -refund.amount, "bank" if refund.to_merchant else "shoppers": refund.amount}
    with world.store.together():
        _post_refund(world, order, refund, "refund_done", entries)
        world.refunds.put(refund.key, refund)


def refund_closed(world: World, order: Order, refund: Refund) -> None:
    """A refund came to nothing: its money is the merchant's again, the fee is due again. Keeps both rows.

    What was frozen is frozen again as long as the order may still be shared.
    """
    frozen = 0 if order.sharing_done else refund.from_frozen
    available = refund.amount - refund.fee_returned - frozen
    entries = {
        "in_transit": -refund.amount,
        "fees": refund.fee_returned,
        "frozen": frozen,
        "available": available,
    }
    with world.store.together():
        _post_refund(world, order, refund, "refund_closed", entries)
        order.fee_returned -= refund.fee_returned
        order.frozen += frozen
        order.refunded -= refund.amount
        refund.fee_returned = 0
        world.orders.put(order.key, order)
        world.refunds.put(refund.key, refund)


def _post_refund(world: World, order: Order, refund: Refund, kind: str, entries: dict[str, int]) -> None:
    number, out_number = refund.refund_id, refund.out_refund_no
    post_of(world, order, kind, refund.amount, entries, number, out_number)


def transfer_out(world: World, mchid: str, bill_no: str, amount: int, out_bill_no: str = "", openid: str = "") -> None:
    """A transfer to a shopper is accepted: its money waits on its way. Raises NotEnoughError."""
    entries = {"available": -amount, "in_transit": amount}
    _transfer(world, mchid, "transfer", bill_no, amount, entries, out_bill_no, openid)


def transfer_done(world: World, mchid: str, bill_no: str, amount: int, out_bill_no: str = "", openid: str = "") -> None:
    """The shopper has a transfer."""
    entries = {"in_transit": -amount, "shoppers": amount}
    _transfer(world, mchid, "transfer_done", bill_no, amount, entries, out_bill_no, openid)


def transfer_returned(
    world: World, mchid: str, bill_no: str, amount: int, out_bill_no: str = "", openid: str = ""
) -> None:
    """A transfer failed or was cancelled: its money is the merchant's again."""
    entries = {"in_transit": -amount, "available": amount}
    _transfer(world, mchid, "transfer_returned", bill_no, amount, entries, out_bill_no, openid)


def _transfer(
    world: World, mchid: str, kind: str, bill_no: str, amount: int, entries: dict[str, int], out_no: str, openid: str
) -> None:
    now = world.clock.now()
    world.journal.post(Movement(mchid, kind, amount, entries, now, number=bill_no, out_number=out_no, party=openid))


def top_up(world: World, mchid: str, amount: int, number: str = "") -> None:
    """The merchant pays money in from its bank."""
    entries = {"bank": -amount, "available": amount}
    world.journal.post(Movement(mchid, "top_up", amount, entries, world.clock.now(), number=number))


def withdraw(world: World, mchid: str, amount: int, number: str = "") -> None:
    """The merchant takes money out to its bank. Raises NotEnoughError."""
    entries = {"bank": amount, "available": -amount}
    world.journal.post(Movement(mchid, "withdraw", amount, entries, world.clock.now(), number=number))
