"""Guides are told when a customer who is attributed to them pays, if they want to."""

from collections.abc import Sequence

from bihuan import identity, merchants
from bihuan.channels import links
from bihuan.channels.db import messages as outbox
from bihuan.channels.db.messages import Card, Content, Draft, Message
from bihuan.channels.errors import NoCorp
from bihuan.channels.guides import corps
from bihuan.channels.guides import db as rows
from bihuan.channels.guides import db_customers as customers
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.orders import OrderPaid
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.runtime import Runtime
from bihuan.wechat import ApiError


async def tell_guides(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Queues a word to the guide of each paid order who wants to know."""
    owed = [e for e in envelopes if isinstance(e.fact, OrderPaid) and e.fact.staff_id is not None]
    if not owed:
        return
    guides = await rows.guides_of_staff(tx, merchant_id, list({e.fact.staff_id for e in owed}))
    told = [e for e in owed if e.fact.staff_id in guides and guides[e.fact.staff_id].tell_payments]
    if not told:
        return
    merchant = await merchants.get(tx, merchant_id)
    shoppers = await identity.list_shoppers(tx, list({e.fact.shopper_id for e in told}))
    drafts: list[Draft] = []
    for envelope in told:
        paid: OrderPaid = envelope.fact
        shopper = shoppers.get(paid.shopper_id)
        card = Card(
            title=f"{merchant.name} · 顾客已付款",
            description=(
                f"顾客 {(shopper.nickname if shopper else None) or '微信用户'}\n"
                f"订单 {paid.order_no}\n金额 ￥{paid.paid_fen // 100}.{paid.paid_fen % 100:02d}"
            ),
            url=f"/console/#/orders/{paid.order_id}",
        )
        drafts.append(
            Draft(
                openid=guides[paid.staff_id].userid if paid.staff_id else "",
                shopper_id=paid.shopper_id,
                kind="guide",
                purpose="guide_order_paid",
                source_id=envelope.fact_id,
                content=Content(card=card),
            )
        )
    await outbox.insert_messages(tx, merchant_id, drafts)


async def say(rt: Runtime, merchant_id: MerchantId, message: Message) -> None:
    """Sends an app message. Raises NoCorp as an ApiError would read, WeChatError."""
    async with rt.db.session() as tx:
        corp = await rows.find_corp(tx, merchant_id)
    card = message.content.card
    if corp is None or card is None:
        raise ApiError(0, NoCorp.en)
    sent = await corps.client(rt, corp).send_card(
        corp.agent_id,
        [message.openid],
        title=card.title,
        description=card.description,
        url=links.absolute(rt, card.url),
    )
    if sent.invaliduser:
        raise ApiError(81013, f"not reached: {sent.invaliduser}")


async def move_customers(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: a guide's customer is the remaining one."""
    former = [e.fact.former_id for e in envelopes]
    await customers.move_shoppers(tx, merchant_id, former, [e.fact.shopper_id for e in envelopes])


HANDLERS = (
    Handler(name="channels.tell_guides", facts=(OrderPaid,), run=tell_guides),
    Handler(name="channels.move_customers", facts=(ShoppersMerged,), run=move_customers),
)
