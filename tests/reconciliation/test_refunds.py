"""Refunds over midnight (accepted one day, closed or booked on another) and of frozen money: nothing is left over."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import httpx

from bihuan import payments
from bihuan.kernel.ids import new_id
from bihuan.payments import clients, refunds
from bihuan.reconciliation import rules
from tests.payments.desk import Till, eventually
from tests.payments.test_accounts import sign_in
from tests.reconciliation.desk import Calendar, day_of, differences, match, pay, refund_until


async def _refund(till: Till, order_id: str, amount_fen: int) -> None:
    async with till.rt.db.transaction() as tx:
        await payments.refund(
            tx, till.merchant_id, purpose="order", reference_id=UUID(order_id), amount_fen=amount_fen, cause="test",
            cause_id=new_id(), reason="少件",
        )  # fmt: skip


async def _abnormal_refund(till: Till, http: httpx.AsyncClient) -> Callable[[str], Awaitable[object]]:
    """Of 25.00 of a payment of 100.00, which could not be credited; what decides its outcome at WeChat."""
    order = await pay(till, http, await till.shop.add_sku(price_fen=10_000), 10_000)
    money = f"/merchants/{till.merchant['mchid']}/money"
    await till.sandbox.call("PUT", money, {"refund_outcome": "ABNORMAL"})
    await _refund(till, order, 2_500)
    await refund_until(till, "abnormal")
    (row,) = await till.rows("select wechat_refund_id from payment_refunds where merchant_id = $1")
    await till.sandbox.call("PUT", money, {"refund_outcome": ""})

    async def decide(outcome: str) -> object:
        return await till.sandbox.call("POST", f"/refunds/{row['wechat_refund_id']}/outcome", {"outcome": outcome})

    return decide


async def _is_closed(till: Till) -> bool:
    await till.rows("update payment_refunds set due_at = now() - interval '1 hour' where merchant_id = $1")
    await refunds.run_due(till.rt)
    return bool(await till.rows("select from payment_refunds where merchant_id = $1 and state = 'closed'"))


async def test_a_refund_closed_on_a_later_day_comes_back_and_its_fee_is_due_again(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    day = await calendar.next_noon()
    decide = await _abnormal_refund(till, http)

    await calendar.morning_after(day)
    await match(till, day)
    finance = await sign_in(till, http, "finance")
    told = (await day_of(till, http, finance, day))["day"]
    assert (told["refunded_fen"], told["fees_fen"], told["in_transit_fen"]) == (2_500, 60 - 15, 2_500)
    assert told["unexplained_fen"] == 0
    assert (await till.balances())["payment_fees"] == 60 - 15

    later = calendar.today
    await decide("CLOSED")
    await eventually(lambda: _is_closed(till))
    await till.refund_all()  # a closed one is asked for again under another number, and done
    await calendar.morning_after(later)
    await match(till, later)
    finance = await sign_in(till, http, "finance")
    told = (await day_of(till, http, finance, later))["day"]
    assert (told["payments"], told["refunds"], told["refunded_fen"]) == (0, 1, 2_500), told
    assert (told["in_transit_fen"], told["fees_fen"], told["unexplained_fen"]) == (-2_500, 0, 0), told
    assert told["closing_fen"] == told["book_closing_fen"] == 10_000 - 60 - 2_500 + 15
    assert (await till.balances())["payment_fees"] == 60 - 15
    kept = await till.rows(
        "select kind, fee_fen, record_id from reconciliation_items where merchant_id = $1 and day <> $2 order by kind",
        day,
    )
    assert [(item["kind"], item["fee_fen"]) for item in kept] == [("refund", -15), ("refund_closed", 15)]
    assert kept[0]["record_id"]
    assert kept[1]["record_id"]
    assert kept[0]["record_id"] != kept[1]["record_id"]
    assert await differences(http, finance) == []
    await till.verify()


async def test_a_closed_refund_that_is_recorded_as_done_differs_in_its_state(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    day = await calendar.next_noon()
    decide = await _abnormal_refund(till, http)
    await calendar.morning_after(day)
    await match(till, day)
    later = calendar.today
    till.door.deaf = True
    await decide("CLOSED")
    await till.rows(
        """update payment_refunds set state = 'success', succeeded_at = now() - interval '10 days'
           where merchant_id = $1"""
    )
    await calendar.morning_after(later)
    await match(till, later)
    finance = await sign_in(till, http, "finance")
    found = await differences(http, finance, day=str(later))
    assert [
        (one["kind"], one["subject"], one["there_state"], one["action"]) for one in found if one["kind"] == "state"
    ] == [("state", "refund", "CLOSED", "sync")]


async def test_a_refund_recorded_before_midnight_and_booked_after_it_leaves_no_rest(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    """The clocks of both sides met at midnight: the record is of one day, the book and the bill are of the next."""
    day = await calendar.next_noon()
    order = await pay(till, http, await till.shop.add_sku(price_fen=10_000), 10_000)
    await calendar.go_to(day + timedelta(days=1), 0, 1)
    await _refund(till, order, 2_500)
    await refund_until(till, "success")
    await till.rows(
        "update payment_refunds set succeeded_at = $2 where merchant_id = $1",
        rules.end_of(day) - timedelta(seconds=1),
    )
    await calendar.go_to(day + timedelta(days=1), 11)
    await match(till, day)
    finance = await sign_in(till, http, "finance")
    told = (await day_of(till, http, finance, day))["day"]
    assert (told["refunds"], told["here_refunds"], told["unexplained_fen"]) == (0, 1, 0), told
    (waits,) = await differences(http, finance)
    assert (waits["kind"], waits["subject"], waits["state"]) == ("missing_there", "refund", "waiting")

    await calendar.morning_after(day + timedelta(days=1))
    await match(till, day + timedelta(days=1))
    finance = await sign_in(till, http, "finance")
    told = (await day_of(till, http, finance, day + timedelta(days=1)))["day"]
    assert (told["refunds"], told["unexplained_fen"]) == (1, 0), told
    assert [(one["state"], one["rule"]) for one in await differences(http, finance)] == [("resolved", "next_bill")]


async def test_a_refund_booked_a_day_after_it_was_recorded_is_in_transit_until_then(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    """WeChat's time of success was of the next day already, when ours had not come to it."""
    day = await calendar.next_noon()
    decide = await _abnormal_refund(till, http)
    await calendar.go_to(day + timedelta(days=1), 9)
    await decide("SUCCESS")
    await refund_until(till, "success")
    await till.rows(
        "update payment_refunds set succeeded_at = $2 where merchant_id = $1",
        rules.end_of(day) - timedelta(hours=4),
    )
    for at, transit in ((day, 2_500), (day + timedelta(days=1), -2_500)):
        await calendar.morning_after(at)
        await match(till, at)
        finance = await sign_in(till, http, "finance")
        told = (await day_of(till, http, finance, at))["day"]
        assert (told["in_transit_fen"], told["unexplained_fen"]) == (transit, 0), told
    assert await differences(http, finance) == []


async def test_a_refund_of_money_that_is_frozen_leaves_no_rest(
    till: Till, http: httpx.AsyncClient, calendar: Calendar
) -> None:
    """It never was in the account, so the fund bill does not tell of it; one larger than that tells of its part."""
    day = await calendar.next_noon()
    sku = await till.shop.add_sku(price_fen=10_000)
    await pay(till, http, sku, 10_000)
    await till.rows("update payment_accounts set profit_sharing = true where merchant_id = $1")
    clients.forget(till.merchant_id)
    order = await pay(till, http, sku, 10_000)
    await _refund(till, order, 4_000)
    await till.refund_all()
    await calendar.morning_after(day)
    await match(till, day)
    finance = await sign_in(till, http, "finance")
    told = (await day_of(till, http, finance, day))["day"]
    assert (told["paid_fen"], told["refunded_fen"], told["fees_fen"]) == (20_000, 4_000, 120 - 24)
    assert (told["frozen_fen"], told["unexplained_fen"]) == (10_000 - 60 - 4_000 + 24, 0), told
    assert told["closing_fen"] == 10_000 - 60
