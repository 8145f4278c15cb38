"""Orders paid in a mini program and WeChat's shipping information: both ways.

What leaves is told to WeChat; that a shopper confirmed the receipt at WeChat completes the order here.
"""

from collections.abc import Sequence

from bihuan import channels, identity, orders, payments
from bihuan.channels import SentParcel, Trade
from bihuan.facts.channels import TradeReceived
from bihuan.facts.orders import OrderDelivered, OrderFact, OrderShipped
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound, WrongState
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, OrderId


async def tell_wechat(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Parcels and handovers of orders that were paid in the mini program are queued for WeChat."""
    account = await channels.find_account(tx, merchant_id)
    if account is None or account.mini_program_appid is None or not account.shipping_upload:
        return
    facts: list[OrderFact] = [e.fact for e in envelopes if isinstance(e.fact, OrderShipped) or _is_handover(e.fact)]
    paid = await payments.list_for(tx, merchant_id, "order", list({fact.order_id for fact in facts}))
    for fact in facts:
        attempt = next(
            (
                a
                for a in paid.get(fact.order_id, [])
                if a.method == "wechat_mini" and a.verdict == "accepted" and a.transaction_id
            ),
            None,
        )
        openid = await identity.find_openid(tx, fact.shopper_id, account.mini_program_appid) if attempt else None
        if attempt is None or attempt.transaction_id is None or openid is None:
            continue
        trade = Trade(
            reference_id=fact.order_id,
            reference_no=fact.order_no,
            out_trade_no=attempt.out_trade_no,
            transaction_id=attempt.transaction_id,
            openid=openid,
        )
        if isinstance(fact, OrderShipped):
            parcel = SentParcel(company=fact.company, tracking_no=fact.tracking_no, items=fact.items)
            await channels.add_parcel(
                tx,
                merchant_id,
                trade,
                parcel,
                all_shipped=fact.all_shipped,
                receiver_phone=fact.receiver_phone,
            )
        else:
            lines = await orders.list_lines(tx, merchant_id, [fact.order_id])
            items = [f"{line.title}×{line.quantity}" for line in lines]
            await channels.add_handover(tx, merchant_id, trade, items)


def _is_handover(fact: object) -> bool:
    return isinstance(fact, OrderDelivered) and fact.method == "pickup"


async def confirm_received(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """The shopper confirmed at WeChat: her order is completed here, unless it is already."""
    for envelope in envelopes:
        fact: TradeReceived = envelope.fact
        upload = await channels.note_received(tx, merchant_id, fact.out_trade_no, fact.occurred_at)
        if upload is None:
            continue
        try:
            await orders.complete(tx, merchant_id, OrderId(upload.reference_id), None)
        except (WrongState, NotFound):  # completed by herself here, or refunded
            continue


HANDLERS = (
    Handler(name="backoffice.tell_wechat_of_shipping", facts=(OrderShipped, OrderDelivered), run=tell_wechat),
    Handler(name="backoffice.confirm_received", facts=(TradeReceived,), run=confirm_received),
)
