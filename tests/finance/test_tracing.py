"""From each posting of a business to what it comes from: no source is left at its bare id."""

from typing import Any
from uuid import UUID

import httpx

from bihuan import ledger, merchants
from bihuan.kernel import verification
from bihuan.kernel.ids import new_id
from bihuan.kernel.runtime import Runtime
from bihuan.ledger import Entry, Transaction
from bihuan.settlement import closing, db_plans, plans
from bihuan.settlement.db_plans import Plan
from bihuan.settlement.db_statements import Payout
from bihuan.till import CHECKS
from tests.business import Business, open_business

FINANCE = "/api/merchant/finance/transactions"


async def _origins(business: Business, client: httpx.AsyncClient, source: str) -> list[list[dict[str, Any]]]:
    """The origins of all postings of a source."""
    listed = await business.send(client, "GET", f"/api/merchant/ledger/transactions?source={source}&limit=100")
    assert listed.status_code == 200, listed.text
    found: list[list[dict[str, Any]]] = []
    for row in listed.json()["items"]:
        answer = await business.send(client, "GET", f"{FINANCE}/{row['transaction_id']}")
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["origins"])
    assert found, source
    return found


async def _settle(rt: Runtime, business: Business) -> str:
    """A plan's bill, a statement cut, a payout of it; returns the statement's number."""
    staff_id = UUID(business.clerk)
    async with rt.db.transaction() as tx:
        platform = await merchants.ensure_platform(tx)
        await db_plans.set_plan(tx, platform.merchant_id, Plan("tracing", "追溯版", 3000, [], "offered"))
        await plans.subscribe(tx, business.merchant_id, "tracing")
        month = tx.now.date().replace(day=1)
        await tx.execute("update plan_subscriptions set started_on = $2 where merchant_id = $1",
                         business.merchant_id, month)  # fmt: skip
        await plans.bill(tx, business.merchant_id, month)
    async with rt.db.transaction() as tx:
        closed = await closing.cut(tx, business.merchant_id, UUID(business.statement))
    async with rt.db.transaction() as tx:
        paid = Payout(payout_id=new_id(), statement_id=closed.statement_id, amount_fen=closed.due_fen, note="",
                      reference=f"B{new_id().hex}", paid_on=tx.now.date(), staff_id=staff_id,
                      created_at=tx.now)  # fmt: skip
        await closing.pay(tx, business.merchant_id, closed.statement_id, paid)
    return closed.statement_no


async def test_every_posting_of_a_business_leads_to_its_source(rt: Runtime, client: httpx.AsyncClient) -> None:
    business = await open_business(rt, client)
    number = await _settle(rt, business)
    for source, kinds in {
        "order": ["order"],
        "wallet_topup": ["wallet_topup"],
        "settlement_adjustment": ["adjustment"],
        "plan_invoice": ["plan_invoice"],
        "statement": ["statement"],
        "payout": ["payout", "statement"],
        "till_float": ["till_shift"],
    }.items():
        for origins in await _origins(business, client, source):
            assert [one["kind"] for one in origins] == kinds, (source, origins)
            assert all(one["label"] for one in origins), (source, origins)
            assert all(one["merchant_id"] is None for one in origins), "of one's own"
    for origins in await _origins(business, client, "receipt"):
        assert origins[0]["kind"] == "receipt"
        assert origins[-1]["kind"] in ("order", "wallet_topup")
        assert origins[-1]["label"]
    ((adjusted,),) = await _origins(business, client, "settlement_adjustment")
    assert adjusted["label"] == business.adjusted_for
    ((_, statement),) = await _origins(business, client, "payout")
    assert (statement["id"], statement["label"]) == (business.statement, number)


async def test_each_posting_of_a_till_leads_to_its_shift(rt: Runtime, client: httpx.AsyncClient) -> None:
    business = await open_business(rt, client)
    shift = f"/api/merchant/till/shifts/{business.till.shift}"
    for path, body in (
        ("movements", {"kind": "pay_in", "amount_fen": 300, "reason": "换零"}),
        ("movements", {"kind": "pay_out", "amount_fen": 200, "reason": "缴款"}),
        ("movements", {"kind": "expense", "amount_fen": 100, "reason": "买水"}),
        ("close", {"counted_fen": 4999}),
        ("banking", {"amount_fen": 4000}),
        ("banking", {"amount_fen": 999}),
    ):
        answer = await business.send(client, "POST", f"{shift}/{path}", body)
        assert answer.status_code == 200, answer.text
    sources = {"till_float": 1, "till_pay_in": 1, "till_pay_out": 1, "till_expense": 1, "till_difference": 1}
    for source, postings in {**sources, "till_banking": 2}.items():
        found = await _origins(business, client, source)
        assert [[(one["kind"], one["id"]) for one in origins] for origins in found] == [
            [("till_shift", business.till.shift)]
        ] * postings, source
        assert all(one["label"] for origins in found for one in origins)
    async with rt.db.session() as tx:
        findings = await verification.run(tx, [one for one in CHECKS if one.name == "till.bankings_were_posted"])
    assert [finding.holds for finding in findings] == [True]


async def test_refunds_lead_to_their_case_and_order(rt: Runtime, client: httpx.AsyncClient) -> None:
    business = await open_business(rt, client)
    for origins in await _origins(business, client, "refund_decision"):
        assert [one["kind"] for one in origins] == ["refund_decision", "aftersale", "order"], origins
        decided = await _decisions(rt, business)
        assert (origins[1]["id"], origins[2]["id"]) == decided[origins[0]["id"]]


async def _decisions(rt: Runtime, business: Business) -> dict[str, tuple[str, str]]:
    """Decisions of refunds: the case that asked for each, and its order."""
    async with rt.db.session() as tx:
        rows = await tx.fetch("select * from payment_refund_decisions where merchant_id = $1", business.merchant_id)
    return {str(row["decision_id"]): (str(row["cause_id"]), str(row["reference_id"])) for row in rows}


async def test_the_platforms_book_names_the_merchant(
    rt: Runtime, client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    business = await open_business(rt, client)
    await _settle(rt, business)
    listed = await client.get("/api/merchant/ledger/transactions?source=settlement_adjustment&limit=100",
                              headers=operator)  # fmt: skip
    (row,) = [one for one in listed.json()["items"] if business.adjusted_for in one["memo"]]
    (origin,) = (await client.get(f"{FINANCE}/{row['transaction_id']}", headers=operator)).json()["origins"]
    assert (origin["kind"], origin["merchant_id"]) == ("adjustment", str(business.merchant_id))
    assert origin["label"] == f"{business.shop.merchant.name} {business.adjusted_for}"


async def test_bills_and_differences_lead_to_their_day(rt: Runtime, client: httpx.AsyncClient) -> None:
    business = await open_business(rt, client)
    async with rt.db.transaction() as tx:
        (found,) = await tx.fetch(
            "select mchid, day, number from reconciliation_differences where merchant_id = $1", business.merchant_id
        )
        mchid, day = found["mchid"], found["day"]
        moved = new_id()
        at = tx.now.replace(year=day.year, month=day.month, day=day.day, hour=4)
        await tx.execute(
            """insert into reconciliation_moves (merchant_id, move_id, mchid, day, at, kind, business_name,
                 business_type, number, amount_fen, note)
               values ($1, $2, $3, $4, $5, 'withdrawal', '提现', '提现', 'W1', -5, '')""",
            business.merchant_id, moved, mchid, day, at,
        )  # fmt: skip
        pair = [Entry("payment_fees", 6), Entry("wechat_clearing", -6)]
        out = [Entry("bank", 5), Entry("wechat_clearing", -5)]
        posted = [
            Transaction("payment_fees", new_id(), f"微信支付手续费 {day}（{mchid}）", pair, at),
            Transaction("bank_transfer", moved, "提现", out, at),
            Transaction("reconciliation", UUID(business.difference), "对账差异", out, at),
        ]
        await ledger.post(tx, business.merchant_id, posted)
    (fees,) = await _origins(business, client, "payment_fees")
    (move,) = await _origins(business, client, "bank_transfer")
    (difference,) = await _origins(business, client, "reconciliation")
    assert [one["kind"] for one in fees] == ["bill_day"]
    assert [(one["kind"], one["label"]) for one in move] == [("bank_transfer", "W1"), ("bill_day", str(day))]
    nearest = difference[0]
    assert (nearest["kind"], nearest["id"]) == ("difference", business.difference)
    assert nearest["label"] == found["number"]
    for origins in (fees, move, difference):
        assert (origins[-1]["day"], origins[-1]["mchid"]) == (str(day), mchid)
