"""Refunds that do not go through at once: closed, abnormal, told out of order, without an answer."""

import httpx
import pytest

from bihuan import payments
from bihuan.payments import refunds
from tests.payments.desk import Json
from tests.payments.test_hostile import Case
from tests.payments.test_hostile import case as case

pytestmark = pytest.mark.usefixtures("case")


async def refused(case: Case) -> payments.RefundView:
    """Money that goes back; returns its refund."""
    await case.tell(case.wechat.envelope(case.transaction(amount={"total": 700, "currency": "CNY"})))
    (refund,) = (await case.attempt()).refunds
    return refund


def told(case: Case, refund: payments.RefundView, status: str, **more: object) -> Json:
    """What WeChat says of a refund."""
    return {
        "mchid": case.till.merchant["mchid"],
        "transaction_id": "42000x",
        "out_trade_no": case.out_trade_no,
        "refund_id": "50000x",
        "out_refund_no": refund.out_refund_no,
        "refund_status": status,
        "success_time": "2026-11-20T10:05:00+08:00" if status == "SUCCESS" else "",
        "amount": {"total": 700, "refund": 700, "payer_total": 700, "payer_refund": 700},
        **more,
    }


async def tell(case: Case, refund: payments.RefundView, status: str, **more: object) -> int:
    """Notifies of a refund, on the refund's path."""
    body = case.wechat.envelope(told(case, refund, status, **more), f"REFUND.{status}")
    path = case.till.notify_path.replace("notify", "refund-notify")
    return (await case.till.door.send(path, case.wechat.headers(body), body)).status_code


async def test_a_refund_succeeds_once_whatever_is_told_after(case: Case) -> None:
    refund = await refused(case)
    statuses = [await tell(case, refund, s) for s in ("SUCCESS", "SUCCESS", "ABNORMAL", "CLOSED")]
    assert set(statuses) == {204}
    (after,) = (await case.attempt()).refunds
    assert (after.state, after.succeeded_at is not None, after.parked) == ("success", True, False)
    assert await case.till.balances() == {}
    await case.till.verify()


async def test_a_closed_refund_gets_a_new_number_and_in_the_end_a_person(case: Case) -> None:
    refund = await refused(case)
    for _ in range(3):
        await tell(case, refund, "CLOSED")
        await tell(case, refund, "CLOSED")  # a repeat makes no second successor
        refund = (await case.attempt()).refunds[-1]
    every = (await case.attempt()).refunds
    assert [r.state for r in every] == ["closed", "closed", "closed", "applied"]
    assert len({r.out_refund_no for r in every}) == 4
    assert [r.parked for r in every] == [False, False, False, True]
    assert await case.till.balances() == {"wechat_clearing": 700, "refunds_payable": -700}
    await case.till.verify()
    await tell(case, every[-1], "SUCCESS")
    assert await case.till.balances() == {}
    await case.till.verify()


async def test_an_abnormal_refund_is_parked_until_it_ends(case: Case) -> None:
    refund = await refused(case)
    await tell(case, refund, "ABNORMAL")
    (after,) = (await case.attempt()).refunds
    assert (after.state, after.parked) == ("abnormal", True)
    await tell(case, refund, "SUCCESS")
    (after,) = (await case.attempt()).refunds
    assert (after.state, after.parked) == ("success", False)
    assert await case.till.balances() == {}


async def test_what_differs_from_the_refund_moves_no_money(case: Case) -> None:
    refund = await refused(case)
    await tell(case, refund, "SUCCESS", amount={"total": 700, "refund": 1})
    await tell(case, refund, "SUCCESS", mchid="1999999999")
    await tell(case, refund, "SUCCESS", out_refund_no="not-ours")
    (after,) = (await case.attempt()).refunds
    assert (after.state, after.parked) == ("applied", True)
    assert await case.till.balances() == {"wechat_clearing": 700, "refunds_payable": -700}
    seen = await case.till.rows(
        "select reason from payment_notifications where merchant_id = $1 and reason is not null"
    )
    assert sorted(s["reason"] for s in seen) == ["amount_differs", "refund_differs", "refund_differs", "unknown_refund"]


async def test_a_refusal_keeps_the_number_and_the_money_where_it_is(case: Case) -> None:
    """The account knows another key than the sandbox signs with, which the sandbox refuses, unsigned."""
    refund = await refused(case)
    for _ in range(7):
        await case.till.rows("update payment_refunds set due_at = now() - interval '1 h' where merchant_id = $1")
        await refunds.run_due(case.till.rt)
    (after,) = (await case.attempt()).refunds
    assert (after.refund_id, after.state, after.parked) == (refund.refund_id, "applied", True)
    assert "Wechatpay-Serial" in (after.error or "")
    assert await case.till.balances() == {"wechat_clearing": 700, "refunds_payable": -700}


async def test_parked_things_are_shown_to_those_who_may_see_them(case: Case, http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/merchant/payments/parked")).status_code == 401
    await tell(case, await refused(case), "ABNORMAL")
    async with case.till.rt.db.session() as tx:
        parked = await payments.list_parked(tx, case.till.merchant_id, 10)
    assert [(p.kind, p.amount_fen) for p in parked] == [("refund", 700)]
