"""Tool plans: who is on which, and each month's bill, by the day."""

from datetime import date, timedelta

import structlog

from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId, new_id
from bihuan.kernel.runtime import Runtime
from bihuan.settlement import books, db_plans, rules
from bihuan.settlement.db_plans import Invoice, InvoiceRow, Subscription
from bihuan.settlement.errors import PlanUnknown

log = structlog.get_logger(__name__)

PER_RUN = 200
YEARS_BACK = 1
"""A month that passed so long ago without a bill, since no worker ran, is not billed by itself any more."""


async def subscribe(tx: Tx, merchant_id: MerchantId, plan_code: str | None) -> Subscription | None:
    """Puts a merchant on a plan from today on (None: on none); the plan until now ends with yesterday.

    The price is frozen; the months are billed by the days on each plan. Raises PlanUnknown.
    """
    today = tx.now.astimezone(rules.CHINA).date()
    platform = await books.platform_of(tx)
    plan = await db_plans.find_plan(tx, platform.merchant_id, plan_code) if platform and plan_code else None
    if plan_code is not None and (plan is None or plan.state != "offered"):
        raise PlanUnknown
    current = await db_plans.find_subscription(tx, merchant_id, lock=True)
    if current is not None:
        if plan is not None and (current.plan_code, current.price_fen) == (plan.plan_code, plan.price_fen):
            return current
        await db_plans.end_subscription(tx, merchant_id, current.subscription_id, today)
    if plan is None:
        return None
    new = Subscription(new_id(), plan.plan_code, plan.name, plan.price_fen, plan.includes, today, None)
    await db_plans.insert_subscription(tx, merchant_id, new)
    return new


async def bill_due(rt: Runtime) -> int:
    """The job: bills the months that are over; returns how many bills. One that is there is not made again."""
    month = rules.month_of(rt.clock.now())
    since = month.replace(year=month.year - YEARS_BACK)
    async with rt.db.session() as tx:
        due = await db_plans.list_to_bill(tx, since, month, PER_RUN)
    for merchant_id, over in due:
        async with rt.db.transaction() as tx:
            await bill(tx, merchant_id, over)
    return len(due)


async def bill(tx: Tx, merchant_id: MerchantId, month: date) -> Invoice | None:
    """Bills a merchant's month, and posts it; None when nothing is to be billed, or it was."""
    after = rules.next_month(month)
    stretches = await db_plans.list_subscriptions(tx, merchant_id, month, after)
    platform = await books.platform_of(tx)
    if not stretches or platform is None:
        return None
    rows = invoice_rows(stretches, month)
    invoice = Invoice(new_id(), month, rows, sum(row.amount_fen for row in rows), tx.now)
    if not await db_plans.insert_invoice(tx, merchant_id, invoice):
        return None
    if invoice.amount_fen:
        pair = books.plan_invoice(invoice.invoice_id, f"{month:%Y-%m}", invoice.amount_fen)
        await books.post(tx, merchant_id, platform.merchant_id, [pair])
    log.info("plan billed", merchant_id=str(merchant_id), month=f"{month:%Y-%m}", amount_fen=invoice.amount_fen)
    return invoice


def invoice_rows(stretches: list[Subscription], month: date) -> list[InvoiceRow]:
    """The rows of a month's bill. A plan that was left and taken up again costs what it costs in one piece."""
    after = rules.next_month(month)
    days = [
        ((max(s.started_on, month) - month).days, (min(s.ended_on or after, after) - month).days) for s in stretches
    ]
    amounts: list[int] = [0] * len(stretches)
    for key in {(s.plan_code, s.price_fen) for s in stretches}:
        places = [i for i, s in enumerate(stretches) if (s.plan_code, s.price_fen) == key]
        for place, amount in zip(places, rules.prorated(key[1], month, [days[place] for place in places]), strict=True):
            amounts[place] = amount
    return [
        InvoiceRow(
            s.plan_code,
            s.plan_name,
            s.price_fen,
            month + timedelta(days=first),
            month + timedelta(days=end),
            end - first,
            amount,
        )
        for s, (first, end), amount in zip(stretches, days, amounts, strict=True)
    ]
