"""What is refused, with a clear code and without moving anything: too much, another's, nothing, twice at once."""

import asyncio
from typing import Any

import pytest

from bihuan.kernel.ids import new_id
from tests.aftersale.counter import ADDRESS, PARCEL, Counter


async def test_bad_applications_move_nothing(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=9)
    buyer, order = await counter.buy([(sku, 1000, 2)])
    stranger = await counter.shop.new_shopper()
    unsent = {"received_goods": False}
    tries: list[tuple[Any, str, dict[str, Any], int, str]] = [
        (buyer, "refund", {**unsent, "pieces": [3]}, 409, "too_many_pieces"),
        (stranger, "refund", {**unsent, "pieces": [1]}, 404, "not_found"),
        (buyer, "refund", {**unsent, "pieces": [0]}, 400, "validation_failed"),
        (buyer, "refund", {**unsent, "pieces": [-1]}, 400, "validation_failed"),
        (buyer, "refund", {**unsent, "pieces": [1], "asked_fen": 0}, 422, "amount_not_acceptable"),
        (buyer, "refund", {**unsent, "pieces": [1], "asked_fen": 1301}, 422, "amount_not_acceptable"),
        (buyer, "refund", {**unsent, "pieces": [1], "asked_fen": 2**63}, 400, "validation_failed"),
        (buyer, "refund", {**unsent, "pieces": [1], "reason": "size"}, 422, "reason_not_fitting"),
        (buyer, "refund", {**unsent, "pieces": [1], "reason": "nothing"}, 422, "reason_not_fitting"),
        (buyer, "return", {"pieces": [1]}, 409, "aftersale_not_applicable"),  # not sent yet
        (buyer, "refund", {**unsent, "pieces": [1], "pictures": ["/media/x.webp"]}, 422, "pictures_not_own"),
        (buyer, "refund", {**unsent, "pieces": [1], "key": "short"}, 400, "idempotency_key_required"),
        (buyer, "exchange", {**unsent, "pieces": [1]}, 409, "aftersale_not_applicable"),
    ]
    for who, kind, said, status, code in tries:
        pieces = said.pop("pieces")
        answer = await counter.apply(who, order, kind, pieces, **said)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (kind, said, answer.text)
    assert (await buyer.get(counter.http, "/aftersale")).json()["items"] == []
    foreign = {**order, "lines": [{**order["lines"][0], "line_id": str(new_id())}]}
    answer = await counter.apply(buyer, foreign, "refund", [1], **unsent)
    assert answer.json()["code"] == "lines_not_fitting"
    english = await counter.http.get(
        f"{counter.shop.url}/aftersale/{new_id()}", headers={**buyer.headers, "Accept-Language": "en"}
    )
    assert english.json()["title"].isascii()
    await counter.verify()


async def test_two_tabs_open_one_case_and_one_refund(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 1)])
    both = await asyncio.gather(
        *(counter.apply(buyer, order, "refund", [1], received_goods=False) for _ in range(4)),
        counter.apply(buyer, order, "refund", [1], received_goods=False, key="the-same-key"),
        counter.apply(buyer, order, "refund", [1], received_goods=False, key="the-same-key"),
    )
    opened = [answer.json() for answer in both if answer.status_code == 201]
    assert len({case["case_id"] for case in opened}) == 1
    assert {answer.json()["code"] for answer in both if answer.status_code != 201} <= {"too_many_pieces"}

    path = f"aftersale/{opened[0]['case_id']}/agree"
    agreed = await asyncio.gather(*(counter.merchant("POST", path, {}) for _ in range(4)))
    assert sorted(answer.status_code for answer in agreed) == [200, 409, 409, 409]
    await counter.money_back()
    refunds = await counter.rows("select amount_fen from payment_refunds where merchant_id = $1")
    assert [row["amount_fen"] for row in refunds] == [1600]
    await counter.verify()


async def test_withdrawing_races_with_the_merchant_and_one_of_them_wins(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 1)])
    case = await counter.opened(buyer, order, "refund", [1], received_goods=False)
    answers = await asyncio.gather(
        counter.shopper(buyer, f"/{case['case_id']}/withdraw"),
        counter.merchant("POST", f"aftersale/{case['case_id']}/agree", {}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    after = await counter.merchant("POST", f"aftersale/{case['case_id']}/reject", {"reason": "晚了"})
    assert after.json()["code"] in ("case_ended", "not_your_turn")
    await counter.verify()


async def test_goods_that_are_asked_back_are_not_sent_and_those_sent_are_not_asked_back_as_unsent(
    counter: Counter,
) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 1)])
    case = await counter.opened(buyer, order, "refund", [1], received_goods=False)
    assert (await counter.ship(order["order_id"])).json()["code"] == "aftersale_open"
    withdrawn = await counter.do(buyer, case, "withdraw")
    assert (withdrawn["state"], withdrawn["actions"]) == ("withdrawn", [])
    assert (await counter.ship(order["order_id"])).json()["state"] == "delivered"
    late = await counter.apply(buyer, order, "refund", [1], received_goods=False)
    assert late.json()["code"] == "too_many_pieces"
    again = await counter.opened(buyer, order, "refund", [1], reason="missing")
    done = await buyer.post(counter.http, f"/orders/{order['order_id']}/confirm-receipt")
    assert done.json()["code"] == "aftersale_open"
    await counter.act(again, "reject", {"reason": "已签收"})
    done = await buyer.post(counter.http, f"/orders/{order['order_id']}/confirm-receipt")
    assert done.json()["state"] == "completed"
    await counter.verify()


@pytest.mark.parametrize(("received", "sellable"), [(3, 0), (1, 2), (0, 0), (-1, 0)])
async def test_no_more_comes_back_than_was_agreed(counter: Counter, received: int, sellable: int) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 2)], ship=True)
    case = await counter.opened(buyer, order, "return", [2])
    early = await counter.shopper(buyer, f"/{case['case_id']}/parcel", PARCEL)
    assert early.json()["code"] == "not_your_turn"
    await counter.act(case, "agree", {"return_address": ADDRESS})
    await counter.do(buyer, case, "parcel", PARCEL)
    line = {"line_id": order["lines"][0]["line_id"], "received": received, "sellable": sellable}
    answer = await counter.merchant("POST", f"aftersale/{case['case_id']}/inspect", {"lines": [line]})
    assert (answer.status_code, answer.json()["code"]) in {(422, "lines_not_fitting"), (400, "validation_failed")}
    assert await counter.shop.stock(sku) == (0, 0, 2)


async def test_a_second_payment_after_the_refund_does_not_wake_the_order(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    till = counter.till
    buyer = await till.buyer()
    placed = await buyer.place(counter.http, {**buyer.order(sku), "total_fen": 1600})
    order_id = placed.json()["order_id"]
    first = await till.prepare(counter.http, buyer, order_id)
    second = await till.prepare(counter.http, buyer, order_id, "wechat_native")
    sheets = [await till.sheet(buyer, prepared) for prepared in (first, second)]
    await till.confirm(sheets[0])
    order = await till.state(counter.http, buyer, order_id, "paid")
    case = await counter.opened(buyer, order, "refund", [1], received_goods=False)
    await counter.act(case, "agree")
    await till.confirm(sheets[1])
    await till.all_told(order_id)
    assert (await counter.order(buyer, order))["state"] == "cancelled"
    await counter.money_back()
    assert await till.balances() == {"sales": -1000, "freight": -600, "refunds": 1600}
    assert await counter.shop.stock(sku) == (2, 0, 0)
    await counter.verify()
