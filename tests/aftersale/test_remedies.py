"""What a person does about money that is stuck, and what a shopper is told."""

import asyncio
from typing import Any

from bihuan.kernel.ids import new_id
from bihuan.payments import refunds
from tests.aftersale.counter import Counter


async def test_an_abnormal_refund_is_sent_elsewhere_and_the_case_ends(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    buyer, order = await counter.buy([(sku, 1000, 1)])
    case = await counter.opened(buyer, order, "refund", [1], received_goods=False)
    decided = await counter.act(case, "agree")
    (refund,) = decided["refunds"]
    number = refund["refund_id"].replace("-", "")
    await refunds.run_due(counter.till.rt)
    wrong = await counter.merchant(
        "POST", f"payments/refunds/{refund['refund_id']}/apply-abnormal", {"to": "merchant_bank"}
    )
    assert wrong.json()["code"] == "refund_not_abnormal"
    await counter.till.sandbox.call("POST", f"/refunds/{number}/outcome", {"outcome": "ABNORMAL"})
    seen: dict[str, Any] = {}
    for _ in range(60):
        await counter.rows("update payment_refunds set due_at = now() - interval '1 hour' where merchant_id = $1")
        await refunds.run_due(counter.till.rt)
        seen = (await counter.merchant("GET", f"aftersale/{case['case_id']}")).json()
        if seen["refunds"][0]["state"] == "abnormal":
            break
        await asyncio.sleep(0.1)
    assert (seen["state"], seen["refunds"][0]["state"]) == ("refunding", "abnormal")

    path = f"payments/refunds/{refund['refund_id']}/apply-abnormal"
    cardless = await counter.merchant("POST", path, {"to": "shopper_card"})
    assert (cardless.status_code, cardless.json()["code"]) == (422, "card_missing")
    card = {"bank_type": "ICBC_DEBIT", "account": "6222020000000000001", "name": "林晓"}
    sent = await counter.merchant("POST", path, {"to": "shopper_card", "card": card})
    assert (sent.status_code, sent.json()["state"]) == (200, "processing"), sent.text
    await counter.money_back()
    assert (await counter.seen(buyer, case))["state"] == "completed"
    assert await counter.till.balances() == {
        "sales": -1000, "freight": -600, "refunds": 1600,
    }  # fmt: skip
    await counter.verify()


async def test_the_shopper_is_told_each_step_in_the_chat_and_why_money_goes_back(counter: Counter) -> None:
    sku = await counter.shop.add_sku(price_fen=1000, stock=2)
    till = counter.till
    buyer = await till.buyer()
    openid = f"o-{new_id().hex}"
    await counter.rows(
        """insert into followers (merchant_id, openid, appid, shopper_id, following, followed_at, changed_at, seen_at)
           values ($1, $2, 'wx', $3, true, now(), now(), now())""",
        openid,
        buyer.shopper_id,
    )
    placed = await buyer.place(counter.http, {**buyer.order(sku), "total_fen": 1600})
    order_id = placed.json()["order_id"]
    sheets = [
        await till.sheet(buyer, await till.prepare(counter.http, buyer, order_id, method))
        for method in ("wechat_jsapi", "wechat_native")
    ]
    for sheet in sheets:
        await till.confirm(sheet)
    await till.all_told(order_id)
    order = (await buyer.get(counter.http, f"/orders/{order_id}")).json()
    case = await counter.opened(buyer, order, "refund", [1], received_goods=False)
    await counter.act(case, "agree")
    await counter.money_back()
    told = await counter.rows(
        "select purpose, content -> 'card' as card from chat_messages where merchant_id = $1 and openid = $2", openid
    )
    titles = {row["card"]["title"] for row in told if row["purpose"] == "aftersale"}
    assert titles == {"售后申请已提交", "商家已同意您的售后申请", "退款已到账"}
    (refused,) = [row["card"] for row in told if row["purpose"] == "payment_refused"]
    assert refused["title"] == "¥16.00 将原路退回"
    assert "重复支付" in refused["description"]


async def test_parked_money_that_was_settled_by_hand_leaves_the_list_and_its_note_stays(counter: Counter) -> None:
    number = f"EV-{new_id().hex}"
    await counter.rows(
        """insert into payment_notifications (merchant_id, notification_id, event_type, reference, outcome, reason,
             content, received_at)
           values ($1, $2, 'TRANSACTION.SUCCESS', 'x', 'parked', 'unknown_order', '{}', now())""",
        number,
    )
    assert number in (await counter.merchant("GET", "payments/parked")).text
    path = f"payments/parked/notification/{number}/resolve"
    assert (await counter.merchant("POST", path, {"note": ""})).status_code == 400
    done = await counter.merchant("POST", path, {"note": "已在商户平台手工退款"})
    assert done.status_code == 204, done.text
    assert (await counter.merchant("GET", "payments/parked")).json()["items"] == []
    assert (await counter.merchant("POST", path, {"note": "再来一次"})).status_code == 404
    (kept,) = await counter.rows("select note from parked_resolutions where merchant_id = $1")
    assert kept["note"] == "已在商户平台手工退款"
