"""Amounts and rulings that must not be: at every door a clear refusal, and nothing is posted."""

import asyncio
from typing import Any

import pytest

from tests.aftersale.counter import ADDRESS, PARCEL, Counter, Json
from tests.shop import Buyer

OVERFLOWING = 2**63
BAD = "validation_failed"
UNFIT = "amount_not_acceptable"
AMOUNTS: list[tuple[Any, int, str]] = [
    (-1, 400, BAD),
    (5601, 422, UNFIT),
    (OVERFLOWING, 400, BAD),
    (-OVERFLOWING, 400, BAD),
    (10**400, 400, BAD),
    (1.5, 400, BAD),
]


async def postings(counter: Counter) -> Json:
    """What is in the book and on its way back: it must not change."""
    (row,) = await counter.rows(
        """select (select count(*) from ledger_entries where merchant_id = $1) as entries,
                  (select count(*) from payment_refund_decisions where merchant_id = $1) as decisions,
                  (select coalesce(sum(refunded_fen), 0) from orders where merchant_id = $1) as refunded"""
    )
    return dict(row)


async def refused_case(counter: Counter) -> tuple[Buyer, Json, Json]:
    """A parcel that was sent, and a refund of it that the shop refused."""
    sku = await counter.shop.add_sku(price_fen=5000, stock=3)
    buyer, order = await counter.buy([(sku, 5000, 1)], ship=True)
    case = await counter.opened(buyer, order, "refund", [1], reason="quality")
    return buyer, order, await counter.act(case, "reject", {"reason": "完好"})


async def test_hostile_amounts_are_refused_at_every_door(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=5000, stock=3)
    buyer, order = await counter.buy([(sku, 5000, 1)], ship=True)
    before = await postings(counter)
    for amount, status, code in [*AMOUNTS, (0, 422, UNFIT)]:
        answer = await counter.apply(buyer, order, "refund", [1], reason="quality", asked_fen=amount)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (amount, answer.text)
    case = await counter.opened(buyer, order, "refund", [1], reason="quality")
    for amount, status, code in [*AMOUNTS, (0, 400, BAD)]:
        answer = await counter.merchant("POST", f"aftersale/{case['case_id']}/propose", {"amount_fen": amount})
        assert (answer.status_code, answer.json()["code"]) == (status, code), (amount, answer.text)
    await counter.act(case, "reject", {"reason": "完好"})
    await counter.do(buyer, case, "dispute", {"text": "开线"})
    room = f"disputes/{counter.till.merchant_id}/{case['case_id']}/ruling"
    for amount, status, code in [*AMOUNTS, (0, 422, UNFIT)]:
        ruling = {"in_favour_of": "shopper", "note": "支持", "amount_fen": amount}
        answer = await counter.platform("POST", room, ruling)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (amount, answer.text)
    assert await postings(counter) == before
    assert (await counter.seen(buyer, case))["dispute"] == "open", "still to be ruled"
    await counter.verify()


@pytest.mark.parametrize("pieces", [-1, 0, 1000, OVERFLOWING, 1.5, "x"])
async def test_hostile_numbers_of_pieces_are_refused(counter: Counter, pieces: Any) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 2)])
    body = {
        "order_id": order["order_id"],
        "kind": "refund",
        "reason": "changed_mind",
        "received_goods": False,
        "lines": [{"line_id": order["lines"][0]["line_id"], "quantity": pieces}],
    }
    before = await postings(counter)
    for path in ("", "/quote"):
        answer = await counter.shopper(buyer, path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, BAD), answer.text
    assert await postings(counter) == before


async def test_what_is_left_goes_to_one_of_those_who_ask_at_once(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=3)
    buyer, order = await counter.buy([(sku, 1000, 3)])
    answers = await asyncio.gather(
        *(counter.apply(buyer, order, "refund", [2], received_goods=False) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"too_many_pieces"}
    over = await counter.apply(buyer, order, "refund", [2], received_goods=False)
    assert (over.status_code, over.json()["code"]) == (409, "too_many_pieces")
    await counter.verify()


async def test_two_inspections_at_once_are_one(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 2)], ship=True)
    case = await counter.opened(buyer, order, "return", [2])
    await counter.act(case, "agree", {"return_address": ADDRESS})
    await counter.do(buyer, case, "parcel", PARCEL)
    line = order["lines"][0]["line_id"]
    answers = await asyncio.gather(
        *(
            counter.merchant("POST", f"aftersale/{case['case_id']}/inspect", {"lines": [counted]})
            for counted in (
                {"line_id": line, "received": 2, "sellable": 2},
                {"line_id": line, "received": 1, "sellable": 0},
            )
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    await counter.money_back()
    await counter.verify()


async def test_a_dispute_is_ruled_once_and_only_while_it_is_open(counter: Counter) -> None:
    buyer, _, case = await refused_case(counter)
    room = f"disputes/{counter.till.merchant_id}/{case['case_id']}/ruling"
    for_shopper = {"in_favour_of": "shopper", "note": "支持退款"}
    before = await postings(counter)
    undisputed = await counter.platform("POST", room, for_shopper)
    assert (undisputed.status_code, undisputed.json()["code"]) == (409, "dispute_closed")

    await counter.do(buyer, case, "dispute", {"text": "开线"})
    await counter.do(buyer, case, "withdraw")
    withdrawn = await counter.platform("POST", room, for_shopper)
    assert (withdrawn.status_code, withdrawn.json()["code"]) == (409, "dispute_closed")
    assert await postings(counter) == before

    buyer, _, case = await refused_case(counter)
    await counter.do(buyer, case, "dispute", {"text": "开线"})
    room = f"disputes/{counter.till.merchant_id}/{case['case_id']}/ruling"
    for_merchant = {"in_favour_of": "merchant", "note": "支持商家"}
    both = await asyncio.gather(*(counter.platform("POST", room, said) for said in (for_shopper, for_merchant)))
    assert sorted(answer.status_code for answer in both) == [200, 409]
    late = await counter.platform("POST", room, for_shopper)
    assert (late.status_code, late.json()["code"]) == (409, "dispute_closed")
    await counter.money_back()
    decided = await postings(counter)
    assert decided["decisions"] in (0, 1)
    await counter.verify()


async def test_nobody_settles_another_merchant_s_case(counter: Counter) -> None:
    buyer, order, case = await refused_case(counter)
    other = await counter.stranger()
    before = await postings(counter)
    for action, body in (("agree", {}), ("reject", {"reason": "x"}), ("propose", {"amount_fen": 100})):
        answer = await counter.http.post(
            f"/api/merchant/aftersale/{case['case_id']}/{action}",
            json=body,
            headers={**other, "Idempotency-Key": f"{action}-of-another"},
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    ruling = await counter.http.post(
        f"/api/platform/disputes/{counter.till.merchant_id}/{case['case_id']}/ruling",
        json={"in_favour_of": "shopper", "note": "支持"},
        headers={**counter.owner, "Idempotency-Key": "a-merchant-rules"},
    )
    assert ruling.status_code == 403
    thief = await counter.shop.new_shopper()
    theft = await counter.apply(thief, order, "refund", [1], reason="quality")
    assert (theft.status_code, theft.json()["code"]) == (404, "not_found")
    assert await postings(counter) == before
    assert (await counter.seen(buyer, case))["state"] == "rejected"
