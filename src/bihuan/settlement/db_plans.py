"""SQL of tool plans, subscriptions, invoices, and of the terms of settlement."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec

from bihuan.kernel import db
from bihuan.kernel.db import Tx
from bihuan.kernel.ids import MerchantId
from bihuan.settlement.rules import Cycle


class Terms(msgspec.Struct, frozen=True):
    """When a merchant's commissions are shared, and when its periods end and close (T+`delay_days`)."""

    share_at: Literal["paid", "completed"] = "completed"
    cycle: Cycle = "month"
    delay_days: int = 1
    receiver_name: str = ""


class Plan(msgspec.Struct, frozen=True):
    """A tool plan; `price_fen` is a month's."""

    plan_code: str
    name: str
    price_fen: int
    includes: list[str]
    state: Literal["offered", "retired"]


class Subscription(msgspec.Struct, frozen=True):
    """A plan that a merchant is or was on, at the price of then. `ended_on` is the first day without it."""

    subscription_id: UUID
    plan_code: str
    plan_name: str
    price_fen: int
    includes: list[str]
    started_on: date
    ended_on: date | None


class InvoiceRow(msgspec.Struct, frozen=True, rename={"first": "from", "after": "to"}):
    """A stretch of a month on one plan; `to` is the day after it."""

    plan_code: str
    plan_name: str
    price_fen: int
    first: date
    after: date
    days: int
    amount_fen: int


class Invoice(msgspec.Struct, frozen=True):
    """A month's bill."""

    invoice_id: UUID
    month: date
    rows: list[InvoiceRow]
    amount_fen: int
    issued_at: datetime


async def find_terms(tx: Tx, merchant_id: MerchantId) -> Terms:
    """A merchant's terms, or the defaults."""
    row = await tx.fetchrow(
        "select share_at, cycle, delay_days, receiver_name from settlement_terms where merchant_id = $1", merchant_id
    )
    return db.one_or_none(Terms, row) or Terms()


async def set_terms(tx: Tx, merchant_id: MerchantId, terms: Terms) -> None:
    """Writes a merchant's terms."""
    await tx.execute(
        """insert into settlement_terms (merchant_id, share_at, cycle, delay_days, receiver_name, updated_at)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (merchant_id) do update set share_at = excluded.share_at, cycle = excluded.cycle,
             delay_days = excluded.delay_days, receiver_name = excluded.receiver_name,
             updated_at = excluded.updated_at""",
        merchant_id,
        terms.share_at,
        terms.cycle,
        terms.delay_days,
        terms.receiver_name,
        tx.now,
    )


async def list_plans(tx: Tx, platform_id: MerchantId) -> list[Plan]:
    """Every plan, the cheapest first."""
    rows = await tx.fetch(
        """select plan_code, name, price_fen, includes, state from tool_plans
           where merchant_id = $1 order by price_fen, plan_code limit 200""",
        platform_id,
    )
    return db.many(Plan, rows)


async def find_plan(tx: Tx, platform_id: MerchantId, plan_code: str) -> Plan | None:
    """A plan by its code."""
    row = await tx.fetchrow(
        "select plan_code, name, price_fen, includes, state from tool_plans where merchant_id = $1 and plan_code = $2",
        platform_id,
        plan_code,
    )
    return db.one_or_none(Plan, row)


async def set_plan(tx: Tx, platform_id: MerchantId, plan: Plan) -> None:
    """Writes a plan; who is on it keeps the price of before."""
    await tx.execute(
        """insert into tool_plans (merchant_id, plan_code, name, price_fen, includes, state, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7)
           on conflict (merchant_id, plan_code) do update set name = excluded.name, price_fen = excluded.price_fen,
             includes = excluded.includes, state = excluded.state, updated_at = excluded.updated_at""",
        platform_id,
        plan.plan_code,
        plan.name,
        plan.price_fen,
        plan.includes,
        plan.state,
        tx.now,
    )


_SUBSCRIPTION = "subscription_id, plan_code, plan_name, price_fen, includes, started_on, ended_on"


async def find_subscription(tx: Tx, merchant_id: MerchantId, *, lock: bool = False) -> Subscription | None:
    """The plan that a merchant is on."""
    row = await tx.fetchrow(
        f"""select {_SUBSCRIPTION} from plan_subscriptions
            where merchant_id = $1 and ended_on is null{" for update" if lock else ""}""",  # noqa: S608
        merchant_id,
    )
    return db.one_or_none(Subscription, row)


async def list_subscriptions(tx: Tx, merchant_id: MerchantId, since: date, until: date) -> list[Subscription]:
    """The plans that a merchant was on for some of [since, until), in their order."""
    rows = await tx.fetch(
        f"""select {_SUBSCRIPTION} from plan_subscriptions
            where merchant_id = $1 and started_on < $3 and (ended_on is null or ended_on > $2)
              and (ended_on is null or ended_on > started_on)
            order by started_on, subscription_id limit 400""",  # noqa: S608 - names of columns
        merchant_id,
        since,
        until,
    )
    return db.many(Subscription, rows)


async def end_subscription(tx: Tx, merchant_id: MerchantId, subscription_id: UUID, on: date) -> None:
    """A plan ends; `on` is the first day without it."""
    await tx.execute(
        """update plan_subscriptions set ended_on = greatest($3, started_on)
           where merchant_id = $1 and subscription_id = $2 and ended_on is null""",
        merchant_id,
        subscription_id,
        on,
    )


async def insert_subscription(tx: Tx, merchant_id: MerchantId, one: Subscription) -> None:
    """A plan begins."""
    await tx.execute(
        f"""insert into plan_subscriptions (merchant_id, {_SUBSCRIPTION})
            values ($1, $2, $3, $4, $5, $6, $7, $8)""",  # noqa: S608 - names of columns
        merchant_id,
        one.subscription_id,
        one.plan_code,
        one.plan_name,
        one.price_fen,
        one.includes,
        one.started_on,
        one.ended_on,
    )


async def list_to_bill(tx: Tx, since: date, until: date, limit: int) -> list[tuple[MerchantId, date]]:
    """Months from `since` to before `until` (first days) in which a merchant was on a plan and that have no invoice.

    The oldest first: a month that passed while no worker ran is billed after it.
    """
    rows = await tx.fetch(
        """select distinct s.merchant_id, m.month::date as month
           from plan_subscriptions s
           cross join lateral generate_series(
             greatest(date_trunc('month', s.started_on::timestamp), $1::date::timestamp),
             (least(s.ended_on, $2::date) - 1)::timestamp, interval '1 month') as m (month)
           where (s.ended_on is null or s.ended_on > s.started_on)
             and not exists (
               select from plan_invoices i where i.merchant_id = s.merchant_id and i.month = m.month::date)
           order by month, s.merchant_id limit $3""",
        since,
        until,
        limit,
    )
    return [(MerchantId(row["merchant_id"]), row["month"]) for row in rows]


async def insert_invoice(tx: Tx, merchant_id: MerchantId, invoice: Invoice) -> bool:
    """Writes a month's bill; False when it is there."""
    return bool(
        await tx.fetchval(
            """insert into plan_invoices (merchant_id, invoice_id, month, rows, amount_fen, issued_at)
               values ($1, $2, $3, $4, $5, $6) on conflict do nothing returning true""",
            merchant_id,
            invoice.invoice_id,
            invoice.month,
            msgspec.to_builtins(invoice.rows),
            invoice.amount_fen,
            invoice.issued_at,
        )
    )


async def list_invoices(tx: Tx, merchant_id: MerchantId, before: UUID | None, limit: int) -> list[Invoice]:
    """A merchant's bills, the newest first."""
    rows = await tx.fetch(
        """select invoice_id, month, rows, amount_fen, issued_at from plan_invoices
           where merchant_id = $1 and ($2::uuid is null or invoice_id < $2) order by invoice_id desc limit $3""",
        merchant_id,
        before,
        limit,
    )
    return db.many(Invoice, rows)


async def list_on_plans(tx: Tx, limit: int) -> Sequence[tuple[MerchantId, Subscription]]:
    """Who is on which plan."""
    rows = await tx.fetch(
        f"""select merchant_id, {_SUBSCRIPTION} from plan_subscriptions where ended_on is null
            order by started_on desc, merchant_id limit $1""",  # noqa: S608 - names of columns
        limit,
    )
    return [
        (MerchantId(row["merchant_id"]), Subscription(**{k: v for k, v in row.items() if k != "merchant_id"}))
        for row in rows
    ]
