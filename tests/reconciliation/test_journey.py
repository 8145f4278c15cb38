"""A day's money, reconciled the morning after: payments, a refund, a payment nobody told of, money to the bank."""

from uuid import UUID

import httpx

from bihuan import payments, wiring
from bihuan.kernel import verification
from bihuan.kernel.ids import new_id
from bihuan.payments import refunds
from bihuan.reconciliation import CHECKS, running
from tests.payments.desk import Till, eventually
from tests.payments.test_accounts import sign_in
from tests.reconciliation.desk import (
    ROOM,
    Calendar,
    day_of,
    differences,
    due_of,
    match,
    pay,
    refund_until,
    resolve,
    run,
)


async def test_a_day_from_the_till_to_the_bookkeeper(till: Till, http: httpx.AsyncClient, calendar: Calendar) -> None:
    day = await calendar.next_noon()
    sku = await till.shop.add_sku(price_fen=10_000)
    orders = [await pay(till, http, sku, 10_000) for _ in range(2)]
    async with till.rt.db.transaction() as tx:
        await payments.refund(
            tx,
            till.merchant_id,
            purpose="order",
            reference_id=UUID(orders[0]),
            amount_fen=2_500,
            cause="test",
            cause_id=new_id(),
            reason="少件",
        )
    await refund_until(till, "success")
    till.door.deaf = True  # nothing arrives
    unheard = await pay(till, http, sku, 10_000, heard=False)
    mchid = till.merchant["mchid"]
    await till.sandbox.call("POST", f"/merchants/{mchid}/withdraw", {"amount": 5_000})

    await calendar.morning_after(day)
    finance = await sign_in(till, http, "finance")
    assert await run(till) >= 1
    shown = await day_of(till, http, finance, day)
    told = shown["day"]
    assert (told["state"], told["payments"], told["paid_fen"]) == ("matched", 3, 30_000), told
    assert (told["refunds"], told["refunded_fen"], told["fees_fen"]) == (1, 2_500, 180 - 15)
    assert (told["here_payments"], told["here_paid_fen"], told["here_refunded_fen"]) == (2, 20_000, 2_500)
    assert (told["opening_fen"], told["closing_fen"]) == (0, 30_000 - 165 - 2_500 - 5_000)
    assert (told["book_closing_fen"], told["differing_fen"]) == (20_000 - 165 - 2_500 - 5_000, -10_000)
    assert told["unexplained_fen"] == 0
    assert [(bill["kind"], bill["rows"]) for bill in shown["bills"]] == [("trade", 4), ("funds", 8), ("sharing", 0)]
    assert [(move["kind"], move["amount_fen"]) for move in shown["moves"]] == [("withdrawal", -5_000)]
    balances = await till.balances()
    assert (balances["payment_fees"], balances["bank"]) == (165, 5_000)

    (found,) = await differences(http, finance, state="open")
    assert (found["kind"], found["subject"], found["action"]) == ("missing_here", "payment", "look_up")
    assert (found["there_fen"], found["reference_id"], found["book_fen"]) == (10_000, unheard, 10_000)
    answer = await resolve(http, finance, found, "look_up")
    assert answer.status_code == 200, answer.text
    settled = answer.json()
    assert (settled["state"], settled["resolution"], settled["rule"]) == ("resolved", "agrees", "recorded_since")
    assert (await till.attempts(unheard))[0].state == "paid"
    assert (await resolve(http, finance, found, "accept")).json()["code"] == "difference_resolved"

    query = {"first": str(day), "last": str(day)}
    sheet = (await http.get(f"{ROOM}/accounts", headers=finance, params=query)).json()
    (account,) = sheet["accounts"]
    assert (account["mchid"], account["active"], account["matched_days"], account["missing_days"]) == (
        mchid,
        True,
        1,
        0,
    )
    assert (account["paid_fen"], account["refunded_fen"], account["fees_fen"]) == (30_000, 2_500, 165)
    assert (account["opening_fen"], account["withdrawn_fen"], account["other_fen"]) == (0, 5_000, 0)
    assert (account["closing_fen"], account["closed_on"]) == (30_000 - 165 - 2_500 - 5_000, str(day))
    assert (sheet["clearing_fen"], sheet["bank_fen"]) == (30_000 - 165 - 2_500 - 5_000, 5_000)  # asked about since
    backward = {"first": str(calendar.today), "last": str(day)}
    assert (await http.get(f"{ROOM}/accounts", headers=finance, params=backward)).status_code == 400

    before = await till.balances()
    again = await http.post(f"{ROOM}/days", json={"day": str(day)}, headers=finance)
    assert (again.status_code, again.json()["code"]) == (409, "day_reconciled")
    await running.run_one(till.rt, due_of(till, day), wiring.SHARES)
    assert await till.balances() == before
    await _verify(till)


async def _verify(till: Till) -> None:
    await till.verify()
    async with till.rt.db.session() as tx:
        for finding in await verification.run(tx, CHECKS):
            own = [one for one in finding.offenders if one.startswith(str(till.merchant_id))]
            assert not own, (finding.name, own)


async def test_a_refund_that_was_closed_on_its_day_is_no_difference(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    """It went out and came back in the fund bill, and the trade bill does not tell of it; its new number is matched."""
    day = await calendar.next_noon()
    order = await pay(till, http, await till.shop.add_sku(price_fen=10_000), 10_000)
    money = f"/merchants/{till.merchant['mchid']}/money"
    await till.sandbox.call("PUT", money, {"refund_outcome": "CLOSED"})
    async with till.rt.db.transaction() as tx:
        await payments.refund(
            tx, till.merchant_id, purpose="order", reference_id=UUID(order), amount_fen=2_500, cause="test",
            cause_id=new_id(), reason="少件",
        )  # fmt: skip

    async def one_closed() -> bool:
        await till.rows("update payment_refunds set due_at = now() - interval '1 hour' where merchant_id = $1")
        await refunds.run_due(till.rt)
        return bool(await till.rows("select from payment_refunds where merchant_id = $1 and state = 'closed'"))

    await eventually(one_closed)
    await till.sandbox.call("PUT", money, {"refund_outcome": ""})
    await till.refund_all()
    await calendar.morning_after(day)
    await match(till, day)
    finance = await sign_in(till, http, "finance")
    told = (await day_of(till, http, finance, day))["day"]
    assert (told["state"], told["refunds"], told["unexplained_fen"]) == ("matched", 1, 0), told
    assert await differences(http, finance) == []
