"""Profit sharing: what is frozen of an order goes to others, and may come back."""

from wechat_sandbox.books.moves import post_of
from wechat_sandbox.journal import Movement, NotEnoughError
from wechat_sandbox.models import Order
from wechat_sandbox.models_money import ShareDetail, ShareOrder, ShareReturn
from wechat_sandbox.world import World


def share_out(world: World, order: Order, share: ShareOrder) -> None:
    """A share is accepted: its money is on its way. Keeps order and share. Raises NotEnoughError.

    Parts for the payee itself do not count against what may be shared.
    """
    amount = sum(detail.amount for detail in share.details)
    if amount > order.frozen:
        raise NotEnoughError(order.payee, "frozen", amount - order.frozen)
    with world.store.together():
        if amount:
            entries = {"frozen": -amount, "in_transit": amount}
            post_of(world, order, "share", amount, entries, share.order_id, share.out_order_no)
        order.frozen -= amount
        order.shared += sum(detail.amount for detail in share.details if detail.account != order.payee)
        order.share_count += 1
        order.sharing_done = order.sharing_done or share.unfreeze
        world.orders.put(order.key, order)
        world.money.keep_share(share)


def share_done(world: World, order: Order, share: ShareOrder, detail: ShareDetail) -> None:
    """One part has arrived: in another merchant's books, with a shopper, or as the payee's own."""
    amount = detail.amount
    to_merchant = detail.type == "MERCHANT_ID"
    own = to_merchant and detail.account == order.payee
    goal = "available" if own else "merchants" if to_merchant else "shoppers"
    with world.store.together():
        entries = {"in_transit": -amount, goal: amount}
        _post(world, order.payee, "share_done", amount, entries, order, share, detail.account, detail.detail_id)
        if to_merchant and not own:
            entries = {"merchants": -amount, "available": amount}
            _post(world, detail.account, "share_in", amount, entries, order, share, order.payee, detail.detail_id)


def share_closed(world: World, order: Order, share: ShareOrder, detail: ShareDetail) -> None:
    """One part did not arrive: it is frozen again, or unfrozen with the rest where nothing more is shared."""
    goal = "available" if order.sharing_done else "frozen"
    entries = {"in_transit": -detail.amount, goal: detail.amount}
    with world.store.together():
        _post(
            world, order.payee, "share_closed", detail.amount, entries, order, share, detail.account, detail.detail_id
        )
        if goal == "frozen":
            order.frozen += detail.amount
        if detail.account != order.payee:
            order.shared -= detail.amount
        world.orders.put(order.key, order)


def share_returned(world: World, order: Order, share: ShareOrder, back: ShareReturn) -> None:
    """A receiver gives back: its available money is the payee's. Raises NotEnoughError."""
    amount = back.amount
    with world.store.together():
        for mchid, other, kind, sign in (
            (back.return_mchid, order.payee, "return_out", -1),
            (order.payee, back.return_mchid, "return_in", 1),
        ):
            world.journal.post(
                Movement(
                    mchid,
                    kind,
                    amount,
                    {"available": sign * amount, "merchants": -sign * amount},
                    world.clock.now(),
                    sp_mchid=order.mchid if order.sub_mchid and mchid == order.payee else "",
                    order=order.key,
                    number=back.return_id,
                    out_number=back.out_return_no,
                    party=other,
                    note=share.order_id,
                )
            )


def _post(
    world: World,
    mchid: str,
    kind: str,
    amount: int,
    entries: dict[str, int],
    order: Order,
    share: ShareOrder,
    party: str,
    note: str,
) -> None:
    world.journal.post(
        Movement(
            mchid,
            kind,
            amount,
            entries,
            world.clock.now(),
            sp_mchid=order.mchid if order.sub_mchid and mchid == order.payee else "",
            order=order.key,
            number=share.order_id,
            out_number=share.out_order_no,
            party=party,
            note=note,
        )
    )
