"""Parked money, notifications and refunds, looked at again after their cause was mended."""

from uuid import UUID

import httpx
import pytest

from bihuan import payments, wiring
from bihuan.kernel.ids import new_id
from bihuan.payments import refunds
from tests.payments.desk import Json, Till, eventually
from tests.payments.test_accounts import sign_in

PATH = "/api/merchant/payments/parked"


async def _paid_wrongly(till: Till, http: httpx.AsyncClient, wrong: str) -> tuple[str, Json]:
    """A payment that was told of while its attempt was recorded wrongly; the order, and the attempt as it should be."""
    sku = await till.shop.add_sku()
    buyer = await till.buyer()
    order = await till.order(http, buyer, sku)
    sheet = await till.sheet(buyer, await till.prepare(http, buyer, order))
    (attempt,) = await till.rows("select attempt_id, mchid, out_trade_no from payment_attempts where merchant_id = $1")
    await till.rows(f"update payment_attempts set {wrong} where merchant_id = $1")
    await till.confirm(sheet)
    await eventually(lambda: till.rows("select 1 from payment_notifications where merchant_id = $1"))
    return order, attempt


async def _mend(till: Till, attempt: Json) -> None:
    await till.rows(
        "update payment_attempts set mchid = $2, out_trade_no = $3 where merchant_id = $1",
        attempt["mchid"],
        attempt["out_trade_no"],
    )


async def _parked(till: Till) -> list[tuple[str, str, str]]:
    async with till.rt.db.session() as tx:
        return [(one.kind, one.id, one.reason) for one in await payments.list_parked(tx, till.merchant_id, 10)]


@pytest.mark.parametrize(
    ("wrong", "kinds", "reason"),
    [
        ("mchid = '1999999999'", {"payment", "notification"}, "mchid_differs"),
        ("out_trade_no = replace(out_trade_no, '0', 'f')", {"notification"}, "unknown_order"),
    ],
)
async def test_money_is_settled_once_its_cause_is_mended(
    till: Till, http: httpx.AsyncClient, wrong: str, kinds: set[str], reason: str
) -> None:
    headers = await sign_in(till, http)
    order, attempt = await _paid_wrongly(till, http, wrong)
    parked = await _parked(till)
    assert {kind for kind, _, _ in parked} == kinds
    kind, parked_id, _ = parked[0]
    path = f"{PATH}/{kind}/{parked_id}/replay"
    still = (await http.post(path, headers=headers)).json()
    assert (still["outcome"], still["reason"]) == ("parked", reason), "nothing is mended yet"
    assert await till.balances() == {}
    await _mend(till, attempt)
    done = await http.post(path, headers=headers)
    assert (done.status_code, done.json()["outcome"]) == (200, "accepted"), done.text
    assert (await till.attempts(order))[0].verdict == "accepted"
    assert await till.balances() == {"wechat_clearing": 1000, "sales": -1000}
    assert await _parked(till) == []
    assert (await http.post(path, headers=headers)).status_code == 404, "nothing is parked any more"
    await till.verify()


async def test_a_terminal_lists_what_is_parked_and_looks_again(till: Till, http: httpx.AsyncClient) -> None:
    """The same from `bihuan replay`: each with what is to be done, and what came of it."""
    order, attempt = await _paid_wrongly(till, http, "mchid = '1999999999'")
    async with till.rt.db.transaction(readonly=True) as tx:
        everywhere = await payments.list_everywhere(tx)
    mine = [one for one in everywhere if one.merchant == till.shop.merchant.code]
    assert {(one.kind, one.reference, one.reason) for one in mine} == {
        (kind, attempt["out_trade_no"], "mchid_differs") for kind in ("payment", "notification")
    }
    assert all("compare the account" in one.advice for one in mine)

    async def again(parked_id: str) -> list[tuple[str, str | None, bool]]:
        looked = await payments.replay_everywhere(till.rt, wiring.SETTLERS, parked_id)
        assert all(one.advice for one in looked)
        return [(one.outcome, one.reason, one.left) for one in looked]

    (money,) = [one.id for one in mine if one.kind == "payment"]
    assert await again(money) == [("parked", "mchid_differs", True)]
    await _mend(till, attempt)
    assert await again(money) == [("accepted", None, False)]
    assert (await till.attempts(order))[0].verdict == "accepted"
    assert await again(money) == [], "nothing has this id any more"
    assert await _parked(till) == []
    await till.verify()


async def test_money_that_came_too_late_goes_back(till: Till, http: httpx.AsyncClient) -> None:
    """Mended after its order was paid otherwise: the replay gives it back, as it would have been."""
    headers = await sign_in(till, http)
    order, attempt = await _paid_wrongly(till, http, "mchid = '1999999999'")
    await _mend(till, attempt)
    await till.rows("update orders set total_fen = 900, discount_fen = 100 where merchant_id = $1")
    kind, parked_id, _ = (await _parked(till))[0]
    done = (await http.post(f"{PATH}/{kind}/{parked_id}/replay", headers=headers)).json()
    assert (done["outcome"], done["reason"]) == ("refused", "amount_differs")
    await till.refund_all()
    assert await till.balances() == {}
    assert (await till.attempts(order))[0].refunds[0].state == "success"


async def test_a_parked_refund_is_tried_at_once(till: Till, http: httpx.AsyncClient) -> None:
    headers = await sign_in(till, http)
    sku = await till.shop.add_sku()
    buyer = await till.buyer()
    order = await till.order(http, buyer, sku)
    await till.confirm(await till.sheet(buyer, await till.prepare(http, buyer, order)))
    await till.state(http, buyer, order, "paid")
    async with till.rt.db.transaction() as tx:
        split = await payments.refund(
            tx, till.merchant_id, purpose="order", reference_id=(await _order_id(till)), amount_fen=400,
            cause="aftersale", cause_id=new_id(), reason="瑕疵",
        )  # fmt: skip
    await till.rows(
        """update payment_refunds set parked_at = now(), tries = 9, error = 'x', due_at = now() + interval '5 h'
           where merchant_id = $1"""
    )
    path = f"{PATH}/refund/{split.parts[0].refund_id}/replay"
    assert (await http.post(path, headers=headers)).json() == {"outcome": "queued", "reason": None}
    await refunds.run_due(till.rt)
    await till.refund_all()
    assert (await till.balances())["wechat_clearing"] == 600
    assert (await http.post(path, headers=headers)).status_code == 404
    await till.verify()


async def _order_id(till: Till) -> UUID:
    (row,) = await till.rows("select order_id from orders where merchant_id = $1")
    return row["order_id"]


async def test_what_cannot_be_replayed(till: Till, http: httpx.AsyncClient) -> None:
    headers = await sign_in(till, http)
    for kind, parked_id in (("payment", str(new_id())), ("payment", "x"), ("refund", "x"), ("nothing", "x")):
        assert (await http.post(f"{PATH}/{kind}/{parked_id}/replay", headers=headers)).status_code == 404
    _, attempt = await _paid_wrongly(till, http, "mchid = '1999999999'")
    await _mend(till, attempt)
    note = {"note": "已线下处理"}
    keyed = {**headers, "Idempotency-Key": new_id().hex}
    path = f"{PATH}/payment/{attempt['attempt_id']}"
    assert (await http.post(f"{path}/resolve", json=note, headers=keyed)).status_code == 204
    assert (await http.post(f"{path}/replay", headers=headers)).status_code == 404, "a person settled it"
