# The client carries no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""Refunds that need money, end badly, or come late; and wechatpayv3 for all that merchants settle."""

import gzip
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.wechat_sandbox.desk import Merchant, Receiver, Sandbox, wait_for
from tests.wechat_sandbox.money import DAY, REFUNDS, Till, balanced, part
from tests.wechat_sandbox.test_bills import go_to


@pytest.fixture(scope="module")
def town() -> Iterator[Sandbox]:
    """A sandbox whose clock these tests move."""
    town = Sandbox()
    yield town
    assert town.stop() == 0


@pytest.fixture
def till(town: Sandbox) -> Till:
    """A merchant that owns nothing yet."""
    app = town.post("/_sandbox/mini-programs", {"name": "退款 " + secrets.token_hex(3)})
    row = town.post("/_sandbox/merchants", {"name": app["name"], "appids": [app["appid"]]})
    return Till(town, Merchant(town, row), town.post("/_sandbox/shoppers")["shopper_id"])


def outcome(till: Till, wanted: str) -> None:
    path = f"/_sandbox/merchants/{till.merchant.mchid}/money"
    till.sandbox.http.put(path, json={"refund_outcome": wanted}).raise_for_status()


def test_not_enough_until_topped_up(town: Sandbox, till: Till) -> None:
    order = till.pay(10000)
    till.sandbox.post(f"/_sandbox/merchants/{till.merchant.mchid}/withdraw", {"amount": 9940})
    asked = {"out_refund_no": "R" + secrets.token_hex(8)}
    poor = till.refund(order, 10000, **asked)
    assert (poor.status_code, poor.json()["code"]) == (403, "NOT_ENOUGH")
    assert till.merchant.call("GET", f"{REFUNDS}/{asked['out_refund_no']}").status_code == 404
    over = town.http.post(f"/_sandbox/merchants/{till.merchant.mchid}/withdraw", json={"amount": 1})
    assert (over.status_code, over.json()["code"]) == (409, "not_enough")
    town.post(f"/_sandbox/merchants/{till.merchant.mchid}/top-up", {"amount": 9940})
    assert till.refund(order, 10000, **asked).json()["status"] == "PROCESSING"
    assert till.accounts()["available"] == 0
    balanced(town)


def test_a_shared_order_is_refunded_from_what_is_frozen_first(town: Sandbox, till: Till) -> None:
    mill = town.merchant("1900000102")
    till.add_receiver(mill).raise_for_status()
    order = till.pay(10000, share=True)
    till.advance(120)
    till.share_now(order, part(mill.mchid, 3000))
    for funds, fen, status in (("AVAILABLE", 100, 403), ("UNSETTLED", 7000, 403), ("UNSETTLED", 1000, 200)):
        assert till.refund(order, fen, funds_account=funds).status_code == status, (funds, fen)
    assert till.unsplit(order) == 6940 - 994
    assert till.refund(order, 9000).json()["code"] == "NOT_ENOUGH"  # 3,000 are the supplier's
    town.post(f"/_sandbox/merchants/{till.merchant.mchid}/top-up", {"amount": 3000})
    told = till.refund(order, 9000).json()
    assert (told["funds_account"], told["amount"]["refund_fee"]) == ("UNSETTLED", 54)
    assert till.accounts()["available"] == till.accounts()["frozen"] == 0
    balanced(town)


def test_abnormal_then_to_a_bank_card(town: Sandbox, till: Till, receiver: Receiver) -> None:
    order = till.pay(10000)
    town.http.put(f"/_sandbox/shoppers/{till.shopper}/card", json={"closed": True}).raise_for_status()
    told = till.refund_now(order, 4000, notify_url=receiver.url)
    assert told["status"] == "ABNORMAL"
    assert "success_time" not in told
    envelope = json.loads(receiver.wait()[0].body)
    assert (envelope["event_type"], envelope["summary"]) == ("REFUND.ABNORMAL", "退款异常")
    assert till.merchant.decrypt(envelope["resource"])["refund_status"] == "ABNORMAL"
    assert till.accounts()["in_transit"] == 4000

    target = f"{REFUNDS}/{told['refund_id']}/apply-abnormal-refund"
    asked = {
        "out_refund_no": told["out_refund_no"],
        "type": "USER_BANK_CARD",
        "bank_type": "ICBC_DEBIT",
        "bank_account": till.seal("6222020000001234567"),
        "real_name": till.seal("李小满"),
    }
    assert till.call_sealed(target, {**asked, "bank_account": "bm8="}).json()["code"] == "PARAM_ERROR"
    short = {name: asked[name] for name in ("out_refund_no", "type")}
    assert till.call_sealed(target, short).json()["code"] == "PARAM_ERROR"
    again = till.call_sealed(target, asked).json()
    assert (again["status"], again["channel"]) == ("PROCESSING", "OTHER_BANKCARD")
    till.advance(2)
    assert till.merchant.decrypt(json.loads(receiver.wait(2)[1].body)["resource"])["refund_status"] == "SUCCESS"
    assert till.accounts()["in_transit"] == 0
    assert till.call_sealed(target, asked).json()["code"] == "INVALID_REQUEST"


def test_abnormal_back_to_the_merchants_bank(town: Sandbox, till: Till) -> None:
    order = till.pay(10000)
    outcome(till, "ABNORMAL")
    told = till.refund_now(order, 4000)
    asked = {"out_refund_no": told["out_refund_no"], "type": "MERCHANT_BANK_CARD"}
    target = f"{REFUNDS}/{told['refund_id']}/apply-abnormal-refund"
    assert till.merchant.call("POST", target, asked).status_code == 200
    till.advance(2)
    wait_for(lambda: till.accounts()["bank"] == 4000)
    assert till.accounts()["shoppers"] == -10000
    balanced(town)


def test_closed_gives_the_money_back(town: Sandbox, till: Till, receiver: Receiver) -> None:
    order = till.pay(10000)
    outcome(till, "CLOSED")
    told = till.refund_now(order, 10000, notify_url=receiver.url)
    assert told["status"] == "CLOSED"
    assert json.loads(receiver.wait()[0].body)["event_type"] == "REFUND.CLOSED"
    book = till.books()
    assert (book["refunds"], book["refunded_fen"], book["fee_fen"]) == (0, 0, 60)
    assert book["accounts"]["available"] == 9940
    outcome(till, "")
    assert till.refund_now(order, 10000)["status"] == "SUCCESS"
    ended = town.http.post(f"/_sandbox/refunds/{told['refund_id']}/outcome", json={"outcome": "SUCCESS"})
    assert (ended.status_code, ended.json()["code"]) == (409, "refund_ended")
    balanced(town)


def test_a_year(till: Till) -> None:
    order = till.pay(100)
    till.advance(366 * DAY)
    late = till.refund(order, 100)
    assert (late.status_code, late.json()["code"]) == (403, "TRADE_OVERDUE")


def test_sources_must_sum_up(till: Till) -> None:
    order = till.pay(100)
    amount: dict[str, Any] = {"refund": 10, "total": 100, "currency": "CNY"}
    amount["from"] = [{"account": "AVAILABLE", "amount": 9}]
    assert till.refund(order, 10, amount=amount).json()["code"] == "PARAM_ERROR"
    amount["from"][0]["amount"] = 10
    assert till.refund(order, 10, amount=amount, funds_account="AVAILABLE").json()["code"] == "PARAM_ERROR"
    assert till.refund(order, 10, amount=amount).json()["amount"]["from"] == amount["from"]
    amount["from"] = [{"account": "AVAILABLE", "amount": 4}, {"account": "AVAILABLE", "amount": 6}]
    assert till.refund(order, 10, amount=amount).json()["code"] == "PARAM_ERROR"


def test_sources_say_whose_money_it_is(town: Sandbox, till: Till) -> None:
    order = till.pay(10000, share=True)
    frozen = till.accounts()["frozen"]
    amount: dict[str, Any] = {"refund": 5000, "total": 10000, "currency": "CNY"}
    amount["from"] = [{"account": "AVAILABLE", "amount": 2000}, {"account": "UNAVAILABLE", "amount": 3000}]
    assert till.refund(order, 5000, amount=amount).json()["code"] == "NOT_ENOUGH"  # nothing is available yet
    town.post(f"/_sandbox/merchants/{till.merchant.mchid}/top-up", {"amount": 5000})
    assert till.refund(order, 5000, amount=amount).json()["funds_account"] == "UNSETTLED"
    accounts = till.accounts()
    assert accounts["frozen"] == frozen - 3000
    assert accounts["available"] == 5000 - 2000 + 30  # less its half of the fee, which comes back
    amount["from"] = [{"account": "UNAVAILABLE", "amount": 5000}]
    assert till.refund(order, 5000, amount=amount).status_code == 200
    assert till.accounts()["frozen"] == frozen - 3000 - 4970
    assert till.refund(till.pay(10000), 5000, amount=amount).json()["code"] == "NOT_ENOUGH"  # nothing of it is frozen
    balanced(town)


def test_a_complaint_hears_of_the_refund(town: Sandbox, till: Till) -> None:
    order = till.pay(10000)
    asked = {"transaction_id": order["transaction_id"], "detail": "坏的", "problem_type": "REFUND", "refund_fen": 8000}
    complaint = town.post(f"/_sandbox/shoppers/{till.shopper}/complaints", asked)
    url = {"url": "https://example.com/complaints"}
    assert till.merchant.call("POST", "/v3/merchant-service/complaint-notifications", url).status_code == 200
    assert till.refund_now(order, 3000)["status"] == "SUCCESS"

    def state() -> str:
        return till.merchant.call("GET", f"/v3/merchant-service/complaints-v2/{number}").json()["complaint_state"]

    def told() -> list[str]:
        rows = town.get("/_sandbox/notifications", params={"reference": number})["items"]
        return [row["plaintext"]["action_type"] for row in rows[::-1]]

    def newest() -> list[str]:
        path = f"/v3/merchant-service/complaints-v2/{number}/negotiation-historys?limit=2"
        return [row["operate_type"] for row in till.merchant.call("GET", path).json()["data"]]

    number = complaint["complaint_id"]
    assert (told(), state()) == ([], "PENDING")  # less than was asked for
    assert newest() == ["COMPLAINT_PARTIAL_REFUNDED_SYSTEM_MESSAGE", "USER_CREATE_COMPLAINT"]
    assert till.refund_now(order, 7000)["status"] == "SUCCESS"
    assert (told(), state()) == (["SELLER_REFUND", "REFUND_SUCCESS"], "PROCESSED")
    assert newest() == ["COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE", "COMPLAINT_FULL_REFUNDED_SYSTEM_MESSAGE"]


@pytest.mark.filterwarnings("ignore:Properties that return a na.ve datetime:Warning:wechatpayv3.core")
@pytest.mark.parametrize("mchid", ["1900000101", "1900000102"])
def test_wechatpayv3(town: Sandbox, mchid: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client, unchanged but for its base URL: refunds, profit sharing, bills."""
    from wechatpayv3 import core

    who = town.merchant(mchid)
    other = town.merchant("1900000103")
    monkeypatch.setattr(core.Core, "_gate_way", property(lambda _: town.url, lambda _, __: None), raising=False)
    row = who.row
    keys: dict[str, Any] = {}
    if row["mode"] == "public_key":
        keys = {"public_key": row["public_key_pem"], "public_key_id": row["public_key_id"]}
    client: Any = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=mchid,
        private_key=row["private_key_pem"],
        cert_serial_no=row["serial_no"],
        appid=who.appid,
        apiv3_key=row["apiv3_key"],
        notify_url="http://127.0.0.1:9/none",
        **keys,
    )

    def told(answer: tuple[int, Any]) -> Any:
        code, text = answer
        assert code == 200, text
        return json.loads(text)

    till = Till(town, who, town.post("/_sandbox/shoppers")["shopper_id"])
    order = till.pay(10000, share=True)
    till.advance(120)
    transaction = order["transaction_id"]
    receiver = ("MERCHANT_ID", other.mchid)
    told(client.profitsharing_add_receiver(*receiver, "SUPPLIER", name=other.row["name"]))
    number = "P" + secrets.token_hex(8)
    parts = [part(other.mchid, 1000) | {"name": other.row["name"]}]
    assert told(client.profitsharing_order(transaction, number, parts, False))["state"] == "PROCESSING"
    till.settled(order, number)
    assert told(client.profitsharing_order_query(transaction, number))["receivers"][0]["result"] == "SUCCESS"
    told(client.profitsharing_return("B" + number, other.mchid, 300, "用户退款", out_order_no=number))
    assert told(client.profitsharing_amount_query(transaction))["unsplit_amount"] == 8940
    told(client.profitsharing_unfreeze(transaction, "U" + number, "解冻"))
    till.advance(2)
    wait_for(lambda: told(client.profitsharing_return_query(number, "B" + number))["result"] == "SUCCESS")
    told(client.profitsharing_delete_receiver(*receiver))
    amount = {"refund": 100, "total": 10000, "currency": "CNY"}
    refund = told(client.refund("R" + number, amount, transaction_id=transaction))
    till.advance(2)
    wait_for(lambda: told(client.query_refund("R" + number))["status"] == "SUCCESS")
    till.sandbox.http.put(f"/_sandbox/merchants/{mchid}/money", json={"refund_outcome": "ABNORMAL"})
    refund = till.refund_now(order, 100)
    card = ("ICBC_DEBIT", "6222020000001234567", "李小满")
    again = told(client.abnormal_refund(refund["refund_id"], refund["out_refund_no"], "USER_BANK_CARD", *card))
    assert again["status"] == "PROCESSING"
    till.sandbox.http.put(f"/_sandbox/merchants/{mchid}/money", json={"refund_outcome": ""})
    day = go_to(town, 10, 1)
    for ask in (client.trade_bill, client.fundflow_bill, client.profitsharing_bill):
        code, data = client.download_bill(told(ask(day))["download_url"])
        assert code == 200
        assert transaction in gzip.decompress(data).decode()
