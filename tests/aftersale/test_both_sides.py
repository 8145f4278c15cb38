"""Proposals, disputes, evidence, and what the clock does when one side is silent."""

from uuid import UUID

from bihuan import orders, payments
from bihuan.aftersale import handlers
from bihuan.kernel.ids import LineId, OrderId, new_id
from tests.aftersale.counter import ADDRESS, PARCEL, Counter, Json, jpeg


async def test_a_proposal_is_refused_and_then_taken(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=5000, stock=2)
    buyer, order = await counter.buy([(sku, 5000, 1)], ship=True)
    case = await counter.opened(buyer, order, "refund", [1], reason="damaged", explanation="袖口有污渍")
    assert case["most_fen"] == 5600
    too_much = await counter.merchant("POST", f"aftersale/{case['case_id']}/propose", {"amount_fen": 5601})
    assert too_much.json()["code"] == "amount_not_acceptable"
    offered = await counter.act(case, "propose", {"amount_fen": 1000, "note": "补偿"})
    assert (offered["waiting_for"], offered["proposed_fen"]) == ("shopper", 1000)
    insisted = await counter.do(buyer, case, "insist", {"text": "太少了"})
    assert insisted["waiting_for"] == "merchant"
    taken_too_late = await counter.shopper(buyer, f"/{case['case_id']}/accept-proposal")
    assert taken_too_late.json()["code"] == "not_your_turn"
    await counter.act(case, "propose", {"amount_fen": 2500})
    taken = await counter.do(buyer, case, "accept-proposal")
    assert (taken["state"], taken["agreed_fen"]) == ("refunding", 2500)
    await counter.money_back()
    steps = [event["step"] for event in (await counter.seen(buyer, case))["events"]]
    assert steps == ["applied", "proposed", "insisted", "proposed", "proposal_accepted", "completed"]
    assert await counter.shop.stock(sku) == (1, 0, 1), "she keeps the goods"
    await counter.verify()


async def test_the_platform_rules_once_with_the_evidence_of_both(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=5000, stock=2)
    buyer, order = await counter.buy([(sku, 5000, 1)], ship=True)
    upload = {"file": ("a.jpg", jpeg(), "image/jpeg")}
    photo = await counter.http.post(f"{counter.shop.url}/aftersale/pictures", files=upload, headers=buyer.headers)
    url = photo.json()["url"]
    assert (await counter.http.get(url)).headers["content-type"] == "image/webp"
    stranger = await counter.shop.new_shopper()
    text = {"file": ("a.jpg", b"<svg>", "image/jpeg")}
    bad = await counter.http.post(f"{counter.shop.url}/aftersale/pictures", files=text, headers=stranger.headers)
    assert bad.json()["code"] == "bad_picture"

    case = await counter.opened(buyer, order, "refund", [1], reason="quality", pictures=[url])
    early = await counter.shopper(buyer, f"/{case['case_id']}/dispute", {"text": "请平台介入"})
    assert early.json()["code"] == "dispute_not_possible"
    await counter.act(case, "reject", {"reason": "商品完好"})
    listed = await counter.platform("GET", "disputes")
    assert case["case_id"] not in listed.text
    disputed = await counter.do(buyer, case, "dispute", {"text": "明显开线", "pictures": [url]})
    assert (disputed["state"], disputed["waiting_for"], disputed["dispute"]) == ("applied", "platform", "open")
    refused = await counter.merchant("POST", f"aftersale/{case['case_id']}/reject", {"reason": "再拒"})
    assert refused.json()["code"] == "not_your_turn"
    await counter.act(case, "evidence", {"text": "出库照片完好"})

    path = f"disputes/{counter.till.merchant_id}/{case['case_id']}"
    room = (await counter.platform("GET", path)).json()
    assert (room["actions"], [e["actor"] for e in room["events"]][-2:]) == (["rule"], ["shopper", "merchant"])
    ruling = {"in_favour_of": "shopper", "note": "支持退款", "amount_fen": 4000}
    ruled = (await counter.platform("POST", f"{path}/ruling", ruling)).json()
    assert (ruled["state"], ruled["dispute"], ruled["agreed_fen"]) == ("refunding", "for_shopper", 4000)
    again = await counter.platform("POST", f"{path}/ruling", {**ruling, "in_favour_of": "merchant"})
    assert (again.status_code, again.json()["code"]) == (409, "dispute_closed")
    await counter.money_back()
    assert (await counter.seen(buyer, case))["state"] == "completed"
    await counter.verify()


async def test_what_was_sent_after_a_refusal_is_not_disputed_as_unsent(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=5000, stock=2)
    buyer, order = await counter.buy([(sku, 5000, 1)])
    case = await counter.opened(buyer, order, "refund", [1], reason="late_delivery", received_goods=False)
    await counter.act(case, "reject", {"reason": "今日发货"})
    await counter.ship(order["order_id"])
    late = await counter.shopper(buyer, f"/{case['case_id']}/dispute", {"text": "不要了"})
    assert (late.status_code, late.json()["code"]) == (409, "sent_meanwhile")
    assert (await counter.seen(buyer, case))["state"] == "rejected"
    await counter.opened(buyer, order, "return", [1])


async def _take_back(counter: Counter, order: Json) -> None:
    """One piece of 10.00, over a counter."""
    order_id, line_id = OrderId(UUID(order["order_id"])), LineId(UUID(order["lines"][0]["line_id"]))
    async with counter.till.rt.db.transaction() as tx:
        await orders.record_refunded(tx, counter.till.merchant_id, order_id, 1000, {line_id: 1})
        await payments.refund(
            tx, counter.till.merchant_id, purpose="order", reference_id=order_id, amount_fen=1000,
            cause="till_refund", cause_id=new_id(), reason="退货",
        )  # fmt: skip


async def test_a_refusal_is_not_disputed_once_a_counter_took_the_goods_back(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=3)
    buyer, order = await counter.buy([(sku, 1000, 1)], ship=True)
    case = await counter.opened(buyer, order, "refund", [1], reason="quality")
    await counter.act(case, "reject", {"reason": "未见问题"})
    await _take_back(counter, order)
    late = await counter.shopper(buyer, f"/{case['case_id']}/dispute", {"text": "请平台介入"})
    assert (late.status_code, late.json()["code"]) == (409, "too_many_pieces")
    assert (await counter.seen(buyer, case))["state"] == "rejected"
    await counter.money_back()
    await counter.verify()


async def test_what_a_counter_took_back_is_not_to_be_had_again(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=3)
    buyer, order = await counter.buy([(sku, 1000, 3)], ship=True)
    await _take_back(counter, order)
    left = (await buyer.get(counter.http, f"/orders/{order['order_id']}/aftersale")).json()["lines"][0]
    assert (left["unsent_left"], left["sent_left"]) == (0, 2)
    assert (await counter.apply(buyer, order, "refund", [3])).json()["code"] == "too_many_pieces"
    case = await counter.opened(buyer, order, "refund", [2], reason="quality")
    await counter.act(case, "agree")
    await counter.money_back()
    assert (await counter.order(buyer, order))["refunded_fen"] >= 3000
    assert (await counter.apply(buyer, order, "refund", [1])).status_code == 409
    await counter.verify()


async def test_a_refused_inspection_can_be_disputed_and_lost(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=5000, stock=2)
    buyer, order = await counter.buy([(sku, 5000, 1)], ship=True)
    case = await counter.opened(buyer, order, "return", [1])
    await counter.act(case, "agree", {"return_address": ADDRESS})
    await counter.do(buyer, case, "parcel", PARCEL)
    line = {"line_id": order["lines"][0]["line_id"], "received": 1, "sellable": 0}
    refused = await counter.act(case, "inspect", {"lines": [line], "accept": False, "reason": "已穿洗"})
    assert (refused["state"], refused["refuse_reason"]) == ("rejected", "已穿洗")
    await counter.do(buyer, case, "dispute", {"text": "没有穿过"})
    path = f"disputes/{counter.till.merchant_id}/{case['case_id']}/ruling"
    ruled = await counter.platform("POST", path, {"in_favour_of": "merchant", "note": "照片显示已穿洗"})
    assert (ruled.json()["state"], ruled.json()["dispute"]) == ("rejected", "for_merchant")
    more = await counter.shopper(buyer, f"/{case['case_id']}/dispute", {"text": "不服"})
    assert more.json()["code"] == "dispute_not_possible"
    assert (await counter.order(buyer, order))["refunded_fen"] == 0
    await counter.verify()


async def test_silence_agrees_closes_and_receives(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=3)
    settings = {
        "apply_days": 7, "agree_hours": 1, "answer_hours": 1, "send_hours": 1, "receive_hours": 1,
        "return_address": ADDRESS, "service_phone": "400-800-1234", "service_hours": "9:00-18:00",
    }  # fmt: skip
    assert (await counter.merchant("PUT", "aftersale-settings", settings)).json() == settings
    buyer, order = await counter.buy([(sku, 1000, 3)], ship=True)
    offered = await counter.opened(buyer, order, "refund", [1], reason="quality")
    await counter.act(offered, "propose", {"amount_fen": 100})
    assert offered["contact"] == {"name": counter.shop.merchant.name, "phone": "400-800-1234", "hours": "9:00-18:00"}
    unsent = await counter.opened(buyer, order, "return", [1])
    sent = await counter.opened(buyer, order, "return", [1])

    async def all_late() -> None:
        for case in (offered, unsent, sent):
            await counter.hurry(case)
        await handlers.run_due(counter.till.rt)

    await handlers.run_due(counter.till.rt)
    assert (await counter.seen(buyer, sent))["state"] == "applied", "not before its time"
    await all_late()
    assert (await counter.seen(buyer, offered))["state"] == "withdrawn"
    agreed = await counter.seen(buyer, sent)
    assert (agreed["state"], agreed["return_address"]["address"]) == ("agreed", ADDRESS["address"])
    await counter.do(buyer, sent, "parcel", PARCEL)
    await all_late()
    assert (await counter.seen(buyer, unsent))["state"] == "withdrawn"
    received = await counter.seen(buyer, sent)
    assert (received["state"], received["agreed_fen"]) == ("refunding", 1000)
    assert await counter.shop.stock(sku) == (0, 0, 3), "nobody looked at the goods, so none is for sale"
    await counter.money_back()
    counts = (await counter.merchant("GET", "aftersale/counts")).json()
    assert counts == {"by_state": {"withdrawn": 2, "completed": 1}, "waiting_for_merchant": 0, "disputes": 0}
    await counter.verify()


async def test_an_exchange_without_goods_waits_for_a_person(counter: Counter) -> None:
    cyan, _, _ = await counter.colours(stock=1)
    buyer, order = await counter.buy([(cyan, 3000, 1)], ship=True)
    case = await counter.opened(buyer, order, "exchange", [1])
    answer = await counter.merchant("POST", f"aftersale/{case['case_id']}/agree", {"return_address": ADDRESS})
    assert answer.json()["code"] == "out_of_stock"
    await counter.hurry(case)
    await handlers.run_due(counter.till.rt)
    put_off = await counter.seen(buyer, case)
    assert (put_off["state"], put_off["waiting_for"], put_off["events"][-1]["step"]) == (
        "applied", "merchant", "put_off",
    )  # fmt: skip
    await counter.verify()


async def test_an_exchange_that_is_never_sent_is_paid_back(counter: Counter) -> None:
    cyan, white, _ = await counter.colours(stock=2)
    buyer, order = await counter.buy([(cyan, 3000, 1)], ship=True)
    case = await counter.opened(buyer, order, "exchange", [1], line0={"exchange_sku_id": str(white)})
    await counter.act(case, "agree", {"return_address": ADDRESS})
    await counter.do(buyer, case, "parcel", PARCEL)
    line = {"line_id": order["lines"][0]["line_id"], "received": 1, "sellable": 1}
    received = await counter.act(case, "inspect", {"lines": [line]})
    assert (received["state"], received["due_at"] is None) == ("received", False)
    await counter.hurry(case)
    await handlers.run_due(counter.till.rt)
    lapsed = await counter.seen(buyer, case)
    assert (lapsed["kind"], lapsed["state"], lapsed["agreed_fen"]) == ("return", "refunding", 3000)
    assert lapsed["events"][-1]["step"] == "not_exchanged"
    late = await counter.merchant("POST", f"aftersale/{case['case_id']}/ship-exchange", PARCEL)
    assert late.json()["code"] == "not_your_turn"
    assert (await counter.shop.stock(cyan), await counter.shop.stock(white)) == ((2, 0, 0), (2, 0, 0))
    await counter.money_back()
    assert (await counter.seen(buyer, case))["state"] == "completed"
    assert (await counter.order(buyer, order))["refunded_fen"] == 3000
    await counter.verify()
