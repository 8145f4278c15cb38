"""Complaints from WeChat to the merchant's room and back, against the sandbox."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bihuan.aftersale.complaints import fetching
from bihuan.kernel.ids import PLATFORM_CODE, new_id
from tests.aftersale.complaining import Complaining, image
from tests.aftersale.counter import Counter, jpeg, open_counter
from tests.payments.desk import Forger, Till, eventually
from tests.payments.test_partner import bare as bare
from tests.payments.test_partner import partner as partner
from tests.payments.test_partner import provider as provider
from tests.shop import Buyer

Json = dict[str, Any]


@pytest.fixture
async def complaining(counter: Counter) -> Complaining:
    """A shop that WeChat tells of complaints."""
    found = Complaining(counter)
    await found.listen()
    return found


TOLD: Json = {
    "state": "pending",
    "waits": True,
    "problem_type": "refund",
    "detail": "少发了一件",
    "amount_fen": 1600,
    "asked_fen": 500,
    "times": 1,
}


async def bought(counter: Counter) -> tuple[Buyer, Json]:
    """A paid order of one piece."""
    return await counter.buy([(await counter.shop.add_sku(price_fen=1000, stock=9), 1000, 1)])


async def upload(counter: Counter, headers: dict[str, str] | None = None) -> str:
    """A picture of the merchant's; its address."""
    sent = {"file": ("a.jpg", jpeg("brown"), "image/jpeg")}
    answer = await counter.http.post("/api/merchant/aftersale/pictures", files=sent, headers=headers or counter.owner)
    assert answer.status_code == 201, answer.text
    return answer.json()["url"]


async def test_a_complaint_is_told_answered_and_ended(complaining: Complaining) -> None:
    counter = complaining.counter
    buyer, order = await bought(counter)
    photo = jpeg("red")
    made = await complaining.complain(
        buyer, order["order_id"], "少发了一件", problem_type="REFUND", refund_fen=500, images=[image(photo)]
    )
    one = await complaining.fetched()
    assert one["complaint_no"] == made["complaint_id"]
    told = {
        name: one[name] for name in ("state", "waits", "problem_type", "detail", "amount_fen", "asked_fen", "times")
    }
    assert told == {
        "state": "pending", "waits": True, "problem_type": "refund", "detail": "少发了一件",
        "amount_fen": 1600, "asked_fen": 500, "times": 1,
    }  # fmt: skip
    assert (one["order_no"], one["shopper_name"]) == (order["order_no"], "小林")
    at = datetime.fromisoformat(one["complained_at"])
    assert datetime.fromisoformat(one["answer_by"]) == at + timedelta(hours=24)
    assert datetime.fromisoformat(one["finish_by"]) == at + timedelta(hours=72)
    path = f"complaints/{one['complaint_id']}"

    whole = (await counter.merchant("GET", path)).json()
    assert [(event["side"], event["kind"]) for event in whole["events"]] == [("shopper", "USER_CREATE_COMPLAINT")]
    assert (whole["order"]["order_id"], whole["order"]["lines"][0]["quantity"]) == (order["order_id"], 1)
    (url,) = whole["pictures"]
    seen = await counter.merchant("GET", url.removeprefix("/api/merchant/"))
    assert (seen.status_code, seen.headers["content-type"], seen.content) == (200, "image/jpeg", photo)

    early = await counter.merchant("POST", f"{path}/complete")
    assert (early.status_code, early.json()["code"]) == (409, "complaint_not_answered")

    key, body = new_id().hex, {"content": " 今天补发，抱歉 ", "pictures": [await upload(counter)]}
    answer: Json = {}
    for _ in range(2):  # the same key: the shopper reads it once
        answered = await counter.merchant("POST", f"{path}/reply", body, key)
        assert answered.status_code == 200, answered.text
        answer = answered.json()
        assert (answer["state"], answer["waits"]) == ("processing", False)
        assert (answer["answer"], answer["answer_by"]) == (None, None)
        assert [event["kind"] for event in answer["events"]] == ["USER_CREATE_COMPLAINT", "MERCHANT_RESPONSE"]
    said = answer["events"][1]
    assert (said["side"], said["details"], said["at"]) == ("merchant", "今天补发，抱歉", answer["answered_at"])
    shown = await counter.merchant("GET", said["pictures"][0].removeprefix("/api/merchant/"))
    assert shown.headers["content-type"] == "image/jpeg"
    lines = (await complaining.at_wechat(buyer))["history"]
    assert [line["details"] for line in lines] == ["少发了一件", "今天补发，抱歉"]

    await complaining.say(made, "reply", "还没收到")
    assert (await complaining.fetched(lambda one: one["user_waits"]))["waits"] is True
    ended = await counter.merchant("POST", f"{path}/complete")
    assert (ended.status_code, ended.json()["state"], ended.json()["finish_by"]) == (200, "processed", None), ended.text
    again = await counter.merchant("POST", f"{path}/complete")
    assert (again.status_code, again.json()["code"]) == (409, "complaint_completed")

    await complaining.say(made, "continue", "还是没有")
    reopened = await complaining.fetched(lambda one: one["state"] == "pending")
    assert (reopened["times"], reopened["answer_by"]) == (2, None)
    counts = (await counter.merchant("GET", "complaints/counts")).json()
    assert (counts["by_state"], counts["waiting"], counts["overdue"]) == ({"pending": 1}, 1, 0)
    assert [(desk["told"], desk["error"]) for desk in counts["desks"]] == [(True, None)]
    await counter.verify()


async def test_the_refund_that_was_asked_for_ends_it(complaining: Complaining) -> None:
    counter = complaining.counter
    buyer, order = await bought(counter)
    await complaining.complain(buyer, order["order_id"], problem_type="REFUND")
    one = await complaining.fetched()
    gift = {
        "received_goods": False,
        "lines": [{"line_id": order["lines"][0]["line_id"], "quantity": 1}],
        "reason": "negotiated",
    }
    given = await counter.merchant("POST", f"orders/{order['order_id']}/aftersale", gift)
    assert given.status_code == 201, given.text
    await counter.money_back()
    ended = await complaining.fetched(lambda one: one["state"] == "processed")
    assert (ended["full_refunded"], ended["waits"], ended["answer_by"], ended["finish_by"]) == (True, False, None, None)
    whole = (await counter.merchant("GET", f"complaints/{one['complaint_id']}")).json()
    assert whole["order"]["refunded_fen"] == 1600
    assert [event["side"] for event in whole["events"]] == ["shopper", "system", "system"]
    await counter.verify()


async def test_another_merchants_complaint_is_not_there(complaining: Complaining) -> None:
    counter = complaining.counter
    buyer, order = await bought(counter)
    await complaining.complain(buyer, order["order_id"], images=[image(jpeg())])
    one = await complaining.fetched()
    stranger = {**await counter.stranger(), "Idempotency-Key": new_id().hex}
    path = f"/api/merchant/complaints/{one['complaint_id']}"
    for method, url in (
        ("GET", path),
        ("GET", one["pictures"][0]),
        ("POST", f"{path}/reply"),
        ("POST", f"{path}/complete"),
    ):
        answer = await counter.http.request(method, url, json={"content": "我的"}, headers=stranger)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), url
    assert (await counter.http.get("/api/merchant/complaints", headers=stranger)).json()["items"] == []
    unknown = await counter.merchant("GET", f"complaints/{one['complaint_id']}/pictures/{'0' * 32}")
    assert unknown.status_code == 404


async def test_what_a_lost_notification_told_is_found(complaining: Complaining) -> None:
    counter = complaining.counter
    buyer, order = await bought(counter)
    counter.till.door.deaf = True
    made = await complaining.complain(buyer, order["order_id"])
    await fetching.run_due(counter.till.rt)
    assert (await counter.merchant("GET", "complaints")).json()["items"] == []
    await complaining.listen()
    one = await complaining.fetched()
    assert one["complaint_no"] == made["complaint_id"]
    await counter.merchant("POST", f"complaints/{one['complaint_id']}/reply", {"content": "马上查"})
    await complaining.say(made, "reply", "快点")  # nobody heard that either
    await complaining.listen()
    assert (await complaining.fetched(lambda one: one["user_waits"]))["waits"] is True
    await complaining.listen()
    assert await counter.rows("select * from complaint_news where merchant_id = $1") == [], "asked about in vain"


async def test_an_account_that_wechat_tells_nothing_is_gone_through_all_the_same(counter: Counter) -> None:
    complaining, sandbox = Complaining(counter), counter.till.sandbox
    harm = {"kind": "api", "fault": "error_before", "path": "/v3/merchant-service/complaint-notifications"}
    await sandbox.call("POST", "/faults", {**harm, "mchid": counter.till.merchant["mchid"]})
    buyer, order = await bought(counter)
    await complaining.complain(buyer, order["order_id"])
    await complaining.listen()
    assert (await complaining.fetched())["order_no"] == order["order_no"]
    (desk,) = (await counter.merchant("GET", "complaints/counts")).json()["desks"]
    assert (desk["told"], desk["swept_at"] is None) == (False, False)
    assert "SYSTEM_ERROR" in desk["error"]
    await sandbox.http.delete("/_sandbox/faults")
    await complaining.listen()
    (desk,) = (await counter.merchant("GET", "complaints/counts")).json()["desks"]
    assert (desk["told"], desk["error"]) == (True, None)


async def test_what_wechat_did_not_sign_changes_nothing(complaining: Complaining) -> None:
    counter, till = complaining.counter, complaining.till
    buyer, order = await bought(counter)
    till.door.got.clear()
    await complaining.complain(buyer, order["order_id"])
    path = f"/wechat/{counter.shop.merchant.code}/pay/complaint-notify"

    async def told() -> tuple[str, dict[str, str], bytes] | None:
        return next((got for got in till.door.got if got[0] == path), None)

    _, headers, body = await eventually(told)
    await complaining.fetched()
    before = await counter.rows("select * from complaints where merchant_id = $1")
    key = counter.till.merchant["apiv3_key"]
    forger = Forger(rsa.generate_private_key(65537, 2048), "A1", key)
    forged = forger.envelope({"complaint_id": "200201820200101080076610000"}, "COMPLAINT.CREATE")
    for sent, content in (
        (headers, body.replace(b"COMPLAINT.CREATE", b"COMPLAINT.CREATF")),
        ({**headers, "wechatpay-signature": "WECHATPAY/SIGNTEST/" + headers["wechatpay-signature"]}, body),
        ({name: value for name, value in headers.items() if name != "wechatpay-signature"}, body),
        (forger.headers(forged), forged),
    ):
        assert (await till.door.send(path, sent, content)).status_code == 401
    assert (await till.door.send("/wechat/nobody-here/pay/complaint-notify", headers, body)).status_code == 404
    assert await counter.rows("select * from complaint_news where merchant_id = $1") == []
    assert (await till.door.send(path, headers, body)).status_code == 204  # told again: asked about again, no more
    await fetching.run_due(till.rt)
    after = await counter.rows("select * from complaints where merchant_id = $1")
    assert [{**row, "fetched_at": None} for row in after] == [{**row, "fetched_at": None} for row in before]
    assert len(await counter.rows("select * from complaint_events where merchant_id = $1")) == 1


async def test_what_cannot_be_said(complaining: Complaining) -> None:
    counter = complaining.counter
    buyer, order = await bought(counter)
    await complaining.complain(buyer, order["order_id"])
    one = await complaining.fetched()
    path = f"complaints/{one['complaint_id']}/reply"
    foreign = await upload(counter, await counter.stranger())
    bodies: list[Json] = [
        {"content": "字" * 201},
        {"content": ""},
        {"content": "   "},
        {"content": "好", "pictures": [foreign]},
        {"content": "好", "pictures": ["/media/x.webp"]},
        {"content": "好", "pictures": [await upload(counter)] * 5},
        {"pictures": []},
    ]
    for body in bodies:
        answer = await counter.merchant("POST", path, body)
        assert answer.status_code in {400, 422}, answer.text
    assert await counter.rows("select * from complaint_answers where merchant_id = $1") == []
    assert (await counter.merchant("POST", path, {"content": "字" * 200})).status_code == 200


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
async def test_a_reply_whose_outcome_is_unknown_reaches_her_once(complaining: Complaining, fault: str) -> None:
    counter, sandbox = complaining.counter, complaining.till.sandbox
    buyer, order = await bought(counter)
    made = await complaining.complain(buyer, order["order_id"])
    one = await complaining.fetched()
    path = f"complaints/{one['complaint_id']}"
    harm = {"kind": "api", "fault": fault, "path": f"*/{made['complaint_id']}/response", "method": "POST"}
    await sandbox.call("POST", "/faults", harm)
    answer = await counter.merchant("POST", f"{path}/reply", {"content": "请稍等"})
    assert (answer.status_code, answer.json()["answer"]["state"]) == (200, "sending"), answer.text
    await sandbox.http.delete("/_sandbox/faults")
    busy = await counter.merchant("POST", f"{path}/reply", {"content": "另一句"})
    assert (busy.status_code, busy.json()["code"]) == (409, "complaint_answer_under_way")
    await complaining.look_after_answers()
    await complaining.fetched(lambda one: one["state"] == "processing")
    assert (await counter.merchant("GET", path)).json()["answer"] is None
    said = [line["details"] for line in (await complaining.at_wechat(buyer))["history"] if line["operator"] == "商家"]
    assert said == ["请稍等"]
    await counter.verify()


async def test_what_wechat_refuses_is_said_in_its_words(complaining: Complaining) -> None:
    counter = complaining.counter
    buyer, order = await bought(counter)
    await complaining.complain(buyer, order["order_id"])
    one = await complaining.fetched()
    path = f"complaints/{one['complaint_id']}"
    assert (await counter.merchant("POST", f"{path}/reply", {"content": "好的"})).status_code == 200
    assert (await counter.merchant("POST", f"{path}/complete")).status_code == 200
    # she was content elsewhere, as far as is known here
    await counter.rows("update complaints set state = 'processing', fetched_at = now() where merchant_id = $1")
    key = new_id().hex
    for _ in range(2):
        refused = await counter.merchant("POST", f"{path}/complete", None, key)
        assert (refused.status_code, refused.json()["code"]) == (409, "complaint_answer_refused")
        assert "请勿重复操作" in refused.json()["title"]


async def test_a_sub_merchants_complaint_comes_by_its_provider(partner: Till, http: httpx.AsyncClient) -> None:
    counter = await open_counter(partner, http)
    complaining = Complaining(counter)
    await complaining.listen()
    buyer, order = await counter.buy([(await counter.shop.add_sku(price_fen=1000, stock=9), 1000, 1)], more_fen=0)
    await complaining.complain(buyer, order["order_id"], "没收到货")
    one = await complaining.fetched()
    assert (one["mchid"], one["order_no"]) == (partner.merchant["mchid"], order["order_no"])
    assert partner.door.got[-1][0].startswith(f"/wechat/{PLATFORM_CODE}/")
    path = f"complaints/{one['complaint_id']}"
    body = {"content": "已催快递", "pictures": [await upload(counter)]}
    answered = await counter.merchant("POST", f"{path}/reply", body)
    assert (answered.status_code, answered.json()["state"]) == (200, "processing"), answered.text
    ended = await counter.merchant("POST", f"{path}/complete")
    assert (ended.status_code, ended.json()["state"]) == (200, "processed")
    assert (await complaining.at_wechat(buyer))["state"] == "PROCESSED"
    await complaining.listen()  # the provider's going through finds nothing new
    elsewhere = "select * from complaints where merchant_id <> $1 and complaint_no = $2"
    assert await counter.rows(elsewhere, one["complaint_no"]) == []
