"""Reactions of after-sale to facts, and what the clock does."""

from collections.abc import Sequence

import structlog

from bihuan import channels, merchants
from bihuan.aftersale import db_lists, refunding, steps, story
from bihuan.channels import Card, Content, Draft
from bihuan.facts.aftersale import AftersaleMoved
from bihuan.facts.identity import ShoppersMerged
from bihuan.facts.payments import PaymentRefused, RefundSettled
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import Problem
from bihuan.kernel.events import Envelope, Handler
from bihuan.kernel.ids import MerchantId
from bihuan.kernel.jobs import Periodic
from bihuan.kernel.money import yuan
from bihuan.kernel.runtime import Runtime

log = structlog.get_logger(__name__)

BATCH = 200
_PUT_OFF_HOURS = 24
_KINDS = {"refund": "仅退款", "return": "退货退款", "exchange": "换货"}
_SAID = {
    "applied": ("售后申请已提交", "请等待商家处理"),
    "given": ("商家主动为您退款", "款项将按原支付方式退回"),
    "agreed": ("商家已同意您的售后申请", ""),
    "auto_agreed": ("商家超时未处理，已自动同意", ""),
    "rejected": ("商家拒绝了您的售后申请", "如有异议，可申请平台介入"),
    "proposed": ("商家提出了新的退款金额", "请确认是否接受"),
    "proposal_accepted": ("您已接受商家的方案", ""),
    "not_answered": ("您未在时限内回应，售后已关闭", "如仍需售后，可重新申请"),
    "not_sent": ("您未在时限内寄回商品，售后已关闭", "如仍需售后，可重新申请"),
    "received": ("商家已收到您寄回的商品", ""),
    "auto_received": ("商家超时未验收，已自动确认收货", ""),
    "refund_decided": ("退款已发起", "款项将按原支付方式退回"),
    "completed": ("退款已到账", ""),
    "not_exchanged": ("商家超时未寄出换货，已自动退款", "款项将按原支付方式退回"),
    "exchanged": ("换货商品已寄出", ""),
    "disputed": ("平台已介入，请等待裁决", "可继续补充凭证"),
    "ruled_for_shopper": ("平台裁决：支持您的申请", ""),
    "ruled_for_merchant": ("平台裁决：支持商家", ""),
}
_REFUSED = {
    "second_payment": "同一订单重复支付",
    "late_out_of_stock": "付款时订单已超时关闭，且商品已售完",
    "late_points_gone": "付款时订单已超时关闭，且抵扣的积分已另作他用",
    "amount_differs": "付款金额与订单金额不一致",
    "appid_differs": "付款渠道与订单不一致",
}


def _case_path(code: str, case_id: object) -> str:
    return f"/shop/{code}/#/pages/case/case?id={case_id}"


async def tell_shoppers(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Tells the shopper in the chat what happened in her case, with the way to it.

    That the money is back she hears once: where the merchant sends notices, that one says it.
    """
    steps = _SAID.keys() - ({"completed"} if await channels.sends_notices(tx, merchant_id) else set())
    told: list[tuple[Envelope, AftersaleMoved]] = [(e, e.fact) for e in envelopes if e.fact.step in steps]
    openids = await channels.openids_of(tx, merchant_id, list({fact.shopper_id for _, fact in told})) if told else {}
    if not openids:
        return
    merchant = await merchants.get(tx, merchant_id)
    drafts: list[Draft] = []
    for envelope, fact in told:
        if fact.shopper_id not in openids:
            continue
        title, more = _SAID[fact.step]
        lines = [f"{_KINDS[fact.type]} {fact.case_no}", f"订单 {fact.order_no}"]
        if fact.amount_fen:
            lines.append(f"金额 ¥{yuan(fact.amount_fen)}")
        lines += [text for text in (fact.note[:100], more) if text]
        card = Card(title=title, description="\n".join(lines), url=_case_path(merchant.code, fact.case_id))
        drafts.append(
            Draft(
                openid=openids[fact.shopper_id],
                purpose="aftersale",
                source_id=envelope.fact_id,
                content=Content(card=card),
            )
        )
    await channels.queue_messages(tx, merchant_id, drafts)


async def tell_of_refused_payments(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Money that came and could not be kept goes back by itself: the shopper hears why."""
    facts: list[tuple[Envelope, PaymentRefused]] = [(e, e.fact) for e in envelopes if e.fact.purpose == "order"]
    openids = await channels.openids_of(tx, merchant_id, list({fact.shopper_id for _, fact in facts})) if facts else {}
    if not openids:
        return
    merchant = await merchants.get(tx, merchant_id)
    drafts = [
        Draft(
            openid=openids[fact.shopper_id],
            purpose="payment_refused",
            source_id=envelope.fact_id,
            content=Content(
                card=Card(
                    title=f"¥{yuan(fact.amount_fen)} 将原路退回",
                    description=f"原因：{_REFUSED.get(fact.reason, '订单未能受理')}\n支付单号 {fact.out_trade_no}",
                    url=f"/shop/{merchant.code}/#/pages/order/order?id={fact.reference_id}",
                )
            ),
        )
        for envelope, fact in facts
        if fact.shopper_id in openids
    ]
    await channels.queue_messages(tx, merchant_id, drafts)


async def finish(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """A case is completed when all of its refund is back with the shopper."""
    settled: list[RefundSettled] = [e.fact for e in envelopes]
    for fact in sorted((f for f in settled if f.cause == refunding.CAUSE), key=lambda f: f.reference_id):
        if fact.cause_id is not None:
            await refunding.finish(tx, merchant_id, fact.cause_id)


async def move_cases(tx: Tx, merchant_id: MerchantId, envelopes: Sequence[Envelope]) -> None:
    """Two shoppers were one person: her cases are the remaining one's."""
    for envelope in envelopes:
        fact: ShoppersMerged = envelope.fact
        await db_lists.move_shopper(tx, merchant_id, fact.former_id, fact.shopper_id)


async def run_due(rt: Runtime) -> int:
    """The job: what is due because nobody acted in time; returns how many cases were looked at.

    A case that cannot go on by itself (no goods for an exchange) is put off and waits for a person.
    """
    async with rt.db.session() as tx:
        due = await db_lists.list_due(tx, BATCH)
    for merchant_id, case_id in due:
        try:
            async with rt.db.transaction() as tx:
                await steps.time_is_over(tx, await story.hold(tx, merchant_id, case_id))
        except Problem as problem:
            log.warning("a case could not go on by itself", case_id=str(case_id), code=problem.code)
            async with rt.db.transaction() as tx:
                held = await story.hold(tx, merchant_id, case_id)
                if held.case.due_at is not None and held.case.due_at <= tx.now:
                    await steps.put_off(tx, held, _PUT_OFF_HOURS, problem.text("zh"))
    return len(due)


HANDLERS = (
    Handler(name="aftersale.tell_shoppers", facts=(AftersaleMoved,), run=tell_shoppers),
    Handler(name="aftersale.tell_of_refused_payments", facts=(PaymentRefused,), run=tell_of_refused_payments),
    Handler(name="aftersale.finish", facts=(RefundSettled,), run=finish),
    Handler(name="aftersale.move_cases", facts=(ShoppersMerged,), run=move_cases),
)

JOBS = (Periodic(name="aftersale.run_due", every_seconds=10, run=run_due),)
