"""Reactions of channels to facts, and their periodic work."""

from collections.abc import Sequence
from datetime import timedelta, timezone

from bihuan import merchants
from bihuan.channels import desktop, follower_sync, labels, links, messages, notices, pushes, refusals, shipping
from bihuan.channels.db import followers
from bihuan.channels.db.messages import Card, Content, Draft
from bihuan.channels.guides import events as guide_events
from bihuan.channels.guides import payments as guide_payments
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.membership import MemberJoined, PointsExpiring
from bihuan.kernel.db import Tx
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.jobs import Periodic
from bihuan.merchants import Merchant

_CHINA = timezone(timedelta(hours=8))


async def prompt_members(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Tells new members in the chat that their card is open, with the way to it."""
    openids = await followers.openids_of(tx, merchant_id, [e.fact.shopper_id for e in envelopes])
    merchant = await merchants.get(tx, merchant_id)
    drafts = [
        Draft(
            openid=openids[e.fact.shopper_id],
            purpose="member_card",
            source_id=e.fact_id,
            content=_member_card(merchant, e.fact),
        )
        for e in envelopes
        if e.fact.shopper_id in openids
    ]
    if drafts:
        await messages.queue(tx, merchant_id, drafts)


def _member_card(merchant: Merchant, joined: MemberJoined) -> Content:
    card = Card(
        title=f"恭喜您成为{merchant.name}会员",
        description=f"卡号 {joined.number}\n等级 {joined.level_name}\n本次获得 {joined.points} 积分\n点击查看会员卡",
        url=links.member_path(merchant.code),
        picture_url=merchant.logo_url or "",
    )
    values = {
        "merchant": merchant.name,
        "number": joined.number,
        "level": joined.level_name,
        "points": str(joined.points),
    }
    return Content(card=card, member=values)


async def tell_of_expiry(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Tells members whose points are about to expire, by the ways of notices: a grant, the chat, its template."""
    news: list[notices.NewNotice] = []
    for envelope in envelopes:
        fact: PointsExpiring = envelope.fact
        values = {
            "points": str(fact.points),
            "time": f"{fact.expires_at.astimezone(_CHINA):%Y-%m-%d}",
            "note": f"自 {fact.expires_at.astimezone(_CHINA):%m月%d日} 起陆续到期，请尽快使用",
        }
        news.append(
            notices.NewNotice(
                kind="points_expiring", shopper_id=fact.shopper_id, source_id=envelope.fact_id, values=values
            )
        )
    await notices.queue(tx, await merchants.get(tx, merchant_id), news)


async def move_followers(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: her following is the remaining one's."""
    former = [e.fact.former_id for e in envelopes]
    await followers.move_shoppers(tx, merchant_id, former, [e.fact.shopper_id for e in envelopes])


HANDLERS = (
    Handler(name="channels.prompt_members", facts=(MemberJoined,), run=prompt_members),
    Handler(name="channels.tell_of_expiry", facts=(PointsExpiring,), run=tell_of_expiry),
    Handler(name="channels.move_followers", facts=(ShoppersMerged,), run=move_followers),
    *guide_payments.HANDLERS,
)

JOBS = (
    Periodic(name="channels.send_messages", every_seconds=0.5, run=messages.send_due),
    Periodic(name="channels.fail_abandoned_messages", every_seconds=30, run=messages.fail_abandoned),
    Periodic(name="channels.identify_followers", every_seconds=15, run=pushes.identify_unknown),
    Periodic(name="channels.make_codes", every_seconds=60, run=labels.make_missing_codes),
    Periodic(name="channels.forget_desktop_sign_ins", every_seconds=3600, run=desktop.forget_old),
    Periodic(name="channels.forget_pushes", every_seconds=3600, run=pushes.forget_old),
    Periodic(name="channels.forget_refused_pushes", every_seconds=3600, run=refusals.forget_old),
    Periodic(name="channels.tell_shipping", every_seconds=2, run=shipping.send_due),
    Periodic(name="channels.take_over_followers", every_seconds=1, run=follower_sync.run_due),
    Periodic(name="channels.ask_about_customers", every_seconds=15, run=guide_events.ask_again),
    Periodic(name="channels.fail_abandoned_welcomes", every_seconds=60, run=guide_events.fail_abandoned),
)
