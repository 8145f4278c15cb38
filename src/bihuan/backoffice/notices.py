"""Shoppers are told of their orders: paid, shipped, money back. What, is put together here; how, is channels'."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from bihuan import channels, merchants, orders
from bihuan.channels import NewNotice
from bihuan.facts.orders import OrderPaid, OrderShipped
from bihuan.facts.payments import RefundSettled
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId, OrderId
from bihuan.orders import LineRow, OrderRow

_CHINA = timezone(timedelta(hours=8))


async def tell_shoppers(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """A notice of each fact, where the merchant has a template for it and the shopper can be reached."""
    if not await channels.sends_notices(tx, merchant_id):
        return
    ids = {i for i in map(_order_of, envelopes) if i is not None}
    found = await orders.list_orders(tx, merchant_id, list(ids))
    lines: dict[OrderId, list[LineRow]] = {}
    for line in await orders.list_lines(tx, merchant_id, list(found)):
        lines.setdefault(line.order_id, []).append(line)
    news: list[NewNotice] = []
    for envelope in envelopes:
        order_id = _order_of(envelope)
        if order_id is not None and order_id in found:
            news.append(_notice(envelope, found[order_id], lines.get(order_id, [])))
    if news:
        await channels.queue_notices(tx, await merchants.get(tx, merchant_id), news)


def _order_of(envelope: Envelope) -> OrderId | None:
    fact = envelope.fact
    if isinstance(fact, RefundSettled):
        return OrderId(fact.reference_id) if fact.purpose == "order" else None
    return fact.order_id


def _notice(envelope: Envelope, order: OrderRow, lines: list[LineRow]) -> NewNotice:
    fact = envelope.fact
    values = {"order_no": order.order_no, "goods": _goods(lines), "time": _time(fact.occurred_at)}
    match fact:
        case OrderShipped():
            kind = "order_shipped"
            values |= {
                "goods": "、".join(fact.items) or values["goods"],
                "company": fact.company,
                "tracking_no": fact.tracking_no,
                "note": "已全部发出" if fact.all_shipped else "部分商品已发出",
            }
        case RefundSettled():
            kind = "refund_done"
            values |= {"amount": _yuan(fact.amount_fen), "note": "已原路退回，请留意到账"}
        case _:
            kind = "order_paid"
            values |= {"amount": _yuan(fact.paid_fen), "note": "点击查看订单详情"}
    return NewNotice(
        kind=kind, shopper_id=order.shopper_id, order_id=order.order_id, source_id=envelope.fact_id, values=values
    )


def _goods(lines: list[LineRow]) -> str:
    if not lines:
        return ""
    more = f" 等{sum(line.quantity for line in lines)}件" if len(lines) > 1 else ""
    return lines[0].title[: 20 - len(more)] + more


def _yuan(fen: int) -> str:
    return f"￥{fen // 100}.{fen % 100:02d}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(_CHINA):%Y-%m-%d %H:%M}"


HANDLERS = (
    Handler(name="backoffice.tell_shoppers", facts=(OrderPaid, OrderShipped, RefundSettled), run=tell_shoppers),
)
