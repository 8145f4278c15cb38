"""A merchant pays back of her own accord: what she cannot send, and a part of what is kept."""

from tests.aftersale.counter import Counter, Json


def gift(order: Json, quantity: int, *, sent: bool, reason: str = "negotiated", **more: object) -> Json:
    line = {"line_id": order["lines"][0]["line_id"], "quantity": quantity}
    return {"received_goods": sent, "lines": [line], "reason": reason, **more}


async def test_what_cannot_be_sent_is_paid_back_without_an_application(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=3)
    buyer, order = await counter.buy([(sku, 1000, 3)])
    path = f"orders/{order['order_id']}/aftersale"
    can = (await counter.merchant("GET", path)).json()
    assert (can["kinds_unsent"], can["lines"][0]["unsent_left"], can["cases"]) == (["refund"], 3, [])
    worth = await counter.merchant("POST", f"{path}/quote", gift(order, 1, sent=False))
    assert worth.json()["most_fen"] == 1200

    given = await counter.merchant("POST", path, gift(order, 1, sent=False, note="缺货"), key="one-gift-only")
    assert given.status_code == 201, given.text
    again = await counter.merchant("POST", path, gift(order, 1, sent=False, note="缺货"), key="one-gift-only")
    assert again.json()["case_id"] == given.json()["case_id"]
    assert (given.json()["state"], given.json()["agreed_fen"]) == ("refunding", 1200)
    assert (await counter.order(buyer, order))["lines"][0]["cancelled_quantity"] == 1
    assert await counter.shop.stock(sku) == (1, 0, 2)
    await counter.money_back()
    seen = await counter.seen(buyer, given.json())
    assert [event["step"] for event in seen["events"]] == ["given", "completed"]
    assert (seen["events"][0]["actor"], seen["events"][0]["note"]) == ("merchant", "缺货")
    await counter.verify()


async def test_a_part_of_what_she_keeps_is_paid_back_but_never_more_than_there_is(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=5000, stock=2)
    buyer, order = await counter.buy([(sku, 5000, 1)], ship=True)
    path = f"orders/{order['order_id']}/aftersale"
    tries = [
        (gift(order, 1, sent=True, amount_fen=5001), 422, "amount_not_acceptable"),
        (gift(order, 1, sent=True, amount_fen=0), 422, "amount_not_acceptable"),
        (gift(order, 1, sent=True, amount_fen=-1), 400, "validation_failed"),
        (gift(order, 2, sent=True), 409, "too_many_pieces"),
        (gift(order, 1, sent=False), 409, "too_many_pieces"),
        (gift(order, 1, sent=True, reason="size"), 422, "reason_not_fitting"),
    ]
    for body, status, code in tries:
        answer = await counter.merchant("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    given = await counter.merchant("POST", path, gift(order, 1, sent=True, amount_fen=800, note="补偿"))
    assert given.json()["agreed_fen"] == 800
    more = await counter.merchant("POST", path, gift(order, 1, sent=True, amount_fen=800))
    assert more.json()["code"] == "too_many_pieces", "the piece had its refund"
    await counter.money_back()
    assert (await counter.order(buyer, order))["refunded_fen"] == 800
    assert await counter.shop.stock(sku) == (1, 0, 1), "she keeps the goods"
    await counter.verify()
