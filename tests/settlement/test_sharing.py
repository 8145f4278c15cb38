"""Commissions shared through WeChat: pay, share, finish, refund with return, the end of the thirty days."""

from uuid import UUID

import pytest

from bihuan.kernel.ids import OrderId
from bihuan.settlement import sharing
from bihuan.settlement.errors import SharingEnded
from tests.settlement.desk import Desk


async def test_a_commission_is_shared_and_the_rest_unfrozen(desk: Desk) -> None:
    order_id, _ = await desk.sell(10_000)
    shown = await desk.settled(order_id)
    assert (shown["commission"]["base_fen"], shown["commission"]["amount_fen"]) == (10_000, 1000)
    assert [line["percent_bp"] for line in shown["lines"]] == [1000]
    assert shown["sharing"]["state"] == "waiting"
    before = await desk.balances()
    assert (before["platform_fee"], before["interbook_clearing"]) == (1000, -1000)

    await desk.pass_time(seconds=80)
    done = await desk.share(order_id, "done")

    assert done["sharing"]["shared_fen"] == 1000
    assert [(n["kind"], n["state"], n["amount_fen"]) for n in done["numbers"]] == [
        ("share", "success", 1000),
        ("unfreeze", "success", 0),
    ]
    after = await desk.balances()
    assert "interbook_clearing" not in after
    assert after["wechat_clearing"] == 9000
    await desk.holds()


async def test_refunds_take_their_part_back_from_the_platform_first(desk: Desk) -> None:
    order_id, _ = await desk.sell(10_000)
    await desk.pass_time(seconds=80)
    await desk.share(order_id, "done")
    await desk.refund(order_id, 3333)
    await desk.work()
    assert await desk.refunds() == ["applied"]  # it waits for the return
    await desk.refunded()
    shown = await desk.settled(order_id)
    assert shown["commission"]["returned_fen"] == 333
    assert [(back["state"], back["amount_fen"]) for back in shown["returns"]] == [("success", 333)]
    await desk.refund(order_id, 6667)
    await desk.refunded()
    shown = await desk.settled(order_id)
    assert (shown["commission"]["returned_fen"], shown["sharing"]["returned_fen"]) == (1000, 1000)
    after = await desk.balances()
    assert after.get("platform_fee", 0) == 0
    assert after.get("interbook_clearing", 0) == 0
    assert after.get("wechat_clearing", 0) == 0
    await desk.holds()


async def test_what_is_refunded_before_the_share_is_not_shared(desk: Desk) -> None:
    order_id, _ = await desk.sell(10_000)
    await desk.refund(order_id, 5000)
    await desk.refunded()
    await desk.pass_time(seconds=80)
    shown = await desk.share(order_id, "done")
    assert (shown["sharing"]["shared_fen"], shown["returns"]) == (500, [])
    whole, _ = await desk.sell(2000)
    await desk.refund(whole, 2000)
    await desk.refunded()
    await desk.pass_time(seconds=80)
    shown = await desk.share(whole, "done")
    assert shown["sharing"]["shared_fen"] == 0
    await desk.holds()


async def test_a_share_over_the_cap_is_not_asked_for(desk: Desk) -> None:
    await desk.charge(percent_bp=4000, priority=500)
    order_id, _ = await desk.sell(10_000)
    await desk.pass_time(seconds=80)
    before = await desk.balances()
    failed = await desk.share(order_id, "failed")
    assert failed["sharing"]["error"].startswith("over_cap")
    assert failed["numbers"] == []
    assert await desk.balances() == before
    trouble = await desk.operator.get("/trouble")
    assert order_id in [row["sharing"]["order_id"] for row in trouble["sharings"]]
    # given up, the money is the merchant's, and the commission stays owed
    await desk.operator.post(f"/merchants/{desk.merchant_id}/sharings/{order_id}/give-up")
    shown = await desk.share(order_id, "done")
    assert [number["kind"] for number in shown["numbers"]] == ["unfreeze"]
    assert (await desk.balances())["interbook_clearing"] == -4000
    again = await desk.operator.send("POST", f"/merchants/{desk.merchant_id}/sharings/{order_id}/give-up")
    assert (again.status_code, again.json()["code"]) == (409, "sharing_not_failed")
    await desk.holds()


async def test_a_part_that_wechat_closes_is_shared_again_with_a_new_number(
    desk: Desk, provider: dict[str, str]
) -> None:
    order_id, _ = await desk.sell(10_000)
    await desk.pass_time(seconds=80)
    fault = f"/share-faults/{provider['mchid']}"
    await desk.sandbox.call("PUT", fault, {"fail_reason": "RECEIVER_HIGH_RISK"})
    try:
        failed = await desk.share(order_id, "failed")
    finally:
        await desk.sandbox.call("PUT", fault, {"fail_reason": None})
    assert "RECEIVER_HIGH_RISK" in failed["sharing"]["error"]
    assert (await desk.balances())["interbook_clearing"] == -1000
    retry = await desk.http.post(f"/api/merchant/settlement/sharings/{order_id}/retry", headers=desk.headers)
    assert retry.status_code == 204
    done = await desk.share(order_id, "done")
    assert [number["state"] for number in done["numbers"]] == ["closed", "success", "success"]
    assert len({number["sharing_order_id"] for number in done["numbers"]}) == 3
    await desk.holds()


async def test_a_return_that_the_platform_cannot_pay_holds_the_refund_until_somebody_acts(
    desk: Desk, provider: dict[str, str]
) -> None:
    order_id, _ = await desk.sell(10_000)
    await desk.pass_time(seconds=80)
    await desk.share(order_id, "done")
    sheet = await desk.sandbox.call("GET", "/books")
    (row,) = [one for one in sheet["merchants"] if one["mchid"] == provider["mchid"]]
    await desk.sandbox.call("POST", f"/merchants/{provider['mchid']}/withdraw", {"amount": row["balance_fen"]})
    await desk.refund(order_id, 10_000)
    failed = await _until_failed(desk, order_id)
    assert await desk.refunds() == ["applied"]
    trouble = await desk.operator.get("/trouble")
    assert failed in [back["back"]["return_id"] for back in trouble["returns"]]
    await desk.operator.post(f"/merchants/{desk.merchant_id}/returns/{failed}/waive")
    await desk.sandbox.call("POST", f"/merchants/{desk.merchant['mchid']}/top-up", {"amount": 5000})
    await desk.refunded()
    # the platform kept what it has to give back: the statement settles it
    assert (await desk.balances())["interbook_clearing"] == 1000
    await desk.holds()


async def _until_failed(desk: Desk, order_id: str) -> str:
    for _ in range(60):
        await desk.work()
        returns = (await desk.settled(order_id))["returns"]
        if returns and returns[-1]["state"] == "failed":
            return returns[-1]["return_id"]
        await desk.pass_time(seconds=2)
    raise AssertionError("the return never failed")


async def test_completing_an_order_shares_it_and_the_end_of_thirty_days_is_told(
    desk: Desk,
) -> None:
    terms = {"share_at": "completed", "cycle": "day"}
    await desk.operator.put(f"/merchants/{desk.merchant_id}/terms", terms)
    completed, _ = await desk.sell(10_000)
    left, _ = await desk.sell(2000)
    await desk.pass_time(seconds=80)
    await desk.complete(completed)
    due = await desk.rows("select order_id, due_at <= $2 as due from sharings where merchant_id = $1", desk.clock.now())
    assert {str(row["order_id"]): row["due"] for row in due} == {completed: True, left: False}
    await desk.share(completed, "done")
    # nobody completes the other; while no job runs, its end comes
    await desk.pass_time(days=28, hours=12)
    await sharing.watch_ends(desk.rt)
    read = "select state, warned_at, (select count(*) from sharing_orders o where o.order_id = s.order_id) as numbers"
    read += " from sharings s where merchant_id = $1 and order_id::text = $2"
    (warned,) = await desk.rows(read, left)
    assert warned["warned_at"] is not None
    await desk.pass_time(days=2)
    before = await desk.balances()
    await sharing.watch_ends(desk.rt)
    (missed,) = await desk.rows(read, left)
    assert (missed["state"], missed["numbers"]) == ("missed", 0)
    assert await desk.balances() == before
    assert before["interbook_clearing"] == -200  # the statement will settle it
    await desk.rows("update sharings set state = 'failed' where merchant_id = $1 and order_id::text = $2", left)
    with pytest.raises(SharingEnded):
        async with desk.rt.db.transaction() as tx:
            await sharing.retry(tx, desk.merchant_id, OrderId(UUID(left)))
    await desk.rows("update sharings set state = 'missed' where merchant_id = $1 and order_id::text = $2", left)
    await desk.holds()
