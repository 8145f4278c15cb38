"""The operators' rooms of settlement: commission rules, plans, terms, and what waits for a person."""

from itertools import pairwise
from typing import Annotated
from uuid import UUID

from litestar import get, post, put
from litestar.params import FromPath, JSONBody, Parameter

from bihuan import merchants
from bihuan.kernel.db import Tx
from bihuan.kernel.errors import NotFound
from bihuan.kernel.http import IdempotencyKey, access
from bihuan.kernel.idempotency import run_once
from bihuan.kernel.ids import LineId, MerchantId, OrderId, new_id
from bihuan.kernel.money import MAX_FEN
from bihuan.kernel.paging import Page
from bihuan.kernel.runtime import Runtime
from bihuan.payments.sharing import platform_mchid
from bihuan.settlement import db_commission, db_plans, db_returns, db_sharing, plans, returning, rules, sharing
from bihuan.settlement.db_plans import Invoice, Plan, Subscription, Terms
from bihuan.settlement.errors import RuleNotAcceptable
from bihuan.settlement.rules import Charged, Rule
from bihuan.settlement.schemas import (
    OnPlan,
    PlanIn,
    Receiver,
    ReceiverIn,
    ReturnView,
    RuleIn,
    RulePreview,
    SubscribeIn,
    TermsIn,
    Trouble,
    TroubledReturn,
    TroubledSharing,
)
from bihuan.staff import StaffSession

READ = access("operator:platform.read")
WRITE = access("operator:platform.write")
BASE = "/api/platform/settlement"
Fen = Annotated[int, Parameter(ge=0, le=MAX_FEN)]


@get(f"{BASE}/rules", opt=READ)
async def list_rules(rt: Runtime, staff: StaffSession) -> Page[Rule]:
    """The commission rules in the order in which they are tried; ended ones too."""
    async with rt.db.session() as tx:
        return Page(rules.in_order(await db_commission.list_rules(tx, staff.merchant_id)))


@post(f"{BASE}/rules", opt=WRITE)
async def add_rule(
    rt: Runtime, staff: StaffSession, data: JSONBody[RuleIn], idempotency_key: IdempotencyKey = None
) -> Rule:
    """Adds a rule for what is paid from now on (422 `rule_not_acceptable`)."""

    async def work() -> Rule:
        rule = data.as_rule(new_id(), tx.now)
        await _check(tx, rule)
        await db_commission.insert_rule(tx, staff.merchant_id, rule)
        return rule

    async with rt.db.transaction() as tx:
        actor = f"staff:{staff.staff_id}"
        return await run_once(tx, staff.merchant_id, actor, idempotency_key, "settlement.add_rule", data, Rule, work)


async def _check(tx: Tx, rule: Rule) -> None:
    steps = [tier.from_fen for tier in rule.tiers]
    if any(later <= earlier for earlier, later in pairwise(steps)):
        raise RuleNotAcceptable(field="tiers")
    if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        raise RuleNotAcceptable(field="valid_until")
    if rule.for_merchant_id is not None:
        try:
            await merchants.get(tx, rule.for_merchant_id)
        except NotFound:
            raise RuleNotAcceptable(field="for_merchant_id") from None


@post(f"{BASE}/rules/{{rule_id:uuid}}/end", opt=WRITE)
async def end_rule(rt: Runtime, staff: StaffSession, rule_id: FromPath[UUID]) -> Rule:
    """The rule charges nothing from now on; what it charged stays."""
    async with rt.db.transaction() as tx:
        ended = await db_commission.end_rule(tx, staff.merchant_id, rule_id)
    if ended is None:
        raise NotFound
    return ended


@get(f"{BASE}/rules/preview", opt=READ)
async def preview_rule(
    rt: Runtime,
    staff: StaffSession,
    merchant_id: UUID,
    base_fen: Fen,
    category: Annotated[str | None, Parameter(max_length=60)] = None,
    turnover_fen: Fen = 0,
) -> RulePreview:
    """What a line of this base would be charged now, and by which rule."""
    async with rt.db.session() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        known = await db_commission.list_rules(tx, staff.merchant_id, MerchantId(merchant_id))
        plan = await db_plans.find_subscription(tx, MerchantId(merchant_id))
        line = Charged(LineId(new_id()), "", base_fen, frozenset({category} if category else ()))
        plan_code = plan.plan_code if plan else None
        (result,) = rules.charge([line], known, tx.now, MerchantId(merchant_id), plan_code, turnover_fen)
    rule = next((one for one in known if one.rule_id == result.rule_id), None)
    return RulePreview(rule, result.percent_bp, result.amount_fen)


@get(f"{BASE}/plans", opt=READ)
async def list_plans(rt: Runtime, staff: StaffSession) -> Page[Plan]:
    """The tool plans, retired ones too."""
    async with rt.db.session() as tx:
        return Page(await db_plans.list_plans(tx, staff.merchant_id))


@put(f"{BASE}/plans/{{plan_code:str}}", opt=WRITE)
async def put_plan(rt: Runtime, staff: StaffSession, plan_code: FromPath[str], data: JSONBody[PlanIn]) -> Plan:
    """Writes a plan. Its code: a to z, 0 to 9, - and _, at most 32."""
    if not plan_code.replace("-", "").replace("_", "").isalnum() or not plan_code[0].islower() or len(plan_code) > 32:
        raise RuleNotAcceptable(field="plan_code")
    plan = Plan(plan_code.lower(), data.name.strip(), data.price_fen, data.includes, data.state)
    if plan.plan_code != plan_code or not plan_code.isascii():
        raise RuleNotAcceptable(field="plan_code")
    async with rt.db.transaction() as tx:
        await db_plans.set_plan(tx, staff.merchant_id, plan)
    return plan


@get(f"{BASE}/subscriptions", opt=READ)
async def list_subscriptions(rt: Runtime) -> Page[OnPlan]:
    """Who is on which plan."""
    async with rt.db.session() as tx:
        rows = await db_plans.list_on_plans(tx, 500)
        names = await names_of(tx)
    return Page([OnPlan(merchant_id=m, merchant_name=names.get(m, ""), subscription=s) for m, s in rows])


@put(f"{BASE}/merchants/{{merchant_id:uuid}}/plan", opt=WRITE)
async def put_subscription(
    rt: Runtime, merchant_id: FromPath[UUID], data: JSONBody[SubscribeIn]
) -> Subscription | None:
    """Puts a merchant on a plan from today on; the month is billed by the days on each."""
    async with rt.db.transaction() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        return await plans.subscribe(tx, MerchantId(merchant_id), data.plan_code)


@get(f"{BASE}/merchants/{{merchant_id:uuid}}/invoices", opt=READ)
async def list_invoices(rt: Runtime, merchant_id: FromPath[UUID]) -> Page[Invoice]:
    """A merchant's last two years of bills."""
    async with rt.db.session() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        return Page(await db_plans.list_invoices(tx, MerchantId(merchant_id), None, 24))


@get(f"{BASE}/merchants/{{merchant_id:uuid}}/terms", opt=READ)
async def show_terms(rt: Runtime, merchant_id: FromPath[UUID]) -> Terms:
    """How a merchant settles."""
    async with rt.db.session() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        return await db_plans.find_terms(tx, MerchantId(merchant_id))


@put(f"{BASE}/merchants/{{merchant_id:uuid}}/terms", opt=WRITE)
async def put_terms(rt: Runtime, merchant_id: FromPath[UUID], data: JSONBody[TermsIn]) -> Terms:
    """Writes how a merchant settles, from the next period on; what waits to be shared keeps its time."""
    async with rt.db.transaction() as tx:
        await merchants.get(tx, MerchantId(merchant_id))
        before = await db_plans.find_terms(tx, MerchantId(merchant_id))
        terms = Terms(data.share_at, data.cycle, data.delay_days, before.receiver_name)
        await db_plans.set_terms(tx, MerchantId(merchant_id), terms)
    return terms


@get(f"{BASE}/receiver", opt=READ)
async def show_receiver(rt: Runtime, staff: StaffSession) -> Receiver:
    """Who receives commissions through WeChat."""
    async with rt.db.session() as tx:
        terms = await db_plans.find_terms(tx, staff.merchant_id)
    return Receiver(await platform_mchid(rt), terms.receiver_name)


@put(f"{BASE}/receiver", opt=WRITE)
async def put_receiver(rt: Runtime, staff: StaffSession, data: JSONBody[ReceiverIn]) -> Receiver:
    """Writes the platform's registered name; WeChat compares it when the platform becomes a receiver."""
    async with rt.db.transaction() as tx:
        before = await db_plans.find_terms(tx, staff.merchant_id)
        terms = Terms(before.share_at, before.cycle, before.delay_days, data.receiver_name.strip())
        await db_plans.set_terms(tx, staff.merchant_id, terms)
    return Receiver(await platform_mchid(rt), terms.receiver_name)


@get(f"{BASE}/trouble", opt=READ)
async def show_trouble(rt: Runtime) -> Trouble:
    """What waits for a person: failed sharings and those that end soon, failed returns that hold up refunds."""
    async with rt.db.session() as tx:
        names = await names_of(tx)
        shared = await db_sharing.list_troubled(tx, 100)
        back = await db_returns.list_failed_returns(tx, 100)
    return Trouble(
        sharings=[
            TroubledSharing(merchant_id=row.merchant_id, merchant_name=names.get(row.merchant_id, ""), sharing=row)
            for row in shared
        ],
        returns=[
            TroubledReturn(
                merchant_id=row.merchant_id,
                merchant_name=names.get(row.merchant_id, ""),
                order_id=row.order_id,
                back=ReturnView.of(row),
            )
            for row in back
        ],
    )


@post(f"{BASE}/merchants/{{merchant_id:uuid}}/sharings/{{order_id:uuid}}/retry", opt=WRITE, status_code=204)
async def retry_sharing(rt: Runtime, merchant_id: FromPath[UUID], order_id: FromPath[UUID]) -> None:
    """Takes a failed sharing up again, with a new number and the receiver told anew."""
    async with rt.db.transaction() as tx:
        await sharing.retry(tx, MerchantId(merchant_id), OrderId(order_id))


@post(f"{BASE}/merchants/{{merchant_id:uuid}}/sharings/{{order_id:uuid}}/give-up", opt=WRITE, status_code=204)
async def give_up_sharing(rt: Runtime, merchant_id: FromPath[UUID], order_id: FromPath[UUID]) -> None:
    """Unfreezes the money of a failed sharing; the statement settles the commission."""
    async with rt.db.transaction() as tx:
        await sharing.give_up(tx, MerchantId(merchant_id), OrderId(order_id))


@post(f"{BASE}/merchants/{{merchant_id:uuid}}/returns/{{return_id:uuid}}/waive", opt=WRITE, status_code=204)
async def waive_return(rt: Runtime, merchant_id: FromPath[UUID], return_id: FromPath[UUID]) -> None:
    """Lets a refund go on without a return that failed; the statement settles what the platform kept."""
    async with rt.db.transaction() as tx:
        await returning.waive(tx, MerchantId(merchant_id), return_id)


async def names_of(tx: Tx) -> dict[MerchantId, str]:
    """The merchants' names."""
    found = await merchants.list_merchants(tx, None, 10_000, selling_only=False)
    return {merchant.merchant_id: merchant.name for merchant in found}


ROUTES = (
    list_rules,
    add_rule,
    end_rule,
    preview_rule,
    list_plans,
    put_plan,
    list_subscriptions,
    put_subscription,
    list_invoices,
    show_terms,
    put_terms,
    show_receiver,
    put_receiver,
    show_trouble,
    retry_sharing,
    give_up_sharing,
    waive_return,
)
