"""Each type of case over HTTP, paid and refunded at the sandbox."""

from tests.aftersale.counter import ADDRESS, PARCEL, Counter


async def test_unsent_pieces_are_refunded_with_their_freight_and_go_back_to_stock(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=5)
    buyer, order = await counter.buy([(sku, 1000, 3)])
    case = await counter.opened(buyer, order, "refund", [2], received_goods=False)
    assert (case["most_fen"], case["state"], case["waiting_for"]) == (2400, "applied", "merchant")

    kept = await counter.ship(order["order_id"])  # only what nobody asks back is sent
    assert kept.json()["state"] == "partially_delivered"
    decided = await counter.act(case, "agree")
    assert (decided["state"], decided["agreed_fen"], decided["waiting_for"]) == ("refunding", 2400, "payment")
    after = await counter.order(buyer, order)
    assert (after["state"], after["refunded_fen"], after["refund_status"]) == (
        "delivered", 2400, "partially_refunded",
    )  # fmt: skip
    assert after["lines"][0]["cancelled_quantity"] == 2
    assert await counter.shop.stock(sku) == (4, 0, 1)

    await counter.money_back()
    done = await counter.seen(buyer, case)
    assert (done["state"], [r["state"] for r in done["refunds"]]) == ("completed", ["success"])
    assert await counter.till.balances() == {
        "wechat_clearing": 1200, "sales": -3000, "freight": -600, "refunds": 2400,
    }  # fmt: skip
    await counter.verify()


async def test_an_order_that_is_refunded_before_it_is_sent_is_closed_for_good(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1001, stock=3)
    buyer, order = await counter.buy([(sku, 1001, 3)])
    for pieces in (1, 1, 1):  # one after another: every fen comes back
        case = await counter.opened(buyer, order, "refund", [pieces], received_goods=False)
        await counter.act(case, "agree")
    after = await counter.order(buyer, order)
    assert (after["state"], after["cancel_reason"], after["refunded_fen"]) == ("cancelled", "refunded", 3603)
    assert (after["payment_status"], after["refund_status"]) == ("refunded", "refunded")
    assert await counter.shop.stock(sku) == (3, 0, 0)
    again = await counter.apply(buyer, order, "refund", [1], received_goods=False)
    assert (again.status_code, again.json()["code"]) == (409, "aftersale_not_applicable")
    await counter.money_back()
    await counter.verify()


async def test_a_return_is_paid_for_what_came_back_and_restocks_what_can_be_sold(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=3000, stock=4)
    buyer, order = await counter.buy([(sku, 3000, 3)], ship=True)
    case = await counter.opened(buyer, order, "return", [3])
    assert case["most_fen"] == 9000, "the freight was earned"
    refused = await counter.merchant("POST", f"aftersale/{case['case_id']}/agree", {})
    assert refused.json()["code"] == "return_address_missing"

    agreed = await counter.act(case, "agree", {"return_address": ADDRESS})
    assert (agreed["state"], agreed["return_address"]) == ("agreed", ADDRESS)
    sent = await counter.do(buyer, case, "parcel", PARCEL)
    assert (sent["state"], sent["waiting_for"]) == ("returning", "merchant")
    assert await counter.shop.stock(sku) == (1, 0, 3), "nothing is in stock before it came"
    line = order["lines"][0]["line_id"]
    inspected = await counter.act(case, "inspect", {"lines": [{"line_id": line, "received": 2, "sellable": 1}]})
    assert (inspected["state"], inspected["agreed_fen"]) == ("refunding", 6000)
    assert await counter.shop.stock(sku) == (2, 0, 2)

    await counter.money_back()
    after = await counter.order(buyer, order)
    assert (after["state"], after["refunded_fen"], after["lines"][0]["refunded_quantity"]) == ("delivered", 6000, 2)
    left = (await buyer.get(counter.http, f"/orders/{order['order_id']}/aftersale")).json()
    assert left["lines"][0]["sent_left"] == 1, "what did not come back may be asked for again"
    await counter.verify()


async def test_an_exchange_sends_another_colour_whose_return_goes_to_that_colour_s_stock(counter: Counter) -> None:
    cyan, white, gold = await counter.colours(stock=2)
    buyer, order = await counter.buy([(cyan, 3000, 1)], ship=True)
    dearer = await counter.apply(buyer, order, "exchange", [1], line0={"exchange_sku_id": str(gold)})
    assert dearer.json()["code"] == "exchange_not_fitting"
    case = await counter.opened(buyer, order, "exchange", [1], line0={"exchange_sku_id": str(white)})
    assert case["most_fen"] == 0
    await counter.act(case, "agree", {"return_address": ADDRESS})
    assert await counter.shop.stock(white) == (1, 1, 0), "held from the consent on"
    await counter.do(buyer, case, "parcel", PARCEL)
    line = order["lines"][0]["line_id"]
    inspected = await counter.act(case, "inspect", {"lines": [{"line_id": line, "received": 1, "sellable": 1}]})
    assert inspected["state"] == "received"
    done = await counter.act(case, "ship-exchange", PARCEL)
    assert (done["state"], done["exchange_no"]) == ("completed", PARCEL["tracking_no"])
    assert (await counter.shop.stock(cyan), await counter.shop.stock(white)) == ((2, 0, 0), (1, 0, 1))

    back = await counter.opened(buyer, order, "return", [1], reason="quality")
    assert back["most_fen"] == 3600, "the merchant's fault: the freight too"
    await counter.act(back, "agree", {"return_address": ADDRESS})
    await counter.do(buyer, back, "parcel", PARCEL)
    await counter.act(back, "inspect", {"lines": [{"line_id": line, "received": 1, "sellable": 1}]})
    assert (await counter.shop.stock(cyan), await counter.shop.stock(white)) == ((2, 0, 0), (2, 0, 0))
    await counter.money_back()
    assert (await counter.order(buyer, order))["refund_status"] == "refunded"
    await counter.verify()
